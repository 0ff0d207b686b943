"""Say our words in Stripe's and Stripe's in ours: money, methods, languages, states, declines."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

from app.money import CurrencyUnknown, Money
from app.providers import base, errors

_Word = TypeVar("_Word")
_Given = ParamSpec("_Given")
_Read = TypeVar("_Read")

# Stripe's "Supported currencies", special cases: whole units that are sent as hundredths, and one
# that ISO 4217 divides but Stripe does not.
_SENT_AS_HUNDREDTHS = frozenset({"ISK", "UGX"})
_SENT_WHOLE = frozenset({"MGA"})
# The same page, three-decimal currencies: the last digit must be zero.
_LAST_DIGIT_ZERO = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})

# Stripe's "Supported currencies", those that can be charged.
_CHARGEABLE = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BWP BYN BZD "
    "CAD CDF CHF CLP CNY COP CRC CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD "
    "GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK JMD JOD JPY KES KGS KHR KMF KRW KWD KYD KZT "
    "LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK "
    "NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SEK SGD SHP SLE "
    "SOS SRD SZL THB TJS TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VND VUV WST XAF XCD XCG "
    "XOF XPF YER ZAR ZMW"
)
CURRENCIES = frozenset(_CHARGEABLE.split())
# Stripe's "Klarna payments": what a payer can be charged in.
_KLARNA = "AUD CAD CHF CZK DKK EUR GBP NOK NZD PLN RON SEK USD"
KLARNA_CURRENCIES = frozenset(_KLARNA.split())

# The same page, "Minimum and maximum charge amounts"; in our minor units.
LEAST = {
    **dict.fromkeys(["AUD", "BRL", "CAD", "CHF", "EUR", "INR", "JPY", "NZD", "SGD", "USD"], 50),
    **dict.fromkeys(["AED", "MYR", "PLN", "RON"], 200),
    **dict.fromkeys(["NOK", "SEK"], 300),
    **dict.fromkeys(["MXN", "THB"], 1000),
    "CZK": 1500,
    "DKK": 250,
    "GBP": 30,
    "HKD": 400,
    "HUF": 17500,
}
STEPS = dict.fromkeys(_LAST_DIGIT_ZERO, 10) | dict.fromkeys(_SENT_WHOLE, 100)

INTERVALS: dict[str, base.Interval] = {"month": "month", "year": "year"}

_METHODS = {"sepa": "sepa_debit", "sofort": "klarna"}
_SLUGS = {"sepa_debit": "sepa"}

_TAGS = (
    "bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv ms mt "
    "nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW"
)
_LOCALES = frozenset(_TAGS.split())
_SPEAK_LATIN_AMERICAN = "AR BO CL CO CR DO EC GT HN MX NI PA PE PR PY SV US UY VE"
_LATIN_AMERICA = frozenset(_SPEAK_LATIN_AMERICAN.split())
_OTHER_LOCALES = {"hi": "hi-IN", "no": "nb", "nn": "nb", "tl": "fil"}

_PAYMENTS: dict[str, base.PaymentStatus] = {
    "requires_confirmation": "open",
    "requires_action": "action_needed",
    "requires_capture": "processing",
    "processing": "processing",
    "succeeded": "paid",
    "canceled": "canceled",
}
_SUBSCRIPTIONS: dict[str, base.SubscriptionStatus] = {
    "incomplete": "incomplete",
    "incomplete_expired": "canceled",
    "trialing": "trialing",
    "active": "active",
    "past_due": "past_due",
    "unpaid": "unpaid",
    "paused": "paused",
    "canceled": "canceled",
}
_REFUNDS: dict[str, base.RefundStatus] = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "refunded",
    "failed": "failed",
    "canceled": "failed",
}
_INVOICES: dict[str, base.InvoiceStatus] = {
    "draft": "draft",
    "open": "open",
    "paid": "paid",
    "uncollectible": "uncollectible",
    "void": "void",
}

# Stripe's "Decline codes" and, for the rest, "Error codes".
_DECLINES: dict[str, base.DeclineReason] = {
    "insufficient_funds": "insufficient_funds",
    "card_velocity_exceeded": "insufficient_funds",
    "withdrawal_count_limit_exceeded": "insufficient_funds",
    "expired_card": "expired_card",
    "incorrect_address": "incorrect_data",
    "incorrect_cvc": "incorrect_data",
    "incorrect_number": "incorrect_data",
    "incorrect_pin": "incorrect_data",
    "incorrect_zip": "incorrect_data",
    "invalid_account": "incorrect_data",
    "invalid_cvc": "incorrect_data",
    "invalid_expiry_month": "incorrect_data",
    "invalid_expiry_year": "incorrect_data",
    "invalid_number": "incorrect_data",
    "account_number_invalid": "incorrect_data",
    "bank_account_unusable": "incorrect_data",
    "authentication_not_handled": "authentication",
    "authentication_required": "authentication",
    "mobile_device_authentication_required": "authentication",
    "offline_pin_required": "authentication",
    "online_or_offline_pin_required": "authentication",
    "payment_intent_authentication_failure": "authentication",
    "setup_intent_authentication_failure": "authentication",
    "subscription_payment_intent_requires_action": "authentication",
    "invoice_payment_intent_requires_action": "authentication",
    "fraudulent": "fraud",
    "lost_card": "fraud",
    "merchant_blacklist": "fraud",
    "pickup_card": "fraud",
    "stolen_card": "fraud",
}
_OTHER_DECLINE: base.DeclineReason = "declined"


def readable(read: Callable[_Given, _Read]) -> Callable[_Given, _Read]:
    """Make a reader say Unavailable where Stripe's answer is not of the form it promises."""

    @functools.wraps(read)
    def reading(*args: _Given.args, **kwargs: _Given.kwargs) -> _Read:
        try:
            return read(*args, **kwargs)
        except (AttributeError, LookupError, OverflowError, TypeError, ValueError) as error:
            raise errors.Unavailable("Stripe: the answer could not be read") from error

    return reading


