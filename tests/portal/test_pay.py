"""The payment page: the order, what is asked here, and the way to the provider."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote, quote_plus
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.billing.demo import demo_world
from app.billing.ordering.checkout_orders import CheckoutOrder
from app.billing.purchase import payment_links, payment_pages
from app.billing.site import Site
from app.models import CheckoutSession
from app.providers.base import Collect
from tests import payer
from tests.billing import orders_of_apis
from tests.billing.orders_of_apis import STATE
from tests.cast import World
from tests.pages import Page, Visitor
from tests.sandbox_server import SandboxServer

# Of somebody in particular no tenant knows: what an app sells by API.
BOUGHT_ONCE: dict[str, Any] = {
    "mode": "payment",
    "family": None,
    "tenant": None,
    "user_id": None,
    "email": "ada@example.com",
}
Make = Callable[[CheckoutOrder], CheckoutSession]
FIVE_MINUTES = timedelta(minutes=5)
EVERYTHING = Collect(
    billing_address=True,
    shipping_address=True,
    terms=True,
    terms_url="https://app.example.com/terms",
    tax_id="required",
)
ADDRESS = {
    "billing-name": "Globex B.V.",
    "billing-line1": "Keizersgracht 1",
    "billing-line2": "",
    "billing-postal_code": "1015 CJ",
    "billing-city": "Amsterdam",
    "billing-region": "",
    "billing-country": "NL",
}
SHIPPING = {name.replace("billing", "shipping"): value for name, value in ADDRESS.items()}
FILLED_IN = {**ADDRESS, **SHIPPING, "tax_id": "NL004495445B01", "terms": "y"}


@pytest.fixture
def make(world: World, site: Site) -> Make:
    """Answer a way to make an API's checkout."""
    return lambda made: orders_of_apis.create(world, site, made)


@pytest.fixture
def stated(world: World, site: Site, make: Make) -> str:
    """Answer the address that lacks only the state, as 000 gives it."""
    row = make(orders_of_apis.stated(world))
    return payment_links.stated(site, row, world.app.uuid)


def status(page: Page) -> str | None:
    return page.at("checkout-status").get("data-status") if page.has("checkout-status") else None


def asks(page: Page, name: str) -> bool:
    return any(
        control.get("name") == name for tag in ("input", "select") for control in page.all(tag)
    )


def calls(sandbox: SandboxServer) -> int:
    """Answer how often a checkout was asked for."""
    creates = ("/stripe/v1/checkout/sessions", "/mollie/v2/payments")
    return sum(
        1 for call in sandbox.calls() if call["method"] == "POST" and call["path"] in creates
    )


class TestTheInvoice:
    def test_is_for_whoever_may_see_the_order(
        self, nobody: Visitor, make: Make, world: World, site: Site
    ) -> None:
        row = make(orders_of_apis.order(world, "mollie", **BOUGHT_ONCE))
        address = payment_links.keyed(site, row)
        paper = address.replace("?", "/invoice.pdf?")
        before = nobody.opens(paper).status
        assert row.url is not None
        payer.pays(row.url)

        page = nobody.opens(address)
        (link,) = [a for a in page.all("a") if a.text == "TEST-ACME-000001"]
        answer = nobody.client.get(link.get("href") or "")

        assert before == 404
        assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
        assert nobody.opens(f"{paper}0").status == 403
        assert nobody.opens(f"/pay/{row.uuid}/invoice.pdf").status == 403

    def test_is_the_provider_s_where_that_issued_it(
        self, nobody: Visitor, make: Make, world: World, site: Site
    ) -> None:
        row = make(orders_of_apis.order(world, "stripe"))
        assert row.url is not None
        payer.pays(row.url)
        address = payment_links.keyed(site, row)
        nobody.opens(address)

        assert nobody.opens(address.replace("?", "/invoice.pdf?")).status == 404


