"""Tax sentences: what an invoice says of its tax, kept so that it can be said in any language."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.billing.tax import countries, taxes
from app.billing.text import Country, Percentage, TaxName, Text

_CHARGED = Text("Charged: %(tax)s of %(country)s at %(percentage)s %%.")
_INSTRUCTED = Text("Charged: %(tax)s at %(percentage)s %%.")
_NOTHING_DUE = Text("In %(country)s the %(tax)s on this is 0 %%.")
_REVERSED_IN_EU = Text(
    "Reverse charge: no VAT is charged, the customer accounts for it (article 196 of Council"
    " Directive 2006/112/EC)."
)
_REVERSED = Text("Reverse charge: no VAT is charged, the customer accounts for it.")
_EXPORTED_FROM_EU = Text(
    "No VAT is charged: this is supplied in %(country)s, outside the European Union."
)
_EXPORTED = Text("No tax is charged: the seller is not in %(country)s.")


def of(
    rule: str | None,
    *,
    seller_country: str,
    country: str | None,
    tax: str,
    percentage: Decimal | None,
) -> Text | None:
    """Answer the sentence of a tax rule; `tax` is the rate's name, such as VAT. None where nothing
    was decided and nothing is charged."""
    from_eu = countries.is_in_eu(seller_country)
    if rule == "reverse_charge":
        return _REVERSED_IN_EU if from_eu else _REVERSED
    if percentage:
        return _charged(country, tax, percentage)
    if country is None:
        return None
    if rule == "export":
        sentence = _EXPORTED_FROM_EU if from_eu else _EXPORTED
        return Text(sentence.sentence, {"country": Country(country)})
    if rule == "exempt":
        return Text(_NOTHING_DUE.sentence, {"country": Country(country), "tax": TaxName(tax)})
    return None


def pack(text: Text | None) -> dict[str, Any] | None:
    """Answer a text as it is stored."""
    if text is None:
        return None
    return {"sentence": text.sentence, "values": {k: _packed(v) for k, v in text.values.items()}}


def unpack(stored: dict[str, Any] | None) -> Text | None:
    """Answer a stored text."""
    if stored is None:
        return None
    sentence, values = stored["sentence"], stored["values"]
    return Text(sentence, {name: _unpacked(name, value) for name, value in values.items()})


def _charged(country: str | None, tax: str, percentage: Decimal) -> Text:
    values = {"tax": TaxName(tax), "percentage": Percentage(taxes.plain(percentage))}
    if country is None:
        return Text(_INSTRUCTED.sentence, values)
    return Text(_CHARGED.sentence, values | {"country": Country(country)})


def _packed(value: object) -> object:
    if isinstance(value, Country):
        return {"country": str(value)}
    if isinstance(value, Percentage):
        return {"percentage": str(value)}
    return str(value)


def _unpacked(name: str, value: Any) -> object:
    if not isinstance(value, dict):
        return TaxName(value) if name == "tax" else str(value)
    if "country" in value:
        return Country(value["country"])
    return Percentage(value["percentage"])
