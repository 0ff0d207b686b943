"""What the payer saw before buying, and the signature over it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import clock
from app.billing.ordering import quotes
from app.billing.ordering.quotes import Quote
from app.billing.site import Site
from app.billing.tax.vat_numbers import VatAnswer
from app.billing.text import Text
from app.models import App, Price, Product, TaxRate
from app.money import Money
from config import Config

TARA, GLOBEX = uuid4(), uuid4()
APP = App(name="Acme Notes", seller_country="DE", vat_unknown_policy="accept")
TEAM = Price(
    price_id="price_team",
    product=Product(name="Team"),
    currency="EUR",
    unit_amount=1900,
    interval="month",
    tax_behavior="exclusive",
)
RATES = [
    TaxRate(id=7, name="VAT", country="DE", percentage=Decimal(19), is_reverse_charge=False),
    TaxRate(id=8, name="VAT", country=None, percentage=Decimal(0), is_reverse_charge=True),
]


def make(
    *, price: Price = TEAM, quantity: int = 6, country: str = "DE", vat: VatAnswer | None = None
) -> Quote:
    return quotes.make(
        price=price, quantity=quantity, country=country, vat=vat, app=APP, rates=RATES
    )


def installation(secret: str = "a" * 32, fallbacks: str = "") -> Site:
    config = Config(SECRET_KEY=secret, SECRET_KEY_FALLBACKS=fallbacks, ENCRYPTION_KEYS="5e" * 32)
    return Site(config=config, clock=clock.WallClock())


class TestMake:
    def test_works_out_net_tax_and_total(self) -> None:
        quote = make()

        assert (quote.net, quote.tax) == (Money(11400, "EUR"), Money(2166, "EUR"))
        assert quote.total == quote.renewal == Money(13566, "EUR")
        assert (quote.rule, quote.tax_rate_row, quote.interval) == ("domestic", 7, "month")

    def test_has_no_renewal_for_a_one_time_price(self) -> None:
        once = Price(
            price_id="price_once",
            currency="EUR",
            unit_amount=49000,
            interval=None,
            tax_behavior="exclusive",
        )

        quote = make(price=once, quantity=1)

        assert quote.renewal is None
        assert quote.interval is None

    def test_takes_the_tax_out_of_an_inclusive_price(self) -> None:
        gross = Price(
            price_id="price_gross",
            currency="EUR",
            unit_amount=11900,
            interval="year",
            tax_behavior="inclusive",
        )

        quote = make(price=gross, quantity=1)

        assert (quote.net.minor, quote.tax.minor, quote.total.minor) == (10000, 1900, 11900)

    def test_remembers_the_vat_number_and_what_is_known_of_it(self) -> None:
        quote = make(country="NL", vat=VatAnswer("NL820646660B01", "unknown"))

        assert (quote.vat_number, quote.vat_status) == ("NL820646660B01", "unknown")
        assert (quote.rule, quote.tax_rate_row, quote.tax) == (
            "reverse_charge",
            8,
            Money(0, "EUR"),
        )

    def test_cannot_be_bought_where_it_is_not_sold(self) -> None:
        quote = make(country="PL")

        assert not quote.is_sold
        assert quote.tax == Money(0, "EUR")

    @given(quantity=st.integers(1, 10_000), country=st.sampled_from(["DE", "US", "PL"]))
    def test_adds_up_for_every_quantity(self, quantity: int, country: str) -> None:
        quote = make(quantity=quantity, country=country)

        assert quote.net + quote.tax == quote.total
        assert quote.net == Money(1900, "EUR") * quantity


class TestIsSealed:
    def test_is_true_of_what_was_sealed(self) -> None:
        site, quote = installation(), make()

        token = quotes.seal(site, quote, user_uuid=TARA, tenant_uuid=GLOBEX)

        assert quotes.is_sealed(site, token, quote, user_uuid=TARA, tenant_uuid=GLOBEX)

    @pytest.mark.parametrize(
        "change",
        [
            {"price_id": "price_other"},
            {"quantity": 7},
            {"country": "NL"},
            {"vat_number": "DE136695976"},
            {"vat_status": "valid"},
            {"rule": "export"},
            {"tax_rate_row": 8},
            {"percentage": Decimal("18.9999")},
            {"net": Money(1, "EUR")},
            {"tax": Money(1, "EUR")},
            {"total": Money(13565, "EUR")},
            {"total": Money(13566, "USD")},
            {"renewal": Money(1, "EUR")},
            {"renewal": None},
            {"interval": "year"},
            {"is_sold": False},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_is_false_of_any_other_figure(self, change: dict[str, object]) -> None:
        site, quote = installation(), make()
        token = quotes.seal(site, quote, user_uuid=TARA, tenant_uuid=GLOBEX)

        other = replace(quote, **change)  # type: ignore[arg-type]

        assert not quotes.is_sealed(site, token, other, user_uuid=TARA, tenant_uuid=GLOBEX)

    def test_does_not_depend_on_the_words_around_the_figures(self) -> None:
        site, quote = installation(), make()
        token = quotes.seal(site, quote, user_uuid=TARA, tenant_uuid=GLOBEX)

        reworded = replace(quote, sentence=Text("Other words."), percentage=Decimal("19.0000"))

        assert quotes.is_sealed(site, token, reworded, user_uuid=TARA, tenant_uuid=GLOBEX)

    def test_is_false_for_another_person_or_tenant(self) -> None:
        site, quote = installation(), make()
        token = quotes.seal(site, quote, user_uuid=TARA, tenant_uuid=GLOBEX)

        assert not quotes.is_sealed(site, token, quote, user_uuid=uuid4(), tenant_uuid=GLOBEX)
        assert not quotes.is_sealed(site, token, quote, user_uuid=TARA, tenant_uuid=uuid4())

    @given(token=st.text(max_size=200))
    def test_is_false_of_whatever_else_is_sent(self, token: str) -> None:
        assert not quotes.is_sealed(
            installation(), token, make(), user_uuid=TARA, tenant_uuid=GLOBEX
        )

    def test_outlives_a_rotation_of_the_secret_but_not_its_removal(self) -> None:
        quote = make()
        token = quotes.seal(installation("a" * 32), quote, user_uuid=TARA, tenant_uuid=GLOBEX)

        rotated = installation("b" * 32, fallbacks="a" * 32)
        removed = installation("b" * 32)

        assert quotes.is_sealed(rotated, token, quote, user_uuid=TARA, tenant_uuid=GLOBEX)
        assert not quotes.is_sealed(removed, token, quote, user_uuid=TARA, tenant_uuid=GLOBEX)

    def test_lasts_thirty_minutes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        site, quote = installation(), make()
        token = quotes.seal(site, quote, user_uuid=TARA, tenant_uuid=GLOBEX)
        sealed_at = int(clock.wall().timestamp())

        monkeypatch.setattr("time.time", lambda: sealed_at + 29 * 60)
        assert quotes.is_sealed(site, token, quote, user_uuid=TARA, tenant_uuid=GLOBEX)

        monkeypatch.setattr("time.time", lambda: sealed_at + 31 * 60)
        assert not quotes.is_sealed(site, token, quote, user_uuid=TARA, tenant_uuid=GLOBEX)
