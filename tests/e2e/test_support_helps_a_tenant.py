"""Support helps a tenant: a link in one click, and a look at their portal that changes nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from app.models import AppMember
from tests.cast import World
from tests.e2e.actors import Payer
from tests.e2e.conftest import Meet
from tests.e2e.inspection import is_open_to_all


@pytest.fixture
def charlie(meet: Meet, world: World) -> Payer:
    """Answer Charlie, who helps the customers of the app, signed in."""
    world.db.add(AppMember(app_id=world.app.id, user_id=world.charlie.id, role="support"))
    world.db.commit()
    charlie = meet(world.charlie, world.globex)
    charlie.signs_in()
    return charlie


def customers_of(world: World) -> str:
    return f"/console/apps/{world.app.uuid}/customers"


class TestSupportHelpsATenant:
    def test_with_a_link_in_one_click(self, charlie: Payer, meet: Meet, world: World) -> None:
        charlie.opens(customers_of(world))
        charlie.at("console-customers-search").fill("tara@")
        charlie.presses("console-customers-find")
        charlie.page.get_by_role("link", name="Globex").click()
        charlie.sees_heading("Globex")

        charlie.presses("console-customers-link")
        charlie.sees_heading("A link for Globex")
        address = charlie.at("console-customers-link-address").input_value()
        charlie.page.get_by_role("button", name="Copy").click()
        visitor = meet(world.tara, world.globex)
        visitor.opens(address)
        visitor.presses("link-continue")

        visitor.sees_heading("Billing for Globex")

    def test_by_seeing_what_they_see(self, charlie: Payer, world: World) -> None:
        charlie.opens(f"{customers_of(world)}/{world.globex.uuid}")

        charlie.presses("console-customers-view")

        charlie.sees_heading("Billing for Globex")
        banner = charlie.page.get_by_role("note")
        expect(banner).to_contain_text("You see what Globex sees; nothing can be changed.")
        is_open_to_all(charlie)
        charlie.page.get_by_role("link", name="People").click()
        charlie.sees_heading("People")
        charlie.does_not_see("invite-submit")
        charlie.presses("console-customers-view-end")
        charlie.sees_heading("Globex")
        assert charlie.goes_to("").status == 404


class TestThePagesOfCustomers:
    def test_are_open_to_all(self, alice: Payer, world: World) -> None:
        globex = f"{customers_of(world)}/{world.globex.uuid}"

        for address in (
            customers_of(world),
            f"{customers_of(world)}?q=globex",
            f"{customers_of(world)}/new",
            globex,
            f"{globex}/delete",
            f"{globex}/people/{world.milo.uuid}/remove",
        ):
            alice.opens(address)
            is_open_to_all(alice)