class TestWhoOpensIt:
    def test_is_whoever_has_the_state(self, nobody: Visitor, stated: str) -> None:
        page = nobody.opens(f"{stated}&state={STATE}")

        assert page.status == 200
        assert page.has("pay")

    @pytest.mark.parametrize("encode", [quote, quote_plus, str])
    def test_reads_the_state_however_it_was_encoded(
        self, nobody: Visitor, make: Make, world: World, site: Site, encode: Callable[[str], str]
    ) -> None:
        state = "+/._-~" + "a" * 58
        digest = payment_links.digest_of(state)
        row = make(orders_of_apis.order(world, is_deferred=True, state_digest=digest))

        address = payment_links.stated(site, row, world.app.uuid)

        assert nobody.opens(f"{address}&state={encode(state)}").status == 200

    def test_may_be_opened_by_the_secret_of_its_return(
        self, nobody: Visitor, make: Make, world: World, site: Site
    ) -> None:
        row = make(orders_of_apis.order(world))

        assert nobody.opens(payment_links.keyed(site, row)).has("pay")

    def test_is_nobody_else(
        self, nobody: Visitor, tara: Visitor, make: Make, world: World, site: Site, stated: str
    ) -> None:
        good = f"{stated}&state={STATE}"
        row = make(orders_of_apis.stated(world))
        keyed = payment_links.keyed(site, row)
        wrong = [
            stated,
            f"{stated}&state={'x' * 64}",
            f"{stated}&state=",
            f"{good}&state={STATE}",
            f"{good}&client_id={world.app.uuid}",
            good.replace("type=payment", "type=login"),
            good.replace("hash=", "hash=0"),
            good.replace("hash=", "h="),
            good.replace("session_id=", "s="),
            good.replace(str(world.app.uuid), str(uuid4())),
            payment_links.stated(site, row, uuid4()) + f"&state={STATE}",
            good.replace("/pay/", "/pay/x"),
            f"/pay/{uuid4()}",
            f"/pay/{row.uuid}",
            f"{keyed}0",
            f"{keyed}%E2%82%AC",
            f"{good}&key=",
            f"/pay/{row.uuid}?key={payment_links.hash_of(site, row, world.app.uuid)}",
        ]

        pages = [nobody.opens(address) for address in wrong] + [tara.opens(stated)]

        assert {page.status for page in pages} == {403}
        assert len({page.text for page in pages}) == 1
        assert "Globex" not in pages[0].words()
        assert "Acme" not in pages[0].words()

    def test_is_nobody_else_who_presses_pay(
        self, nobody: Visitor, stated: str, sandbox: SandboxServer
    ) -> None:
        assert nobody.posts(f"{stated}&state={'x' * 64}").status == 403
        assert calls(sandbox) == 0

    def test_does_not_open_another_checkout(
        self, nobody: Visitor, make: Make, world: World, site: Site
    ) -> None:
        one, other = (payment_links.keyed(site, make(orders_of_apis.order(world))) for _ in "ab")
        mixed = one.partition("?")[0] + "?" + other.partition("?")[2]

        assert nobody.opens(mixed).status == 403

    def test_is_nobody_where_no_state_was_given(
        self, nobody: Visitor, make: Make, world: World, site: Site
    ) -> None:
        row = make(orders_of_apis.order(world))
        address = payment_links.stated(site, row, world.app.uuid)

        assert nobody.opens(f"{address}&state=None").status == 403


