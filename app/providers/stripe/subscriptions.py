"""Watch, change and end subscriptions."""

from __future__ import annotations

import logging
from typing import Literal

from app.money import zero
from app.providers import base, errors
from app.providers.stripe import params, payments, states, wire
from app.providers.stripe.client import Client, Json

log = logging.getLogger(__name__)

_EVERY = 1_000_000
_EXPAND = (
    "default_payment_method",
    "latest_invoice",
    "customer.invoice_settings.default_payment_method",
)


def find(client: Client, uuid: str, *, customer_id: str) -> str | None:
    """Look for a subscription of the customer by our uuid, ended ones too."""
    query = {"customer": customer_id, "status": "all"}
    for found in client.each("subscriptions", params=query):
        if states.uuid(found) == uuid:
            return str(found["id"])
    return None


def fetch_all(client: Client) -> tuple[base.SubscriptionState, ...]:
    """Answer the account's subscriptions that have not ended, which is what Stripe lists unless it
    is asked for a status."""
    found = client.each("subscriptions", most=_EVERY)
    return tuple(states.subscription(subscription, ()) for subscription in found)


def fetch(client: Client, provider_id: str) -> base.SubscriptionState:
    """Answer the present truth about a subscription and its latest payments."""
    found = client.get("subscriptions", provider_id, params={"expand": _EXPAND})
    customer_id = states.id_of(found["customer"]) or ""
    bills = payments.bills_of(client, provider_id)
    attempts = payments.of_bills(
        client, bills, subscription_id=provider_id, customer_id=customer_id
    )
    return states.subscription(found, attempts, tuple(states.invoice(bill) for bill in bills))


def preview(client: Client, change: base.SubscriptionChange) -> base.ChangePreview:
    """Answer what a change would cost now and from the next period on."""
    found = client.get("subscriptions", change.provider_id)
    if change.when == "period_end":
        end = states.item_of(found)["current_period_end"]
        return base.ChangePreview(zero(change.total.currency), change.total, wire.read_time(end))
    details = {**_items(change, found), **_proration(change)}
    body = {"subscription": change.provider_id, "subscription_details": details}
    bill = client.post("invoices/create_preview", params=body, key=None)
    # What is to be paid is less than the total where the customer has credit.
    due = bill["total"] if bill["total"] < 0 else bill["amount_due"]
    return base.ChangePreview(
        due_now=wire.money(due, bill["currency"]),
        renewal=change.total,
        at=change.proration_at or wire.read_time(bill["created"]),
    )


def change(client: Client, change: base.SubscriptionChange, *, key: str) -> base.SubscriptionState:
    """Change price or quantity; raises Declined where what is due now cannot be charged, and then
    nothing has changed."""
    found = client.get("subscriptions", change.provider_id)
    body = {**_items(change, found), **_proration(change)}
    if change.when == "now":
        body["payment_behavior"] = "error_if_incomplete"
    client.post("subscriptions", change.provider_id, params=body, key=key)
    return fetch(client, change.provider_id)


def cancel(
    client: Client,
    provider_id: str,
    *,
    when: Literal["now", "period_end"],
    key: str,
    comment: str | None,
) -> base.SubscriptionState:
    """End a subscription, now or with its period; one that has ended is answered as it is. Its
    `cancellation_details` take words about why (Stripe, "Update a subscription" and "Cancel a
    subscription")."""
    said: Json = {"cancellation_details": {"comment": comment}} if comment is not None else {}
    try:
        if when == "now":
            client.delete("subscriptions", provider_id, params=said)
        else:
            body = {"cancel_at_period_end": True, **said}
            client.post("subscriptions", provider_id, params=body, key=key)
    except (errors.Missing, errors.Refused):
        state = fetch(client, provider_id)
        if state.status != "canceled":
            raise
        return state
    return fetch(client, provider_id)


def resume(client: Client, provider_id: str, *, key: str) -> base.SubscriptionState:
    """Take back a cancelation at period end; raises Refused for one that has ended."""
    body = {"cancel_at_period_end": False}
    client.post("subscriptions", provider_id, params=body, key=key)
    return fetch(client, provider_id)


def collect(client: Client, provider_id: str, *, key: str) -> base.SubscriptionState:
    """Charge the oldest invoice that is open; raises Declined. Nothing open is no error."""
    query = {"subscription": provider_id, "status": "open"}
    waiting = list(client.each("invoices", params=query))
    if waiting:
        try:
            client.post("invoices", waiting[-1]["id"], "pay", key=key)
        except errors.Refused:
            # It was paid, or given up, meanwhile.
            log.info("Stripe would not take the open invoice of %s", provider_id)
    return fetch(client, provider_id)


def _items(change: base.SubscriptionChange, found: Json) -> Json:
    item = states.item_of(found)
    price = item["price"]
    interval = (price.get("recurring") or {}).get("interval")
    if change.when == "period_end" and interval != change.line.interval:
        # A new interval begins a new period, which Stripe charges at once.
        raise errors.Unsupported("Stripe: another interval cannot wait for the period's end")
    # An inline price goes under the product Stripe made when the plan was bought.
    line = params.item(change.line, product=states.id_of(price["product"]))
    return {"items": [{"id": item["id"], **line}]}


def _proration(change: base.SubscriptionChange) -> Json:
    if change.when == "period_end":
        return {"proration_behavior": "none"}
    proration: Json = {"proration_behavior": "always_invoice"}
    if change.proration_at is not None:
        proration["proration_date"] = wire.write_time(change.proration_at)
    return proration
