"""The hosted pages in a real browser: accessible, no wider than a phone, in both themes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e import browser
from tests.e2e.saas import Saas
from tests.sandbox.shop import Shop
from tests.sandbox.test_mailbox import mail, send
from tests.sandbox_server import SandboxServer

pytestmark = pytest.mark.e2e
THE_SHOP = "Acme Notes"


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Tell pytest-playwright which Chromium to start, and how."""
    return browser.launch_options()


@pytest.fixture
def phone(page: Page) -> Page:
    page.set_viewport_size({"width": 320, "height": 640})
    return page


@pytest.fixture(scope="module")
def site() -> Iterator[Saas]:
    """Serve the shop's own pages, to which payers come back."""
    with Saas().open() as saas:
        yield saas


@pytest.fixture
def back(site: Saas) -> dict[str, str]:
    """Give where a session leads back to."""
    return {"success_url": f"{site.url}/done", "cancel_url": f"{site.url}/plans"}


def check(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    wider = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert not wider, "the page scrolls sideways"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_at_320_pixels(
    shop: Shop, phone: Page, back: dict[str, str], scheme: Literal["light", "dark"]
) -> None:
    phone.emulate_media(color_scheme=scheme)
    session = shop.session(
        **back,
        billing_address_collection="required",
        shipping_address_collection={"allowed_countries": ["NL", "DE"]},
        tax_id_collection={"enabled": True},
        consent_collection={"terms_of_service": "required"},
    )

    phone.goto(shop.sandbox.url)
    check(phone)
    phone.goto(session.url)
    check(phone)
    phone.get_by_test_id("sandbox-decline").click()
    phone.get_by_test_id("sandbox-message").wait_for()
    check(phone)
    phone.get_by_label("Card number").fill("4000002760003184")
    phone.get_by_label("E-mail").fill("tara@globex.example")
    phone.get_by_test_id("sandbox-pay").click()
    phone.get_by_role("heading", name="3-D Secure").wait_for()
    check(phone)
    phone.get_by_test_id("sandbox-3ds-pass").click()
    phone.get_by_role("heading", name=THE_SHOP).wait_for()
    invoice = shop.sdk.invoices.retrieve(shop.look(session).invoice)
    for url in (session.url, invoice.hosted_invoice_url):
        phone.goto(url)
        check(phone)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_mailbox_is_accessible_at_320_pixels(
    sandbox: SandboxServer, phone: Page, scheme: Literal["light", "dark"]
) -> None:
    phone.emulate_media(color_scheme=scheme)
    for _ in range(2):
        send(sandbox, mail(Message_ID="<one@acme.example>"))

    phone.goto(f"{sandbox.url}/mailbox")
    check(phone)
    phone.get_by_test_id("sandbox-mail").first.get_by_role("link").click()
    phone.get_by_text("Sent again:").wait_for()
    check(phone)


@pytest.mark.parametrize(
    "control", ["sandbox-pay", "sandbox-delay", "sandbox-3ds-pass", "sandbox-cancel"]
)
def test_each_way_out_leads_back_to_the_shop(
    shop: Shop, phone: Page, back: dict[str, str], control: str
) -> None:
    phone.goto(shop.session(**back).url)

    phone.get_by_test_id(control).click()

    phone.get_by_role("heading", name=THE_SHOP).wait_for()


def test_fields_of_other_methods_are_out_of_the_way(shop: Shop, phone: Page) -> None:
    phone.goto(shop.session().url)

    assert not phone.get_by_label("IBAN").is_visible()
    phone.get_by_label("SEPA Direct Debit").check()

    assert phone.get_by_label("IBAN").is_visible()
    assert not phone.get_by_label("Card number").is_visible()


@pytest.mark.parametrize("java_script_enabled", [False])
def test_works_without_scripts(
    shop: Shop, browser: Any, back: dict[str, str], java_script_enabled: bool
) -> None:
    context = browser.new_context(java_script_enabled=java_script_enabled)
    page = context.new_page()
    session = shop.session(**back)
    page.goto(session.url)

    page.get_by_test_id("sandbox-pay").click()
    page.get_by_role("heading", name=THE_SHOP).wait_for()

    context.close()
    assert shop.look(session).status == "complete"
