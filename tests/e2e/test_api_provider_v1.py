"""The app's server starts a session by seed 001; the payer pays it and is back in the app."""

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
from tests.e2e.portal import Portal
from tests.e2e.saas import Saas
from tests.sandbox_server import OPENER, SandboxServer
from tests.waiting import PATIENCE_SECONDS

Create = Callable[..., str]


@pytest.fixture
def create(portal: Portal, world: World, saas: Saas) -> Create:
    """Answer what the app's server does: create a session and answer where its payer goes."""
    prices = {
        "subscription": world.price("team").price_id,
        "payment": world.price("onboarding", None).price_id,
        "setup": None,
    }
    headers = {
        "x-api-key": API_KEYS["write"],
        "x-client-id": str(world.app.uuid),
        "x-api-key-type": "write",
        "Content-Type": "application/json",
    }
    base = f"{portal.url}/api/v1/apps/{world.app.uuid}/tenants/{world.globex.uuid}"
    world.db.commit()

    def create(provider: str, mode: str, **changed: Any) -> str:
        body = {
            "priceId": prices[mode],
            "taxRateId": "txr_demoDE19",
            "quantity": 2,
            "mode": mode,
            "currency": "EUR",
            "successUrl": f"{saas.url}/success?order=4711&b=%20",
            "cancelUrl": f"{saas.url}/cancel?order=4711",
            **changed,
        }
        address = f"{base}/payment-providers/{provider}/checkout-sessions"
        call = urllib.request.Request(address, json.dumps(body).encode(), headers)
        with OPENER.open(call, timeout=PATIENCE_SECONDS) as response:
            return str(json.load(response)["items"][0]["nextAction"]["url"])

    return create


@pytest.mark.parametrize("provider", ["stripe", "mollie"])
class TestSession:
    def test_is_paid_and_leads_back_to_the_app(
        self,
        payer: Payer,
        create: Create,
        saas: Saas,
        sandbox: SandboxServer,
        tara: Payer,
        provider: str,
    ) -> None:
        payer.opens(create(provider, "subscription"))
        payer.pays()

        payer.sees_heading("Acme Notes")
        assert saas.visits == [f"{saas.url}/success?order=4711&b=%20"]
        assert len(ledger.charges(sandbox, provider)) == 1
        tara.sees_plan("Team, monthly")

    def test_is_left_and_leads_back_to_the_app(
        self, payer: Payer, create: Create, saas: Saas, sandbox: SandboxServer, provider: str
    ) -> None:
        payer.opens(create(provider, "payment"))
        payer.cancels()

        payer.sees_heading("Acme Notes")
        assert saas.visits == [f"{saas.url}/cancel?order=4711"]
        assert ledger.charges(sandbox, provider) == []

    def test_saves_a_card(
        self, payer: Payer, create: Create, saas: Saas, tara: Payer, provider: str
    ) -> None:
        payer.opens(create(provider, "setup"))
        payer.pays()

        payer.sees_heading("Acme Notes")
        assert saas.visits == [f"{saas.url}/success?order=4711&b=%20"]
        tara.signs_in()
        tara.goes_to("payment-methods")
        tara.reads("Visa ending 4242")


class TestCollection:
    def test_is_done_on_our_page_where_mollies_does_not(
        self, payer: Payer, create: Create, saas: Saas, sandbox: SandboxServer, portal: Portal
    ) -> None:
        address = create(
            "mollie",
            "payment",
            collectTermsOfServiceConsent=True,
            termsOfServiceUrl="https://app.example.com/terms",
        )
        assert address.startswith(f"{portal.url}/pay/")

        payer.opens(address)
        payer.page.get_by_label("I agree to the terms of service").check()
        payer.goes_to_pay()
        payer.pays()

        payer.sees_heading("Acme Notes")
        assert saas.visits == [f"{saas.url}/success?order=4711&b=%20"]
        assert len(ledger.charges(sandbox, "mollie")) == 1
