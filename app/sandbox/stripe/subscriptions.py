"""Subscriptions: begun by a checkout, followed through their invoices, changed, ended."""

from datetime import UTC, datetime

from app.sandbox.store import Json
from app.sandbox.stripe import (
    events,
    invoices,
    lists,
    objects,
    periods,
    prices,
)
from app.sandbox.stripe.declared import blank
from app.sandbox.world import Account

KIND = "subscriptions"
ENDED = ("canceled", "incomplete_expired")
DAY = 86_400
# Days until the next try after the first, second and third failed one; then it is canceled.
RETRY_DAYS = (3, 5, 7)


def begin(
    account: Account, *, customer: Json, items: list[Json], data: Json, method: str | None
) -> Json:
    """Store a new subscription, incomplete or in trial, and tell of it.

    `items` are `{price, quantity, tax_rates, metadata}`; `data` is a session's subscription_data.
    """
    now = account.timestamp()
    trial_end = trial_end_of(data, now)
    id = account.mint("sub_1")
    recurring = items[0]["price"]["recurring"]
    anchor = trial_end or now
    until = trial_end or periods.end(now, now, recurring)
    subscription = blank(
        "subscription",
        id=id,
        billing_cycle_anchor=anchor,
        billing_mode={"flexible": None, "type": "classic"},
        cancellation_details={
            "comment": None,
            "feedback": None,
            "feedback_option": None,
            "reason": None,
        },
        collection_method="charge_automatically",
        created=now,
        currency=items[0]["price"]["currency"],
        customer=customer["id"],
        default_payment_method=method,
        default_tax_rates=data.get("_rates", []),
        description=data.get("description") or None,
        items=lists.plain(
            [item_of(account, id, item, now, until) for item in items],
            f"/v1/subscription_items?subscription={id}",
        ),
        metadata=objects.merge_metadata(None, data.get("metadata")),
        payment_settings={
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        start_date=now,
        status="trialing" if trial_end else "incomplete",
        trial_end=trial_end,
        trial_settings=_trial_settings(data),
        trial_start=now if trial_end else None,
    )
    account.save(KIND, subscription)
    events.emit(account, "customer.subscription.created", subscription)
    schedule(account, subscription)
    return subscription


def schedule(account: Account, subscription: Json) -> None:
    """Plan the end of the present period, and the warning before a trial ends."""
    until = period_end(subscription)
    id = subscription["id"]
    account.later(datetime.fromtimestamp(until, UTC), "stripe.subscription.renew", id=id, at=until)
    if subscription["status"] == "trialing" and until - 3 * DAY > account.timestamp():
        moment = datetime.fromtimestamp(until - 3 * DAY, UTC)
        account.later(moment, "stripe.subscription.trial_will_end", id=id, at=until)


def change(account: Account, subscription: Json, **values: object) -> Json:
    """Store changed fields of a subscription and tell of them."""
    before = objects.get(account, KIND, subscription["id"])
    after = {**before, **values}
    return events.changed(account, KIND, before, after, "customer.subscription.updated")


def end(account: Account, subscription: Json, reason: str) -> Json:
    """Cancel a subscription now and tell of it."""
    now = account.timestamp()
    details = {**subscription["cancellation_details"], "reason": reason}
    after = {
        **subscription,
        "cancel_at_period_end": False,
        "canceled_at": subscription["canceled_at"] or now,
        "cancellation_details": details,
        "ended_at": now,
        "status": "canceled",
    }
    account.save(KIND, after)
    events.emit(account, "customer.subscription.deleted", after)
    return after


def follow(account: Account, invoice: Json) -> None:
    """Give a subscription the status its invoice's outcome asks for."""
    id = invoices.subscription_of(invoice)
    subscription = account.load(KIND, id) if id else None
    if subscription is None or subscription["status"] in ENDED:
        return
    invoice = objects.get(account, "invoices", invoice["id"])
    if invoice["status"] == "paid":
        # A trial's empty invoice leaves the trial running.
        if subscription["status"] in ("incomplete", "past_due", "unpaid"):
            change(account, subscription, status="active")
    elif invoice["status"] == "open" and invoice["attempt_count"]:
        _follow_failed(account, subscription, invoice)


def method_of(account: Account, subscription: Json) -> Json | None:
    """Give the payment method that renewals charge: the subscription's, else the customer's."""
    customer = objects.get(account, "customers", subscription["customer"])
    id = (
        subscription["default_payment_method"]
        or customer["invoice_settings"]["default_payment_method"]
    )
    return account.load("payment_methods", id) if id else None


def period_start(subscription: Json) -> int:
    """Answer when the present period began, as Unix time."""
    return min(int(item["current_period_start"]) for item in subscription["items"]["data"])


def period_end(subscription: Json) -> int:
    """Answer when the present period ends, as Unix time."""
    return min(int(item["current_period_end"]) for item in subscription["items"]["data"])


def trial_end_of(data: Json, now: int) -> int | None:
    if "trial_end" in data:
        return int(data["trial_end"])
    return now + data["trial_period_days"] * DAY if data.get("trial_period_days") else None


def _follow_failed(account: Account, subscription: Json, invoice: Json) -> None:
    tries = invoice["attempt_count"]
    if tries > len(RETRY_DAYS):
        invoice |= {"next_payment_attempt": None, "auto_advance": False}
        account.save("invoices", invoice)
        end(account, subscription, "payment_failed")
        return
    due = account.timestamp() + RETRY_DAYS[tries - 1] * DAY
    account.save("invoices", {**invoice, "next_payment_attempt": due})
    moment = datetime.fromtimestamp(due, UTC)
    account.later(moment, "stripe.invoice.retry", id=invoice["id"], tries=tries)
    if subscription["status"] == "active":
        change(account, subscription, status="past_due")


def item_of(account: Account, subscription_id: str, item: Json, start: int, end: int) -> Json:
    """Make an item of `{price, quantity, tax_rates, metadata}` for a period, without storing it."""
    return blank(
        "subscription_item",
        id=account.mint("si_", 14),
        created=account.timestamp(),
        current_period_end=end,
        current_period_start=start,
        metadata=objects.merge_metadata(None, item.get("metadata")),
        plan=prices.plan_of(item["price"]),
        price=item["price"],
        quantity=item["quantity"],
        subscription=subscription_id,
        tax_rates=item["tax_rates"],
    )


def _trial_settings(data: Json) -> Json:
    given = data.get("trial_settings", {}).get("end_behavior", {})
    missing = given.get("missing_payment_method", "create_invoice")
    return {"end_behavior": {"billing_cycle_anchor": None, "missing_payment_method": missing}}
