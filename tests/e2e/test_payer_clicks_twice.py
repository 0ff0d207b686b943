"""Tara clicks twice, has two tabs open, goes back: one purchase all the same."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import ledger
from tests.e2e.actors import Payer
from tests.sandbox_server import SandboxServer

PROVIDERS = pytest.mark.parametrize("provider", ["stripe", "mollie"])


def reaches_the_button(payer: Payer, provider: str) -> None:
    payer.chooses("team", "month")
    payer.picks(f"{provider}-card")
    expect(payer.at("pay")).to_be_enabled()


class TestPayerClicksTwice:
    @PROVIDERS
    def test_double_clicks(self, tara: Payer, sandbox: SandboxServer, provider: str) -> None:
        reaches_the_button(tara, provider)

        with tara.page.expect_navigation():
            tara.at("pay").dblclick()

        tara.is_at_the_provider()
        assert len(ledger.checkouts(sandbox, provider)) == 1

    @PROVIDERS
    def test_pays_in_two_tabs(self, tara: Payer, sandbox: SandboxServer, provider: str) -> None:
        reaches_the_button(tara, provider)
        other = open_again(tara)

        press_without_waiting(tara.page)
        press_without_waiting(other)

        tara.is_at_the_provider()
        expect(other).to_have_url(tara.page.url)
        assert len(ledger.checkouts(sandbox, provider)) == 1

    def test_finds_nothing_to_buy_after_going_back(
        self, tara: Payer, sandbox: SandboxServer
    ) -> None:
        tara.orders("team", "month")
        tara.pays()
        tara.sees_checkout("active")

        tara.page.go_back()
        tara.reads("You're all done here")
        tara.page.go_back()

        tara.reads("A plan runs already.")
        tara.does_not_see("pay")
        assert len(ledger.charges(sandbox, "stripe")) == 1

    def test_is_refused_in_a_tab_that_was_open_all_along(
        self, tara: Payer, sandbox: SandboxServer
    ) -> None:
        reaches_the_button(tara, "stripe")
        old = open_again(tara)
        tara.goes_to_pay()
        tara.pays()
        tara.sees_checkout("active")

        with old.expect_navigation() as arriving:
            old.get_by_test_id("pay").click()

        assert arriving.value.status == 409
        expect(old.get_by_role("main")).to_contain_text("already has a plan")
        assert len(ledger.checkouts(sandbox, "stripe")) == 1


class TestPayerWithoutScriptsClicksTwice:
    @pytest.fixture
    def context_settings(self) -> dict[str, Any]:
        return {"java_script_enabled": False}

    @PROVIDERS
    def test_double_clicks(self, tara: Payer, sandbox: SandboxServer, provider: str) -> None:
        reaches_the_button(tara, provider)

        tara.at("pay").dblclick(no_wait_after=True)

        tara.is_at_the_provider()
        assert len(ledger.checkouts(sandbox, provider)) == 1


def open_again(payer: Payer) -> Page:
    """Open the page the payer is on in another tab, with the same choices."""
    chosen = payer.page.url
    method = payer.page.locator("[name=method]:checked").get_attribute("value")
    other = payer.context.new_page()
    other.goto(chosen)
    other.get_by_test_id(f"method-{method}").check()
    expect(other.get_by_test_id("pay")).to_be_enabled()
    return other


def press_without_waiting(page: Page) -> None:
    page.get_by_test_id("pay").click(no_wait_after=True)
