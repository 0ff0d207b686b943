"""A company without details is asked for them at the checkout, and then goes on."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.cast import World
from tests.e2e.actors import Payer


@pytest.fixture
def newcomer(tara: Payer, world: World) -> Payer:
    """Answer Tara, of whose company only the name is known."""
    for name in ("legal_name", "address_line1", "postal_code", "city", "country", "invoice_email"):
        setattr(world.globex, name, None)
    world.db.commit()
    return tara


class TestDetailsAreAsked:
    def test_before_the_first_purchase_with_the_choices_kept(self, newcomer: Payer) -> None:
        newcomer.chooses("team", "year", seats=3)
        newcomer.sees_heading("Details of Globex")
        newcomer.reads("Your choices are kept.")

        fills_in(newcomer)

        newcomer.reads("3 seats")
        expect(newcomer.at("tax-country")).to_have_value("NL")
        newcomer.picks("mollie-ideal")
        newcomer.goes_to_pay()
        newcomer.pays()
        newcomer.sees_plan("Team, yearly")

    def test_once(self, newcomer: Payer) -> None:
        newcomer.chooses("team", "month")
        fills_in(newcomer)

        newcomer.chooses("business", "month")

        newcomer.sees_heading("Tax and payment")

    def test_and_can_be_changed_later(self, tara: Payer) -> None:
        tara.goes_to("details")
        tara.page.get_by_label("Legal name").fill("Globex Worldwide GmbH")

        with tara.page.expect_navigation():
            tara.page.get_by_role("button", name="Save").click()

        tara.reads("The details are saved.")
        tara.reads("Globex Worldwide GmbH")


def fills_in(payer: Payer) -> None:
    page = payer.page
    page.get_by_label("Legal name").fill("Globex B.V.")
    page.get_by_label("Address line 1").fill("Wereldbol 7")
    page.get_by_label("Town or city").fill("Utrecht")
    page.get_by_label("Country").select_option("NL")
    with page.expect_navigation():
        page.get_by_role("button", name="Save and go on").click()
