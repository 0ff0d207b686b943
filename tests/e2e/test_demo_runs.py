"""The real thing: three programs in one terminal, bought from, stopped and started again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests import payer as on_a_phone
from tests.e2e.actors import Payer
from tests.e2e.installation import Installation
from tests.waiting import until


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path)
    yield installation
    installation.kill()


@pytest.fixture
def comes_by(browser: Browser, installation: Installation) -> Iterator[Callable[[str], Payer]]:
    """Let Tara in by a portal link, in a new browser."""
    met: list[Payer] = []

    def comes_by(link: str) -> Payer:
        tenant = installation.show()["tenants"][0]
        email = tenant["users"][0]["email"]
        tara = Payer(browser, installation.url, installation.sandbox_url, email, tenant["uuid"])
        met.append(tara)
        tara.opens(link)
        tara.presses("link-continue")
        return tara

    yield comes_by
    for person in met:
        person.leaves()
    assert [complaint for person in met for complaint in person.complaints.heard] == []


def sees_the_workers_news(payer: Payer, status: str) -> None:
    """Open the overview until the plan is there: that page never asks a provider itself."""
    plan = payer.page.locator(f"[data-testid=plan-status][data-status={status}]")
    payer.goes_to("")

    def is_seen() -> bool:
        payer.page.reload()
        return bool(plan.count())

    until(is_seen, "the worker has looked")


class TestDemoRuns:
    def test_sells_through_both_providers_and_goes_on_after_a_stop(
        self, installation: Installation, comes_by: Callable[[str], Payer]
    ) -> None:
        tara = comes_by(installation.start())
        tara.orders("team", "month", method="stripe-card")
        tara.pays()
        tara.sees_checkout("active")
        tara.sees_plan("Team, monthly")

        installation.reset()
        tara.has_no_plan()
        tara.orders("business", "year", method="mollie-ideal")
        on_a_phone.pays(tara.page.url)
        sees_the_workers_news(tara, "active")

        tara.orders("onboarding", None, method="stripe-card")
        left_open = tara.page.url
        before = installation.show()
        assert installation.stop() == 0
        assert not installation.is_running()

        tara = comes_by(installation.start())

        tara.sees_plan("Business, yearly")
        after = installation.show()
        for part in ("app_uuid", "api_keys", "products", "tax_rates"):
            assert after[part] == before[part]
        tara.opens(left_open)
        tara.pays()
        tara.sees_checkout("active")
        tara.sees_heading("Onboarding is paid")
        assert installation.stop() == 0
        assert not installation.is_running()
