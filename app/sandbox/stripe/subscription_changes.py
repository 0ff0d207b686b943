"""Change a subscription: items with proration, the end of the period, the method."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.sandbox.store import Json
from app.sandbox.stripe import (
    amounts,
    errors,
    invoice_lines,
    invoices,
    objects,
    periods,
    prices,
    subscriptions,
    tax_rates,
)
from app.sandbox.stripe.invoice_lines import Draft
from app.sandbox.world import Account

DONE = (
    "billing_cycle_anchor cancel_at cancel_at_period_end cancellation_details default_payment_method "
    "default_tax_rates description expand items metadata off_session payment_behavior "
    "proration_behavior proration_date trial_settings"
).split()


@dataclass(frozen=True)
class Change:
    """What new items lead to: themselves, the prorations, and whether a new period begins now."""

    items: list[Json]
    prorations: list[Draft]
    restarts: bool
    at: int


def apply(account: Account, subscription: Json, params: Json) -> Json:
    """Do what POST /v1/subscriptions/{id} asks; raises Refusal, then nothing is changed."""
    _check(params)
    values = _plain_values(account, subscription, params)
    if "items" in params or "billing_cycle_anchor" in params:
        change = plan(account, subscription, params)
        return _apply_items(account, subscription, change, params, values)
    return subscriptions.change(account, subscription, **values)


def plan(account: Account, subscription: Json, params: Json) -> Change:
    """Work out a change without storing anything but inline prices; raises Refusal."""
    at = _proration_date(account, subscription, params)
    old = subscription["items"]["data"]
    new = _new_items(account, subscription, params.get("items", []))
    restarts = params.get("billing_cycle_anchor", {}).get("type") == "now"
    restarts = restarts or _rhythm(old[0]) != _rhythm(new[0])
    behavior = params.get("proration_behavior", "create_prorations")
    if behavior == "none" or subscription["status"] == "trialing":
        return Change(new, [], restarts, at)
    return Change(new, _prorations(account, subscription, new, at, restarts), restarts, at)


def pending(account: Account, subscription: Json) -> list[Draft]:
    """Give the prorations that wait for the next invoice."""
    row = account.load("pending_lines", subscription["id"])
    return [Draft(**values) for values in row["drafts"]] if row else []


def clear_pending(account: Account, subscription: Json) -> None:
    account.delete("pending_lines", subscription["id"])


def credit_rest(account: Account, subscription: Json) -> None:
    """Credit what is left of the period, for a cancellation with `prorate`."""
    at = account.timestamp()
    drafts = [
        _part(account, subscription, item, at, credit=True)
        for item in subscription["items"]["data"]
    ]
    _keep_pending(account, subscription, drafts)


def bill_pending(account: Account, subscription: Json) -> None:
    """Invoice what waits, now."""
    drafts = pending(account, subscription)
    if drafts:
        clear_pending(account, subscription)
        invoice = _create_invoice(account, subscription, drafts)
        bill(account, subscription, invoice)


def bill(account: Account, subscription: Json, invoice: Json) -> Json:
    """Finalize and collect an invoice, then give the subscription the status that follows."""
    from app.sandbox.stripe import renewals

    invoice = invoices.finalize(account, invoice)
    method = subscriptions.method_of(account, subscription)
    invoice = invoices.collect(account, invoice, method)
    if not renewals.is_processing(account, invoice):
        subscriptions.follow(account, invoice)
    return objects.get(account, "invoices", invoice["id"])


def restarted(account: Account, subscription: Json, change: Change) -> list[Draft]:
    """Draft the whole new period of a change that begins one."""
    until = periods.end(change.at, change.at, change.items[0]["price"]["recurring"])
    return [
        invoice_lines.whole(account, subscription, item, change.at, until)
        for item in change.items
    ]


def _check(params: Json) -> None:
    for name in params:
        if name not in DONE:
            message = f"The sandbox does not do {name} in POST /v1/subscriptions/{{id}}."
            raise errors.error(501, "invalid_request_error", message, param=name)
    if params.get("payment_behavior") in ("pending_if_incomplete", "default_incomplete"):
        message = f"The sandbox does not do payment_behavior={params['payment_behavior']}."
        raise errors.error(501, "invalid_request_error", message, param="payment_behavior")
    if params.get("cancel_at_period_end") and params.get("cancel_at"):
        message = "You may only specify one of these parameters: cancel_at, cancel_at_period_end."
        raise errors.invalid(message, "cancel_at")


def _plain_values(account: Account, subscription: Json, params: Json) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if "description" in params:
        values["description"] = params["description"] or None
    if "metadata" in params:
        merged = objects.merge_metadata(subscription["metadata"], params["metadata"])
        values["metadata"] = merged
    if "default_payment_method" in params:
        values["default_payment_method"] = _method(account, subscription, params)
    if "default_tax_rates" in params:
        ids = params["default_tax_rates"] or []
        values["default_tax_rates"] = tax_rates.usable(account, ids, "default_tax_rates")
    if "trial_settings" in params:
        values["trial_settings"] = {
            "end_behavior": {
                "billing_cycle_anchor": None,
                **params["trial_settings"]["end_behavior"],
            }
        }
    details = params.get("cancellation_details", {})
    kept = {name: value or None for name, value in details.items()}
    values["cancellation_details"] = {**subscription["cancellation_details"], **kept}
    return values | _ending(account, subscription, params, values["cancellation_details"])


def _ending(account: Account, subscription: Json, params: Json, details: Json) -> Json:
    """Set or take back the end: at the period's end, or at a time."""
    now = account.timestamp()
    if params.get("cancel_at_period_end"):
        until = subscriptions.period_end(subscription)
        reason = {**details, "reason": "cancellation_requested"}
        return {
            "cancel_at": until,
            "cancel_at_period_end": True,
            "canceled_at": subscription["canceled_at"] or now,
            "cancellation_details": reason,
        }
    if params.get("cancel_at"):
        at = params["cancel_at"]
        if isinstance(at, str):
            at = subscriptions.period_end(subscription)
        if at <= now:
            raise errors.invalid("`cancel_at` must be in the future.", "cancel_at")
        moment = datetime.fromtimestamp(at, UTC)
        account.later(moment, "stripe.subscription.cancel", id=subscription["id"], at=at)
        return {"cancel_at": at, "cancel_at_period_end": False, "canceled_at": now}
    if params.get("cancel_at_period_end") is False or params.get("cancel_at") == "":
        return {
            "cancel_at": None,
            "cancel_at_period_end": False,
            "canceled_at": None,
            "cancellation_details": {**details, "reason": None},
        }
    return {}


