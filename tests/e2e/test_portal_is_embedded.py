"""The portal inside a page of the app's own, on another site: `localhost` shows `127.0.0.1`.

Chromium counts the two as different sites and both as trustworthy, so that cookies, frames and
policies behave as between two https sites.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from app.billing.access import portal_links
from app.billing.site import Site
from app.models import Origin
from app.sandbox.serve import Server
from tests.cast import World
from tests.e2e.actors import PATIENCE
from tests.e2e.portal import Portal
from tests.sandbox_server import SandboxServer
from tests.serving import Serving

Host = Callable[[str], None]


class Embedder:
    """The app's own site: one page with a frame in it."""

    def __init__(self) -> None:
        self.shows = ""
        server = Server(self._answer)
        self.url = server.url.replace("127.0.0.1", "localhost")
        self._serving = Serving(server)

    def close(self) -> None:
        """Stop serving."""
        self._serving.stop()

    def _answer(self, _environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        page = (
            "<!doctype html><html lang=en><title>Acme Notes</title><h1>Acme Notes</h1>"
            f'<iframe src="{self.shows}" title="Billing" width="1100" height="800"></iframe>'
        )
        return [page.encode()]


@pytest.fixture
def embedder() -> Iterator[Embedder]:
    """Serve the app's own site."""
    embedder = Embedder()
    yield embedder
    embedder.close()


@pytest.fixture
def embed(embedder: Embedder, portal: Portal, world: World, site: Site) -> Callable[[bool], None]:
    """Answer a way to show a new link in the app's page, whose origin is registered for frames."""

    def embed(may_embed: bool) -> None:
        origin = Origin(app_id=world.app.id, origin=embedder.url, may_embed=may_embed)
        world.db.add(origin)
        world.db.flush()
        _, embedder.shows = portal_links.issue(
            world.db, site, tenant=world.globex, return_url=f"{embedder.url}/back"
        )
        world.db.commit()

    return embed


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Answer a browser of somebody who is signed in nowhere."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Answer its first tab."""
    return context.new_page()


def heading(place: Page | FrameLocator, text: str) -> None:
    expect(place.get_by_role("heading", level=1)).to_have_text(text)


class TestPortalIsEmbedded:
    def test_sells_a_plan_and_comes_back(
        self,
        page: Page,
        context: BrowserContext,
        embedder: Embedder,
        embed: Callable[[bool], None],
        sandbox: SandboxServer,
    ) -> None:
        embed(True)
        page.goto(embedder.url)
        frame = page.frame_locator("iframe")

        frame.get_by_test_id("link-continue").click()
        heading(frame, "Billing for Globex")
        assert [cookie["name"] for cookie in context.cookies()] == ["portico_frame"]
        frame.get_by_role("link", name="Plans").click()
        frame.get_by_test_id("interval-month").check()
        frame.get_by_test_id("plan-team").check()
        frame.get_by_test_id("continue").click()
        frame.get_by_test_id("method-stripe-card").check()
        # The script fetches the order anew, with the frame's own visit.
        expect(frame.get_by_test_id("pay")).to_contain_text("Stripe")
        frame.get_by_test_id("pay").click()
        heading(frame, "Continue to Stripe")
        frame.get_by_role("link", name="Continue to Stripe").click()

        expect(page).to_have_url(re.compile(f"^{re.escape(sandbox.url)}/"))
        page.get_by_test_id("sandbox-pay").click()
        status = page.get_by_test_id("checkout-status")
        expect(status).to_have_attribute("data-status", "active")
        page.get_by_role("link", name="Back to Acme Notes").click()
        expect(page).to_have_url(f"{embedder.url}/back")

    def test_offers_a_tab_where_the_browser_keeps_no_cookie(
        self,
        page: Page,
        context: BrowserContext,
        embedder: Embedder,
        embed: Callable[[bool], None],
    ) -> None:
        embed(True)
        page.goto(embedder.url)
        frame = page.frame_locator("iframe")
        heading(frame, "Continue as tara@globex.example?")
        context.clear_cookies()

        frame.get_by_test_id("link-continue").click()
        expect(frame.get_by_role("main")).to_contain_text("Open the link in a new tab instead.")
        with context.expect_page() as opening:
            frame.get_by_role("link", name="Open in a new tab").click()
        tab = opening.value
        tab.get_by_test_id("link-continue").click()

        heading(tab, "Billing for Globex")

    def test_is_not_shown_by_an_origin_that_is_not_registered_for_it(
        self, page: Page, embedder: Embedder, embed: Callable[[bool], None]
    ) -> None:
        embed(False)
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text))

        page.goto(embedder.url)

        expect(page.frame_locator("iframe").get_by_test_id("link-continue")).to_have_count(0)
        assert any("frame-ancestors 'none'" in text for text in refused)
