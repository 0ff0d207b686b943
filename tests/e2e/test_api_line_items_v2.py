"""The app's server prices what it sells by dialect 004, and our page sells it in time."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from app.billing.demo.demo_world import API_KEYS
from tests.cast import World
from tests.e2e import inspection, ledger
from tests.e2e.actors import Payer
from tests.e2e.conftest import Meet
from tests.e2e.portal import Portal
from tests.e2e.saas import Saas
from tests.sandbox_server import OPENER, SandboxServer
from tests.waiting import PATIENCE_SECONDS

Json = dict[str, Any]
Create = Callable[..., Json]
Get = Callable[[Json], Json]


@pytest.fixture
def payer(meet: Meet, world: World) -> Payer:
    """Answer somebody who is known by an e-mail address only."""
    return meet(world.charlie, world.globex)


@pytest.fixture
def call(portal: Portal, world: World) -> Callable[..., Json]:
    """Answer a way to call the API as the app's server does."""
    token = base64.urlsafe_b64encode(f"{world.app.uuid}:{API_KEYS['write']}".encode()).decode()
    headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
    world.db.commit()

    def call(path: str = "", body: Json | None = None) -> Json:
        address = f"{portal.url}/api/v2/checkout-sessions{path}"
        sent = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(address, sent, headers)
        with OPENER.open(asked, timeout=PATIENCE_SECONDS) as response:
            answer: Json = json.load(response)
        return answer

    return call


@pytest.fixture
def create(call: Callable[..., Json], saas: Saas) -> Create:
    """Answer a way to create a session for two notebooks."""
    product = {"name": "Notebook", "description": "A5, dotted"}
    order = {
        "line_items": [
            {
                "price_data": {"currency": "usd", "amount": 1250, "product_data": product},
                "quantity": 2,
            }
        ],
        "customer_email": "jsmith@example.com",
        "success_url": f"{saas.url}/success?order=4711&b=%20",
        "cancel_url": f"{saas.url}/cancel?order=4711",
        "mode": "payment",
    }
    return lambda **changed: call(body=order | changed)


@pytest.fixture
def get(call: Callable[..., Json]) -> Get:
    """Answer a way to get a session as it is now."""
    return lambda session: call(f"/{session['id']}")


class TestSession:
    def test_is_paid_and_leads_back_to_the_app(
        self, payer: Payer, create: Create, get: Get, saas: Saas, sandbox: SandboxServer
    ) -> None:
        session = create()

        payer.opens(session["checkout_session_url"])
        payer.reads("Notebook")
        payer.reads("A5, dotted")
        payer.reads("jsmith@example.com")
        expect(payer.at("order-total")).to_have_text("$25.00")
        payer.goes_to_pay()
        payer.pays()

        payer.sees_heading("Acme Notes")
        assert saas.visits == [f"{saas.url}/success?order=4711&b=%20"]
        assert get(session)["status"] == "complete"
        assert [charge["amount"] for charge in ledger.charges(sandbox, "stripe")] == [2500]

    def test_is_left_on_our_page(
        self, payer: Payer, create: Create, get: Get, saas: Saas, sandbox: SandboxServer
    ) -> None:
        product = {"name": "W" * 200, "description": "D" * 400}
        line = {"price_data": {"currency": "usd", "amount": 1, "product_data": product}}
        session = create(line_items=[{**line, "quantity": 1}])

        payer.opens(session["checkout_session_url"])
        assert inspection.faults(payer.page) == []
        payer.page.get_by_role("link", name="Cancel").click()

        payer.sees_heading("Acme Notes")
        assert saas.visits == [f"{saas.url}/cancel?order=4711"]
        assert get(session)["status"] == "open"
        assert ledger.checkouts(sandbox, "stripe") == []

    def test_is_left_at_the_provider(
        self, payer: Payer, create: Create, get: Get, saas: Saas
    ) -> None:
        session = create()

        payer.opens(session["checkout_session_url"])
        payer.goes_to_pay()
        payer.cancels()

        payer.sees_heading("Acme Notes")
        assert saas.visits == [f"{saas.url}/cancel?order=4711"]
        assert get(session)["status"] == "open"

    def test_is_not_sold_after_its_time(
        self, payer: Payer, create: Create, get: Get, sandbox: SandboxServer
    ) -> None:
        session = create(expires_in=60)
        payer.opens(session["checkout_session_url"])
        sandbox.advance_to(session["expiry"])

        payer.presses("pay")

        payer.sees_checkout("expired")
        assert get(session)["status"] == "expired"
        assert ledger.checkouts(sandbox, "stripe") == []

    def test_ends_at_the_provider_at_the_second_it_was_given(
        self,
        payer: Payer,
        create: Create,
        get: Get,
        sandbox: SandboxServer,
        sweeps: Callable[[], None],
    ) -> None:
        session = create(expires_in=60)
        payer.opens(session["checkout_session_url"])
        payer.goes_to_pay()
        page = payer.page.url

        sandbox.advance_to(session["expiry"])
        sweeps()

        payer.opens(page)
        payer.does_not_see("sandbox-pay")
        payer.opens(session["checkout_session_url"])
        payer.sees_checkout("expired")
        assert get(session)["status"] == "expired"
        assert ledger.charges(sandbox, "stripe") == []
