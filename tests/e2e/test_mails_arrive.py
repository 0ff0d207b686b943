"""What is bought is told by mail, and the mail leads back to the portal."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.e2e.actors import Payer
from tests.e2e.portal import Portal
from tests.sandbox_server import SandboxServer


@pytest.mark.parametrize("method", ["stripe-card", "mollie-ideal"])
def test_a_receipt_comes_once_and_leads_to_its_invoice(
    tara: Payer,
    portal: Portal,
    sandbox: SandboxServer,
    news_arrives: Callable[[], None],
    method: str,
) -> None:
    tara.orders("team", "month", method=method)
    tara.pays()
    tara.sees_checkout("active")
    news_arrives()
    portal.worker.send_mails()

    (mail,) = sandbox.mails()
    tara.opens(f"{sandbox.url}/mailbox?to={mail['to'][0]}")
    tara.page.get_by_role("link", name="Your receipt for Team: €22.61").click()
    as_html = tara.page.frame_locator("iframe")
    expect(as_html.get_by_role("heading", level=1)).to_have_text("We received €22.61")
    expect(as_html.get_by_role("row", name="Paid with")).to_be_visible()
    expect(tara.at("sandbox-mail-text")).to_contain_text("This is a test: no real money moved.")
    button = as_html.get_by_role("link", name=re.compile("^See (the|your) invoices?$"))

    address = urlsplit(button.get_attribute("href") or "")
    assert f"{address.scheme}://{address.netloc}" == portal.url
    assert address.path.startswith(f"{tara.home}/invoices")
    tara.opens(address.geturl())
    tara.reads("€22.61")
