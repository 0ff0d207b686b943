"""What people call a way to pay."""

from __future__ import annotations

from app.billing.text import Text

_NAMES = {
    "card": Text("Card"),
    "sepa": Text("SEPA Direct Debit"),
    "ideal": Text("iDEAL"),
    "bancontact": Text("Bancontact"),
    "eps": Text("eps"),
    "klarna": Text("Klarna"),
    "paypal": Text("PayPal"),
}
_BRANDS = {"amex": "American Express", "diners": "Diners Club", "jcb": "JCB"}


def name(method: str) -> Text:
    """Card"""
    known = _NAMES.get(method)
    return known or Text("%(name)s", {"name": method.replace("_", " ").capitalize()})


def paid_with(method: str, brand: str | None, last4: str | None) -> Text:
    """Visa ending 4242"""
    called = Text("%(name)s", {"name": _brand(brand)}) if brand else name(method)
    return (
        Text("%(name)s ending %(digits)s", {"name": called, "digits": last4}) if last4 else called
    )


def _brand(brand: str) -> str:
    return _BRANDS.get(brand, brand.capitalize())
