"""The first run: the code of an installation, and what is made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.apps import first_runs
from app.billing.apps.app_settings import Settings
from app.billing.errors import Invalid, NotFound
from app.billing.people import accounts
from app.billing.site import Site
from app.models import App, Lease, User
from tests.cast import World

SETTINGS = Settings(
    name="Rocket Notes",
    seller_name="Rocket Notes GmbH",
    seller_address="Raketenweg 1, 10115 Berlin",
    seller_country="DE",
)
OLGA: dict[str, Any] = {
    "name": "Olga",
    "email": "olga@example.com",
    "password": "four words in a row",
}


def public(site: Site, **settings: str) -> Site:
    url = {"PUBLIC_URL": "https://billing.example.com", **settings}
    return Site(config=site.config.model_copy(update=url), clock=site.clock)


class TestBegin:
    def test_makes_an_owner_who_can_sign_in(self, db: Session, site: Site) -> None:
        member = first_runs.begin(db, site, settings=SETTINGS, **OLGA)

        user = accounts.sign_in(
            db, site, email=OLGA["email"], password=OLGA["password"], address=None
        )
        assert (user.id, member.role, member.app.name) == (member.user_id, "owner", "Rocket Notes")
        assert (member.app.dunning_days, member.app.seller_vat_number) == ([2, 5, 7, 7], None)

    def test_is_for_an_installation_that_never_had_an_app(
        self, world: World, db: Session, site: Site
    ) -> None:
        world.app.deleted_at = site.clock.now()
        db.commit()

        with pytest.raises(NotFound):
            first_runs.begin(db, site, settings=SETTINGS, **OLGA)

    def test_goes_on_after_one_that_was_broken_off(self, db: Session, site: Site) -> None:
        db.add(Lease(name="first run"))
        db.commit()

        first_runs.begin(db, site, settings=SETTINGS, **OLGA)

        assert db.scalars(select(App.name)).all() == ["Rocket Notes"]

    @pytest.mark.parametrize(
        ("name", "prefix"),
        [
            ("Rocket Notes", "ROCKET"),
            ("Übermaß", "UBERMASS"),
            ("Testbed", "INV"),
            ("日本", "INV"),
            ("Wolkenkuckucksheim", "WOLKENKU"),
        ],
    )
    def test_numbers_invoices_after_the_app(
        self, db: Session, site: Site, name: str, prefix: str
    ) -> None:
        settings = replace(SETTINGS, name=name)

        assert first_runs.begin(db, site, settings=settings, **OLGA).app.invoice_prefix == prefix


class TestTheCode:
    @pytest.mark.parametrize("given", ["", "0" * 32, "é"])
    def test_is_asked_of_whoever_may_be_a_stranger(
        self, db: Session, site: Site, given: str
    ) -> None:
        with pytest.raises(Invalid) as refusal:
            first_runs.begin(db, public(site), settings=SETTINGS, given_code=given, **OLGA)

        assert refusal.value.field == "code"
        assert db.scalars(select(User)).all() == []

    def test_is_this_installations(self, db: Session, site: Site) -> None:
        other = public(site, SECRET_KEY="another-secret-" * 4)
        code = first_runs.code(public(site))

        assert code != first_runs.code(other)
        assert len(code) == 32
        first_runs.begin(db, public(site), settings=SETTINGS, given_code=f" {code} ", **OLGA)

    def test_is_in_the_address_where_it_is_needed(self, site: Site) -> None:
        there = public(site)

        assert first_runs.address(there) == (
            f"https://billing.example.com/setup?code={first_runs.code(there)}"
        )
        assert first_runs.address(site) == "http://127.0.0.1:9/setup"
