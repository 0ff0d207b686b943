"""A portal link: asks first, is used up once, and opens what its scope says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.billing.access import portal_links
from app.billing.site import Site
from app.models import Tenant
from tests.cast import World
from tests.e2e.actors import Payer
from tests.e2e.conftest import Meet

Issue = Callable[..., str]


@pytest.fixture
def link_to(world: World, site: Site) -> Issue:
    """Issue links as the app's own servers do."""

    def issue(tenant: Tenant, **wanted: str) -> str:
        _, address = portal_links.issue(world.db, site, tenant=tenant, **wanted)  # type: ignore[arg-type]
        world.db.commit()
        return address

    return issue


@pytest.fixture
def visitor(meet: Meet, world: World) -> Payer:
    """Answer Tara in a browser in which she has not signed in."""
    return meet(world.tara, world.globex)


class TestLinkOpensThePortal:
    def test_asks_however_often_it_is_opened(
        self, visitor: Payer, world: World, link_to: Issue
    ) -> None:
        address = link_to(world.globex)

        for _ in range(3):
            visitor.opens(address)
            visitor.sees_heading("Continue as tara@globex.example?")
        visitor.presses("link-continue")

        visitor.sees_heading("Billing for Globex")

    def test_buys_a_plan(self, visitor: Payer, world: World, link_to: Issue) -> None:
        visitor.opens(link_to(world.globex))
        visitor.presses("link-continue")

        visitor.orders("team", "month", method="mollie-card")
        visitor.pays()

        visitor.sees_plan("Team, monthly")

    def test_works_once(self, visitor: Payer, meet: Meet, world: World, link_to: Issue) -> None:
        address = link_to(world.globex)
        visitor.opens(address)
        visitor.presses("link-continue")

        finder = meet(world.charlie, world.globex)

        assert finder.opens(address).status == 404
        finder.sees_heading("This link does not work")

    def test_opens_only_what_its_scope_says(
        self, visitor: Payer, world: World, link_to: Issue
    ) -> None:
        visitor.opens(link_to(world.globex, scope="plans"))
        visitor.presses("link-continue")

        visitor.sees_heading("Choose a plan for Globex")
        assert visitor.goes_to("").status == 404
        assert visitor.goes_to("payment-methods").status == 404
        assert visitor.opens(f"/t/{world.initech.uuid}/plans").status == 404
        assert visitor.opens("/console/").status == 404

    def test_says_whom_it_signs_out(self, peter: Payer, world: World, link_to: Issue) -> None:
        peter.opens(link_to(world.globex))
        peter.reads("Somebody else is signed in in this browser.")

        peter.presses("link-continue")

        peter.sees_heading("Billing for Globex")
        assert peter.goes_to("").status == 404
