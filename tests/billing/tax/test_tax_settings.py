"""The tax rates an owner keeps, and what they lead to."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.billing.errors import Conflict, Invalid, NotAllowed
from app.billing.tax import tax_settings, taxes
from app.billing.tax.tax_settings import RateSettings
from app.models import TaxRate
from tests.billing import owners
from tests.billing.owners import NOW
from tests.cast import World

TYPED = RateSettings(kind="country", country="CH", name="MWST", percentage="8.125")


def add(world: World, **changed: Any) -> TaxRate:
    settings = replace(TYPED, **changed)
    return tax_settings.add(world.db, owners.alice(world), settings, now=NOW)


def german(world: World) -> TaxRate:
    return next(rate for rate in world.rates() if rate.country == "DE")


class TestAdd:
    def test_is_used_from_now_on(self, world: World) -> None:
        rate = add(world)

        decision = tax_settings.decide(world.db, world.app, country="CH", vat_number=None)
        assert (decision.rate, decision.percentage) == (rate, Decimal("8.125"))
        assert owners.noted(world) == [("tax_rate.added", "MWST 8.125 %, CH")]

    def test_reverse_charge_has_no_country_and_no_percentage(self, world: World) -> None:
        (old,) = [rate for rate in world.rates() if rate.is_reverse_charge]

        rate = add(world, kind="reverse_charge", name=None, replaces=old.uuid)

        assert (rate.country, rate.percentage) == (None, Decimal(0))
        assert rate.name == "Reverse charge"
        assert old.archived_at == NOW

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"kind": "export"}, "kind"),
            ({"country": None}, "country"),
            ({"country": "XX"}, "country"),
            ({"percentage": ""}, "percentage"),
            ({"percentage": "101"}, "percentage"),
            ({"percentage": "8.12345"}, "percentage"),
            ({"name": "x" * 51}, "name"),
        ],
    )
    def test_names_what_is_wrong_and_does_nothing(
        self, world: World, changed: dict[str, str], field: str
    ) -> None:
        before = len(world.rates())

        with pytest.raises(Invalid) as refused:
            add(world, **changed)

        assert refused.value.field == field
        assert len(world.rates()) == before

    def test_takes_the_place_of_another_only_where_that_is_named(self, world: World) -> None:
        old = german(world)
        with pytest.raises(Conflict, match="19") as refused:
            add(world, country="DE", percentage="16")
        assert (refused.value.field, old.archived_at) == ("replaces", None)

        new = add(world, country="DE", percentage="16", replaces=old.uuid)

        used = [rate for rate in taxes.rates(world.db, world.app.id) if rate.country == "DE"]
        assert (used, old.archived_at) == ([new], NOW)

    def test_pressed_twice_adds_one(self, world: World) -> None:
        add(world)

        with pytest.raises(Conflict, match="already"):
            add(world)

        assert len([rate for rate in world.rates() if rate.country == "CH"]) == 1

    def test_is_not_for_support(self, world: World) -> None:
        with pytest.raises(NotAllowed):
            tax_settings.add(world.db, owners.helper(world), TYPED, now=NOW)


class TestArchive:
    def test_leaves_nothing_sold_where_a_rate_is_due(self, world: World) -> None:
        rate = german(world)
        assert not tax_settings.lacks_own(world.app, taxes.rates(world.db, world.app.id))

        for _twice in range(2):
            tax_settings.archive(world.db, owners.alice(world), rate.uuid, now=NOW)

        assert tax_settings.lacks_own(world.app, taxes.rates(world.db, world.app.id))
        decision = tax_settings.decide(world.db, world.app, country="DE", vat_number=None)
        assert not decision.is_sold
        assert tax_settings.listed(world.db, world.app) == [rate]
        assert [action for action, _ in owners.noted(world)] == ["tax_rate.archived"]


class TestDecide:
    @pytest.mark.parametrize(
        ("country", "number", "rule"),
        [
            ("DE", "DE136695976", "domestic"),
            ("NL", "", "destination"),
            ("NL", "NL004495445B01", "reverse_charge"),
            ("NL", "nonsense", "destination"),
            ("US", None, "export"),
        ],
    )
    def test_answers_as_the_checkout_does(
        self, world: World, country: str, number: str | None, rule: str
    ) -> None:
        decision = tax_settings.decide(world.db, world.app, country=country, vat_number=number)

        assert decision.rule == rule

    def test_names_a_country_that_is_none(self, world: World) -> None:
        with pytest.raises(Invalid) as refused:
            tax_settings.decide(world.db, world.app, country="XX", vat_number=None)

        assert refused.value.field == "country"
