"""Where an owner begins."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.models import App, AppMember, CheckoutSession
from tests.cast import World
from tests.pages import Visitor


def home_of(world: World) -> str:
    return f"/console/apps/{world.app.uuid}/"


class TestStart:
    def test_leads_to_the_only_app(self, alice: Visitor, world: World) -> None:
        assert alice.opens("/").location == "/console/"
        assert alice.opens("/console/").location == home_of(world)
        assert alice.opens(home_of(world)).heading == "Acme Notes"

    def test_lists_several_apps(self, alice: Visitor, world: World, db: Session) -> None:
        other = App(name="Acme Maps", seller_name="Acme", seller_country="DE")
        db.add(other)
        db.flush()
        db.add(AppMember(app_id=other.id, user_id=world.alice.id, role="support"))
        db.commit()

        page = alice.opens("/console/")

        assert page.heading == "Your apps"
        assert "Acme Maps" in page.words() and "Acme Notes" in page.words()

    def test_lists_what_needs_a_person(
        self, alice: Visitor, tara: Visitor, world: World, db: Session
    ) -> None:
        price = world.price("team", "year").price_id
        home = home_of(world)
        world.db.commit()
        path = f"/t/{world.globex.uuid}/checkout"
        shown = tara.opens(f"{path}?price={price}&quantity=1&method=stripe-card")
        tara.posts(path, {**shown.fields(path), "act": "pay"})
        assert "None. What Portico" in alice.opens(home).words()
        db.execute(update(CheckoutSession).values(state="needs_review", review="amount"))
        db.commit()

        page = alice.opens(home)

        assert "Globex" in page.words()
        assert "€226.10" in page.words()

    def test_does_not_exist_for_tenants(self, tara: Visitor, milo: Visitor, world: World) -> None:
        home = home_of(world)
        assert tara.opens("/console/").status == 404
        assert [visitor.opens(home).status for visitor in (tara, milo)] == [404, 404]

    def test_asks_nobody_to_sign_in(self, nobody: Visitor) -> None:
        assert nobody.opens("/console/").location == "/sign-in?next=/console/"
