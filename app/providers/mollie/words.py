"""Mollie's words and ours: currencies, methods, locales, intervals, reasons for a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.providers import base, errors

# Mollie, "Multicurrency": what cards and PayPal take; every other method we offer takes euro only.
# Mollie gives ISK and JPY no decimals and all others two, as ISO 4217 does.
_CARD = "AED AUD CAD CHF CZK DKK EUR GBP HKD HUF ILS ISK JPY NOK NZD PLN RON SEK SGD USD ZAR"
_PAYPAL = (
    "AUD BRL CAD CHF CZK DKK EUR GBP HKD HUF ILS JPY MXN MYR NOK NZD PHP PLN SEK SGD THB TWD USD"
)
CARD_CURRENCIES = frozenset(_CARD.split())
PAYPAL_CURRENCIES = frozenset(_PAYPAL.split())
CURRENCIES = CARD_CURRENCIES | PAYPAL_CURRENCIES

_EURO = frozenset({"EUR"})
_OFFERED: tuple[tuple[base.Method, frozenset[str] | None], ...] = (
    (base.Method("card"), CARD_CURRENCIES),
    (base.Method("ideal"), _EURO),
    (base.Method("bancontact"), _EURO),
    (base.Method("eps"), _EURO),
    (base.Method("paypal"), PAYPAL_CURRENCIES),
)
CAPABILITIES = base.Capabilities(
    name="Mollie",
    methods={"payment": _OFFERED, "subscription": _OFFERED, "setup": _OFFERED[:1]},
    currencies=CURRENCIES,
    changes=frozenset({"period_end"}),
    tax_rounding="line",
    tax_rates=False,
    hosted_invoices=False,
    own_retries=False,
    resumes=False,
    embedded=False,
    collects=frozenset(),
    trials="verified",
)

_TO_MOLLIE = {"card": "creditcard"}
_FROM_MOLLIE = {"creditcard": "card", "directdebit": "sepa"}

# The first locale of a language is the one a bare language tag gets.
_LOCALES = (
    "ca_ES cs_CZ da_DK de_DE de_AT de_CH de_LU el_GR en_GB en_US en_NL en_BE es_ES fi_FI fr_FR "
    "fr_BE fr_LU hu_HU is_IS it_IT lt_LT lv_LV nb_NO nl_NL nl_BE pl_PL pt_PT sk_SK sl_SI sv_SE "
    "tr_TR"
)
LOCALES = tuple(_LOCALES.split())
_LANGUAGES = {locale[:2]: locale for locale in reversed(LOCALES)} | {"no": "nb_NO", "nn": "nb_NO"}

_INTERVALS: dict[base.Interval, str] = {"month": "1 month", "year": "12 months"}
# Mollie writes some intervals its own way in answers.
_INTERVALS_READ: dict[str, base.Interval] = {
    "1 month": "month",
    "1 months": "month",
    "12 months": "year",
    "1 year": "year",
}

_BRANDS = {"american express": "amex", "diners club": "diners"}

_REASONS: dict[str, base.DeclineReason] = {
    "authentication_abandoned": "authentication",
    "authentication_failed": "authentication",
    "authentication_required": "authentication",
    "authentication_unavailable_acs": "authentication",
    "additional_customer_authentication_required": "authentication",
    "card_authentication_failed": "authentication",
    "card_expired": "expired_card",
    "expired_card": "expired_card",
    "insufficient_funds": "insufficient_funds",
    "invalid_cvv": "incorrect_data",
    "invalid_card_holder_name": "incorrect_data",
    "invalid_card_number": "incorrect_data",
    "invalid_account_number": "incorrect_data",
    "decline_for_cvv2_failure": "incorrect_data",
    "possible_fraud": "fraud",
    "suspected_fraud": "fraud",
    "fraud_security_related": "fraud",
    # ISO 20022 reasons of a refused direct debit.
    "AC01": "incorrect_data",
    "AC13": "incorrect_data",
    "AM04": "insufficient_funds",
}


def method_out(slug: str) -> str:
    """Answer Mollie's name of a way to pay; raises Unsupported for one it cannot check out."""
    if slug not in {method.slug for method, _ in _OFFERED}:
        raise errors.Unsupported(f"Mollie cannot check out with {slug!r}", code=slug)
    return _TO_MOLLIE.get(slug, slug)


def method_in(name: str | None) -> str | None:
    """Answer our name of a payment's or mandate's method."""
    return name and _FROM_MOLLIE.get(name, name)


def locale_out(tag: str | None) -> str | None:
    """Answer the locale Mollie knows for a tag such as `de`, `de-AT` or `en_US`; None if none."""
    if not tag:
        return None
    language, _, region = tag.replace("-", "_").partition("_")
    exact = f"{language.lower()}_{region.upper()}"
    return exact if exact in LOCALES else _LANGUAGES.get(language.lower())


def interval_out(interval: base.Interval) -> str:
    """Answer how Mollie writes an interval: it knows days, weeks and months, no years."""
    return _INTERVALS[interval]


def interval_in(text: str) -> base.Interval | None:
    """Answer our interval, None for one we do not sell."""
    return _INTERVALS_READ.get(text)


def brand_in(label: str | None) -> str | None:
    """Answer the card brand as other providers write it: `visa`, `amex`."""
    return label and _BRANDS.get(label.lower(), label.lower())


def decline_in(payment: Mapping[str, Any]) -> base.DeclineReason | None:
    """Answer why a failed payment failed; an unknown reason is plainly `declined`."""
    if payment["status"] != "failed":
        return None
    details = payment.get("details") or {}
    reason = payment.get("statusReason") or {}
    said = (details.get("failureReason"), details.get("bankReasonCode"), reason.get("code"))
    known = (_REASONS[word] for word in said if word in _REASONS)
    return next(known, "declined")
