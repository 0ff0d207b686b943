"""The provider is down, slow or broken when Tara wants to pay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import expect

from app.billing.site import Site
from app.providers.base import Connection, Provider
from app.providers.mollie.adapter import MollieProvider
from app.providers.stripe.adapter import StripeProvider
from config import Config
from tests.e2e import ledger
from tests.e2e.actors import Payer
from tests.sandbox_server import SandboxServer

STARTS = {"stripe": "/v1/checkout/sessions", "mollie": "/v2/payments"}
PROVIDERS = pytest.mark.parametrize("provider", ["stripe", "mollie"])


def is_refused(payer: Payer) -> None:
    answer = payer.presses("pay")
    assert answer.status == 503
    payer.is_told_of(
        "The payment provider does not answer at the moment. Nothing was charged."
        " Try again in a minute: your order is kept, and you will not be charged twice."
    )


class TestProviderIsDown:
    @PROVIDERS
    @pytest.mark.parametrize("fault", ["429", "500_before"])
    def test_keeps_the_choices_until_it_answers_again(
        self, tara: Payer, sandbox: SandboxServer, provider: str, fault: str
    ) -> None:
        tara.chooses("team", "month", seats=2)
        tara.is_taxed("NL", "NL820646660B01")
        tara.picks(f"{provider}-card")
        sandbox.fault(fault, provider=provider, match=STARTS[provider], times=99)

        is_refused(tara)

        expect(tara.at("tax-country")).to_have_value("NL")
        expect(tara.at("vat-number")).to_have_value("NL820646660B01")
        expect(tara.at(f"method-{provider}-card")).to_be_checked()
        sandbox.clear_faults()
        tara.goes_to_pay()
        tara.pays()
        tara.sees_checkout("active")
        assert len(ledger.charges(sandbox, provider)) == 1

    @PROVIDERS
    def test_hides_a_short_hiccup(self, tara: Payer, sandbox: SandboxServer, provider: str) -> None:
        sandbox.fault("500_before", provider=provider, match=STARTS[provider], times=1)

        tara.orders("team", "month", method=f"{provider}-card")

        assert len(ledger.checkouts(sandbox, provider)) == 1

    @PROVIDERS
    @pytest.mark.parametrize("fault", ["500_after", "drop"])
    def test_buys_nothing_twice_where_the_answer_was_lost(
        self, tara: Payer, sandbox: SandboxServer, provider: str, fault: str
    ) -> None:
        tara.chooses("team", "month")
        tara.picks(f"{provider}-card")
        sandbox.fault(fault, provider=provider, match=STARTS[provider], times=1)

        answer = tara.presses("pay")
        if answer.status == 503:
            tara.goes_to_pay()
        tara.pays()

        tara.sees_checkout("active")
        assert len(ledger.checkouts(sandbox, provider)) == 1
        assert len(ledger.charges(sandbox, provider)) == 1

    def test_goes_to_the_other_provider(self, tara: Payer, sandbox: SandboxServer) -> None:
        tara.chooses("team", "month")
        tara.picks("stripe-card")
        sandbox.fault("500_before", provider="stripe", times=99)
        is_refused(tara)

        tara.picks("mollie-card")
        tara.goes_to_pay()
        tara.pays()

        tara.sees_checkout("active")

    def test_leaves_nothing_behind_where_the_payer_gives_up(
        self,
        tara: Payer,
        sandbox: SandboxServer,
        time_passes: Callable[[str], None],
        sweeps: Callable[[], None],
    ) -> None:
        tara.chooses("team", "month")
        tara.picks("stripe-card")
        sandbox.fault("500_before", provider="stripe", times=99)
        is_refused(tara)
        sandbox.clear_faults()

        time_passes("15 minutes")
        sweeps()

        assert [one["status"] for one in ledger.checkouts(sandbox, "stripe")] in ([], ["expired"])
        tara.goes_to("")
        expect(tara.page.get_by_role("link", name="See how it stands")).to_have_count(0)

    def test_saves_no_card_and_says_so(self, tara: Payer, sandbox: SandboxServer) -> None:
        tara.goes_to("payment-methods/new")
        tara.picks("stripe-card")
        sandbox.fault("500_before", provider="stripe", times=99)

        answer = tara.presses("continue")

        assert answer.status == 503
        tara.reads("The payment provider does not answer at the moment.")
        expect(tara.at("method-stripe-card")).to_be_checked()


@dataclass(frozen=True)
class HurriedSite(Site):
    """An installation that waits two seconds for an answer, not fifteen."""

    hurried: dict[str, StripeProvider | MollieProvider] = field(default_factory=dict)

    def connect(self, provider: str, sealed_credentials: str) -> Provider:
        """Answer an adapter in a hurry."""
        if provider not in self.hurried:
            secrets = self.credentials(sealed_credentials)
            make = StripeProvider if provider == "stripe" else MollieProvider
            connection = Connection(
                secrets.secret_key, self.api_url(provider), secrets.webhook_secret
            )
            self.hurried[provider] = make(connection, timeouts=(2.0, 2.0))
        return self.hurried[provider]


class TestProviderIsSlow:
    @pytest.fixture
    def site(self, config: Config, sandbox: SandboxServer) -> Iterator[Site]:
        site = HurriedSite(config=config, clock=sandbox.app.world.clock)
        yield site
        for provider in site.hurried.values():
            provider.close()

    @PROVIDERS
    def test_buys_nothing_twice_where_the_answer_comes_too_late(
        self, tara: Payer, sandbox: SandboxServer, provider: str
    ) -> None:
        tara.chooses("team", "month")
        tara.picks(f"{provider}-card")
        sandbox.fault("timeout", provider=provider, match=STARTS[provider], seconds=4)

        answer = tara.presses("pay")
        if answer.status == 503:
            tara.goes_to_pay()
        tara.pays()

        tara.sees_checkout("active")
        assert len(ledger.checkouts(sandbox, provider)) == 1
        assert len(ledger.charges(sandbox, provider)) == 1

    @PROVIDERS
    def test_is_told_where_no_answer_comes_at_all(
        self, tara: Payer, sandbox: SandboxServer, provider: str
    ) -> None:
        tara.chooses("team", "month")
        tara.picks(f"{provider}-card")
        sandbox.fault("timeout", provider=provider, match=STARTS[provider], seconds=4, times=9)

        is_refused(tara)

        sandbox.clear_faults()
        tara.goes_to_pay()
        tara.pays()
        tara.sees_checkout("active")
        assert len(ledger.checkouts(sandbox, provider)) == 1
