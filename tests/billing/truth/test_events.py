"""Events: stored once each, taken as reasons to look, never as the truth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.billing.reconciliation import sweep
from app.billing.truth import events
from app.models import CheckoutSession, Payment, ProviderEvent, Subscription
from app.providers import base, errors
from app.providers.base import Provider
from tests import payer
from tests.billing.purchases import Buyer, Died, deliveries, knock, raising

CARDS = ["stripe-card", "mollie-card"]


def process(buyer: Buyer) -> int:
    return sweep.process_events(buyer.db, buyer.site)


def states(buyer: Buyer) -> list[tuple[str, int]]:
    return [(event.state, event.tries) for event in buyer.rows(ProviderEvent)]


def waiting(buyer: Buyer, method: str) -> Any:
    """Answer a paid checkout nobody came back from, and what its provider calls it."""
    placed = buyer.buys(method=method)
    assert placed.url is not None
    payer.pays(placed.url)
    return placed, buyer.checkout(placed).provider_id


class TestReceive:
    def test_stores_an_event_of_stripes_once_for_good(self, tara: Buyer) -> None:
        first = knock(tara, "cs_1", event_id="evt_1")
        process(tara)

        assert (first, knock(tara, "cs_1", event_id="evt_1")) == (True, False)
        assert knock(tara, "cs_1", event_id="evt_2")
        assert len(tara.rows(ProviderEvent)) == 2

    def test_keeps_one_call_of_mollies_waiting_and_takes_the_next_anew(self, tara: Buyer) -> None:
        assert knock(tara, "tr_1") and not knock(tara, "tr_1")
        assert knock(tara, "tr_2")
        process(tara)

        assert knock(tara, "tr_1")
        assert len(tara.rows(ProviderEvent)) == 3

    def test_during_processing_leaves_one_more_to_do(self, tara: Buyer) -> None:
        _, provider_id = waiting(tara, "mollie-card")
        knocked: list[bool] = []

        def fetch(real: Provider, *given: Any, **named: Any) -> Any:
            knocked.extend(knock(tara, provider_id) for _ in range(2))
            return real.fetch_checkout(*given, **named)

        knock(tara, provider_id)
        events.process(
            tara.db, tara.where(fetch_checkout=fetch).site, tara.rows(ProviderEvent)[0].id
        )

        assert knocked[:2] == [True, False]
        assert states(tara) == [("done", 1), ("received", 0)]
        assert process(tara) == 1


class TestProcess:
    @pytest.mark.parametrize("method", CARDS)
    def test_makes_the_plan_active_before_anybody_comes_back(
        self, tara: Buyer, method: str
    ) -> None:
        placed, provider_id = waiting(tara, method)
        knock(tara, provider_id, event_id="evt_1" if method == "stripe-card" else None)

        process(tara)

        assert tara.checkout(placed).state == "complete"
        assert states(tara) == [("done", 1)]
        cause = "evt_1" if method == "stripe-card" else provider_id
        assert {entry.cause for entry in tara.opens(placed).entries} == {
            f"user {tara.user.uuid}",
            f"event {cause}",
        }

    @pytest.mark.parametrize("method", CARDS)
    def test_of_every_event_in_any_order_and_twice_ends_the_same(
        self, tara: Buyer, method: str
    ) -> None:
        placed, _ = waiting(tara, method)
        sent = deliveries(tara)
        assert sent
        for round_, rows in enumerate((sent[::-1], sent)):
            for row, headers in rows:
                provider = tara.site.provider(tara.world.account(row["provider"]))
                tara.db.commit()
                event = provider.read_event(row["body"].encode(), headers)
                account = tara.world.account(row["provider"])
                events.receive(
                    tara.db, account.id, event, payload=row["body"], now=tara.site.clock.now()
                )
                if round_ == 0:
                    process(tara)
            process(tara)

        assert tara.reads(placed) == "active"
        assert len(tara.rows(Subscription)) == 1
        assert tara.payments() == [("paid", 4522)]
        assert tara.timeline().count("checkout.complete") == 1
        assert {state for state, _ in states(tara)} == {"done"}

    def test_of_an_object_nobody_knows_asks_and_lets_it_be(self, tara: Buyer) -> None:
        for object_id in ("tr_unknown1", "sub_unknown", "cus_1", "evt_1", "in_1"):
            knock(tara, object_id)
        knock(tara, "pi_unknown", event_id="evt_1")

        process(tara)

        assert {state for state, _ in states(tara)} == {"done"}
        assert tara.rows(CheckoutSession) == [] and tara.rows(Payment) == []

    @pytest.mark.parametrize(
        "object_id", ["tr_x/../../customers", "pi_../../customers", "tr_", "tr_é", "pi_x?expand=1"]
    )
    def test_of_an_id_that_is_none_reaches_no_provider(self, tara: Buyer, object_id: str) -> None:
        before = len(tara.sandbox.calls())
        knock(tara, object_id, event_id="evt_1" if object_id.startswith("pi_") else None)

        process(tara)

        assert len(tara.sandbox.calls()) == before
        assert states(tara) == [("done", 1)]

    def test_of_a_renewal_finds_its_plan(self, tara: Buyer) -> None:
        placed = tara.buys(method="mollie-card")
        assert placed.url is not None
        tara.comes_back(payer.pays(placed.url))
        tara.waits("1 month")
        renewal = deliveries(tara)[-1][0]["object_id"]

        knock(tara, renewal)
        process(tara)

        assert tara.payments() == [("paid", 4522), ("paid", 4522)]
        assert tara.rows(Payment)[1].provider_id == renewal
        assert tara.rows(Payment)[1].checkout_id is None

    def test_of_a_payment_made_by_somebody_else_changes_nothing(self, tara: Buyer) -> None:
        placed, _ = waiting(tara, "mollie-card")
        account = tara.world.account("stripe")
        tara.db.commit()
        stray = next(row for row, _ in deliveries(tara) if row["provider"] == "mollie")
        events.receive(
            tara.db,
            account.id,
            tara.site.provider(tara.world.account("mollie")).read_event(
                stray["body"].encode(), {"Content-Type": "application/x-www-form-urlencoded"}
            ),
            payload=stray["body"],
            now=tara.site.clock.now(),
        )

        process(tara)

        assert tara.checkout(placed).state == "open"


class TestAnEventTakenInAtAnotherTimeThanOurs:
    def test_is_looked_at_at_once_all_the_same(self, tara: Buyer) -> None:
        placed, provider_id = waiting(tara, "mollie-card")
        event = base.ProviderEvent(type=None, object_id=provider_id)
        account = tara.world.account("mollie")
        # Who took it in has heard already that the sandbox's clock was moved on.
        later = tara.site.clock.now() + timedelta(days=31)
        events.receive(tara.db, account.id, event, payload=f"id={provider_id}", now=later)

        assert process(tara) == 1
        assert tara.checkout(placed).state == "complete"


class TestAProviderThatDoesNotAnswer:
    def test_keeps_the_event_for_later(self, tara: Buyer) -> None:
        placed, provider_id = waiting(tara, "mollie-card")
        knock(tara, provider_id)
        dumb = tara.where(fetch_checkout=raising(errors.Unavailable("no answer")))

        process(dumb)
        first = tara.rows(ProviderEvent)[0]
        seen = (first.state, first.tries, first.error, first.claimed_until)
        tara.waits("1 minutes")
        process(tara)

        assert seen == ("processing", 1, "no answer", None)
        assert tara.checkout(placed).state == "complete"
        assert states(tara) == [("done", 2)]

    def test_for_good_ends_the_event_and_the_sweep_goes_on_looking(self, tara: Buyer) -> None:
        placed, provider_id = waiting(tara, "mollie-card")
        knock(tara, provider_id)
        dumb = tara.where(fetch_checkout=raising(errors.Unavailable("no answer")))

        for _ in range(13):
            process(dumb)
            tara.waits("5 hours")
        assert states(tara) == [("failed", 12)]
        tara.sweeps()

        assert tara.checkout(placed).state == "complete"

    def test_with_our_key_ends_the_event_at_once(self, tara: Buyer) -> None:
        _, provider_id = waiting(tara, "mollie-card")
        knock(tara, provider_id)

        process(tara.where(fetch_checkout=raising(errors.BadCredentials("no"))))

        assert states(tara) == [("failed", 1)]


class TestAProcessThatDied:
    def test_at_an_event_leaves_it_to_the_next(self, tara: Buyer) -> None:
        placed, provider_id = waiting(tara, "mollie-card")
        knock(tara, provider_id)
        with pytest.raises(Died):
            process(tara.where(fetch_checkout=raising(Died())))
        tara.db.rollback()

        held = process(tara)
        tara.forgets_claims(ProviderEvent)
        tara.waits("1 minutes")
        process(tara)

        assert held == 0
        assert tara.checkout(placed).state == "complete"
        assert states(tara) == [("done", 2)]

    def test_between_the_call_and_its_answer_is_found_by_our_uuid(self, tara: Buyer) -> None:
        real_open: Callable[..., Any] = tara.site.provider(
            tara.world.account("mollie")
        ).open_checkout
        tara.db.commit()
        made: list[str] = []

        def open_and_die(_: Provider, *given: Any, **named: Any) -> Any:
            made.append(real_open(*given, **named).provider_id)
            raise Died

        with pytest.raises(Died):
            tara.where(open_checkout=open_and_die).buys(method="mollie-card")
        tara.db.rollback()
        knock(tara, made[0])
        process(tara)
        tara.forgets_claims(CheckoutSession)
        placed = tara.buys(method="mollie-card")

        assert states(tara) == [("done", 1)]
        assert tara.checkout(placed).provider_id == made[0]
        assert tara.creates("mollie") == 2