class TestOrder:
    def test_is_shown_with_its_seller(self, nobody: Visitor, stated: str) -> None:
        page = nobody.opens(f"{stated}&state={STATE}")

        assert "Acme Notes GmbH, Germany" in page.words()
        assert "Team, monthly" in page.words()
        assert "2 × €19.00" in page.words()
        assert page.words("order-net") == "€38.00"
        assert page.words("order-tax") == "€7.22"
        assert page.words("order-total") == "€45.22"
        assert "Renews every month for €45.22" in page.words()
        assert page.words("pay") == "Continue to Stripe to pay €45.22"

    def test_says_that_the_buyer_accounts_for_the_tax(
        self, nobody: Visitor, make: Make, world: World, site: Site
    ) -> None:
        row = make(orders_of_apis.stated(world, is_reverse_charge=True))

        page = nobody.opens(payment_links.keyed(site, row))

        assert "Reverse charge: the buyer accounts for the VAT." in page.words()

    @pytest.mark.parametrize("provider", ["stripe", "mollie"])
    def test_of_a_set_up_shows_no_amount(
        self, nobody: Visitor, make: Make, world: World, site: Site, provider: str
    ) -> None:
        row = make(orders_of_apis.setup(world, provider, is_deferred=True))

        page = nobody.opens(payment_links.keyed(site, row))

        assert page.heading == "Save a payment method"
        assert "€" not in page.words()

    def test_lists_items_and_their_final_total(
        self, nobody: Visitor, make: Make, world: World, site: Site
    ) -> None:
        row = make(orders_of_apis.items(world, cancel_url="https://app.example.com/left?a=1"))

        page = nobody.opens(payment_links.keyed(site, row))

        assert "Blue pen $10.00" in page.words()
        assert "500 sheets" in page.words()
        assert page.words("order-total") == "$29.99"
        assert not page.has("order-tax")
        assert "ada@example.com" in page.words()
        assert "https://app.example.com/left?a=1" in [a.get("href") for a in page.all("a")]

    def test_has_no_way_back_that_nobody_gave(
        self, nobody: Visitor, make: Make, world: World, site: Site
    ) -> None:
        page = nobody.opens(payment_links.keyed(site, make(orders_of_apis.items(world))))

        assert "Cancel" not in page.words()

    def test_is_framed_by_nobody_and_may_lead_to_the_provider(
        self, nobody: Visitor, stated: str
    ) -> None:
        policy = nobody.opens(f"{stated}&state={STATE}").headers["Content-Security-Policy"]

        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self' https: http://127.0.0.1" in policy

    def test_is_not_begun_by_looking_at_it(
        self, nobody: Visitor, stated: str, sandbox: SandboxServer, world: World
    ) -> None:
        for _ in range(3):
            nobody.opens(f"{stated}&state={STATE}")

        assert calls(sandbox) == 0
        assert [row.state for row in rows(world)] == ["starting"]


class TestSendOn:
    def test_leads_to_the_provider(
        self, nobody: Visitor, stated: str, sandbox: SandboxServer
    ) -> None:
        answer = nobody.posts(f"{stated}&state={STATE}")

        assert answer.status == 303
        assert answer.location.startswith(f"{sandbox.url}/stripe/")

    def test_leads_to_the_same_page_however_often(
        self, nobody: Visitor, stated: str, sandbox: SandboxServer
    ) -> None:
        locations = {nobody.posts(f"{stated}&state={STATE}").location for _ in range(3)}

        assert len(locations) == 1
        assert calls(sandbox) == 1

    def test_leads_to_the_checkout_that_was_made_already(
        self, nobody: Visitor, make: Make, world: World, site: Site, sandbox: SandboxServer
    ) -> None:
        row = make(orders_of_apis.order(world, "mollie"))

        assert nobody.posts(payment_links.keyed(site, row)).location == row.url
        assert calls(sandbox) == 1

    def test_needs_the_token_of_this_browser(
        self, nobody: Visitor, stated: str, sandbox: SandboxServer
    ) -> None:
        page = nobody.posts(f"{stated}&state={STATE}", {"csrf_token": "forged"})

        assert page.status == 400
        assert page.heading == "This form was open for too long"
        assert calls(sandbox) == 0

    @pytest.mark.parametrize("is_deferred", [True, False])
    def test_is_refused_where_a_plan_runs(
        self,
        nobody: Visitor,
        make: Make,
        world: World,
        site: Site,
        sandbox: SandboxServer,
        is_deferred: bool,
    ) -> None:
        row = make(orders_of_apis.order(world, is_deferred=is_deferred))
        world.begin_plan(world.globex)
        before = calls(sandbox)

        page = nobody.posts(payment_links.keyed(site, row))

        assert page.status == 409
        assert "A plan runs already" in page.problems[0]
        assert not page.has("pay")
        assert calls(sandbox) == before

    def test_says_when_the_provider_does_not_answer(
        self, nobody: Visitor, stated: str, sandbox: SandboxServer
    ) -> None:
        sandbox.fault("500_before", provider="stripe", times=50)

        page = nobody.posts(f"{stated}&state={STATE}")

        assert page.status == 503
        assert int(page.headers["Retry-After"]) > 0
        assert page.has("pay")
        assert "not be charged twice" in page.problems[0]

    def test_goes_on_after_the_provider_did_not_answer(
        self, nobody: Visitor, stated: str, sandbox: SandboxServer
    ) -> None:
        sandbox.fault("500_before", provider="stripe", times=50)
        nobody.posts(f"{stated}&state={STATE}")
        sandbox.clear_faults()

        answer = nobody.posts(f"{stated}&state={STATE}")

        assert answer.location.startswith(f"{sandbox.url}/stripe/")

    def test_leads_nowhere_from_a_checkout_that_is_embedded(
        self, nobody: Visitor, make: Make, world: World, site: Site
    ) -> None:
        address = payment_links.keyed(site, make(orders_of_apis.order(world, embedded=True)))

        page = nobody.opens(address)

        assert status(page) == "confirming"
        assert not page.has("pay")
        assert nobody.posts(address).location == address.removeprefix(site.config.PUBLIC_URL)