def _apply_items(
    account: Account, subscription: Json, change: Change, params: Json, values: Json
) -> Json:
    items = change.items
    if change.restarts:
        until = periods.end(change.at, change.at, items[0]["price"]["recurring"])
        for item in items:
            item |= {"current_period_start": change.at, "current_period_end": until}
        values = {**values, "billing_cycle_anchor": change.at}
        if subscription["status"] == "trialing":
            values |= {"status": "active", "trial_end": change.at}
    drafts = list(change.prorations)
    now = change.restarts or params.get("proration_behavior") == "always_invoice"
    if not now:
        _keep_pending(account, subscription, drafts)
    held = {**subscription["items"], "data": items}
    after = subscriptions.change(account, subscription, items=held, **values)
    if change.restarts:
        subscriptions.schedule(account, after)
        drafts += restarted(account, after, change)
    if now and drafts:
        _bill_now(account, after, drafts, params)
    return objects.get(account, "subscriptions", subscription["id"])


def _bill_now(account: Account, subscription: Json, drafts: list[Draft], params: Json) -> None:
    drafts = pending(account, subscription) + drafts
    clear_pending(account, subscription)
    invoice = _create_invoice(account, subscription, drafts)
    subscription = subscriptions.change(account, subscription, latest_invoice=invoice["id"])
    invoice = bill(account, subscription, invoice)
    failed = invoice["status"] == "open" and invoice["next_payment_attempt"]
    if failed and params.get("payment_behavior") == "error_if_incomplete":
        message = "Your card was declined."
        raise errors.error(402, "card_error", message, code="card_declined")


def _create_invoice(account: Account, subscription: Json, drafts: list[Draft]) -> Json:
    return invoices.create(
        account,
        customer=objects.get(account, "customers", subscription["customer"]),
        currency=subscription["currency"],
        drafts=drafts,
        reason="subscription_update",
        subscription=subscription,
    )


def _new_items(account: Account, subscription: Json, given: list[Json]) -> list[Json]:
    items = {item["id"]: dict(item) for item in subscription["items"]["data"]}
    for number, wanted in enumerate(given):
        param = f"items[{number}]"
        if "id" in wanted and wanted["id"] not in items:
            raise errors.no_such("subscription_items", wanted["id"], f"{param}[id]")
        if wanted.get("deleted"):
            items.pop(wanted.get("id", ""), None)
            continue
        item = items.get(wanted.get("id", "")) or _added(account, subscription, wanted, param)
        items[item["id"]] = _altered(account, subscription, item, wanted, param)
    if not items:
        raise errors.invalid("A subscription must have at least one item.", "items")
    found = list(items.values())
    if len({_rhythm(item) for item in found}) > 1:
        message = (
            "Currency and interval fields must match across all plans on this subscription. "
            "Found mismatch in interval field."
        )
        raise errors.invalid(message, "items")
    return found


def _added(account: Account, subscription: Json, wanted: Json, param: str) -> Json:
    if "price" not in wanted and "price_data" not in wanted:
        raise errors.missing(f"{param}[price]")
    price = _price(account, subscription, wanted, param)
    item = {"price": price, "quantity": wanted.get("quantity", 1), "tax_rates": []}
    start = subscriptions.period_start(subscription)
    until = subscriptions.period_end(subscription)
    return subscriptions.item_of(account, subscription["id"], item, start, until)


