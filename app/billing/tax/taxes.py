"""Which tax a purchase bears."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.errors import Invalid
from app.billing.tax import countries
from app.billing.tax.vat_numbers import VatAnswer
from app.billing.text import Country, Percentage, TaxName, Text
from app.models import TaxRate

Rule = Literal["domestic", "reverse_charge", "destination", "export", "exempt"]


class Rate(Protocol):
    """A tax rate in percent, a row or what was read of one."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def country(self) -> str | None: ...
    @property
    def percentage(self) -> Decimal: ...
    @property
    def is_reverse_charge(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class TaxDecision:
    """The tax rule of a purchase, its rate in percent, and what the page says about it.

    `title` is short and precedes `sentence`, which gives the reason. `rate` is None where none of
    the app's rates applies. `is_sold` is False where tax would be due and no rate is known.
    """

    rule: Rule
    rate: Rate | None
    percentage: Decimal
    sentence: Text
    title: Text
    is_sold: bool = True


def rates(db: Session, app_id: int) -> list[TaxRate]:
    """Answer the rates an app uses now, oldest first."""
    found = select(TaxRate).where(
        TaxRate.app_id == app_id, TaxRate.archived_at.is_(None), TaxRate.deleted_at.is_(None)
    )
    return list(db.scalars(found.order_by(TaxRate.id)))


def decide(
    *,
    app_name: str,
    seller_country: str,
    buyer_country: str,
    vat: VatAnswer | None,
    rates: Sequence[Rate],
    unknown_policy: str,
) -> TaxDecision:
    """Answer the tax of an electronic service sold today, countries as ISO 3166-1 alpha-2.

    No VAT number, or an invalid one, means a private person. `unknown_policy` (`accept` or
    `charge`) decides for a number no authority has confirmed. A rate the app keeps for a country
    outside the EU says that the seller is registered there. Source: Council Directive 2006/112/EC,
    articles 44, 45, 58 and 196. Raises Invalid for a country that is none.
    """
    if buyer_country not in countries.CODES:
        raise Invalid("Choose a country from the list.", field="country")
    rate = _rate_of(buyer_country, rates)
    if countries.taxed_as(buyer_country) == countries.taxed_as(seller_country):
        return _charged("domestic", rate, buyer_country, _AT_HOME, app_name)
    if not countries.is_in_eu(buyer_country):
        if rate is None:
            return _exported(buyer_country, from_eu=countries.is_in_eu(seller_country))
        return _charged("destination", rate, buyer_country, _REGISTERED_THERE, app_name)
    if vat is not None and _counts(vat, unknown_policy):
        return _reversed(vat, rates, from_eu=countries.is_in_eu(seller_country))
    return _charged("destination", rate, buyer_country, _reason(vat), app_name)


def plain(percentage: Decimal) -> str:
    """Answer a percentage without needless zeros: 19, 7.7."""
    return f"{percentage.normalize():f}"


_AT_HOME = Text("The seller is in %(country)s too, so its %(tax)s of %(percentage)s %% is charged.")
_REGISTERED_THERE = Text(
    "The seller is registered for tax in %(country)s, so %(tax)s of %(percentage)s %% is charged."
)
_PRIVATE = Text(
    "Without a VAT number you count as a private person, so the %(tax)s of %(country)s,"
    " %(percentage)s %%, is charged. A company can give its VAT number instead."
)
_WRONG_NUMBER = Text(
    "What you gave cannot be a VAT number of %(country)s, so %(tax)s of %(percentage)s %% would be"
    " charged. Correct the number, or leave it out to buy as a private person."
)
_UNCONFIRMED = Text(
    "We have not been able to confirm the VAT number yet, so the %(tax)s of %(country)s,"
    " %(percentage)s %%, is charged."
)


def _rate_of(country: str, rates: Sequence[Rate]) -> Rate | None:
    by_country = {rate.country: rate for rate in rates if not rate.is_reverse_charge}
    return by_country.get(country) or by_country.get(countries.taxed_as(country))


def _counts(vat: VatAnswer, unknown_policy: str) -> bool:
    return vat.status == "valid" or (vat.status == "unknown" and unknown_policy == "accept")


def _reason(vat: VatAnswer | None) -> Text:
    if vat is None:
        return _PRIVATE
    return _WRONG_NUMBER if vat.status == "invalid" else _UNCONFIRMED


def _charged(
    rule: Rule, rate: Rate | None, country: str, reason: Text, app_name: str
) -> TaxDecision:
    if rate is None:
        return _not_sold(rule, country, app_name)
    values = {
        "country": Country(country),
        "tax": TaxName(rate.name),
        "percentage": Percentage(plain(rate.percentage)),
    }
    if not rate.percentage:
        sentence = Text("In %(country)s the %(tax)s on this is 0 %%, so none is charged.", values)
        return TaxDecision("exempt", rate, Decimal(0), sentence, Text("No tax"))
    return TaxDecision(
        rule=rule,
        rate=rate,
        percentage=rate.percentage,
        sentence=Text(reason.sentence, values),
        title=Text("%(tax)s %(percentage)s %%", values),
    )


def _not_sold(rule: Rule, country: str, app_name: str) -> TaxDecision:
    values = {"app": app_name, "country": Country(country)}
    if rule == "destination":
        sentence = Text(
            "%(app)s is not sold to private persons in %(country)s yet: tax would be due there,"
            " and the seller is not registered for it. A company can buy with its VAT number.",
            values,
        )
    else:
        sentence = Text(
            "%(app)s is not sold in %(country)s yet: tax would be due there, and the seller has"
            " no rate for it. Choose another country if you are established elsewhere.",
            values,
        )
    return TaxDecision(rule, None, Decimal(0), sentence, Text("Not sold there yet"), False)


def _exported(country: str, *, from_eu: bool) -> TaxDecision:
    values = {"country": Country(country)}
    if from_eu:
        sentence = Text(
            "No VAT is charged, because %(country)s is outside the European Union. Taxes of your"
            " own country may be yours to pay.",
            values,
        )
    else:
        sentence = Text(
            "No tax is charged, because the seller is not in %(country)s. Taxes of your own"
            " country may be yours to pay.",
            values,
        )
    return TaxDecision("export", None, Decimal(0), sentence, Text("No VAT"))


def _reversed(vat: VatAnswer, rates: Sequence[Rate], *, from_eu: bool) -> TaxDecision:
    rate = next((rate for rate in rates if rate.is_reverse_charge), None)
    return TaxDecision(
        rule="reverse_charge",
        rate=rate,
        percentage=Decimal(0),
        sentence=_REVERSED[vat.status == "valid", from_eu],
        title=Text("Reverse charge"),
    )


_REVERSED = {
    (True, True): Text(
        "Your VAT number is valid and you are in another EU country than the seller, so no VAT is"
        " charged. You account for it yourself."
    ),
    (True, False): Text(
        "Your VAT number is valid and you are in another country than the seller, so no VAT is"
        " charged. You account for it yourself."
    ),
    (False, True): Text(
        "Your VAT number looks right and you are in another EU country than the seller, so no VAT"
        " is charged. You account for it yourself. We have not been able to confirm the number"
        " yet; if it turns out to be wrong, the VAT is due after all."
    ),
    (False, False): Text(
        "Your VAT number looks right and you are in another country than the seller, so no VAT is"
        " charged. You account for it yourself. We have not been able to confirm the number yet;"
        " if it turns out to be wrong, the VAT is due after all."
    ),
}
