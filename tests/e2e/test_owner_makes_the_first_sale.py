"""From nothing to a first sale without a terminal: set up, connect, offer, invite, be paid."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.e2e.actors import Actor, Payer
from tests.e2e.portal import Portal
from tests.e2e.test_owner_begins import PASSWORD, comes, portal, sets_up
from tests.e2e.test_owner_keeps_the_catalogue import adds_a_product
from tests.sandbox_server import SandboxServer

# Fixtures that are used by name.
__all__ = ["comes", "portal"]

KEYS = {"stripe": "sk_test_sandbox_rocket", "mollie": "test_sandboxrocket"}


def connects(olga: Actor, console: str, provider: str) -> None:
    olga.opens(f"{console}/providers")
    olga.at(f"console-providers-test-{provider}").click()
    olga.at("console-providers-key").fill(KEYS[provider])
    olga.presses("console-providers-connect")
    olga.reads("The account is connected.")


def sets_the_tax(olga: Actor, console: str) -> None:
    olga.opens(f"{console}/catalogue/tax")
    olga.presses("console-catalogue-add-rate")
    olga.page.locator("#kind-country").check()
    olga.page.get_by_label("Country", exact=True).select_option("DE")
    olga.page.get_by_label("Percentage").fill("19")
    olga.presses("console-catalogue-save-rate")


def registers_and_makes_a_key(olga: Actor, console: str) -> None:
    olga.opens(f"{console}/integration/origins")
    olga.at("console-origin").fill("https://rocket.example.com")
    olga.presses("console-origin-add")
    olga.opens(f"{console}/integration/keys")
    olga.at("console-key-name").fill("Server")
    olga.at("console-key-write").check()
    olga.presses("console-key-make")


def invites(olga: Actor, console: str, email: str) -> None:
    olga.opens(f"{console}/customers")
    olga.presses("console-customers-new")
    olga.page.get_by_label("Name", exact=True).fill("Orbit Ltd")
    olga.at("console-customers-email").fill(email)
    olga.presses("console-customers-create")
    olga.sees_heading("Orbit Ltd")


def comes_in(tina: Payer, address: str) -> None:
    tina.opens(address)
    tina.at("accept-name").fill("Tina Tenant")
    tina.at("new-password").fill(PASSWORD)
    tina.presses("accept-submit")
    found = re.search(r"/t/([0-9a-f-]{36})", tina.page.url)
    assert found is not None, tina.page.url
    tina.tenant = found[1]


def fills_in_the_details(tina: Payer) -> None:
    tina.sees_heading("Details of Orbit Ltd")
    for label, value in {
        "Legal name": "Orbit Ltd",
        "Address line 1": "Umlaufbahn 3",
        "Postal code": "10115",
        "Town or city": "Berlin",
    }.items():
        tina.page.get_by_label(label).fill(value)
    tina.page.get_by_label("Country").select_option("DE")
    with tina.page.expect_navigation():
        tina.page.get_by_role("button", name=re.compile("Save")).click()


@pytest.mark.parametrize("provider", ["stripe", "mollie"])
class TestTheFirstSale:
    def test_needs_no_terminal(
        self,
        comes: Callable[[str], Actor],
        portal: Portal,
        sandbox: SandboxServer,
        provider: str,
    ) -> None:
        olga = comes("olga@example.com")
        sets_up(olga)
        console = olga.page.url.rstrip("/")
        app = console.rpartition("/")[2]
        for name in KEYS:
            connects(olga, console, name)
        olga.opens(f"{console}/catalogue")
        adds_a_product(olga, app)  # type: ignore[arg-type]
        sets_the_tax(olga, console)
        registers_and_makes_a_key(olga, console)
        invites(olga, console, "tina@orbit.example")
        customer = olga.page.url

        portal.worker.send_mails()
        (mail,) = sandbox.mails("tina@orbit.example")
        found = re.search(rf"{re.escape(portal.url)}/invitations/\S+", mail["text"])
        assert found is not None
        tina = Payer(olga.browser, portal.url, sandbox.url, "tina@orbit.example", tenant="")
        comes_in(tina, found[0])
        olga.opens(customer)
        olga.presses("console-customers-link")
        tina.opens(olga.at("console-customers-link-address").input_value())
        tina.presses("link-continue")
        olga.opens(f"{console}/")
        olga.does_not_see("console-checklist")
        tina.chooses("studio")
        fills_in_the_details(tina)
        tina.is_taxed("DE")
        tina.picks(f"{provider}-card")
        tina.goes_to_pay()
        tina.pays()
        tina.sees_checkout("active")
        tina.sees_plan("Studio, monthly")
        assert tina.complaints.heard == []
        tina.leaves()

        olga.opens(f"{console}/operations")
        olga.at("console-operations-search").fill("tina@orbit.example")
        olga.presses("console-operations-find")
        olga.reads("Orbit Ltd")
        olga.reads("Studio")
