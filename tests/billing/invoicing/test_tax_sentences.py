"""Tax sentences: what an invoice says of each tax rule, and that it survives being stored."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from app.billing.invoicing import tax_sentences


@pytest.mark.parametrize(
    ("rule", "seller", "country", "percentage", "said"),
    [
        ("domestic", "DE", "DE", Decimal("19.0000"), "Charged: VAT of DE at 19 %."),
        ("destination", "DE", "FR", Decimal(20), "Charged: VAT of FR at 20 %."),
        ("instructed", "DE", None, Decimal("7.7"), "Charged: VAT at 7.7 %."),
        ("export", "DE", "US", Decimal(0), "No VAT is charged: this is supplied in US"),
        ("export", "US", "DE", Decimal(0), "No tax is charged: the seller is not in DE."),
        ("exempt", "DE", "DE", Decimal(0), "In DE the VAT on this is 0 %."),
        ("reverse_charge", "DE", "NL", Decimal(0), "Reverse charge: no VAT is charged"),
    ],
)
def test_says_the_rule_also_once_stored(
    rule: str, seller: str, country: str | None, percentage: Decimal, said: str
) -> None:
    text = tax_sentences.of(
        rule, seller_country=seller, country=country, tax="VAT", percentage=percentage
    )

    stored = json.loads(json.dumps(tax_sentences.pack(text)))

    assert str(text).startswith(said)
    assert tax_sentences.unpack(stored) == text
    again = tax_sentences.unpack(stored)
    assert again is not None and text is not None
    assert [type(value) for value in again.values.values()] == [
        type(value) for value in text.values.values()
    ]


def test_names_the_article_where_the_seller_is_in_the_union() -> None:
    text = tax_sentences.of(
        "reverse_charge", seller_country="DE", country="NL", tax="VAT", percentage=None
    )

    assert "article 196" in str(text)


@pytest.mark.parametrize("rule", [None, "instructed"])
def test_says_nothing_where_nothing_was_decided(rule: str | None) -> None:
    said = tax_sentences.of(rule, seller_country="DE", country=None, tax="VAT", percentage=None)

    assert said is None
    assert tax_sentences.pack(said) is None
    assert tax_sentences.unpack(None) is None