class TestWhatIsAsked:
    @pytest.mark.parametrize("mode", ["subscription", "setup"])
    def test_is_what_mollies_page_does_not_ask(
        self, nobody: Visitor, make: Make, world: World, site: Site, mode: str
    ) -> None:
        kind = {"subscription": orders_of_apis.order, "setup": orders_of_apis.setup}[mode]
        row = make(kind(world, "mollie", collect=EVERYTHING))

        page = nobody.opens(payment_pages.next_url(site, row) or "")

        assert asks(page, "billing-line1")
        assert asks(page, "terms")
        assert asks(page, "shipping-line1") == (mode == "subscription")
        assert asks(page, "tax_id") == (mode == "subscription")
        assert "https://app.example.com/terms" in [a.get("href") for a in page.all("a")]

    def test_is_nothing_where_stripes_page_asks(self, make: Make, world: World, site: Site) -> None:
        row = make(orders_of_apis.order(world, "stripe", collect=EVERYTHING))

        assert payment_pages.next_url(site, row) == row.url

    def test_is_kept_and_leads_on_to_the_payment_already_made(
        self, nobody: Visitor, make: Make, world: World, site: Site, sandbox: SandboxServer
    ) -> None:
        row = make(orders_of_apis.order(world, "mollie", collect=EVERYTHING))

        answer = nobody.posts(payment_links.keyed(site, row), FILLED_IN)

        assert answer.location == row.url
        assert calls(sandbox) == 1
        (kept,) = rows(world)
        assert kept.collected is not None
        assert kept.collected["billing_address"]["line1"] == "Keizersgracht 1"
        assert kept.collected["shipping_address"]["country"] == "NL"
        assert kept.collected["tax_id"] == "NL004495445B01"
        assert kept.collected["terms_accepted"] is True

    def test_is_not_asked_twice(
        self, nobody: Visitor, make: Make, world: World, site: Site
    ) -> None:
        row = make(orders_of_apis.order(world, "mollie", collect=EVERYTHING))
        address = payment_links.keyed(site, row)
        nobody.posts(address, FILLED_IN)

        page = nobody.opens(address)

        assert page.has("pay")
        assert not asks(page, "billing-line1")
        assert nobody.posts(address).location == row.url

    def test_is_kept_after_the_payment(
        self, nobody: Visitor, make: Make, world: World, site: Site
    ) -> None:
        row = make(orders_of_apis.stated(world, collect=Collect(billing_address=True)))
        filled_in = {**ADDRESS, "billing-country": "DE"}
        url = nobody.posts(payment_links.keyed(site, row), filled_in).location
        nobody.opens(payer.pays(url) or "")

        (kept,) = rows(world)

        assert kept.state == "complete"
        assert kept.collected is not None
        assert kept.collected["billing_address"]["line1"] == "Keizersgracht 1"

    def test_is_not_asked_by_stripe_again(
        self, nobody: Visitor, make: Make, world: World, site: Site, sandbox: SandboxServer
    ) -> None:
        row = make(orders_of_apis.stated(world, collect=Collect(billing_address=True)))

        nobody.posts(payment_links.keyed(site, row), {**ADDRESS, "billing-country": "DE"})

        (made,) = sandbox.app.world.account("stripe", demo_world.STRIPE_KEY).find(
            "checkout_sessions"
        )
        assert made["billing_address_collection"] != "required"

    def test_begins_with_what_is_known(
        self, nobody: Visitor, make: Make, world: World, site: Site
    ) -> None:
        row = make(orders_of_apis.order(world, "mollie", collect=Collect(billing_address=True)))

        page = nobody.opens(payment_links.keyed(site, row))

        known = page.fields("")
        assert known["billing-line1"] == world.globex.address_line1
        assert known["billing-country"] == "DE"

    def test_is_in_the_one_country_the_caller_allows(
        self, nobody: Visitor, make: Make, world: World, site: Site, sandbox: SandboxServer
    ) -> None:
        row = make(orders_of_apis.stated(world, collect=Collect(billing_address=True)))
        address = payment_links.keyed(site, row)
        page = nobody.opens(address)

        refused = nobody.posts(address, ADDRESS)

        assert [o.get("value") for o in page.all("option")] == ["DE"]
        assert refused.status == 422
        assert refused.problems == ["The address must be in this country: Germany."]
        assert calls(sandbox) == 0

    @pytest.mark.parametrize(
        ("missing", "problem"),
        [
            ("billing-name", "Enter a name."),
            ("billing-line1", "Enter the first line of the address."),
            ("billing-city", "Enter the town or city."),
            ("shipping-country", "Choose a country."),
            ("tax_id", "Enter your VAT or tax number."),
            ("terms", "Agree to the terms of service to go on."),
        ],
    )
    def test_has_to_be_answered(
        self, nobody: Visitor, make: Make, world: World, site: Site, missing: str, problem: str
    ) -> None:
        row = make(orders_of_apis.order(world, "mollie", collect=EVERYTHING))
        filled_in = {name: value for name, value in FILLED_IN.items() if name != missing}

        page = nobody.posts(payment_links.keyed(site, row), filled_in)

        assert page.status == 422
        assert page.problems == [problem]
        assert rows(world)[0].collected is None

    @pytest.mark.parametrize(
        ("name", "value", "problem"),
        [
            ("tax_id", "NL1", "This is not a tax number of this country: Netherlands."),
            ("billing-country", "XX", "Choose a country from the list."),
            ("billing-city", "x" * 201, "Use at most 200 characters."),
        ],
    )
    def test_has_to_be_sound(
        self,
        nobody: Visitor,
        make: Make,
        world: World,
        site: Site,
        name: str,
        value: str,
        problem: str,
    ) -> None:
        row = make(orders_of_apis.order(world, "mollie", collect=EVERYTHING))

        page = nobody.posts(payment_links.keyed(site, row), {**FILLED_IN, name: value})

        assert page.problems == [problem]
        assert page.fields("")["shipping-line1"] == "Keizersgracht 1"

    def test_may_leave_out_a_tax_number_that_is_optional(
        self, nobody: Visitor, make: Make, world: World, site: Site
    ) -> None:
        row = make(orders_of_apis.order(world, "mollie", collect=Collect(tax_id="optional")))

        assert nobody.posts(payment_links.keyed(site, row), {"tax_id": " "}).location == row.url


