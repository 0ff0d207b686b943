"""The words for what billing knows by name: methods, statuses, forecasts."""

from __future__ import annotations

from flask import Flask
from flask_babel import lazy_gettext

from app.billing import method_names
from app.billing.forecasts import Forecast
from app.models import PaymentMethod
from app.portal import happenings
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
_FORECASTS = {
    "renewal": lazy_gettext("Renewal: %(amount)s"),
    "trial_ends": lazy_gettext("Trial ends, first charge: %(amount)s"),
    "retry": lazy_gettext("Next try to charge %(amount)s"),
    "change": lazy_gettext("The plan becomes %(plan)s × %(quantity)s"),
    "ends": lazy_gettext("The plan ends, and nothing more is charged"),
    "not_paid": lazy_gettext("The plan ends if it is not paid by then"),
    "card_expires": lazy_gettext("The card expires"),
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
        happenings.happening,
        happenings.turn,
        happenings.cause,
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


def forecast(line: Forecast) -> str:
    """Renewal: €45.22"""
    return str(_FORECASTS[line.kind]) % {
        "amount": filters.money(line.amount) if line.amount else "",
        "plan": line.plan,
        "quantity": filters.number(line.quantity or 1),
    }


def _pair(table: dict[str, tuple[str, str]], status: str) -> tuple[str, str]:
    word, look = table[status]
    return str(word), look
