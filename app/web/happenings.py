"""The words for what happened: each entry of a timeline, and who or what caused it."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext, lazy_gettext

from app.billing.methods import method_names
from app.billing.timeline import Happening
from app.models import TimelineEntry
from app.money import Money
from app.web import filters, statuses

_KINDS = {
    "checkout.open": lazy_gettext("Checkout opened"),
    "checkout.processing": lazy_gettext("Payment on its way"),
    "checkout.complete": lazy_gettext("Order confirmed"),
    "checkout.not_charged": lazy_gettext("Payment not made"),
    "checkout.canceled": lazy_gettext("Checkout canceled"),
    "checkout.expired": lazy_gettext("Checkout expired"),
    "checkout.superseded": lazy_gettext("Checkout replaced by another one"),
    "checkout.needs_review": lazy_gettext("Payment needs a person to look at it"),
    "checkout.refunded": lazy_gettext("Payment given back"),
    "subscription.trialing": lazy_gettext("Trial begun"),
    "subscription.active": lazy_gettext("Plan active"),
    "subscription.processing": lazy_gettext("Plan active while the payment is on its way"),
    "subscription.past_due": lazy_gettext("Plan overdue"),
    "subscription.unpaid": lazy_gettext("Plan unpaid"),
    "subscription.paused": lazy_gettext("Plan paused"),
    "subscription.incomplete": lazy_gettext("Plan waits for the payment"),
    "subscription.canceling": lazy_gettext("Plan set to end"),
    "subscription.canceled": lazy_gettext("Plan ended"),
    "subscription.changed": lazy_gettext("Plan changed"),
    "subscription.change_scheduled": lazy_gettext("Plan change scheduled"),
    "subscription.change_dropped": lazy_gettext("Plan change dropped"),
    "subscription.cancel_asked": lazy_gettext("End of the plan asked for"),
    "subscription.resumed": lazy_gettext("Asked to let the plan go on"),
    "invoice.paid": lazy_gettext("Payment received"),
    "payment.failed": lazy_gettext("Payment failed"),
    "payment.refund_asked": lazy_gettext("Giving a payment back asked for"),
    "payment.refunded": lazy_gettext("Payment given back"),
    "payment.charged_back": lazy_gettext("Payment taken back by the bank"),
    "payment_method.added": lazy_gettext("Payment method saved"),
    "payment_method.removed": lazy_gettext("Payment method removed"),
    "payment_method.default_changed": lazy_gettext("Another payment method is charged"),
    "person.invited": lazy_gettext("Person invited"),
    "person.invitation_withdrawn": lazy_gettext("Invitation withdrawn"),
    "person.joined": lazy_gettext("Person joined"),
    "person.role_changed": lazy_gettext("Role changed"),
    "person.removed": lazy_gettext("Person removed"),
    "portal.viewed": lazy_gettext("Billing pages seen by the people of the app, to help"),
}
# What a set-up's checkout comes to, which buys nothing.
_SAVING = {
    "checkout.open": lazy_gettext("Saving a payment method begun"),
    "checkout.complete": lazy_gettext("Saving a payment method confirmed"),
    "checkout.not_charged": lazy_gettext("Payment method not saved"),
    "checkout.canceled": lazy_gettext("Payment method not saved"),
    "checkout.expired": lazy_gettext("Payment method not saved in time"),
}
# A plan is active again, or at last: from what tells more than that it is.
_ACTIVE_AFTER = {
    "trialing": lazy_gettext("Trial over, plan paid"),
    "canceling": lazy_gettext("Plan goes on after all"),
    "past_due": lazy_gettext("Overdue payment made, plan active"),
    "unpaid": lazy_gettext("Overdue payment made, plan active"),
    "paused": lazy_gettext("Plan goes on"),
}
# Their before and after are words already: a plan with its seats, a method with its last digits.
_TURNS = (
    "subscription.changed",
    "subscription.change_scheduled",
    "subscription.change_dropped",
    "payment_method.default_changed",
)
_ENDED_FOR = {
    "not_paid": lazy_gettext("Plan ended because it was not paid"),
    "provider": lazy_gettext("Plan ended at the payment provider"),
    "charged_back": lazy_gettext("Plan ended because the bank took a payment back"),
    "duplicate": lazy_gettext("Plan ended because it had been bought twice"),
}
_ROLES = {"admin": lazy_gettext("admin"), "member": lazy_gettext("member")}
_CAUSES = {
    "user": lazy_gettext("by a person"),
    "key": lazy_gettext("by the app"),
    "start": lazy_gettext("by an order"),
    "return": lazy_gettext("seen when the payer came back"),
    "page": lazy_gettext("seen when a page was opened"),
    "event": lazy_gettext("told by the payment provider"),
    "sweep": lazy_gettext("seen in a regular check"),
    "verify": lazy_gettext("seen in a comparison with the payment provider"),
    "clock": lazy_gettext("because its time had come"),
    "replaced": lazy_gettext("by another order"),
    "act": lazy_gettext("done as asked"),
}


def happening(told: Happening | TimelineEntry) -> str:
    """Payment failed: €45.22"""
    entry = told.entry if isinstance(told, Happening) else told
    mode = told.mode if isinstance(told, Happening) else None
    words, about = _words(entry, mode), _about(entry)
    return str(gettext("%(what)s: %(about)s", what=words, about=about)) if about else words


def turn(told: Happening) -> str:
    """From Team × 2 to Business × 2 on 4 December 2026; empty where there is no before."""
    entry = told.entry
    if entry.kind == f"subscription.{entry.after}" and entry.before:
        before, after = statuses.plan(entry.before)[0], statuses.plan(entry.after or "")[0]
        return str(gettext("From %(before)s to %(after)s", before=before, after=after))
    if entry.kind.startswith("person."):
        return _role(entry)
    if entry.kind not in _TURNS or not entry.before or not entry.after:
        return ""
    if entry.kind == "subscription.change_dropped":
        return str(
            gettext("%(after)s stays instead of %(before)s", before=entry.before, after=entry.after)
        )
    on = _moment(entry)
    if entry.kind == "subscription.change_scheduled" and on is not None:
        return str(
            gettext(
                "From %(before)s to %(after)s on %(date)s",
                before=entry.before,
                after=entry.after,
                date=filters.long_date(on),
            )
        )
    return str(gettext("From %(before)s to %(after)s", before=entry.before, after=entry.after))


def cause(told: Happening | TimelineEntry) -> str:
    """by tara@globex.example"""
    if isinstance(told, Happening) and told.person:
        return str(gettext("by %(person)s", person=told.person))
    entry = told.entry if isinstance(told, Happening) else told
    return str(_CAUSES.get(entry.cause.partition(" ")[0], _CAUSES["event"]))


def _words(entry: TimelineEntry, mode: str | None) -> str:
    if mode == "setup" and entry.kind in _SAVING:
        return str(_SAVING[entry.kind])
    if entry.kind == "subscription.active" and entry.before in _ACTIVE_AFTER:
        return str(_ACTIVE_AFTER[entry.before])
    if entry.kind == "subscription.canceled":
        reason = (entry.details or {}).get("reason", "")
        return str(_ENDED_FOR.get(reason, _KINDS[entry.kind]))
    return str(_KINDS.get(entry.kind, gettext("Billing changed")))


def _about(entry: TimelineEntry) -> str | None:
    """The amount that moved, or the method or the person it is about."""
    details = entry.details or {}
    if entry.kind.startswith(("payment.", "invoice.")) and "amount" in details:
        return filters.money(Money(details["amount"], details["currency"]))
    if entry.kind.startswith("payment_method.") and "type" in details:
        named = method_names.paid_with(details["type"], details["brand"], details["last4"])
        return filters.words(named)
    return details.get("email") if entry.kind.startswith("person.") else None


def _role(entry: TimelineEntry) -> str:
    before, after = _ROLES.get(entry.before or ""), _ROLES.get(entry.after or "")
    if before and after:
        return str(gettext("From %(before)s to %(after)s", before=before, after=after))
    return str(gettext("As %(role)s", role=after)) if after else ""


def _moment(entry: TimelineEntry) -> datetime | None:
    known = (entry.details or {}).get("takes_effect_at")
    return datetime.fromisoformat(known) if known else None
