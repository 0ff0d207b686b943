"""Read what a payer entered on the payment page, and say what is wrong with it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.sandbox.store import Json
from app.sandbox.stripe import customers, methods

EXPIRY = re.compile(r"\s*(\d{1,2})\s*/\s*(\d{2}|\d{4})\s*", re.ASCII)
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
VAT = re.compile(r"[A-Z]{2}[A-Z0-9+*.]{2,13}")

PREFILLED = {
    "method": "",
    "card_number": methods.GOOD_CARD,
    "card_expiry": "12 / 34",
    "card_cvc": "123",
    "iban": methods.GOOD_IBAN,
    "email": "payer@example.com",
    "name": "Pat Payer",
    "line1": "Hauptstr. 1",
    "postal_code": "10115",
    "city": "Berlin",
    "country": "DE",
    "shipping_name": "Pat Payer",
    "shipping_line1": "Hauptstr. 1",
    "shipping_postal_code": "10115",
    "shipping_city": "Berlin",
    "shipping_country": "DE",
    "business_name": "",
    "tax_id": "",
    "terms": "yes",
}


@dataclass(frozen=True)
class Entry:
    """One filled-in form: the field values, and a sentence for each one that will not do."""

    values: Json
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def type(self) -> str:
        """The way to pay that was chosen."""
        return str(self.values["method"])

    @property
    def expiry(self) -> tuple[int, int]:
        """The card's month and year."""
        match = EXPIRY.fullmatch(self.values["card_expiry"])
        month, year = (int(match[1]), int(match[2])) if match else (12, 2034)
        return month, year if year > 99 else 2000 + year

    @property
    def address(self) -> Json:
        """The billing address."""
        return customers.address(self.values) or {}

    @property
    def billing(self) -> Json:
        """Who pays, as a method keeps it."""
        values = self.values
        return {"email": values["email"], "name": values["name"], "address": self.address}

    @property
    def shipping(self) -> Json:
        """Where it is shipped to."""
        prefix = "shipping_"
        given = {k.removeprefix(prefix): v for k, v in self.values.items() if k.startswith(prefix)}
        return {"name": given["name"], "address": customers.address(given)}


def prefilled(session: Json) -> Entry:
    """Give the values the page starts with: each one works."""
    values = {**PREFILLED, "method": session["payment_method_types"][0]}
    details = session["customer_details"] or {}
    values["email"] = details.get("email") or values["email"]
    values["name"] = details.get("name") or values["name"]
    allowed = (session["shipping_address_collection"] or {}).get("allowed_countries", [])
    if allowed and values["shipping_country"] not in allowed:
        values["shipping_country"] = allowed[0]
    return Entry(values)


def read(session: Json, form: Mapping[str, str], now: datetime) -> Entry:
    """Read a submitted form; what it does not hold keeps its prefilled value."""
    values = dict(prefilled(session).values)
    values |= {name: form[name].strip()[:200] for name in values if name in form}
    # A checkbox that is not ticked sends nothing.
    values["terms"] = form.get("terms", "")
    return Entry(values, _problems(session, values, now))


def _problems(session: Json, values: Json, now: datetime) -> dict[str, str]:
    problems: dict[str, str] = {}
    if values["method"] not in session["payment_method_types"]:
        problems["method"] = "Choose one of the payment methods."
    if values["method"] == "card":
        problems |= _card_problems(values, now)
    if values["method"] == "sepa_debit" and not methods.is_iban(values["iban"]):
        problems["iban"] = "The IBAN you entered is invalid."
    if not EMAIL.fullmatch(values["email"]):
        problems["email"] = "Enter an e-mail address, such as payer@example.com."
    problems |= _address_problems(session, values)
    if values["tax_id"] and not VAT.fullmatch(values["tax_id"].upper()):
        problems["tax_id"] = "The tax id you entered is invalid."
    if asks_terms(session) and values["terms"] != "yes":
        problems["terms"] = "Agree to the terms of service to go on."
    return problems


def asks_terms(session: Json) -> bool:
    """Say whether the page asks for consent to the terms of service."""
    return (session["consent_collection"] or {}).get("terms_of_service") == "required"


def _card_problems(values: Json, now: datetime) -> dict[str, str]:
    problems = {}
    if methods.card_for(values["card_number"]) is None:
        problems["card_number"] = "Your card number is invalid."
    match = EXPIRY.fullmatch(values["card_expiry"])
    if not match or not 1 <= int(match[1]) <= 12:
        problems["card_expiry"] = "Your card's expiration date is incomplete."
    elif (2000 + int(match[2]) % 100, int(match[1])) < (now.year, now.month):
        problems["card_expiry"] = "Your card's expiration date is in the past."
    cvc = values["card_cvc"]
    if not cvc.isascii() or not cvc.isdigit() or len(cvc) not in (3, 4):
        problems["card_cvc"] = "Your card's security code is incomplete."
    return problems


def _address_problems(session: Json, values: Json) -> dict[str, str]:
    problems = {}
    if session["billing_address_collection"] == "required":
        for name in ("name", "line1", "postal_code", "city"):
            if not values[name]:
                problems[name] = "This field is required."
        if not re.fullmatch("[A-Z]{2}", values["country"]):
            problems["country"] = "Enter a country as two capital letters, such as DE."
    shipping = session["shipping_address_collection"]
    if shipping:
        for name in ("shipping_name", "shipping_line1", "shipping_postal_code", "shipping_city"):
            if not values[name]:
                problems[name] = "This field is required."
        if values["shipping_country"] not in shipping["allowed_countries"]:
            problems["shipping_country"] = "We do not ship to this country."
    return problems
