"""The provider's word and the payer's return come in any order, twice, late or never."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests import payer as on_a_phone
from tests.e2e import ledger
from tests.e2e.actors import Payer
from tests.sandbox_server import SandboxServer

METHODS = pytest.mark.parametrize(
    ("provider", "method"), [("stripe", "stripe-card"), ("mollie", "mollie-card")]
)
# What each provider is asked about a checkout.
QUESTIONS = {"stripe": "/v1/checkout/sessions/", "mollie": "/v2/payments/"}


class TestNewsTakesItsTime:
    @METHODS
    def test_believes_the_return_before_the_webhook(
        self,
        tara: Payer,
        sandbox: SandboxServer,
        time_passes: Callable[[str], None],
        provider: str,
        method: str,
    ) -> None:
        sandbox.fault("delay", target="webhook", provider=provider, seconds=3600, times=9)
        tara.orders("team", "month", method=method)

        tara.pays()
        tara.sees_checkout("active")
        time_passes("2 hours")

        tara.sees_plan("Team, monthly")
        assert len(ledger.charges(sandbox, provider)) == 1
        assert len(ledger.subscriptions(sandbox, provider)) == 1

    @METHODS
    def test_believes_the_webhook_before_the_return(
        self,
        tara: Payer,
        sandbox: SandboxServer,
        news_arrives: Callable[[], None],
        provider: str,
        method: str,
    ) -> None:
        tara.orders("team", "month", method=method)
        way_back = on_a_phone.pays(tara.page.url)
        assert way_back is not None
        news_arrives()

        tara.sees_plan("Team, monthly")
        tara.opens(way_back)

        tara.sees_checkout("active")
        assert len(ledger.subscriptions(sandbox, provider)) == 1

    @METHODS
    def test_needs_no_webhook(
        self, tara: Payer, sandbox: SandboxServer, provider: str, method: str
    ) -> None:
        sandbox.fault("drop", target="webhook", provider=provider, times=99)
        tara.orders("team", "month", method=method)

        tara.pays()

        tara.sees_checkout("active")
        tara.sees_plan("Team, monthly")

    @METHODS
    def test_takes_a_doubled_webhook_once(
        self,
        tara: Payer,
        sandbox: SandboxServer,
        news_arrives: Callable[[], None],
        provider: str,
        method: str,
    ) -> None:
        sandbox.fault("duplicate", target="webhook", provider=provider, times=9)
        tara.orders("team", "month", method=method)

        tara.pays()
        tara.sees_checkout("active")
        news_arrives()

        tara.sees_plan("Team, monthly")
        assert len(ledger.subscriptions(sandbox, provider)) == 1

    @METHODS
    def test_goes_on_confirming_until_the_provider_answers(
        self, tara: Payer, sandbox: SandboxServer, provider: str, method: str
    ) -> None:
        tara.orders("team", "month", method=method)
        sandbox.fault("drop", target="webhook", provider=provider, times=99)
        sandbox.fault("500_before", provider=provider, match=QUESTIONS[provider], times=99)

        tara.pays()
        tara.sees_checkout("confirming")
        tara.reads("It is safe to close this page")
        tara.does_not_see("pay")
        sandbox.clear_faults()

        tara.sees_checkout("active")

    def test_leaves_it_to_the_sweep_where_nobody_comes_back(
        self,
        tara: Payer,
        sandbox: SandboxServer,
        time_passes: Callable[[str], None],
        sweeps: Callable[[], None],
    ) -> None:
        sandbox.fault("drop", target="webhook", times=99)
        tara.orders("team", "month", method="mollie-ideal")
        on_a_phone.pays(tara.page.url)

        time_passes("10 minutes")
        sweeps()

        tara.sees_plan("Team, monthly")
