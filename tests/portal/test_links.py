"""Portal links."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from sqlalchemy.orm import Session

from app import clock
from app.billing.access import portal_links
from app.billing.site import Site
from app.models import Price
from app.portal import links
from app.web import visits
from tests.billing.purchases import Buyer
from tests.billing.running_plans import bought, plan
from tests.cast import World
from tests.pages import Visitor
from tests.sandbox_server import SandboxServer

Issue = Callable[..., str]


@pytest.fixture
def issue(db: Session, site: Site, world: World) -> Issue:
    """Answer a way to get the path of a link into Globex."""

    def issue(
        scope: str = "portal",
        return_url: str | None = None,
        price: Price | None = None,
        quantity: int | None = None,
    ) -> str:
        _, url = portal_links.issue(
            db,
            site,
            tenant=world.globex,
            scope=scope,
            return_url=return_url,
            price=price,
            quantity=quantity,
        )
        db.commit()
        return urlsplit(url).path

    return issue


class TestShow:
    def test_only_asks(self, nobody: Visitor, issue: Issue, world: World) -> None:
        page = nobody.opens(issue())

        assert page.heading == "Continue as tara@globex.example?"
        assert page.has("link-continue")
        assert nobody.opens(f"/t/{world.globex.uuid}/").status == 303

    def test_uses_nothing_up_however_often_it_is_opened(
        self, nobody: Visitor, issue: Issue
    ) -> None:
        path = issue()
        nobody.client.head(path)
        for _ in range(3):
            nobody.opens(path, Purpose="prefetch")

        assert nobody.posts(path).status == 303

    def test_says_who_would_be_signed_out(
        self, tara: Visitor, peter: Visitor, issue: Issue
    ) -> None:
        assert "Somebody else is signed in" in peter.opens(issue()).words()
        assert "Somebody else is signed in" not in tara.opens(issue()).words()

    @pytest.mark.parametrize("token", ["x", "a" * 43, "..%2f"])
    def test_does_not_exist_for_a_guess(self, nobody: Visitor, token: str) -> None:
        assert nobody.opens(f"/link/{token}").status == 404


class TestFollow:
    def test_opens_that_tenants_portal(self, nobody: Visitor, issue: Issue, world: World) -> None:
        page = nobody.posts(issue())

        assert page.location == f"/t/{world.globex.uuid}/"
        assert nobody.opens(page.location).heading == "Billing for Globex"
        assert nobody.opens("/").location == page.location

    def test_works_once(self, nobody: Visitor, issue: Issue) -> None:
        path = issue()
        nobody.posts(path)

        page = nobody.posts(path)

        assert page.status == 404
        assert "does not work any more" in page.words()

    def test_replaces_who_was_signed_in(self, peter: Visitor, issue: Issue, world: World) -> None:
        peter.posts(issue())

        assert peter.opens(f"/t/{world.globex.uuid}/").status == 200
        assert peter.opens(f"/t/{world.initech.uuid}/").status == 404

    def test_never_opens_the_console(self, nobody: Visitor, issue: Issue) -> None:
        nobody.posts(issue())

        assert nobody.opens("/console/").status == 404

    def test_opens_only_the_pages_of_its_scope(
        self, nobody: Visitor, issue: Issue, world: World
    ) -> None:
        page = nobody.posts(issue("payment-methods"))

        assert page.location == f"/t/{world.globex.uuid}/payment-methods"
        assert nobody.opens(page.location).status == 200
        assert nobody.opens(f"/t/{world.globex.uuid}/").status == 404
        assert nobody.opens(f"/t/{world.globex.uuid}/plans").status == 404

    def test_to_the_invoices_opens_them_and_no_more(
        self, nobody: Visitor, issue: Issue, world: World
    ) -> None:
        page = nobody.posts(issue("invoices"))

        assert page.location == f"/t/{world.globex.uuid}/invoices"
        assert nobody.opens(page.location).heading == "Invoices"
        assert nobody.opens(f"{page.location}.csv").status == 200
        assert nobody.opens(f"/t/{world.globex.uuid}/payment-methods").status == 404

    def test_ends_after_an_hour(self, nobody: Visitor, issue: Issue, world: World) -> None:
        nobody.posts(issue())
        with nobody.client.session_transaction() as session:
            lasts = session["link"]["ends"] - clock.wall().timestamp()
            session["link"] = {**session["link"], "ends": int(clock.wall().timestamp()) - 1}

        page = nobody.opens(f"/t/{world.globex.uuid}/")

        assert 3500 < lasts <= 3600
        assert page.status == 303
        assert "Your link has ended." in nobody.opens(page.location).words()

    def test_refuses_a_post_from_another_page(self, nobody: Visitor, issue: Issue) -> None:
        path = issue()

        assert nobody.posts(path, {"csrf_token": "forged"}).status == 400
        assert nobody.posts(path).status == 303


class TestCheckoutLink:
    def test_begins_at_the_order_it_names(
        self, nobody: Visitor, issue: Issue, world: World
    ) -> None:
        page = nobody.posts(issue("checkout", price=world.price("team"), quantity=3))

        order = nobody.opens(page.location)
        assert order.heading == "Tax and payment"
        assert "Team" in order.words()
        assert order.fields(f"/t/{world.globex.uuid}/checkout")["quantity"] == "3"
        assert "Change" not in order.words()
        assert nobody.opens(f"/t/{world.globex.uuid}/checkout").location == page.location
        assert nobody.opens("/").location == page.location

    def test_sells_nothing_else(self, nobody: Visitor, issue: Issue, world: World) -> None:
        other = {"price": world.price("business").price_id, "act": "pay"}
        page = nobody.posts(issue("checkout", price=world.price("team")))
        path = f"/t/{world.globex.uuid}/checkout"
        sent = nobody.opens(page.location).fields(path) | other

        assert nobody.opens(f"{path}?price={other['price']}").status == 404
        assert nobody.posts(path, sent).status == 404
        assert nobody.opens(f"/t/{world.globex.uuid}/plans").status == 404

    def test_comes_back_to_the_order_after_the_details(
        self, nobody: Visitor, issue: Issue, world: World
    ) -> None:
        page = nobody.posts(issue("checkout", price=world.price("team")))
        path = f"/t/{world.globex.uuid}/details"

        saved = nobody.posts(path, nobody.opens(path).fields(path))

        assert saved.location == page.location


class TestReturnUrl:
    def test_is_on_every_page_of_the_visit(
        self, nobody: Visitor, tara: Visitor, issue: Issue, world: World
    ) -> None:
        back = "https://app.example.com/settings"
        page = nobody.posts(issue(return_url=back))

        shown = nobody.opens(page.location)

        (link,) = [a for a in shown.all("a") if a.get("href") == back]
        assert "".join(link.itertext()) == "Back to Acme Notes"
        assert back not in tara.opens(page.location).text


class TestScopes:
    def test_that_are_offered_have_their_page(self) -> None:
        assert set(links.STARTS) == set(visits.SCOPES) == set(portal_links.OFFERED)


class TestALinkThatEndsThePlan:
    def test_opens_that_one_act_and_its_result(
        self, nobody: Visitor, issue: Issue, world: World, site: Site, sandbox: SandboxServer
    ) -> None:
        buyer = Buyer(world, site, sandbox, world.tara)
        bought(buyer, "stripe-card")
        home = f"/t/{world.globex.uuid}/subscription"

        assert nobody.posts(issue("cancel")).location == f"{home}/cancel"

        assert nobody.opens(home).status == 404
        assert nobody.opens(f"/t/{world.globex.uuid}/").status == 404
        assert nobody.posts(f"{home}/resume").status == 404
        done = nobody.opens(nobody.posts(f"{home}/cancel").location)
        assert done.heading == "Your plan is set to end"
        assert home not in [a.get("href") for a in done.all("a")]
        assert plan(buyer).status == "canceling"
