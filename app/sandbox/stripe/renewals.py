"""What subscriptions do as time passes: renew, end a trial, try again, stop."""

from app.sandbox.schedule import timed
from app.sandbox.store import Json
from app.sandbox.stripe import (
    collection,
    events,
    invoice_lines,
    invoices,
    objects,
    pending_lines,
    periods,
    subscriptions,
)
from app.sandbox.world import Account

RUNNING = ("trialing", "active", "past_due", "unpaid")


@timed("stripe.subscription.renew")
def renew(account: Account, id: str, at: int) -> None:
    """Begin the next period, or end what was to end with this one."""
    subscription = account.load("subscriptions", id)
    if subscription is None or subscription["status"] not in RUNNING:
        return
    if subscriptions.period_end(subscription) != at:
        return
    if subscription["cancel_at_period_end"] or (subscription["cancel_at"] or at + 1) <= at:
        subscriptions.end(account, subscription, "cancellation_requested")
        return
    if subscription["status"] == "trialing" and not subscriptions.method_of(account, subscription):
        behavior = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
        if behavior == "cancel":
            subscriptions.end(account, subscription, "cancellation_requested")
            return
        if behavior == "pause":
            paused = subscriptions.change(account, subscription, status="paused")
            events.emit(account, "customer.subscription.paused", paused)
            return
    _roll(account, subscription, at)


def restart(account: Account, subscription: Json) -> None:
    """Resume a paused subscription: its billing begins anew now."""
    now = account.timestamp()
    subscription = subscriptions.change(
        account, subscription, status="active", billing_cycle_anchor=now
    )
    events.emit(account, "customer.subscription.resumed", subscription)
    _roll(account, subscription, now)


@timed("stripe.subscription.trial_will_end")
def warn(account: Account, id: str, at: int) -> None:
    subscription = account.load("subscriptions", id)
    if subscription and subscription["status"] == "trialing" and subscription["trial_end"] == at:
        events.emit(account, "customer.subscription.trial_will_end", subscription)


@timed("stripe.subscription.cancel")
def cancel(account: Account, id: str, at: int) -> None:
    subscription = account.load("subscriptions", id)
    if subscription and subscription["status"] in RUNNING and subscription["cancel_at"] == at:
        subscriptions.end(account, subscription, "cancellation_requested")


@timed("stripe.invoice.retry")
def retry(account: Account, id: str, tries: int) -> None:
    """Try an unpaid invoice again with whatever method is now the default."""
    invoice = account.load("invoices", id)
    if invoice is None or invoice["status"] != "open" or invoice["attempt_count"] != tries:
        return
    subscription_id = invoices.subscription_of(invoice)
    subscription = account.load("subscriptions", subscription_id) if subscription_id else None
    if subscription is None or subscription["status"] in subscriptions.ENDED:
        return
    method = subscriptions.method_of(account, subscription)
    collection.collect(account, invoice, method)
    if not collection.is_processing(account, invoice):
        subscriptions.follow(account, invoice)


def _roll(account: Account, subscription: Json, start: int) -> None:
    items = subscription["items"]["data"]
    until = periods.end(subscription["billing_cycle_anchor"], start, items[0]["price"]["recurring"])
    drafts = pending_lines.read(account, subscription)
    drafts += [invoice_lines.whole(account, subscription, item, start, until) for item in items]
    invoice = invoices.create(
        account,
        customer=objects.get(account, "customers", subscription["customer"]),
        currency=subscription["currency"],
        drafts=drafts,
        reason="subscription_cycle",
        subscription=subscription,
    )
    pending_lines.clear(account, subscription)
    for item in items:
        item |= {"current_period_start": start, "current_period_end": until}
    status = "active" if subscription["status"] == "trialing" else subscription["status"]
    subscription = subscriptions.change(
        account,
        subscription,
        items={**subscription["items"], "data": items},
        latest_invoice=invoice["id"],
        status=status,
    )
    subscriptions.schedule(account, subscription)
    pending_lines.bill(account, subscription, invoice)