def _altered(account: Account, subscription: Json, item: Json, wanted: Json, param: str) -> Json:
    if "id" in wanted and ("price" in wanted or "price_data" in wanted):
        price = _price(account, subscription, wanted, param)
        item = {**item, "price": price, "plan": prices.plan_of(price)}
    if "quantity" in wanted:
        if wanted["quantity"] < 0:
            message = "This value must be greater than or equal to 0."
            raise errors.invalid(message, f"{param}[quantity]", "parameter_invalid_integer")
        item = {**item, "quantity": wanted["quantity"]}
    if "tax_rates" in wanted:
        ids = wanted["tax_rates"] or []
        rates = tax_rates.usable(account, ids, f"{param}[tax_rates]")
        item = {**item, "tax_rates": rates}
    metadata = objects.merge_metadata(item["metadata"], wanted.get("metadata"))
    return {**item, "metadata": metadata}


def _price(account: Account, subscription: Json, wanted: Json, param: str) -> Json:
    if "price" in wanted:
        price = objects.get(account, "prices", wanted["price"], f"{param}[price]")
        if not price["active"]:
            message = "The price specified is inactive. This field only accepts active prices."
            raise errors.invalid(message, f"{param}[price]")
    else:
        price = prices.make(account, wanted["price_data"], f"{param}[price_data]")
    if not price["recurring"]:
        message = f"The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`."
        raise errors.invalid(message, f"{param}[price]")
    if price["currency"] != subscription["currency"]:
        message = (
            f"The price specified only supports `{price['currency']}`. This doesn't match the "
            f"expected currency: `{subscription['currency']}`."
        )
        raise errors.invalid(message, f"{param}[price]")
    return price


def _method(account: Account, subscription: Json, params: Json) -> str | None:
    id = params["default_payment_method"]
    if not id:
        return None
    method = objects.get(account, "payment_methods", id, "default_payment_method")
    if method["customer"] != subscription["customer"]:
        message = (
            f"The customer does not have a payment method with the ID {id}. The payment method "
            "must be attached to the customer."
        )
        raise errors.invalid(message, "default_payment_method", "resource_missing")
    return str(id)


def _proration_date(account: Account, subscription: Json, params: Json) -> int:
    at = int(params.get("proration_date", account.timestamp()))
    start, until = subscriptions.period_start(subscription), subscriptions.period_end(subscription)
    if not start <= at <= until:
        message = "Cannot specify `proration_date` outside of current subscription period."
        raise errors.invalid(message, "proration_date")
    return at


def _prorations(
    account: Account, subscription: Json, new: list[Json], at: int, restarts: bool
) -> list[Draft]:
    old = {item["id"]: item for item in subscription["items"]["data"]}
    kept = {item["id"]: item for item in new}
    drafts = []
    for id, item in old.items():
        if restarts or _sold(item) != _sold(kept.get(id)):
            drafts.append(_part(account, subscription, item, at, credit=True))
    if not restarts:
        for id, item in kept.items():
            if _sold(item) != _sold(old.get(id)):
                drafts.append(_part(account, subscription, item, at, credit=False))
    return drafts


def _part(account: Account, subscription: Json, item: Json, at: int, *, credit: bool) -> Draft:
    """Draft the rest of a period, second by second, as a credit or as a charge."""
    start, until = item["current_period_start"], item["current_period_end"]
    quantity = item.get("quantity", 1)
    share = Decimal(max(0, until - at)) / Decimal(until - start)
    amount = amounts.half_up(amounts.unit(item["price"]) * quantity * share)
    name = invoice_lines.product_name(account, item["price"])
    day = datetime.fromtimestamp(at, UTC).strftime("%d %b %Y")
    words = "Unused time on" if credit else "Remaining time on"
    return Draft(
        description=f"{words} {quantity} × {name} after {day}",
        price=item["price"],
        quantity=quantity,
        rates=invoice_lines.rates_of(subscription, item),
        amount=-amount if credit else amount,
        start=at,
        end=until,
        subscription=subscription["id"],
        item=item["id"],
        proration=True,
    )


def _keep_pending(account: Account, subscription: Json, drafts: list[Draft]) -> None:
    if drafts:
        kept = [vars(draft) for draft in pending(account, subscription) + drafts]
        account.save("pending_lines", {"id": subscription["id"], "drafts": kept})


def _rhythm(item: Json) -> tuple[str, int]:
    recurring = item["price"]["recurring"]
    return recurring["interval"], recurring["interval_count"]


def _sold(item: Json | None) -> object:
    if item is None:
        return None
    return item["price"]["id"], item.get("quantity", 1), [r["id"] for r in item["tax_rates"]]
