"""A page of the app starts a session by seed 002 with Tara's token, from her own browser."""

from __future__ import annotations

from typing import Any

import pytest

from app.billing.access import tokens
from app.billing.site import Site
from tests.cast import World
from tests.e2e import ledger
from tests.e2e.actors import Payer
from tests.e2e.conftest import Meet
from tests.e2e.portal import Portal
from tests.e2e.saas import Saas
from tests.sandbox_server import SandboxServer

_FETCH = """async ({address, token, body}) => {
  const response = await fetch(address, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  });
  return [response.status, await response.json()];
}"""


@pytest.fixture
def payer(meet: Meet, world: World, saas: Saas) -> Payer:
    """Answer Tara, who is looking at the app itself."""
    payer = meet(world.tara, world.globex)
    payer.page.goto(f"{saas.url}/billing")
    return payer


def creates(
    payer: Payer, portal: Portal, world: World, site: Site, saas: Saas, mode: str
) -> tuple[int, Any]:
    """Let the page Tara is at create a session at Mollie; answer status and body."""
    price = world.price("team") if mode == "subscription" else world.price("onboarding", None)
    rate = world.rates()[0]
    body = {
        "tenantUuid": str(world.globex.uuid),
        "productPriceUuid": str(price.uuid),
        "taxRateUuid": str(rate.uuid),
        "paymentMethod": "card",
        "quantity": 1,
        "mode": mode,
        "currency": "EUR",
        "successUrl": f"{saas.url}/billing/success?b=%20",
        "cancelUrl": f"{saas.url}/billing/cancel",
    }
    token = tokens.issue(world.db, site, world.app, world.tara)
    world.db.commit()
    path = f"/api/v1/apps/{world.app.uuid}/payment-providers/mollie/checkout-sessions"
    asked = {"address": portal.url + path, "token": token, "body": body}
    status, answer = payer.page.evaluate(_FETCH, asked)
    return status, answer


@pytest.mark.parametrize("mode", ["setup", "payment", "subscription"])
class TestMode:
    def test_is_paid_and_has_its_effect(
        self,
        payer: Payer,
        portal: Portal,
        world: World,
        site: Site,
        saas: Saas,
        sandbox: SandboxServer,
        mode: str,
    ) -> None:
        status, answer = creates(payer, portal, world, site, saas, mode)
        assert status == 200

        payer.opens(answer["items"][0]["nextAction"]["url"])
        payer.pays()
        payer.sees_heading("Acme Notes")
        sandbox.wait_idle()

        assert saas.visits[-1] == f"{saas.url}/billing/success?b=%20"
        assert len(ledger.charges(sandbox, "mollie")) == 1
        assert len(ledger.given_back(sandbox, "mollie")) == (1 if mode == "setup" else 0)
        subscriptions = ledger.subscriptions(sandbox, "mollie")
        assert len(subscriptions) == (1 if mode == "subscription" else 0)
