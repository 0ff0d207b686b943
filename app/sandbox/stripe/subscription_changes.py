"""Change a subscription: items with proration, the end of the period, the method."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.sandbox.gateway import Refusal
from app.sandbox.store import Json
from app.sandbox.stripe import (
    changed_items,
    errors,
    invoice_lines,
    invoice_payments,
    objects,
    pending_lines,
    periods,
    prorations,
    subscriptions,
    tax_rates,
)
from app.sandbox.stripe.invoice_lines import Draft
from app.sandbox.world import Account

DONE = (
    "billing_cycle_anchor",
    "cancel_at",
    "cancel_at_period_end",
    "cancellation_details",
    "default_payment_method",
    "default_tax_rates",
    "description",
    "expand",
    "items",
    "metadata",
    "off_session",
    "payment_behavior",
    "proration_behavior",
    "proration_date",
    "trial_settings",
)

_DECLINED = "Your card was declined."


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
    at = prorations.date(account, subscription, params)
    old = subscription["items"]["data"]
    new = changed_items.make(account, subscription, params.get("items", []))
    restarts = params.get("billing_cycle_anchor", {}).get("type") == "now"
    restarts = restarts or changed_items.rhythm(old[0]) != changed_items.rhythm(new[0])
    behavior = params.get("proration_behavior", "create_prorations")
    if behavior == "none" or subscription["status"] == "trialing":
        return Change(new, [], restarts, at)
    return Change(new, prorations.make(account, subscription, new, at, restarts), restarts, at)


def restarted(account: Account, subscription: Json, change: Change) -> list[Draft]:
    """Draft the whole new period of a change that begins one."""
    until = periods.end(change.at, change.at, change.items[0]["price"]["recurring"])
    return [
        invoice_lines.whole(account, subscription, item, change.at, until) for item in change.items
    ]


def _check(params: Json) -> None:
    for name in params:
        if name not in DONE:
            raise errors.not_done(f"{name} in POST /v1/subscriptions/{{id}}", name)
    if params.get("payment_behavior") in ("pending_if_incomplete", "default_incomplete"):
        raise errors.not_done(f"payment_behavior={params['payment_behavior']}", "payment_behavior")
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
        pending_lines.keep(account, subscription, drafts)
    held = {**subscription["items"], "data": items}
    after = subscriptions.change(account, subscription, items=held, **values)
    if change.restarts:
        subscriptions.schedule(account, after)
        drafts += restarted(account, after, change)
    if now and drafts:
        _bill_now(account, after, drafts, params)
    return objects.get(account, "subscriptions", subscription["id"])


def _bill_now(account: Account, subscription: Json, drafts: list[Draft], params: Json) -> None:
    drafts = pending_lines.read(account, subscription) + drafts
    pending_lines.clear(account, subscription)
    invoice = pending_lines.invoice_for(account, subscription, drafts)
    subscription = subscriptions.change(account, subscription, latest_invoice=invoice["id"])
    invoice = pending_lines.bill(account, subscription, invoice)
    failed = invoice["status"] == "open" and invoice["next_payment_attempt"]
    if failed and params.get("payment_behavior") == "error_if_incomplete":
        raise _not_paid(account, invoice)


def _not_paid(account: Account, invoice: Json) -> Refusal:
    """Word why a change was not made: the bank declined, or wants the payer to confirm."""
    payment = invoice_payments.of_invoice(account, invoice["id"])
    assert payment is not None
    intent = objects.get(account, "payment_intents", payment["payment"]["payment_intent"])
    # Without a card on file nothing was tried.
    problem = intent["last_payment_error"] or {"code": "card_declined", "message": _DECLINED}
    if problem["code"] == "authentication_required":
        message = (
            "Payment for this subscription requires additional user action before it can be "
            "completed successfully."
        )
        code = "subscription_payment_intent_requires_action"
        return errors.error(402, "card_error", message, code=code)
    message, code = problem["message"], problem["code"]
    decline = problem.get("decline_code")
    return errors.error(402, "card_error", message, code=code, decline_code=decline)


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