class TestAfterwards:
    @pytest.fixture
    def address(self, make: Make, world: World, site: Site) -> str:
        """Answer the page of a checkout whose caller gave no addresses."""
        return payment_links.keyed(site, make(orders_of_apis.stated(world)))

    def back(self, visitor: Visitor, target: str | None) -> Page:
        """Come back from the provider to the page that tells how it went."""
        sent_on = visitor.opens(target or "")
        assert sent_on.location.partition("?")[0].rpartition("/")[0].endswith("/pay")
        return visitor.opens(sent_on.location)

    def test_is_the_receipt_for_good(self, nobody: Visitor, address: str) -> None:
        page = self.back(nobody, payer.pays(nobody.posts(address).location))

        again = nobody.posts(address)

        assert (status(page), page.heading) == ("active", "Your Team plan is active")
        assert "Paid €45.22" in page.words()
        assert not page.has("pay")
        assert again.status == 303
        assert status(nobody.opens(again.location)) == "active"

    def test_leads_back_to_the_app_that_gave_no_address(
        self, nobody: Visitor, address: str, world: World
    ) -> None:
        page = self.back(nobody, payer.pays(nobody.posts(address).location))

        assert world.app.website in [a.get("href") for a in page.all("a")]

    def test_says_that_nothing_was_charged_and_goes_on(
        self, nobody: Visitor, address: str, sandbox: SandboxServer
    ) -> None:
        url = nobody.posts(address).location

        page = self.back(nobody, payer.cancels(url))

        assert status(page) == "not_charged"
        assert page.has("try-again")
        assert nobody.posts(address).location == url
        assert calls(sandbox) == 1

    def test_says_that_it_is_processing(
        self, nobody: Visitor, make: Make, world: World, site: Site
    ) -> None:
        address = payment_links.keyed(site, make(orders_of_apis.stated(world, method="sepa")))

        page = self.back(nobody, payer.pays(nobody.posts(address).location))

        assert status(page) == "processing"
        assert not page.has("pay")

    def test_says_that_it_is_confirming_and_looks_again(
        self, nobody: Visitor, address: str, sandbox: SandboxServer
    ) -> None:
        target = payer.pays(nobody.posts(address).location)
        sandbox.fault("500_before", provider="stripe", times=50)

        page = self.back(nobody, target)

        assert status(page) == "confirming"
        assert page.headers["Refresh"] == "20"
        assert not page.has("pay")

    def test_says_that_a_person_looks_at_it(
        self, nobody: Visitor, address: str, world: World
    ) -> None:
        url = nobody.posts(address).location
        world.begin_plan(world.globex)

        page = self.back(nobody, payer.pays(url))

        assert status(page) == "needs_review"
        assert not page.has("pay")

    def test_says_that_it_expired_at_the_provider(self, nobody: Visitor, address: str) -> None:
        payer.expires(nobody.posts(address).location)

        page = nobody.opens(address)

        assert status(page) == "expired"
        assert not page.has("pay")
        assert nobody.posts(address).status == 303

    def test_says_that_it_expired_before_anybody_came(
        self, nobody: Visitor, address: str, sandbox: SandboxServer
    ) -> None:
        sandbox.advance("25 hours")

        answer = nobody.posts(address)

        assert status(nobody.opens(answer.location)) == "expired"
        assert calls(sandbox) == 0


