"""An owner integrates the portal: a key, an origin, a webhook, and a link that was tried out."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import expect

from tests.cast import World
from tests.e2e import inspection
from tests.e2e.actors import Payer
from tests.e2e.conftest import Meet
from tests.e2e.inspection import is_open_to_all
from tests.e2e.portal import Portal
from tests.waiting import PATIENCE_SECONDS


@pytest.fixture
def area(world: World) -> str:
    """Answer where the pages are."""
    return f"/console/apps/{world.app.uuid}/integration"


class TestOwnerIntegrates:
    def test_with_a_key_that_makes_a_link_until_it_is_revoked(
        self, alice: Payer, meet: Meet, area: str, world: World, portal: Portal
    ) -> None:
        alice.opens(f"{area}/keys")
        alice.presses("console-key-make")
        is_open_to_all(alice)
        alice.at("console-key-name").fill("Shop server")
        alice.at("console-key-write").check()
        alice.presses("console-key-make")
        key = alice.at("console-key-secret").input_value()
        faults = inspection.faults(alice.page)
        assert not faults, "\n".join(faults)

        def asks_for_a_link() -> requests.Response:
            return requests.post(
                f"{portal.url}/api/v1/apps/{world.app.uuid}/tenants/{world.globex.uuid}/portal-links",
                headers={
                    "x-api-key": key,
                    "x-client-id": str(world.app.uuid),
                    "x-api-key-type": "write",
                },
                json={},
                timeout=PATIENCE_SECONDS,
            )

        made = asks_for_a_link()
        assert made.status_code == 201
        tara = meet(world.tara, world.globex)
        tara.opens(made.json()["items"][0]["nextAction"]["url"])
        tara.presses("link-continue")
        tara.sees_heading("Billing for Globex")
        assert tara.opens("/account").status == 404

        alice.opens(f"{area}/keys")
        alice.reads("last used on")
        alice.page.get_by_role("link", name="Revoke Shop server").click()
        alice.sees_heading("Revoke Shop server?")
        is_open_to_all(alice)
        alice.presses("console-key-revoke-confirm")
        alice.reads("Shop server is revoked")
        assert asks_for_a_link().status_code == 401

    def test_with_an_origin_and_an_endpoint(self, alice: Payer, area: str) -> None:
        alice.opens(area)
        is_open_to_all(alice)
        alice.opens(f"{area}/origins")
        is_open_to_all(alice)
        alice.at("console-origin").fill("https://shop.example.com")
        alice.at("console-origin-may-embed").check()
        alice.presses("console-origin-add")
        alice.reads("https://shop.example.com is registered.")

        alice.opens(f"{area}/webhooks")
        alice.page.get_by_text("Choose some of them").click()
        is_open_to_all(alice)
        alice.at("console-webhook-url").fill("http://127.0.0.1:9/webhooks")
        alice.presses("console-webhook-add")
        assert alice.at("console-webhook-secret").input_value().startswith("whsec_")
        alice.presses("console-webhook-ping")
        alice.reads("ping")
        is_open_to_all(alice)
        alice.opens(f"{area}/signing-keys")
        is_open_to_all(alice)

    def test_with_a_link_that_is_tried_out(
        self, alice: Payer, meet: Meet, area: str, world: World
    ) -> None:
        alice.opens(f"{area}/playground")
        is_open_to_all(alice)
        alice.page.get_by_role("link", name="Globex").click()
        alice.at("console-playground-scope").select_option("plans")
        alice.at("console-playground-user").select_option(label="milo@globex.example (member)")
        alice.presses("console-playground-show")
        expect(alice.at("console-playground-curl")).to_contain_text('"scope": "plans"')
        is_open_to_all(alice)
        alice.presses("console-playground-send")
        alice.reads("201 Created")
        faults = inspection.faults(alice.page)
        assert not faults, "\n".join(faults)

        milo = meet(world.milo, world.globex)
        milo.opens(alice.at("console-playground-address").input_value())
        milo.presses("link-continue")
        milo.sees_heading("Plans for Globex")
