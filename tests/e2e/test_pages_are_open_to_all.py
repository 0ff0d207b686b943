"""Every page, in every state a payer can see: valid, no axe violation, nothing cut off at 320 px,
light, dark, with forced colours and without motion."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.billing.access import portal_links
from app.billing.site import Site
from tests.cast import World
from tests.e2e.actors import TEAM, Payer
from tests.e2e.conftest import Meet
from tests.e2e.inspection import is_open_to_all
from tests.sandbox_server import SandboxServer


class TestEntrance:
    def test_signing_in(self, meet: Meet, world: World) -> None:
        tara = meet(world.tara, world.globex)

        tara.opens("/sign-in")
        is_open_to_all(tara)

        tara.types_password("wrong")
        is_open_to_all(tara)

    def test_a_link(self, peter: Payer, world: World, site: Site) -> None:
        _, address = portal_links.issue(world.db, site, tenant=world.globex)
        world.db.commit()

        peter.opens(address)
        is_open_to_all(peter)

        peter.opens("/link/none")
        is_open_to_all(peter)

    def test_people_without_a_tenant(self, meet: Meet, world: World) -> None:
        charlie, alice = meet(world.charlie, world.globex), meet(world.alice, world.globex)

        charlie.types_password()
        is_open_to_all(charlie)

        alice.types_password()
        is_open_to_all(alice)

    def test_a_page_that_is_not_there(self, tara: Payer) -> None:
        tara.opens("/nowhere")

        is_open_to_all(tara)


class TestBeforeAPurchase:
    def test_the_overview(self, tara: Payer, milo: Payer) -> None:
        tara.goes_to("")
        is_open_to_all(tara)

        milo.goes_to("")
        is_open_to_all(milo)

    def test_the_plans(self, tara: Payer, milo: Payer) -> None:
        tara.goes_to("plans")
        is_open_to_all(tara)

        tara.presses("continue")
        is_open_to_all(tara)

        milo.goes_to("plans")
        is_open_to_all(milo)

    def test_the_checkout(self, tara: Payer, milo: Payer) -> None:
        tara.chooses("team", "month", seats=1000)
        is_open_to_all(tara)

        tara.is_taxed("NL", "NL820646660B01")
        tara.reads("Reverse charge.")
        is_open_to_all(tara)

        tara.is_taxed("ES", "wrong")
        tara.presses("pay")
        is_open_to_all(tara)

        milo.goes_to(TEAM)
        is_open_to_all(milo)

    def test_the_details(self, tara: Payer, milo: Payer) -> None:
        tara.goes_to("details")
        is_open_to_all(tara)

        tara.page.get_by_label("Legal name").fill("")
        tara.page.get_by_role("button", name="Save").click()
        tara.is_told_of("Enter the legal name of your company.")
        is_open_to_all(tara)

        milo.goes_to("details")
        is_open_to_all(milo)

    def test_payment_methods(self, tara: Payer) -> None:
        tara.goes_to("payment-methods")
        is_open_to_all(tara)

        tara.goes_to("payment-methods/new")
        is_open_to_all(tara)

        tara.presses("continue")
        is_open_to_all(tara)


class TestCheckoutsPage:
    def test_while_it_confirms(self, tara: Payer) -> None:
        tara.orders("team", "month")

        tara.looks_how_it_stands()

        tara.sees_checkout("confirming")
        is_open_to_all(tara)

    def test_while_the_bank_asks(self, tara: Payer) -> None:
        tara.orders("onboarding", None)
        tara.pays_by_card("4000 0027 6000 3184")

        tara.looks_how_it_stands()

        tara.sees_checkout("action_needed")
        is_open_to_all(tara)

    def test_while_the_bank_takes_days(self, tara: Payer) -> None:
        tara.orders("team", "month", method="stripe-sepa")

        tara.pays()

        tara.sees_checkout("processing")
        is_open_to_all(tara)

    @pytest.mark.parametrize(
        ("act", "status"),
        [
            (Payer.pays, "active"),
            (Payer.declines, "not_charged"),
            (Payer.cancels, "not_charged"),
            (Payer.lets_it_expire, "expired"),
        ],
        ids=["active", "declined", "canceled", "expired"],
    )
    def test_when_it_is_over(self, tara: Payer, act: Callable[[Payer], None], status: str) -> None:
        tara.orders("team", "month", method="mollie-card")

        act(tara)

        tara.sees_checkout(status)
        for details in tara.page.locator("summary").all():
            details.click()
        is_open_to_all(tara)

    def test_when_a_person_looks(self, tara: Payer, sandbox: SandboxServer) -> None:
        tara.orders("team", "month")
        sandbox.fault("wrong_amount", provider="stripe")

        tara.pays()

        tara.sees_checkout("needs_review")
        is_open_to_all(tara)


class TestAfterAPurchase:
    def test_overview_plans_checkout_and_methods(self, tara: Payer) -> None:
        tara.orders("business", "year", seats=1000)
        tara.pays()
        tara.sees_plan("Business, yearly")
        is_open_to_all(tara)

        tara.goes_to("plans")
        is_open_to_all(tara)

        tara.goes_to(TEAM)
        is_open_to_all(tara)

        tara.goes_to("payment-methods")
        is_open_to_all(tara)

    def test_invoices(self, tara: Payer) -> None:
        tara.goes_to("invoices")
        is_open_to_all(tara)

        tara.orders("onboarding", None, method="mollie-card")
        tara.pays()
        tara.sees_checkout("active")

        tara.goes_to("invoices")
        is_open_to_all(tara)

        tara.page.get_by_role("link", name="TEST-ACME-000001", exact=True).click()
        tara.sees_heading("Invoice TEST-ACME-000001")
        is_open_to_all(tara)


class TestARunningPlan:
    def test_changing_it(self, tara: Payer) -> None:
        tara.orders("team", "month", seats=3)
        tara.pays()
        tara.sees_checkout("active")
        tara.goes_to("plans")
        is_open_to_all(tara)

        tara.goes_to("subscription/change?plan=business")
        is_open_to_all(tara)

        tara.at("quantity").fill("0")
        tara.presses("change-preview")
        is_open_to_all(tara)

        tara.goes_to("subscription/change?plan=business&moment=period_end")
        tara.presses("change-preview")
        is_open_to_all(tara)

        tara.presses("change-confirm")
        is_open_to_all(tara)

        tara.goes_to("subscription")
        is_open_to_all(tara)

    def test_ending_it(self, tara: Payer, milo: Payer) -> None:
        tara.orders("team", "month", method="mollie-card")
        tara.pays()
        tara.sees_checkout("active")
        tara.goes_to("subscription/cancel")
        is_open_to_all(tara)

        tara.presses("cancel-confirm")
        is_open_to_all(tara)

        tara.goes_to("subscription")
        is_open_to_all(tara)

        milo.goes_to("subscription")
        is_open_to_all(milo)
