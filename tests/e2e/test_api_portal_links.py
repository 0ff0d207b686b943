"""The app's server hands out a portal link; its user buys what the link is for, and goes back."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from app.billing.demo.demo_world import API_KEYS
from tests.cast import World
from tests.e2e import ledger
from tests.e2e.actors import Payer
from tests.e2e.conftest import Meet
from tests.e2e.portal import Portal
from tests.e2e.saas import Saas
from tests.sandbox_server import OPENER, SandboxServer
from tests.waiting import PATIENCE_SECONDS

Create = Callable[..., str]


@pytest.fixture
def visitor(meet: Meet, world: World) -> Payer:
    """Answer Tara in a browser that never signed in."""
    return meet(world.tara, world.globex)


@pytest.fixture
def create(portal: Portal, world: World) -> Create:
    """Answer what the app's server does: make a link and answer its address."""
    headers = {
        "x-api-key": API_KEYS["write"],
        "x-client-id": str(world.app.uuid),
        "x-api-key-type": "write",
        "Content-Type": "application/json",
    }
    home = f"{portal.url}/api/v1/apps/{world.app.uuid}/tenants/{world.globex.uuid}"

    def create(rest: str = "portal-links", **body: Any) -> str:
        call = urllib.request.Request(f"{home}/{rest}", json.dumps(body).encode(), headers)
        with OPENER.open(call, timeout=PATIENCE_SECONDS) as response:
            return str(json.load(response)["items"][0]["nextAction"]["url"])

    return create


class TestLinkToTheCheckout:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-ideal"])
    def test_sells_what_was_chosen_and_leads_back(
        self,
        visitor: Payer,
        create: Create,
        saas: Saas,
        sandbox: SandboxServer,
        world: World,
        method: str,
    ) -> None:
        back = f"{saas.url}/settings?tab=billing"
        price = world.price("team").price_id
        world.db.commit()
        visitor.opens(create(scope="checkout", priceId=price, quantity=3, returnUrl=back))
        visitor.presses("link-continue")

        visitor.sees_heading("Tax and payment")
        visitor.picks(method)
        visitor.goes_to_pay()
        visitor.pays()

        visitor.sees_checkout("active")
        visitor.page.get_by_role("main").get_by_role("link", name="Back to Acme Notes").click()
        visitor.sees_heading("Acme Notes")
        assert saas.visits == [back]
        assert len(ledger.charges(sandbox, method.partition("-")[0])) == 1


class TestBillingPortal:
    def test_opens_the_portal_and_leads_back(
        self, visitor: Payer, create: Create, saas: Saas
    ) -> None:
        portals = "payment-providers/stripe/billing-portals"
        visitor.opens(create(portals, defaultReturnUrl=f"{saas.url}/home"))
        visitor.presses("link-continue")

        visitor.sees_heading("Billing for Globex")
        visitor.page.get_by_role("link", name="Back to Acme Notes").click()

        visitor.sees_heading("Acme Notes")
        assert saas.visits == [f"{saas.url}/home"]
