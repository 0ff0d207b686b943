"""Mails in a real browser: accessible, no wider than a phone, in both themes."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from app.billing.mail.mail_kinds import KINDS
from tests.e2e import browser
from tests.mails.letters import TOLD, a_logo, letter
from tests.mails.test_messages import compose, parts

pytestmark = pytest.mark.e2e
# A mail is shown within another page, which has these.
OF_PAGES = {"rules": {"landmark-one-main": {"enabled": False}, "region": {"enabled": False}}}


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Tell pytest-playwright which Chromium to start, and how."""
    return browser.launch_options()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_mail_is_accessible_at_320_pixels(
    page: Page, scheme: Literal["light", "dark"]
) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.emulate_media(color_scheme=scheme)
    for kind in KINDS:
        _, html = parts(compose(letter(TOLD[kind], livemode=False, logo=a_logo())))
        page.set_content(html)
        results = Axe().run(page, options=OF_PAGES)
        wider = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert results.violations_count == 0, results.generate_report()
        assert not wider, f"{kind} scrolls sideways"
