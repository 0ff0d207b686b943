"""The sweep finishes whatever was lost, and one row's fault stops no other."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import update

from app.billing import sweep
from app.billing.sweep import Swept
from app.db.engine import Database
from app.models import CheckoutSession
from app.providers import errors
from app.providers.base import CheckoutState, Provider
from tests import payer
from tests.billing.purchases import Buyer, due_again, knock

CARDS = ["stripe-card", "mollie-card"]


class TestRun:
    @pytest.mark.parametrize("method", CARDS)
    def test_makes_a_plan_active_whose_payer_never_came_back(
        self, tara: Buyer, method: str
    ) -> None:
        placed = tara.buys(method=method)
        assert placed.url is not None
        payer.pays(placed.url)
        early = tara.sweeps()
        tara.waits("3 minutes")

        swept = tara.sweeps()

        assert early == Swept(0, 0, 0, 0, 0)
        assert (swept.checkouts, swept.failures) == (1, 0)
        assert tara.checkout(placed).state == "complete"
        assert tara.plans() == [("active", False)]
        if method == "mollie-card":
            assert tara.acts() == [("begin_subscription", "first_payment_paid", "done")]

    def test_finds_nothing_to_do_twice(self, tara: Buyer) -> None:
        placed = tara.buys(method="mollie-card")
        assert placed.url is not None
        payer.pays(placed.url)
        knock(tara, tara.checkout(placed).provider_id or "")
        tara.waits("3 minutes")

        first, second = tara.sweeps(), tara.sweeps()

        assert first.events == 1
        assert second == Swept(0, 0, 0, 0, 0)

    @pytest.mark.parametrize("fault", [errors.Unavailable("no answer"), RuntimeError("ours")])
    def test_goes_on_after_a_row_that_fails(
        self, tara: Buyer, peter: Buyer, fault: Exception
    ) -> None:
        bad, good = tara.buys(), peter.buys(currency="USD", country="US")
        bad_id = tara.checkout(bad).provider_id
        for placed in (bad, good):
            assert placed.url is not None
            payer.pays(placed.url)
        tara.waits("3 minutes")

        def fetch(real: Provider, provider_id: str, **named: Any) -> CheckoutState:
            if provider_id == bad_id:
                raise fault
            return real.fetch_checkout(provider_id, **named)

        swept = tara.where(fetch_checkout=fetch).sweeps()
        again = tara.where(fetch_checkout=fetch).sweeps()

        assert (swept.checkouts, swept.failures) == (2, 1)
        assert (tara.checkout(bad).state, tara.checkout(good).state) == ("open", "complete")
        assert again.checkouts == 0
        tara.waits("1 minutes")
        tara.sweeps()
        assert tara.checkout(bad).state == "complete"

    def test_twice_at_once_does_everything_once(self, tara: Buyer, database: Database) -> None:
        placed = tara.buys(method="mollie-card")
        assert placed.url is not None
        payer.pays(placed.url)
        knock(tara, tara.checkout(placed).provider_id or "")
        due_again(tara)
        together = threading.Barrier(3)
        failures: list[object] = []

        def run() -> None:
            together.wait(timeout=10)
            try:
                with database.writer() as db:
                    failures.append(sweep.run(db, tara.site).failures)
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=run) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert failures == [0, 0, 0]
        assert tara.checkout(placed).state == "complete"
        assert tara.posts("/mollie/v2/customers/*/subscriptions") == 1
        assert tara.timeline().count("checkout.complete") == 1
        assert len(set(tara.told())) == len(tara.told())

    def test_leaves_a_purchase_that_is_being_started_alone(self, tara: Buyer) -> None:
        swept = []

        def opening(real: Provider, *given: Any, **named: Any) -> Any:
            tara.waits("11 minutes")
            swept.append(tara.sweeps())
            return real.open_checkout(*given, **named)

        placed = tara.where(open_checkout=opening).buys()

        assert placed.url is not None
        assert tara.checkout(placed).state == "open"
        assert tara.creates() == 1

    def test_ends_what_was_given_up_while_it_was_made(self, tara: Buyer) -> None:
        def opening(real: Provider, *given: Any, **named: Any) -> Any:
            opened = real.open_checkout(*given, **named)
            tara.db.execute(update(CheckoutSession).values(state="expired"))
            tara.db.commit()
            return opened

        placed = tara.where(open_checkout=opening).buys()
        tara.sweeps()

        assert placed.url is None
        assert tara.acts() == [("expire_checkout", "replaced", "done")]
        ended = [call for call in tara.sandbox.calls("POST") if call["path"].endswith("/expire")]
        assert len(ended) == 1


class TestProcessEvents:
    def test_goes_on_until_none_is_left(self, tara: Buyer) -> None:
        for number in range(120):
            knock(tara, f"cus_{number}", event_id=f"evt_{number}")

        assert sweep.process_events(tara.db, tara.site) == 120
        assert sweep.process_events(tara.db, tara.site) == 0
