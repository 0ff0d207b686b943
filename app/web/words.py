"""The words for what billing knows by name: methods, and what will happen."""

from __future__ import annotations

from flask import Flask
from flask_babel import lazy_gettext

from app.billing.methods import method_names
from app.billing.plans.forecasts import Forecast
from app.models import PaymentMethod
from app.web import filters, happenings, statuses

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
        happenings.happening,
        happenings.turn,
        happenings.cause,
        forecast,
    ):
        flask_app.add_template_filter(word)
    flask_app.add_template_filter(statuses.plan, "plan_status")
    flask_app.add_template_filter(statuses.payment, "payment_status")


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


def forecast(line: Forecast) -> str:
    """Renewal: €45.22"""
    return str(_FORECASTS[line.kind]) % {
        "amount": "" if line.amount is None else filters.money(line.amount),
        "plan": line.plan,
        "quantity": filters.number(line.quantity or 1),
    }
