"""What a tenant's invoices carry."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from app.billing.errors import Invalid
from app.billing.tenants import tenant_currencies, tenant_details
from app.billing.tenants.tenant_details import Details
from tests.cast import World

DETAILS = Details(
    legal_name="Globex GmbH",
    address_line1="Globusallee 7",
    postal_code="10117",
    city="Berlin",
    country="DE",
    invoice_email="invoices@globex.example",
)


class TestUpdate:
    def test_stores_what_invoices_carry_without_needless_blanks(
        self, world: World, db: Session
    ) -> None:
        tenant_details.update(
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
            tenant_details.update(db, world.globex, wrong)

        db.refresh(world.globex)
        assert refusal.value.field == field
        assert world.globex.region is None
        assert world.globex.legal_name == "Globex GmbH"

    def test_moves_the_currency_with_the_country_until_something_was_bought(
        self, world: World, db: Session
    ) -> None:
        tenant_details.update(db, world.globex, replace(DETAILS, country="US"))

        assert tenant_currencies.of(world.globex) == "USD"

    def test_keeps_the_currency_of_a_purchase_when_the_country_changes(
        self, world: World, db: Session
    ) -> None:
        world.begin_plan(world.globex)

        tenant_details.update(db, world.globex, replace(DETAILS, country="US"))

        assert tenant_currencies.of(world.globex) == "EUR"
