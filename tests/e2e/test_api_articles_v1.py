"""The app's server sells an article by dialect 003, and the payer comes back to the app's site."""

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

Call = Callable[..., dict[str, Any]]


@pytest.fixture
def call(portal: Portal, world: World, saas: Saas) -> Call:
    """Answer a way to call the API as the app's server does."""
    company = str(world.globex.uuid)
    world.db.commit()

    def call(path: str = "", **body: Any) -> dict[str, Any]:
        address = f"{portal.url}/payment/stripe/v1/checkout{path}"
        headers = {"x-api-key": API_KEYS["write"], "Content-Type": "application/json"}
        sent = json.dumps({"CompanyId": company} | body).encode()
        asked = urllib.request.Request(address, sent, headers)
        with OPENER.open(asked, timeout=PATIENCE_SECONDS) as response:
            answer: dict[str, Any] = json.load(response)
        return answer

    return call


def order(saas: Saas, **changed: Any) -> dict[str, Any]:
    """Answer an order of one Onboarding for a booking."""
    return {
        "CountryCode": "DE",
        "Articles": [{"ArticleId": 1, "ArticleTypeId": 1, "Quantity": 1}],
        "InternalReferenceId": "booking-4711",
        "ConfirmationUrl": f"{saas.url}/confirmed?a=1&b=%20",
        "CancelUrl": f"{saas.url}/canceled?a=1",
    } | changed


class TestArticle:
    def test_is_paid_and_leads_back_to_the_app(
        self, payer: Payer, call: Call, saas: Saas, sandbox: SandboxServer
    ) -> None:
        session = call(**order(saas))

        payer.opens(session["Url"])
        payer.pays()

        payer.sees_heading("Acme Notes")
        assert saas.visits == [f"{saas.url}/confirmed?a=1&b=%20"]
        assert call("/status", SessionId=session["SessionId"])["Status"] == "complete"
        assert [charge["amount"] for charge in ledger.charges(sandbox, "stripe")] == [58310]

    def test_is_left_and_leads_back_to_the_app(
        self, payer: Payer, call: Call, saas: Saas, sandbox: SandboxServer
    ) -> None:
        session = call(**order(saas))

        payer.opens(session["Url"])
        payer.cancels()

        payer.sees_heading("Acme Notes")
        assert saas.visits == [f"{saas.url}/canceled?a=1"]
        assert call("/status", SessionId=session["SessionId"])["Status"] == "open"
        assert ledger.charges(sandbox, "stripe") == []

    def test_is_confirmed_on_our_page_where_the_app_has_none(
        self, payer: Payer, call: Call, saas: Saas
    ) -> None:
        session = call(**order(saas, ConfirmationUrl=None))

        payer.opens(session["Url"])
        payer.pays()

        payer.sees_checkout("active")
        assert saas.visits == []

    def test_cannot_be_paid_on_the_page_of_an_earlier_checkout(
        self, payer: Payer, call: Call, saas: Saas
    ) -> None:
        earlier = call(**order(saas))
        later = call(**order(saas))

        payer.opens(earlier["Url"])
        payer.does_not_see("sandbox-pay")
        payer.opens(later["Url"])
        payer.pays()

        payer.sees_heading("Acme Notes")
        assert call("/status", SessionId=earlier["SessionId"])["Status"] == "expired"
        assert call("/status", SessionId=later["SessionId"])["Status"] == "complete"
