"""The words for what billing knows by name: methods, statuses, causes."""

from __future__ import annotations

from flask import Flask
from flask_babel import gettext, lazy_gettext

from app.billing import method_names
from app.models import PaymentMethod, TimelineEntry
from app.web import filters

_HINTS = {
    "card": lazy_gettext("Visa, Mastercard, American Express"),
    "sepa": lazy_gettext("From your bank account; it takes some working days to confirm"),
    "ideal": lazy_gettext("Your Dutch bank"),
    "bancontact": lazy_gettext("Your Belgian bank"),
    "eps": lazy_gettext("Your Austrian bank"),
    "klarna": lazy_gettext("Pay at once or later with Klarna"),
    "paypal": lazy_gettext("Your PayPal account"),
}
_MARKS = {"card": ("VISA", "MC"), "sepa": ("SEPA",), "ideal": ("iDEAL",)}

# A plan's status in words, and how the tag looks.
_STATUSES = {
    "trialing": (lazy_gettext("Trial"), "good"),
    "active": (lazy_gettext("Active"), "good"),
    "processing": (lazy_gettext("Payment on its way"), "warn"),
    "past_due": (lazy_gettext("Payment overdue"), "bad"),
    "unpaid": (lazy_gettext("Unpaid"), "bad"),
    "paused": (lazy_gettext("Paused"), "warn"),
    "incomplete": (lazy_gettext("Not started yet"), "warn"),
    "canceling": (lazy_gettext("Ends soon"), "warn"),
    "canceled": (lazy_gettext("Ended"), "plain"),
}
_PAYMENTS = {
    "open": (lazy_gettext("Open"), "plain"),
    "action_needed": (lazy_gettext("To be confirmed"), "warn"),
    "processing": (lazy_gettext("On its way"), "warn"),
    "paid": (lazy_gettext("Paid"), "good"),
    "failed": (lazy_gettext("Declined"), "bad"),
    "canceled": (lazy_gettext("Canceled"), "plain"),
    "expired": (lazy_gettext("Expired"), "plain"),
}
_KINDS = {
    "checkout.open": lazy_gettext("Checkout opened"),
    "checkout.processing": lazy_gettext("Payment on its way"),
    "checkout.complete": lazy_gettext("Payment confirmed"),
    "checkout.not_charged": lazy_gettext("Payment not made"),
    "checkout.canceled": lazy_gettext("Checkout canceled"),
    "checkout.expired": lazy_gettext("Checkout expired"),
    "checkout.superseded": lazy_gettext("Checkout replaced by another one"),
    "checkout.needs_review": lazy_gettext("Payment needs a person to look at it"),
    "checkout.refunded": lazy_gettext("Payment given back"),
    "subscription.trialing": lazy_gettext("Trial started"),
    "subscription.active": lazy_gettext("Plan active"),
    "subscription.processing": lazy_gettext("Plan active while the payment is on its way"),
    "subscription.past_due": lazy_gettext("Payment overdue"),
    "subscription.unpaid": lazy_gettext("Plan unpaid"),
    "subscription.paused": lazy_gettext("Plan paused"),
    "subscription.incomplete": lazy_gettext("Plan waits for the payment"),
    "subscription.canceling": lazy_gettext("Plan set to end"),
    "subscription.canceled": lazy_gettext("Plan ended"),
}
_CAUSES = {
    "start": lazy_gettext("by an order here"),
    "return": lazy_gettext("seen on your return"),
    "page": lazy_gettext("seen on opening the page"),
    "sweep": lazy_gettext("seen in a regular check"),
    "replaced": lazy_gettext("by another order"),
}
_FORECASTS = {
    "renewal": lazy_gettext("Renewal"),
    "ends": lazy_gettext("Plan ends"),
    "trial_ends": lazy_gettext("Trial ends, first charge"),
    "card_expires": lazy_gettext("Card expires"),
}


def install(flask_app: Flask) -> None:
    """Make the words known to templates."""
    for word in (
        method_name,
        method_hint,
        method_marks,
        paid_with,
        on_file,
        plan_status,
        payment_status,
        happening,
        cause,
        forecast,
    ):
        flask_app.add_template_filter(word)


def method_name(method: str) -> str:
    """Card"""
    return filters.words(method_names.name(method))


def method_hint(method: str) -> str:
    """Visa, Mastercard, American Express"""
    return str(_HINTS.get(method, ""))


def method_marks(method: str) -> tuple[str, ...]:
    """Answer the short marks a method is known by."""
    return _MARKS.get(method, ())


def paid_with(method: str, brand: str | None, last4: str | None) -> str:
    """Visa ending 4242"""
    return filters.words(method_names.paid_with(method, brand, last4))


def on_file(method: PaymentMethod) -> str:
    """Visa ending 4242, of a method that is kept"""
    return paid_with(method.type, method.brand, method.last4)


def plan_status(status: str) -> tuple[str, str]:
    """Answer words and look of a plan's status."""
    return _pair(_STATUSES, status)


def payment_status(status: str) -> tuple[str, str]:
    """Answer words and look of a payment's status."""
    return _pair(_PAYMENTS, status)


def happening(entry: TimelineEntry) -> str:
    """Payment confirmed"""
    return str(_KINDS.get(entry.kind, entry.kind))


def cause(entry: TimelineEntry) -> str:
    """seen on your return"""
    return str(_CAUSES.get(entry.cause, gettext("told by the payment provider")))


def forecast(kind: str) -> str:
    """Renewal"""
    return str(_FORECASTS[kind])


def _pair(table: dict[str, tuple[str, str]], status: str) -> tuple[str, str]:
    word, look = table[status]
    return str(word), look