def amount(value: Money) -> int:
    """Answer the integer Stripe wants; raises Refused where Stripe cannot hold the amount.

    Nothing is rounded: a total that changed on the way would be charged unseen.
    """
    if value.currency in _SENT_AS_HUNDREDTHS:
        return value.minor * 100
    if value.currency in _SENT_WHOLE:
        return _divided(value, 100)
    if value.currency in _LAST_DIGIT_ZERO:
        return _divided(value, 10) * 10
    return value.minor


def money(value: int, currency: str) -> Money:
    """Read an amount of Stripe's; raises Refused where it is not one we can hold."""
    code = currency.upper()
    if code in _SENT_AS_HUNDREDTHS and value % 100:
        raise errors.Refused(f"Stripe: {value} is not a whole number of {code}")
    try:
        if code in _SENT_AS_HUNDREDTHS:
            return Money(value // 100, code)
        return Money(value * 100 if code in _SENT_WHOLE else value, code)
    except CurrencyUnknown as error:
        raise errors.Refused(f"Stripe: {error}") from error


def read_time(value: int) -> datetime:
    """Read a Unix time in seconds."""
    return datetime.fromtimestamp(value, UTC)


def read_time_or_none(value: int | None) -> datetime | None:
    """Read a Unix time that may be absent."""
    return None if value is None else read_time(value)


def write_time(value: datetime) -> int:
    """Write a moment in Unix seconds."""
    return int(value.timestamp())


def method(slug: str, mode: base.Mode) -> str:
    """Answer Stripe's name of a way to pay; raises Unsupported.

    SOFORT ended in 2025; Stripe names Klarna as its substitute, for one-time payments only.
    """
    if slug == "sofort" and mode != "payment":
        raise errors.Unsupported("Stripe: SOFORT has ended, and Klarna pays one-time orders only")
    return _METHODS.get(slug, slug)


def slug(method_type: str) -> str:
    """Answer our name of a way to pay."""
    return _SLUGS.get(method_type, method_type)


def locale(tag: str | None) -> str:
    """Answer Stripe's tag for a Babel locale such as `de_AT`; `auto` where Stripe has none."""
    parts = (tag or "").replace("-", "_").split("_")
    language, rest = parts[0].lower(), parts[1:]
    territory = rest[-1].upper() if rest else ""
    if language == "es" and territory in _LATIN_AMERICA:
        return "es-419"
    for candidate in (f"{language}-{territory}", language, _OTHER_LOCALES.get(language, "")):
        if candidate in _LOCALES:
            return candidate
    return "auto"


def payment_status(intent: Mapping[str, Any]) -> base.PaymentStatus:
    """Read how far a PaymentIntent is: without a method it was refused, or not tried yet."""
    if intent["status"] == "requires_payment_method":
        return "failed" if intent.get("last_payment_error") else "open"
    return _known(_PAYMENTS, intent["status"], "payment")


def subscription_status(value: str) -> base.SubscriptionStatus:
    """Read how a subscription is."""
    return _known(_SUBSCRIPTIONS, value, "subscription")


def refund_status(value: str | None) -> base.RefundStatus:
    """Read how far a refund is."""
    return _known(_REFUNDS, value or "pending", "refund")


def invoice_status(value: str | None) -> base.InvoiceStatus:
    """Read how far an invoice is."""
    return _known(_INVOICES, value or "draft", "invoice")


def decline(error: Mapping[str, Any]) -> base.DeclineReason:
    """Read why a payment was refused, from the body of an error or `last_payment_error`."""
    for word in (error.get("decline_code"), error.get("code")):
        if word in _DECLINES:
            return _DECLINES[word]
    return _OTHER_DECLINE


def _divided(value: Money, parts: int) -> int:
    if value.minor % parts:
        raise errors.Refused(
            f"Stripe: {value.decimal} {value.currency} is finer than it can charge"
        )
    return value.minor // parts


def _known(table: Mapping[str, _Word], word: str, subject: str) -> _Word:
    try:
        return table[word]
    except KeyError:
        raise errors.Refused(f"Stripe: {word!r} is no {subject} status we know") from None
