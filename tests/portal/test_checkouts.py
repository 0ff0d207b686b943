"""The page a payer returns to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import update

from app.models import Subscription
from tests import payer
from tests.cast import World
from tests.pages import Page, Visitor
from tests.sandbox_server import SandboxServer

Begin = Callable[..., str]


@pytest.fixture
def begin(tara: Visitor, world: World) -> Begin:
    """Answer a way to begin a purchase and get the provider's page."""

    def begin(method: str, slug: str = "team", interval: str | None = "year") -> str:
        price = world.price(slug, interval).price_id
        world.db.commit()
        path = f"/t/{world.globex.uuid}/checkout"
        shown = tara.opens(
            f"{path}?price={price}&quantity=2&country=DE&vat_number=&method={method}"
        )
        return tara.posts(path, {**shown.fields(path), "act": "pay"}).location

    return begin


def come_back(visitor: Visitor, address: str | None) -> Page:
    """Follow the provider's redirect through the return address to the page."""
    assert address is not None
    sent_on = visitor.opens(address)
    assert sent_on.status == 303
    return visitor.opens(sent_on.location)


def status(page: Page) -> str:
    return page.at("checkout-status").get("data-status", "")


def links(page: Page) -> list[str]:
    return [a.get("href") or "" for a in page.all("a")]


class TestActive:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card", "mollie-ideal"])
    def test_is_the_receipt(self, tara: Visitor, begin: Begin, method: str) -> None:
        page = come_back(tara, payer.pays(begin(method)))

        assert status(page) == "active"
        assert page.heading == "Your Team plan is active"
        assert "Team, yearly, 2 seats" in page.words()
        assert "Paid €452.20" in page.words()
        assert "Refresh" not in page.headers
        assert not page.has("try-again")

    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_leads_to_its_invoice(
        self, tara: Visitor, begin: Begin, world: World, method: str
    ) -> None:
        page = come_back(tara, payer.pays(begin(method, "onboarding", None)))

        invoices = f"/t/{world.globex.uuid}/invoices/"
        (address,) = [a for a in links(page) if a.startswith(invoices)]
        assert tara.opens(address).heading == "Invoice TEST-ACME-000001"

    def test_shows_on_the_overview(self, tara: Visitor, begin: Begin, world: World) -> None:
        come_back(tara, payer.pays(begin("stripe-card")))

        page = tara.opens(f"/t/{world.globex.uuid}/")

        assert page.words("plan-name") == "Team, yearly"
        assert page.at("plan-status").get("data-status") == "active"
        assert "Renewal: €452.20" in page.words()

    def test_shows_what_a_credit_leaves_to_charge(
        self, tara: Visitor, begin: Begin, world: World
    ) -> None:
        come_back(tara, payer.pays(begin("stripe-card")))
        world.db.execute(update(Subscription).values(credit=45220 + 5220))
        world.db.commit()

        page = tara.opens(f"/t/{world.globex.uuid}/")

        assert "€0.00 on" in page.words()
        assert ["Renewal: €0.00" in page.words(), "Renewal: €400.00" in page.words()] == [True] * 2

    def test_calls_a_one_time_purchase_paid(self, tara: Visitor, begin: Begin) -> None:
        page = come_back(tara, payer.pays(begin("stripe-card", "onboarding", None)))

        assert page.heading == "Onboarding is paid"

    def test_marks_the_plan_and_offers_no_second(
        self, tara: Visitor, begin: Begin, world: World
    ) -> None:
        come_back(tara, payer.pays(begin("stripe-card")))

        page = tara.opens(f"/t/{world.globex.uuid}/plans")

        assert "Your plan" in page.words()
        assert not page.has("plan-team")
        assert not page.has("interval-year")
        assert page.has("plan-onboarding")


class TestNotYet:
    def test_says_that_it_waits_before_the_payer_is_back(
        self, tara: Visitor, begin: Begin, world: World
    ) -> None:
        begin("stripe-card")

        page = tara.opens(pending(tara, world))

        assert status(page) == "confirming"
        assert int(page.headers["Refresh"]) >= 20
        assert not page.has("pay")

    def test_calls_a_direct_debit_processing(self, tara: Visitor, begin: Begin) -> None:
        page = come_back(tara, payer.pays(begin("stripe-sepa")))

        assert status(page) == "processing"
        assert "up to 14 days" in page.words()
        assert "Do not pay again" in page.words()
        assert "Refresh" not in page.headers


class TestNotCharged:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_keeps_the_choices(self, tara: Visitor, begin: Begin, method: str) -> None:
        page = come_back(tara, payer.cancels(begin(method)))

        assert status(page) == "not_charged"
        again = tara.opens(page.at("try-again").get("href", ""))
        assert again.at(f"method-{method}").get("checked") is not None
        assert again.words("order-total") == "€452.20"

    def test_says_why_the_bank_declined(self, tara: Visitor, begin: Begin) -> None:
        page = come_back(tara, payer.declines(begin("mollie-card")))

        assert status(page) == "not_charged"
        assert "bank" in page.words()

    def test_begins_again_after_it_expired(self, tara: Visitor, begin: Begin, world: World) -> None:
        payer.expires(begin("stripe-card"))

        page = tara.opens(pending(tara, world))

        assert status(page) == "expired"
        assert page.has("try-again")


class TestWhoMaySee:
    def test_is_a_member(self, milo: Visitor, tara: Visitor, begin: Begin) -> None:
        receipt = tara.opens(payer_address(payer.pays(begin("stripe-card")))).location

        assert status(milo.opens(receipt)) == "active"

    def test_is_nobody_else(
        self, peter: Visitor, nobody: Visitor, tara: Visitor, begin: Begin, world: World
    ) -> None:
        receipt = tara.opens(payer_address(payer.pays(begin("stripe-card")))).location
        elsewhere = receipt.replace(str(world.globex.uuid), str(world.initech.uuid))

        assert peter.opens(receipt).status == 404
        assert peter.opens(elsewhere).status == 404
        assert nobody.opens(receipt).status == 303


class TestAProviderThatDoesNotAnswer:
    def test_is_never_called_a_failure(
        self, tara: Visitor, begin: Begin, sandbox: SandboxServer
    ) -> None:
        back = payer.pays(begin("stripe-card"))
        sandbox.fault("500_before", provider="stripe", times=50)

        page = come_back(tara, back)

        assert status(page) == "confirming"
        assert "Do not pay again" in page.words()

    def test_is_asked_again_until_the_page_is_true(
        self, tara: Visitor, begin: Begin, sandbox: SandboxServer, world: World
    ) -> None:
        back = payer.pays(begin("stripe-card"))
        sandbox.fault("500_before", provider="stripe", times=50)
        come_back(tara, back)
        receipt = pending(tara, world)

        sandbox.clear_faults()
        sandbox.advance("1 minute")

        assert status(tara.opens(receipt)) == "active"


def pending(visitor: Visitor, world: World) -> str:
    """Answer the page the overview links to while a purchase is not decided."""
    overview = visitor.opens(f"/t/{world.globex.uuid}/")
    links = (a.get("href", "") for a in overview.all("a"))
    return next(link for link in links if "/checkouts/" in link)


def payer_address(address: str | None) -> str:
    assert address is not None
    return address
