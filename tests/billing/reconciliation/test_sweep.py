"""The sweep finishes whatever was lost, and one row's fault stops no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, update

from app import clock
from app.billing.ordering.orders import Placed
from app.billing.purchase import requests
from app.billing.reconciliation import leases, sweep
from app.billing.reconciliation.sweep import Swept
from app.db.base import table
from app.db.engine import Database
from app.models import CheckoutSession, Lease, ProviderAccount
from app.providers import errors
from app.providers.base import CheckoutRequest, CheckoutState, Provider
from tests import payer, together
from tests.billing.purchases import Buyer, Died, due_again, knock, raising

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

        def run(_: int) -> int:
            with database.writer() as db:
                return sweep.run(db, tara.site).failures

        failures = together.each(run, range(3))

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


class TestEverythingThatIsDue:
    def test_is_looked_at_however_much_it_is(self, tara: Buyer) -> None:
        copies(tara, tara.buys("onboarding", None), 150)

        swept = tara.sweeps()

        assert swept.checkouts == 151
        assert tara.sweeps().checkouts == 0

    def test_is_shared_by_two_sweeps_at_once(self, tara: Buyer, database: Database) -> None:
        copies(tara, tara.buys("onboarding", None), 40)
        before = len(tara.sandbox.calls("GET", "/checkout/sessions/"))

        swept = both(lambda: everywhere(tara, database))

        assert sum(one.checkouts for one in swept) == 41
        assert len(tara.sandbox.calls("GET", "/checkout/sessions/")) - before == 41

    def test_goes_on_where_a_stopped_sweep_was(self, tara: Buyer) -> None:
        copies(tara, tara.buys("onboarding", None), 10)
        looks = 0

        def fetch(real: Provider, *given: Any, **named: Any) -> CheckoutState:
            nonlocal looks
            looks += 1
            if looks == 5:
                raise Died
            return real.fetch_checkout(*given, **named)

        with pytest.raises(Died):
            tara.where(fetch_checkout=fetch).sweeps()
        tara.db.rollback()

        # Of the eleven four were looked at, and the one it died at comes again in a minute.
        assert tara.sweeps().checkouts == 6
        tara.waits("1 minutes")
        assert tara.sweeps().checkouts == 1

    def test_waits_for_the_turns_of_its_account(self, tara: Buyer) -> None:
        copies(tara, tara.buys("onboarding", None), 9)
        before = tara.site.pace.turns
        calls = len(tara.sandbox.calls())

        tara.sweeps()

        assert tara.site.pace.turns - before == len(tara.sandbox.calls()) - calls >= 10


class TestAnAccountThatIsDown:
    def test_is_left_alone_after_three_tries_and_holds_up_no_other(self, tara: Buyer) -> None:
        stripe, mollie = tara.buys("onboarding", None), tara.saves("mollie-card")
        copies(tara, stripe, 9)
        copies(tara, mollie, 4)
        asked: list[str] = []

        def fetch(real: Provider, provider_id: str, **named: Any) -> CheckoutState:
            asked.append(provider_id)
            if provider_id.startswith("cs_"):
                raise errors.Unavailable("no answer")
            return real.fetch_checkout(provider_id, **named)

        swept = tara.where(fetch_checkout=fetch).sweeps()

        assert len([one for one in asked if one.startswith("cs_")]) == 3
        assert len([one for one in asked if one.startswith("tr_")]) == 5
        assert swept.failures == 3
        assert tara.sweeps().checkouts == 7

    @pytest.mark.parametrize(
        "error", [errors.BadCredentials("no"), errors.Unavailable("later", retry_after=60)]
    )
    def test_that_says_so_is_asked_once(self, tara: Buyer, error: Exception) -> None:
        copies(tara, tara.buys("onboarding", None), 4)

        swept = tara.where(fetch_checkout=raising(error)).sweeps()

        assert (swept.checkouts, swept.failures) == (1, 1)


class TestOnceADay:
    def test_everything_that_may_change_is_looked_at(self, tara: Buyer) -> None:
        tara.sweeps()
        tara.buys("onboarding", None)
        tara.db.execute(update(CheckoutSession).values(next_check_at=None))
        tara.db.commit()

        early = tara.sweeps().checkouts
        tara.waits("1 day")
        later = tara.sweeps().checkouts

        assert (early, later) == (0, 1)


class TestOneProcessAtATime:
    def test_a_second_leaves_while_the_first_is_at_it(
        self, tara: Buyer, database: Database
    ) -> None:
        tara.buys("onboarding", None)
        due_again(tara)
        beside: list[Swept | None] = []

        def fetch(real: Provider, *given: Any, **named: Any) -> CheckoutState:
            beside.append(sweep.everywhere_unless_running(database, tara.site))
            return real.fetch_checkout(*given, **named)

        swept = sweep.everywhere_unless_running(database, tara.where(fetch_checkout=fetch).site)

        assert swept is not None and swept.checkouts == 1
        assert beside == [None]
        assert sweep.everywhere_unless_running(database, tara.site) is not None

    def test_the_lease_of_one_that_died_runs_out(self, tara: Buyer, database: Database) -> None:
        assert leases.take(tara.db, sweep.LEASE)
        tara.db.execute(update(Lease).values(held_until=clock.wall() - timedelta(seconds=1)))
        tara.db.commit()

        assert sweep.everywhere_unless_running(database, tara.site) is not None


def copies(buyer: Buyer, placed: Placed, count: int) -> None:
    """Make a checkout due now, and that many more at the provider that are like it."""
    row = buyer.checkout(placed)
    kept = {
        column.name: getattr(row, column.name)
        for column in table(CheckoutSession).columns
        if column.name not in ("id", "uuid", "payment_uuid", "slot", "updated_at", "deleted_at")
    }
    account = buyer.world.db.get_one(ProviderAccount, row.provider_account_id)
    provider = buyer.site.provider(account)
    request = requests.load(CheckoutRequest, buyer.site.vault.open(row.request or ""))
    buyer.db.commit()
    for _ in range(count):
        uuid = uuid4()
        opened = provider.open_checkout(replace(request, uuid=str(uuid)), key=str(uuid4()))
        values = {**kept, "uuid": uuid, "payment_uuid": uuid4()}
        values |= {"provider_id": opened.provider_id, "url": opened.url}
        buyer.db.execute(insert(table(CheckoutSession)), values)
    due_again(buyer)


def everywhere(buyer: Buyer, database: Database) -> Swept:
    return sweep.everywhere(database, buyer.site)


def both(do: Callable[[], Swept]) -> list[Swept]:
    """Do the same twice at once."""
    return together.each(lambda _: do(), range(2))
