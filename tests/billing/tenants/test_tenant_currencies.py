"""The currency a tenant pays in."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.billing.errors import Invalid
from app.billing.tenants import tenant_currencies
from app.db.engine import Database
from app.models import Tenant
from tests.cast import World
from tests.statements import Statements


class TestOf:
    @pytest.mark.parametrize(
        ("country", "expected"),
        [("DE", "EUR"), ("BG", "EUR"), ("US", "USD"), ("PR", "USD"), ("GB", "EUR"), (None, "EUR")],
    )
    def test_is_the_countrys_if_sold_else_the_first_sold(
        self, world: World, country: str | None, expected: str
    ) -> None:
        world.globex.country = country

        assert tenant_currencies.of(world.globex) == expected
        assert tenant_currencies.pays_in(world.db, world.globex, expected)
        other = {"EUR": "USD", "USD": "EUR"}[expected]
        assert not tenant_currencies.pays_in(world.db, world.globex, other)

    def test_is_one_the_app_sells_in(self, world: World, db: Session) -> None:
        for slug in ("starter", "team", "business"):
            for interval in ("month", "year"):
                world.price(slug, interval, "EUR").archived_at = clock.wall()
        world.price("onboarding", None, "EUR").archived_at = clock.wall()
        db.flush()

        assert tenant_currencies.sold_by(db, world.app.id) == ["USD"]
        assert tenant_currencies.of(world.globex) == "USD"

    def test_needs_no_query_where_the_country_decides(
        self, world: World, database: Database
    ) -> None:
        statements = Statements(database)

        assert tenant_currencies.pays_in(world.db, world.globex, "EUR")
        assert tenant_currencies.pays_in(world.db, world.initech, "USD")

        assert statements.said == []


class TestChoose:
    def test_is_remembered(self, world: World, db: Session) -> None:
        tenant_currencies.choose(db, world.globex, "USD")

        chosen = db.scalars(select(Tenant.currency).where(Tenant.id == world.globex.id)).one()
        assert chosen == tenant_currencies.of(world.globex) == "USD"

    @pytest.mark.parametrize("code", ["GBP", "", "usd", "XXX"])
    def test_refuses_a_currency_without_prices(self, world: World, db: Session, code: str) -> None:
        with pytest.raises(Invalid) as refusal:
            tenant_currencies.choose(db, world.globex, code)

        assert refusal.value.field == "currency"
        assert world.globex.currency is None

    def test_is_fixed_by_the_first_purchase(self, world: World, db: Session) -> None:
        world.begin_plan(world.globex)

        with pytest.raises(Invalid, match="The currency stays EUR"):
            tenant_currencies.choose(db, world.globex, "USD")

        assert tenant_currencies.has_bought(db, world.globex)
        assert not tenant_currencies.has_bought(db, world.initech)

    def test_may_be_chosen_again_as_it_is(self, world: World, db: Session) -> None:
        world.begin_plan(world.globex)

        tenant_currencies.choose(db, world.globex, "EUR")

        assert tenant_currencies.of(world.globex) == "EUR"
