"""The owner's page."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.models import CheckoutSession
from tests.cast import World
from tests.pages import Visitor


@pytest.fixture
def alice(flask_app: Flask, world: World) -> Visitor:
    return Visitor(flask_app, world.alice)


class TestStart:
    def test_names_the_app_and_says_how_to_send_a_link(self, alice: Visitor) -> None:
        page = alice.opens("/console/")

        assert page.heading == "Acme Notes"
        assert "flask --app wsgi demo show" in page.words()

    def test_is_where_the_owner_begins(self, alice: Visitor) -> None:
        assert alice.opens("/").location == "/console/"

    def test_lists_what_needs_a_person(
        self, alice: Visitor, tara: Visitor, world: World, db: Session
    ) -> None:
        price = world.price("team", "year").price_id
        world.db.commit()
        path = f"/t/{world.globex.uuid}/checkout"
        shown = tara.opens(f"{path}?price={price}&quantity=1&method=stripe-card")
        tara.posts(path, {**shown.fields(path), "act": "pay"})
        assert "None. What Portico" in alice.opens("/console/").words()
        db.execute(update(CheckoutSession).values(state="needs_review", review="amount"))
        db.commit()

        page = alice.opens("/console/")

        assert "Globex" in page.words()
        assert "€226.10" in page.words()

    def test_does_not_exist_for_tenants(self, tara: Visitor, milo: Visitor) -> None:
        assert tara.opens("/console/").status == 404
        assert milo.opens("/console/").status == 404

    def test_asks_nobody_to_sign_in(self, nobody: Visitor) -> None:
        assert nobody.opens("/console/").location == "/sign-in?next=/console/"
