"""What an owner asks for a product."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from app.billing.catalogue import price_settings, product_settings, products
from app.billing.catalogue.price_settings import PriceSettings
from app.billing.errors import Conflict, Invalid, NotAllowed
from app.models import Price
from tests.billing import owners
from tests.billing.owners import NOW
from tests.cast import World

TYPED = PriceSettings(
    amount="1,250.50",
    currency="GBP",
    interval="month",
    tax_behavior="inclusive",
    trial_days="14",
    max_quantity="50",
)


def add(world: World, **changed: Any) -> Price:
    team = world.price("team").product
    return price_settings.add(
        world.db, owners.alice(world), team.uuid, replace(TYPED, **changed), now=NOW
    )


def count(world: World) -> int:
    return world.db.scalar(select(func.count()).select_from(Price)) or 0


class TestAdd:
    def test_keeps_what_was_typed(self, world: World) -> None:
        price = add(world)

        assert (price.unit_amount, price.currency, price.interval) == (125050, "GBP", "month")
        assert (price.tax_behavior, price.trial_days, price.max_quantity) == ("inclusive", 14, 50)
        assert products.is_price_id(price.price_id)
        assert owners.noted(world) == [("price.added", "Team, £1,250.50 month")]

    @pytest.mark.parametrize(
        ("amount", "currency", "language", "minor"),
        [("1500", "JPY", "en", 1500), ("1,234", "BHD", "de", 1234), ("19,90", "EUR", "de", 1990)],
    )
    def test_counts_in_the_currencys_own_unit(
        self, world: World, amount: str, currency: str, language: str, minor: int
    ) -> None:
        price = add(world, amount=amount, currency=currency, language=language)

        assert price.unit_amount == minor

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"amount": "12.5", "currency": "JPY"}, "amount"),
            ({"amount": "1,000,000"}, "amount"),
            ({"currency": "DEM"}, "currency"),
            ({"interval": "week"}, "interval"),
            ({"tax_behavior": "unspecified"}, "tax_behavior"),
            ({"trial_days": "731"}, "trial_days"),
            ({"trial_days": "7", "interval": "once"}, "trial_days"),
            ({"max_quantity": "0"}, "max_quantity"),
        ],
    )
    def test_names_what_is_wrong_and_does_nothing(
        self, world: World, changed: dict[str, str], field: str
    ) -> None:
        before = count(world)

        with pytest.raises(Invalid) as refused:
            add(world, **changed)

        assert refused.value.field == field
        assert (count(world), owners.noted(world)) == (before, [])

    def test_pressed_twice_adds_one(self, world: World) -> None:
        add(world)
        before = count(world)

        with pytest.raises(Conflict, match="already"):
            add(world)

        assert count(world) == before

    def test_is_refused_for_an_archived_product(self, world: World) -> None:
        team = world.price("team").product
        product_settings.archive(world.db, owners.alice(world), team.uuid, now=NOW)

        with pytest.raises(Conflict, match="archived"):
            add(world)

    def test_is_not_for_support(self, world: World) -> None:
        team = world.price("team").product

        with pytest.raises(NotAllowed):
            price_settings.add(world.db, owners.helper(world), team.uuid, TYPED, now=NOW)


class TestReplace:
    def test_sells_the_new_one_while_plans_keep_the_old(self, world: World) -> None:
        plan = world.begin_plan(world.globex)
        old = world.price("team")
        typed = replace(price_settings.of(old, "en"), amount="25")

        new = price_settings.replace(world.db, owners.alice(world), old.uuid, typed, now=NOW)

        assert (new.unit_amount, new.currency, new.interval) == (2500, "EUR", "month")
        assert (old.unit_amount, old.archived_at) == (1900, NOW)
        assert (plan.price_id, plan.total) == (old.id, 1900)
        offered = products.offer(world.db, world.initech, "EUR").plans
        assert [p.month and p.month.id for p in offered if p.product.slug == "team"] == [new.id]
        assert owners.noted(world) == [("price.replaced", "Team, €25.00 month")]

    def test_cannot_change_currency_and_period(self, world: World) -> None:
        old = world.price("team")
        typed = replace(TYPED, currency="JPY", interval="year", amount="30")

        new = price_settings.replace(world.db, owners.alice(world), old.uuid, typed, now=NOW)

        assert (new.currency, new.interval) == ("EUR", "month")

    def test_refuses_the_price_as_it_is(self, world: World) -> None:
        old = world.price("team")

        with pytest.raises(Invalid, match="different"):
            price_settings.replace(
                world.db,
                owners.alice(world),
                old.uuid,
                price_settings.of(old, "en"),
                now=NOW,
            )

        assert old.archived_at is None

    def test_pressed_twice_replaces_once(self, world: World) -> None:
        old = world.price("team")
        typed = replace(price_settings.of(old, "en"), amount="25")
        price_settings.replace(world.db, owners.alice(world), old.uuid, typed, now=NOW)
        before = count(world)

        with pytest.raises(Conflict, match="archived"):
            price_settings.replace(world.db, owners.alice(world), old.uuid, typed, now=NOW)

        assert count(world) == before


class TestArchive:
    def test_sells_at_it_no_more_until_it_is_restored(self, world: World) -> None:
        old, alice = world.price("team"), owners.alice(world)

        for _twice in range(2):
            price_settings.archive(world.db, alice, old.uuid, now=NOW)
        archived = old.archived_at
        price_settings.restore(world.db, alice, old.uuid, now=NOW)

        assert (archived, old.archived_at) == (NOW, None)
        assert [action for action, _ in owners.noted(world)] == ["price.archived", "price.restored"]
