"""The words for statuses, and how the tag of each looks."""

from __future__ import annotations

from functools import cache

from flask_babel import lazy_gettext

from app.web import languages

_PLANS = {
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
# What becomes of money that was paid.
REVERSALS = {
    "partly_refunded": (lazy_gettext("Partly given back"), "plain"),
    "refunded": (lazy_gettext("Given back"), "plain"),
    "charged_back": (lazy_gettext("Charged back"), "bad"),
}
_PAYMENTS = {
    "open": (lazy_gettext("Open"), "plain"),
    "action_needed": (lazy_gettext("To be confirmed"), "warn"),
    "processing": (lazy_gettext("On its way"), "warn"),
    "paid": (lazy_gettext("Paid"), "good"),
    "failed": (lazy_gettext("Declined"), "bad"),
    "canceled": (lazy_gettext("Canceled"), "plain"),
    "expired": (lazy_gettext("Expired"), "plain"),
    **REVERSALS,
}


def plan(status: str) -> tuple[str, str]:
    """Answer words and look of a plan's status."""
    return _plan(status, languages.tag())


def payment(status: str) -> tuple[str, str]:
    """Answer words and look of a payment's status or standing."""
    return _payment(status, languages.tag())


# A list says each word many times; looked up once for each language.
@cache
def _plan(status: str, _language: str) -> tuple[str, str]:
    return _pair(_PLANS, status)


@cache
def _payment(status: str, _language: str) -> tuple[str, str]:
    return _pair(_PAYMENTS, status)


def _pair(table: dict[str, tuple[str, str]], status: str) -> tuple[str, str]:
    word, look = table[status]
    return str(word), look
