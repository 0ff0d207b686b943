"""What the payer is told, and what comes of it, when the provider fails at the press of pay."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import update

from app.billing.errors import BillingError, Declined, ProviderUnavailable, Unsupported
from app.billing.site import Site
from app.billing.webhooks import webhook_types
from app.db.engine import Database
from app.models import CheckoutSession, Customer, ProviderTaxRate, TimelineEntry
from app.providers import errors
from app.providers.base import Connection, Provider
from app.providers.mollie.adapter import MollieProvider
from app.providers.stripe.adapter import StripeProvider
from tests import payer
from tests.billing.purchases import CREATES, Buyer, Died, done_but, raising

CARDS = ["stripe-card", "mollie-card"]
# More than an adapter repeats a call and a connection sends it again, in one press of pay.
WHOLE_PRESS = 9


def provider_of(method: str) -> str:
    return method.partition("-")[0]


def checkouts_at(buyer: Buyer, method: str) -> int:
    """Answer how many checkouts there are at the provider, whatever was answered."""
    world = buyer.sandbox.app.world
    provider = provider_of(method)
    kind = {"stripe": "checkout_sessions", "mollie": "payments"}[provider]
    account = world.account(provider, buyer.site.credentials(sealed(buyer, provider)).secret_key)
    return len(account.find(kind))


def sealed(buyer: Buyer, provider: str) -> str:
    return buyer.world.account(provider).sealed_credentials


@dataclass(frozen=True)
class ImpatientSite(Site):
    """An installation that waits a fifth of a second for a provider, not fifteen."""

    def connect(self, provider: str, sealed_credentials: str) -> Provider:
        """Answer an adapter that is not kept."""
        real: Callable[..., Provider] = {"stripe": StripeProvider, "mollie": MollieProvider}[
            provider
        ]
        secrets = self.credentials(sealed_credentials)
        connection = Connection(secrets.secret_key, self.api_url(provider), secrets.webhook_secret)
        return real(connection, timeouts=(0.2, 0.2))


@pytest.mark.parametrize("method", CARDS)
class TestAProviderThatFails:
    @pytest.mark.parametrize("fault", ["500_before", "500_after", "429", "drop"])
    def test_at_every_try_is_named_and_the_next_press_buys_once(
        self, tara: Buyer, method: str, fault: str
    ) -> None:
        path = CREATES[provider_of(method)]
        failing = {"fault": fault, "provider": provider_of(method), "match": path}
        if fault == "500_after":
            # The provider has made it, and answers nothing that could be read.
            unlucky = tara.where(open_checkout=done_but("open_checkout", _silent()))
        else:
            unlucky = tara
            tara.sandbox.fault(times=WHOLE_PRESS, **failing)

        with pytest.raises(ProviderUnavailable) as caught:
            unlucky.buys(method=method)
        tara.sandbox.clear_faults()
        again = tara.buys(method=method)

        assert "Nothing was charged. Try again in a minute" in str(caught.value.text)
        assert caught.value.retry_after > 0
        assert again.url is not None
        assert len(tara.rows(CheckoutSession)) == 1
        assert checkouts_at(tara, method) == 1
        tara.comes_back(payer.pays(again.url))
        assert tara.reads(again) == "active"

    @pytest.mark.parametrize("fault", ["500_before", "500_after"])
    def test_once_is_not_even_noticed(self, tara: Buyer, method: str, fault: str) -> None:
        tara.sandbox.fault(fault, provider=provider_of(method), match=CREATES[provider_of(method)])

        try:
            placed = tara.buys(method=method)
        except ProviderUnavailable:
            # Stripe's own repeats are refused with a fault it keeps for the key.
            placed = tara.buys(method=method)

        assert placed.url is not None
        assert checkouts_at(tara, method) == 1


class TestAnOpening:
    def test_is_told_to_no_app_so_it_is_stored_without_a_word_to_one(self) -> None:
        assert "checkout.open" in webhook_types.NOT_TOLD


class TestARowThatChangedDuringTheCall:
    def test_is_read_again_and_keeps_what_the_other_wrote(
        self, tara: Buyer, database: Database
    ) -> None:
        def opened_by_another(real: Provider, *given: Any, **named: Any) -> Any:
            opened = real.open_checkout(*given, **named)
            changed = {"state": "open", "provider_id": opened.provider_id, "url": opened.url}
            with database.transaction() as other:
                other.execute(update(CheckoutSession).values(version=7, **changed))
            return opened

        placed = tara.where(open_checkout=opened_by_another).buys(method="stripe-card")

        (row,) = tara.rows(CheckoutSession)
        assert (placed.url, row.state, row.version) == (row.url, "open", 7)
        assert [entry.kind for entry in tara.rows(TimelineEntry)] == []


class TestAProviderThatIsDown:
    @pytest.mark.parametrize("method", CARDS)
    def test_before_its_customer_is_made_leaves_a_trace_the_sweep_closes(
        self, tara: Buyer, method: str
    ) -> None:
        down = _silent()
        unlucky = tara.where(ensure_customer=raising(down), ensure_tax_rate=raising(down))

        with pytest.raises(ProviderUnavailable):
            unlucky.buys(method=method)
        states = [row.state for row in tara.rows(CheckoutSession)]
        tara.waits("9 minutes")
        tara.sweeps()
        meanwhile = [row.state for row in tara.rows(CheckoutSession)]
        tara.waits("2 minutes")
        tara.sweeps()

        assert (states, meanwhile) == (["starting"], ["starting"])
        assert [row.state for row in tara.rows(CheckoutSession)] == ["expired"]
        assert checkouts_at(tara, method) == 0
        placed = tara.buys(method=method)
        assert placed.url is not None

    @pytest.mark.parametrize("method", CARDS)
    def test_after_it_was_made_is_finished_and_ended_by_the_sweep(
        self, tara: Buyer, method: str
    ) -> None:
        unlucky = tara.where(open_checkout=done_but("open_checkout", _silent()))
        with pytest.raises(ProviderUnavailable):
            unlucky.buys(method=method)
        tara.waits("11 minutes")

        tara.sweeps()

        row = tara.rows(CheckoutSession)[0]
        assert row.state in ("expired", "canceled") and row.provider_id is not None
        assert checkouts_at(tara, method) == 1
        assert tara.plans() == []

    @pytest.mark.parametrize("method", CARDS)
    def test_for_longer_than_its_key_lives_is_looked_up_and_never_asked_twice(
        self, tara: Buyer, method: str
    ) -> None:
        unlucky = tara.where(open_checkout=done_but("open_checkout", _silent()))
        with pytest.raises(ProviderUnavailable):
            unlucky.buys(method=method)
        row = tara.rows(CheckoutSession)[0]
        tara.waits("23 hours" if method == "stripe-card" else "51 minutes")
        tara.waits("1 minutes")

        tara.sweeps()

        after = tara.rows(CheckoutSession)[0]
        assert after.provider_id is not None
        assert after.state in ("expired", "canceled")
        assert after.idempotency_key == row.idempotency_key
        assert tara.creates(provider_of(method)) == 1
        assert checkouts_at(tara, method) == 1

    @pytest.mark.parametrize("method", CARDS)
    def test_and_silent_is_given_up_in_time(self, tara: Buyer, method: str) -> None:
        site = ImpatientSite(config=tara.site.config, clock=tara.site.clock)
        path = CREATES[provider_of(method)]
        # Long enough for the adapter to lose patience, short enough for this test.
        tara.sandbox.fault(
            "timeout", provider=provider_of(method), match=path, seconds=0.3, times=9
        )

        with pytest.raises(ProviderUnavailable):
            Buyer(tara.world, site, tara.sandbox, tara.user).buys(method=method)
        tara.sandbox.clear_faults()
        placed = tara.buys(method=method)

        assert placed.url is not None
        assert checkouts_at(tara, method) == 1


class TestAProcessThatDied:
    @pytest.mark.parametrize("method", CARDS)
    @pytest.mark.parametrize("asked", [False, True])
    def test_at_the_call_is_taken_over_by_the_next_press(
        self, tara: Buyer, method: str, asked: bool
    ) -> None:
        verb = done_but("open_checkout", Died()) if asked else raising(Died())
        with pytest.raises(Died):
            tara.where(open_checkout=verb).buys(method=method)
        tara.db.rollback()
        tara.forgets_claims(CheckoutSession)

        placed = tara.buys(method=method)

        assert placed.url is not None
        assert checkouts_at(tara, method) == 1
        assert [row.state for row in tara.rows(CheckoutSession)] == ["open"]

    @pytest.mark.parametrize("method", CARDS)
    def test_at_the_call_is_finished_by_the_sweep(self, tara: Buyer, method: str) -> None:
        with pytest.raises(Died):
            tara.where(open_checkout=done_but("open_checkout", Died())).buys(method=method)
        tara.db.rollback()
        tara.forgets_claims(CheckoutSession)
        tara.waits("11 minutes")

        tara.sweeps()

        assert tara.rows(CheckoutSession)[0].state in ("expired", "canceled")
        assert checkouts_at(tara, method) == 1

    @pytest.mark.parametrize("verb", ["ensure_customer", "ensure_tax_rate"])
    def test_while_it_made_customer_or_rate_leaves_one_of_each(
        self, tara: Buyer, verb: str
    ) -> None:
        with pytest.raises(Died):
            tara.where(**{verb: done_but(verb, Died())}).buys(method="stripe-card")
        tara.db.rollback()
        tara.forgets_claims(CheckoutSession, Customer, ProviderTaxRate)

        placed = tara.buys(method="stripe-card")

        assert placed.url is not None
        world = tara.sandbox.app.world
        account = world.account("stripe", tara.site.credentials(sealed(tara, "stripe")).secret_key)
        assert len(account.find("customers")) == 1
        assert len(account.find("tax_rates")) == 1


class TestAProviderThatRefuses:
    @pytest.mark.parametrize(
        ("refusal", "told"),
        [
            (errors.Refused("no such locale"), Unsupported),
            (errors.Declined("no"), Declined),
            (errors.BadCredentials("the key is gone"), Unsupported),
        ],
    )
    @pytest.mark.parametrize("method", CARDS)
    def test_is_believed_and_frees_the_place(
        self, tara: Buyer, method: str, refusal: errors.ProviderError, told: type[BillingError]
    ) -> None:
        with pytest.raises(told, match="Nothing was charged"):
            tara.where(open_checkout=raising(refusal)).buys(method=method)

        assert [row.state for row in tara.rows(CheckoutSession)] == ["not_charged"]
        assert tara.buys(method=method).url is not None

    @pytest.mark.parametrize("method", CARDS)
    def test_a_customer_it_has_deleted_gets_a_new_one(self, tara: Buyer, method: str) -> None:
        first = tara.buys(method=method)
        gone = tara.where(open_checkout=raising(errors.Missing("no such customer")))
        with pytest.raises(Unsupported):
            gone.buys(method=method, quantity=5)

        placed = tara.buys(method=method, quantity=5)

        assert placed.url not in (None, first.url)
        customers = {"stripe": "/stripe/v1/customers", "mollie": "/mollie/v2/customers"}
        assert tara.posts(customers[provider_of(method)]) == 2


class TestAnOpeningThatSomebodyElseBegan:
    @pytest.mark.parametrize("end", ["expired", "canceled", "not_charged"])
    def test_and_that_ended_meanwhile_gives_way_to_a_new_one(
        self, tara: Buyer, database: Database, monkeypatch: pytest.MonkeyPatch, end: str
    ) -> None:
        with pytest.raises(Died):
            tara.where(open_checkout=raising(Died())).buys()
        tara.db.rollback()

        def ends_meanwhile(_: float) -> None:
            with database.transaction() as db:
                db.execute(update(CheckoutSession).values(state=end, claimed_until=None))

        monkeypatch.setattr(time, "sleep", ends_meanwhile)

        placed = tara.buys()

        assert placed.url is not None
        assert [row.state for row in tara.rows(CheckoutSession)] == [end, "open"]


class TestALostAnswer:
    def test_shows_a_page_that_finishes_the_opening_itself(self, tara: Buyer) -> None:
        unlucky = tara.where(open_checkout=done_but("open_checkout", _silent()))
        with pytest.raises(ProviderUnavailable):
            unlucky.buys()
        row = tara.rows(CheckoutSession)[0]
        placed = type(tara.buys())(row.uuid, None)

        shown = tara.opens(placed)

        assert (shown.status, shown.continue_url) == ("confirming", tara.checkout(placed).url)
        assert tara.creates() == 2
        assert checkouts_at(tara, "stripe-card") == 1


def _silent() -> errors.Unavailable:
    return errors.Unavailable("no answer")
