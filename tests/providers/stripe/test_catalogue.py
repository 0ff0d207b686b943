"""Stripe's catalogue: what of it we can sell, and why the rest cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from app.money import Money
from app.providers import base, errors
from app.providers.stripe import states
from tests.providers.contract import bench as benches
from tests.providers.contract.bench import Bench, new_key

PRODUCT = {"id": "prod_1", "object": "product", "name": "Team", "active": True, "metadata": {}}
PRICE: dict[str, Any] = {
    "id": "price_1",
    "product": PRODUCT,
    "active": True,
    "billing_scheme": "per_unit",
    "currency": "eur",
    "unit_amount": 1900,
    "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
    "metadata": {},
}


def rhythm(**changed: Any) -> dict[str, Any]:
    return {"recurring": {**PRICE["recurring"], **changed}}


class TestListedPrice:
    def test_that_can_be_sold_is_read_whole(self) -> None:
        found = {
            **PRICE,
            **rhythm(trial_period_days=14),
            "tax_behavior": "inclusive",
            "metadata": {"portico_uuid": "u-1"},
        }

        listed = states.listed_price(found)

        assert listed.obstacle is None
        assert listed.price == base.CataloguePrice(
            uuid="u-1",
            product_name="Team",
            amount=Money(1900, "EUR"),
            interval="month",
            tax_behavior="inclusive",
            provider_price_id="price_1",
            provider_product_id="prod_1",
            trial_days=14,
        )

    def test_that_is_paid_once_can_be_sold(self) -> None:
        listed = states.listed_price({**PRICE, "recurring": None})

        assert listed.price is not None and listed.price.interval is None

    @pytest.mark.parametrize(
        ("changed", "obstacle"),
        [
            ({"product": {**PRODUCT, "active": False}}, "archived"),
            ({"product": {"id": "prod_1", "deleted": True}}, "archived"),
            ({"billing_scheme": "tiered", "unit_amount": None}, "tiers"),
            ({"custom_unit_amount": {"minimum": 100}, "unit_amount": None}, "tiers"),
            (rhythm(usage_type="metered"), "metered"),
            (rhythm(interval="week"), "interval"),
            (rhythm(interval_count=3), "interval"),
            ({"transform_quantity": {"divide_by": 12}}, "packages"),
            ({"currency": "xau"}, "currency"),
            ({"unit_amount": None, "unit_amount_decimal": "0.5"}, "fraction"),
            ({"currency": "isk", "unit_amount": 150}, "fraction"),
            ({"unit_amount": 0}, "free"),
        ],
    )
    def test_that_cannot_says_why(self, changed: dict[str, Any], obstacle: str) -> None:
        listed = states.listed_price({**PRICE, **changed})

        assert (listed.price, listed.obstacle) == (None, obstacle)


class TestCapabilities:
    def test_know_what_stripe_cannot_hold(self) -> None:
        capabilities = benches.ADAPTERS["stripe"].capabilities

        assert (capabilities.steps["BHD"], capabilities.steps["MGA"]) == (10, 100)
        assert capabilities.least["HUF"] == 17500
        assert capabilities.least.keys() <= capabilities.currencies


def test_a_product_is_made_once_even_where_its_making_was_not_answered() -> None:
    with benches.sandbox() as served:
        bench = Bench("stripe", served.server)
        price = base.CataloguePrice(
            new_key(), "Team", Money(1900, "EUR"), "month", "exclusive", product_uuid=new_key()
        )
        served.server.fault("500_after", provider="stripe", match="/v1/products", times=3)
        with pytest.raises(errors.Unavailable):
            bench.provider.push_catalogue(price, key=new_key())
        served.server.clear_faults()

        made = bench.provider.push_catalogue(price, key=new_key())
        listed = bench.provider.import_catalogue()
        bench.close()
        served.check()

        assert price.product_uuid is not None
        assert made.provider_product_id == f"prod_{price.product_uuid.replace('-', '')}"
        assert [each.provider_price_id for each in listed] == [made.provider_price_id]
