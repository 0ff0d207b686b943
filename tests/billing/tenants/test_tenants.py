"""Tenants: who belongs to them, their details, their currency."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.billing.errors import Invalid, NotFound
from app.billing.tenants import tenants
from app.billing.tenants.tenants import Details
from app.db.engine import Database
from app.models import Membership, Tenant
from tests.cast import World
from tests.statements import Statements

DETAILS = Details(
    legal_name="Globex GmbH",
    address_line1="Globusallee 7",
    postal_code="10117",
    city="Berlin",
    country="DE",
    invoice_email="invoices@globex.example",
)


class TestMemberships:
    def test_answers_the_tenants_of_a_user_by_name(self, world: World, db: Session) -> None:
        db.add(Membership(tenant_id=world.initech.id, user_id=world.tara.id, role="member"))
        db.flush()

        found = tenants.memberships(db, world.tara.id)

        assert [(m.tenant.name, m.role, m.tenant.app.name) for m in found] == [
            ("Globex", "admin", "Acme Notes"),
            ("Initech", "member", "Acme Notes"),
        ]

    def test_leaves_out_what_was_removed(self, world: World, db: Session) -> None:
        world.globex.deleted_at = clock.wall()
        db.flush()

        assert tenants.memberships(db, world.tara.id) == []
        assert tenants.memberships(db, world.charlie.id) == []


class TestFind:
    def test_answers_membership_tenant_app_and_user_in_one_query(
        self, world: World, database: Database
    ) -> None:
        with database.reader() as db:
            statements = Statements(database)

            found = tenants.find(db, user_id=world.milo.id, tenant_uuid=world.globex.uuid)

            told = (found.user.email, found.tenant.name, found.tenant.app.name, found.may_buy)
            assert told == ("milo@globex.example", "Globex", "Acme Notes", False)
            assert len(statements.said) == 1

    def test_knows_no_tenant_of_somebody_else(self, world: World, db: Session) -> None:
        for user in (world.peter, world.charlie, world.alice):
            with pytest.raises(NotFound):
                tenants.find(db, user_id=user.id, tenant_uuid=world.globex.uuid)

    def test_knows_no_tenant_that_does_not_exist(self, world: World, db: Session) -> None:
        with pytest.raises(NotFound):
            tenants.find(db, user_id=world.tara.id, tenant_uuid=uuid4())

    @pytest.mark.parametrize("removed", ["membership", "tenant", "app", "user"])
    def test_knows_nothing_that_was_removed(self, world: World, db: Session, removed: str) -> None:
        membership = world.membership(world.tara)
        rows = {
            "membership": membership,
            "tenant": world.globex,
            "app": world.app,
            "user": world.tara,
        }
        rows[removed].deleted_at = clock.wall()
        db.flush()

        with pytest.raises(NotFound):
            tenants.find(db, user_id=world.tara.id, tenant_uuid=world.globex.uuid)


class TestAdmins:
    def test_are_those_who_may_buy_the_oldest_first(self, world: World, db: Session) -> None:
        db.add(Membership(tenant_id=world.globex.id, user_id=world.charlie.id, role="admin"))
        db.flush()

        assert tenants.admins(db, world.globex.id) == [world.tara, world.charlie]


class TestUpdateDetails:
    def test_stores_what_invoices_carry_without_needless_blanks(
        self, world: World, db: Session
    ) -> None:
        tenants.update_details(
            db, world.globex, replace(DETAILS, legal_name="  Globex   AG ", address_line2=" ")
        )

        db.refresh(world.globex)
        assert world.globex.legal_name == "Globex AG"
        assert world.globex.address_line2 is None
        assert world.globex.has_details

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("legal_name", " "),
            ("address_line1", ""),
            ("city", ""),
            ("country", ""),
            ("country", "XX"),
            ("invoice_email", "not an address"),
            ("legal_name", "x" * 201),
            ("postal_code", "1" * 201),
            ("city", "Ber\x00lin"),
        ],
    )
    def test_names_the_field_that_is_wrong_and_stores_nothing(
        self, world: World, db: Session, field: str, value: str
    ) -> None:
        wrong = replace(replace(DETAILS, region="Brandenburg"), **{field: value})

        with pytest.raises(Invalid) as refusal:
            tenants.update_details(db, world.globex, wrong)

        db.refresh(world.globex)
        assert refusal.value.field == field
        assert world.globex.region is None
        assert world.globex.legal_name == "Globex GmbH"

    def test_moves_the_currency_with_the_country_until_something_was_bought(
        self, world: World, db: Session
    ) -> None:
        tenants.update_details(db, world.globex, replace(DETAILS, country="US"))

        assert tenants.currency(world.globex) == "USD"

    def test_keeps_the_currency_of_a_purchase_when_the_country_changes(
        self, world: World, db: Session
    ) -> None:
        world.begin_plan(world.globex)

        tenants.update_details(db, world.globex, replace(DETAILS, country="US"))

        assert tenants.currency(world.globex) == "EUR"


class TestCurrency:
    @pytest.mark.parametrize(
        ("country", "expected"),
        [("DE", "EUR"), ("BG", "EUR"), ("US", "USD"), ("PR", "USD"), ("GB", "EUR"), (None, "EUR")],
    )
    def test_is_the_countrys_if_sold_else_the_first_sold(
        self, world: World, country: str | None, expected: str
    ) -> None:
        world.globex.country = country

        assert tenants.currency(world.globex) == expected
        assert tenants.pays_in(world.globex, expected)
        assert not tenants.pays_in(world.globex, {"EUR": "USD", "USD": "EUR"}[expected])

    def test_is_one_the_app_sells_in(self, world: World, db: Session) -> None:
        for slug in ("starter", "team", "business"):
            for interval in ("month", "year"):
                world.price(slug, interval, "EUR").archived_at = clock.wall()
        world.price("onboarding", None, "EUR").archived_at = clock.wall()
        db.flush()

        assert tenants.currencies_sold(db, world.app.id) == ["USD"]
        assert tenants.currency(world.globex) == "USD"

    def test_needs_no_query_where_the_country_decides(
        self, world: World, database: Database
    ) -> None:
        statements = Statements(database)

        assert tenants.pays_in(world.globex, "EUR")
        assert tenants.pays_in(world.initech, "USD")

        assert statements.said == []


class TestChooseCurrency:
    def test_is_remembered(self, world: World, db: Session) -> None:
        tenants.choose_currency(db, world.globex, "USD")

        chosen = db.scalars(select(Tenant.currency).where(Tenant.id == world.globex.id)).one()
        assert chosen == tenants.currency(world.globex) == "USD"

    @pytest.mark.parametrize("code", ["GBP", "", "usd", "XXX"])
    def test_refuses_a_currency_without_prices(self, world: World, db: Session, code: str) -> None:
        with pytest.raises(Invalid) as refusal:
            tenants.choose_currency(db, world.globex, code)

        assert refusal.value.field == "currency"
        assert world.globex.currency is None

    def test_is_fixed_by_the_first_purchase(self, world: World, db: Session) -> None:
        world.begin_plan(world.globex)

        with pytest.raises(Invalid, match="The currency stays EUR"):
            tenants.choose_currency(db, world.globex, "USD")

        assert tenants.has_bought(db, world.globex)
        assert not tenants.has_bought(db, world.initech)

    def test_may_be_chosen_again_as_it_is(self, world: World, db: Session) -> None:
        world.begin_plan(world.globex)

        tenants.choose_currency(db, world.globex, "EUR")

        assert tenants.currency(world.globex) == "EUR"