class TestAtItsDeadline:
    @pytest.fixture
    def address(self, make: Make, world: World, site: Site) -> str:
        """Answer the page of a checkout that ends in five minutes, a thing Stripe has not."""
        deadline = site.clock.now().replace(microsecond=0)
        made = orders_of_apis.items(world, deadline=deadline + FIVE_MINUTES)
        return payment_links.keyed(site, make(made))

    def test_is_over_without_a_sweep(
        self, nobody: Visitor, address: str, sandbox: SandboxServer, world: World
    ) -> None:
        sandbox.advance("6 minutes")

        assert status(nobody.opens(address)) == "expired"
        assert nobody.posts(address).status == 303
        assert calls(sandbox) == 0
        assert rows(world)[0].state == "expired"

    def test_is_over_at_the_provider_too(
        self, nobody: Visitor, address: str, sandbox: SandboxServer
    ) -> None:
        url = nobody.posts(address).location
        sandbox.advance("6 minutes")

        assert status(nobody.opens(address)) == "expired"
        with pytest.raises(payer.NoSuchButton):
            payer.pays(url)

    def test_counts_what_was_paid_before(
        self, nobody: Visitor, address: str, sandbox: SandboxServer
    ) -> None:
        payer.pays(nobody.posts(address).location)
        sandbox.advance("6 minutes")

        assert status(nobody.opens(address)) == "active"


