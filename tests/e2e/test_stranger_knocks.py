"""Pages of a tenant are there for its people only."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.cast import World
from tests.e2e.actors import TEAM, Payer
from tests.e2e.conftest import Meet

PLACES = [
    "",
    "activity",
    "plans",
    "details",
    "payment-methods",
    "payment-methods/new",
    "subscription",
]


class TestStrangerKnocks:
    @pytest.mark.parametrize("place", PLACES)
    def test_finds_no_page_of_another_tenant(self, peter: Payer, world: World, place: str) -> None:
        answer = peter.opens(f"/t/{world.globex.uuid}/{place}")

        assert answer.status == 404
        peter.sees_heading("Page not found")

    def test_finds_neither_receipt_nor_order_of_another_tenant(
        self, tara: Payer, peter: Payer
    ) -> None:
        tara.orders("onboarding", None)
        tara.pays()
        tara.sees_checkout("active")

        assert peter.opens(tara.page.url).status == 404
        assert peter.opens(f"{tara.home}/{TEAM}").status == 404
        assert "Onboarding" not in peter.page.content()

    def test_has_no_page_without_a_tenant(self, meet: Meet, world: World) -> None:
        charlie = meet(world.charlie, world.globex)

        charlie.types_password()

        charlie.reads("Your account does not belong to a company yet.")
        assert charlie.goes_to("plans").status == 404

    def test_signs_in_and_goes_on_to_the_page_asked_for(self, meet: Meet, world: World) -> None:
        tara = meet(world.tara, world.globex)
        tara.goes_to("plans")
        expect(tara.page).to_have_url(re.compile("/sign-in"))

        tara.fills_in_the_sign_in()

        expect(tara.page).to_have_url(re.compile(f"{tara.home}/plans$"))

    def test_is_not_sent_elsewhere_after_signing_in(self, meet: Meet, world: World) -> None:
        tara = meet(world.tara, world.globex)
        tara.opens("/sign-in?next=//app.example.com/plans")

        tara.fills_in_the_sign_in()

        expect(tara.page).to_have_url(re.compile(f"^{re.escape(tara.url)}{tara.home}/$"))

    def test_learns_nothing_from_a_wrong_password(self, meet: Meet, world: World) -> None:
        tara = meet(world.tara, world.globex)

        answer = tara.types_password("not-hers")

        assert answer.status == 422
        tara.is_told_of("This e-mail and password do not belong together. Try again.")
        expect(tara.at("sign-in-email")).to_have_value("tara@globex.example")
