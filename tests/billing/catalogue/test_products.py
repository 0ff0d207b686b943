"""What an app sells, as a tenant is offered it."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app import clock
from app.billing.catalogue import products
from app.billing.errors import NotFound
from app.billing.tenants import tenants
from app.db.engine import Database
from app.models import App, Price, Product
from app.money import Money
from tests.cast import World
from tests.statements import Statements


class TestOffer:
    def test_lists_plans_in_order_with_their_prices_and_saving(
        self, world: World, db: Session
    ) -> None:
        offer = products.offer(db, world.globex)

        assert (offer.currency, offer.currencies) == ("EUR", ("EUR", "USD"))
        assert offer.intervals == ("month", "year")
        assert [
            (plan.product.slug, plan.month and plan.month.amount, plan.year and plan.year.amount)
            for plan in offer.plans
        ] == [
            ("starter", Money(900, "EUR"), Money(9000, "EUR")),
            ("team", Money(1900, "EUR"), Money(19000, "EUR")),
            ("business", Money(3900, "EUR"), Money(39000, "EUR")),
        ]
        assert {plan.saving for plan in offer.plans} == {2}
        assert offer.running is None

    def test_keeps_one_time_products_apart(self, world: World, db: Session) -> None:
        offer = products.offer(db, world.globex)

        assert [plan.product.slug for plan in offer.one_time] == ["onboarding"]
        assert offer.one_time[0].once is world.price("onboarding", None)

    def test_shows_prices_in_the_tenants_currency(self, world: World, db: Session) -> None:
        offer = products.offer(db, world.initech)

        assert offer.currency == "USD"
        assert {plan.year.currency for plan in offer.plans if plan.year} == {"USD"}

    def test_lets_a_payer_look_at_another_currency(self, world: World, db: Session) -> None:
        assert products.offer(db, world.globex, "USD").currency == "USD"
        assert products.offer(db, world.globex, "GBP").currency == "EUR"

    def test_marks_the_plan_that_runs_and_fixes_the_currency(
        self, world: World, db: Session
    ) -> None:
        subscription = world.begin_plan(world.globex)

        offer = products.offer(db, world.globex, "USD")

        assert offer.running is subscription
        assert [plan.product.slug for plan in offer.plans if plan.is_current] == ["team"]
        assert (offer.currency, offer.currencies) == ("EUR", ())

    def test_forgets_a_plan_that_ended(self, world: World, db: Session) -> None:
        world.begin_plan(world.globex, status="canceled")

        offer = products.offer(db, world.globex)

        assert offer.running is None
        assert not any(plan.is_current for plan in offer.plans)
        assert offer.currencies == ()

    def test_tells_one_tenants_plan_from_anothers(self, world: World, db: Session) -> None:
        world.begin_plan(world.globex)

        assert products.offer(db, world.initech).running is None

    def test_leaves_out_what_is_archived(self, world: World, db: Session) -> None:
        world.price("team").archived_at = clock.wall()
        world.price("starter").product.archived_at = clock.wall()
        db.flush()

        offer = products.offer(db, world.globex)

        team = offer.plans[0]
        assert [plan.product.slug for plan in offer.plans] == ["team", "business"]
        assert (team.month, team.saving) == (None, None)
        assert team.year is world.price("team", "year")

    @pytest.mark.parametrize(
        ("year", "saving"), [(19000, 2), (20900, 1), (20000, None), (22800, None), (30000, None)]
    )
    def test_names_a_saving_only_in_whole_months(
        self, world: World, db: Session, year: int, saving: int | None
    ) -> None:
        world.price("team", "year").unit_amount = year
        db.flush()

        team = products.offer(db, world.globex).plans[1]

        assert team.saving == saving

    def test_asks_the_database_three_times_at_most(self, world: World, database: Database) -> None:
        with database.reader() as db:
            tenant = tenants.find(db, user_id=world.tara.id, tenant_uuid=world.globex.uuid).tenant
            statements = Statements(database)

            offer = products.offer(db, tenant)

            assert [plan.product.features for plan in offer.plans]
            assert len(statements.said) <= 3


class TestFindPrice:
    def test_answers_a_price_with_its_product(self, world: World, database: Database) -> None:
        with database.reader() as db:
            statements = Statements(database)

            price = products.find_price(db, world.globex, "price_demoTeamMonthEUR")

            assert (price.unit_amount, price.product.name) == (1900, "Team")
            assert len(statements.said) == 1

    @pytest.mark.parametrize("price_id", ["", "price_unknown", "1", "x" * 5000, "price_\u0000"])
    def test_knows_no_other_price(self, world: World, db: Session, price_id: str) -> None:
        with pytest.raises(NotFound):
            products.find_price(db, world.globex, price_id)

    def test_knows_no_price_of_another_app(self, world: World, db: Session) -> None:
        other = App(name="Other", seller_name="Other", seller_country="DE")
        db.add(other)
        db.flush()
        product = Product(app_id=other.id, slug="team", name="Team")
        product.prices.append(
            Price(price_id="price_other", currency="EUR", unit_amount=1, interval="month")
        )
        db.add(product)
        db.flush()

        with pytest.raises(NotFound):
            products.find_price(db, world.globex, "price_other")

    @pytest.mark.parametrize("archived", ["price", "product"])
    def test_knows_no_price_that_was_archived(
        self, world: World, db: Session, archived: str
    ) -> None:
        price = world.price("team")
        (price if archived == "price" else price.product).archived_at = clock.wall()
        db.flush()

        with pytest.raises(NotFound):
            products.find_price(db, world.globex, price.price_id)
