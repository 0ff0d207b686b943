"""Sentences are put into a language whole: their words, and each value in them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.billing import wording
from app.billing.methods import method_names
from app.billing.text import Country, Percentage, Text
from app.money import Money

GERMAN = {
    "%(amount)s in %(country)s by %(at)s": "%(amount)s in %(country)s bis %(at)s",
    "Card": "Karte",
}


def german(text: Text) -> str:
    return wording.put(text, "de", lambda sentence: GERMAN.get(sentence, sentence))


def test_every_value_is_written_as_the_language_does() -> None:
    values = {
        "amount": Money(123456, "EUR"),
        "country": Country("NL"),
        "at": datetime(2026, 11, 20, tzinfo=UTC),
    }

    said = german(Text("%(amount)s in %(country)s by %(at)s", values))

    assert said == "1.234,56\xa0€ in Niederlande bis 20. November 2026"


def test_a_text_in_a_text_is_put_into_the_language_too() -> None:
    inner = Text("%(share)s %% of %(count)s", {"share": Percentage("7.70"), "count": 1200})

    assert german(Text("(%(inner)s)", {"inner": inner})) == "(7,7 % of 1.200)"


@pytest.mark.parametrize(
    ("method", "brand", "last4", "name"),
    [
        ("card", "visa", "4242", "Visa ending 4242"),
        ("card", "amex", None, "American Express"),
        ("card", None, "4242", "Karte ending 4242"),
        ("ideal", None, None, "iDEAL"),
        ("bank_transfer", None, None, "Bank transfer"),
    ],
)
def test_methods_have_names(method: str, brand: str | None, last4: str | None, name: str) -> None:
    assert german(method_names.paid_with(method, brand, last4)) == name