class TestReturning:
    @pytest.fixture
    def urls(self) -> dict[str, Any]:
        """Answer addresses that are only right where they are reached as they are."""
        return {
            "success_url": "https://app.example.com/done?a=b&c=%2F{X}#part",
            "cancel_url": "https://app.example.com/left?x=%20y",
        }

    @pytest.mark.parametrize("provider", ["stripe", "mollie"])
    def test_reaches_the_apps_success_url_unchanged(
        self, nobody: Visitor, make: Make, world: World, urls: dict[str, Any], provider: str
    ) -> None:
        row = make(orders_of_apis.order(world, provider, **urls))

        assert nobody.opens(payer.pays(row.url or "") or "").location == urls["success_url"]

    @pytest.mark.parametrize("provider", ["stripe", "mollie"])
    def test_reaches_the_apps_cancel_url_unchanged(
        self, nobody: Visitor, make: Make, world: World, urls: dict[str, Any], provider: str
    ) -> None:
        row = make(orders_of_apis.order(world, provider, **urls))

        assert nobody.opens(payer.cancels(row.url or "") or "").location == urls["cancel_url"]

    def test_pays_after_all_where_the_app_has_said_that_nothing_was_charged(
        self, nobody: Visitor, make: Make, world: World, site: Site, urls: dict[str, Any]
    ) -> None:
        row = make(orders_of_apis.items(world, **urls))
        address = payment_links.keyed(site, row)
        url = nobody.posts(address).location
        nobody.opens(payer.cancels(url) or "")

        page = nobody.opens(address)

        assert status(page) == "not_charged"
        assert page.has("pay")
        assert nobody.posts(address).location == url

    def test_goes_on_by_itself_once_it_is_confirmed(
        self,
        nobody: Visitor,
        make: Make,
        world: World,
        urls: dict[str, Any],
        sandbox: SandboxServer,
    ) -> None:
        row = make(orders_of_apis.order(world, **urls))
        target = payer.pays(row.url or "") or ""
        sandbox.fault("500_before", provider="stripe", times=50)

        waiting = nobody.opens(nobody.opens(target).location)
        sandbox.clear_faults()
        sandbox.advance("1 minute")

        assert status(waiting) == "confirming"
        seconds, _, url = waiting.headers["Refresh"].partition("; url=")
        assert int(seconds) >= 20
        assert nobody.opens(url).location == urls["success_url"]

    def test_tells_what_needs_review_itself(
        self, nobody: Visitor, make: Make, world: World, urls: dict[str, Any]
    ) -> None:
        row = make(orders_of_apis.order(world, **urls))
        world.begin_plan(world.globex)

        sent_on = nobody.opens(payer.pays(row.url or "") or "")

        assert status(nobody.opens(sent_on.location)) == "needs_review"


class TestOfThePortal:
    @pytest.fixture
    def begun(self, tara: Visitor, world: World) -> str:
        """Answer the provider's page of a purchase that Tara began in the portal."""
        price = world.price("team", "year").price_id
        world.db.commit()
        path = f"/t/{world.globex.uuid}/checkout"
        shown = tara.opens(f"{path}?price={price}&quantity=1&method=stripe-card")
        return tara.posts(path, {**shown.fields(path), "act": "pay"}).location

    def test_is_the_receipt_of_a_browser_without_a_sign_in(
        self, nobody: Visitor, begun: str, world: World
    ) -> None:
        sent_on = nobody.opens(payer.pays(begun) or "")

        page = nobody.opens(sent_on.location)

        assert status(page) == "active"
        assert str(world.globex.uuid) not in page.text

    def test_is_the_receipt_of_somebody_elses_browser(self, peter: Visitor, begun: str) -> None:
        sent_on = peter.opens(payer.pays(begun) or "")

        assert status(peter.opens(sent_on.location)) == "active"

    def test_is_begun_again_in_the_portal(self, nobody: Visitor, begun: str, world: World) -> None:
        page = nobody.opens(nobody.opens(payer.cancels(begun) or "").location)

        assert status(page) == "not_charged"
        assert not page.has("pay")
        assert page.at("try-again").get("href", "").startswith(f"/t/{world.globex.uuid}/")


def rows(world: World) -> list[CheckoutSession]:
    """Answer every checkout as it is stored now."""
    world.db.rollback()
    world.db.expire_all()
    found = list(world.db.scalars(select(CheckoutSession).order_by(CheckoutSession.id)))
    world.db.commit()
    return found
