"""What a provider's truth makes of a checkout: never more than it says, never twice."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace
from typing import Any

import pytest

from app.billing.errors import Conflict
from app.billing.ordering.orders import Placed
from app.billing.purchase import checkouts
from app.db.engine import Database
from app.models import Subscription
from app.providers import errors
from app.providers.base import CheckoutState, Provider
from tests import payer, together
from tests.billing.purchases import Buyer, due_again, raising
from tests.waiting import PATIENCE_SECONDS

CARDS = ["stripe-card", "mollie-card"]


def both(tara: Buyer, first: str, second: str, **order: Any) -> tuple[Placed, Placed]:
    """Place two orders of which the first cannot be ended at its provider."""
    unable = tara.where(expire_checkout=raising(errors.Unavailable("no answer")))
    earlier = tara.buys(**{"method": first, **order})
    later = unable.buys(**{"method": second, **order, "quantity": 3})
    return earlier, later


def paid(buyer: Buyer, *placed: Placed) -> None:
    """Pay each checkout at its provider and come back."""
    for one in placed:
        assert one.url is not None
        buyer.comes_back(payer.pays(one.url))


class TestAnEarlierOrderThatCannotBeEnded:
    @pytest.mark.parametrize("first", CARDS)
    def test_stays_on_record_and_is_ended_by_the_sweep(self, tara: Buyer, first: str) -> None:
        earlier, later = both(tara, first, "stripe-card")
        row = tara.checkout(earlier)
        superseded = (row.state, row.superseded_at is not None, row.superseded_by_id)

        tara.sweeps()

        assert later.url is not None
        assert superseded == ("open", True, tara.checkout(later).id)
        assert tara.checkout(earlier).state in ("expired", "canceled")
        assert tara.acts() == [("expire_checkout", "replaced", "done")]
        assert "checkout.superseded" in tara.timeline()

    @pytest.mark.parametrize(
        ("first", "second", "earlier_first"),
        [
            ("stripe-card", "stripe-card", True),
            ("stripe-card", "mollie-card", False),
            ("mollie-card", "stripe-card", True),
            ("mollie-card", "mollie-card", False),
        ],
    )
    def test_paid_beside_the_later_one_ends_as_one_plan_and_one_refund(
        self, tara: Buyer, first: str, second: str, earlier_first: bool
    ) -> None:
        earlier, later = both(tara, first, second)

        paid(tara, *((earlier, later) if earlier_first else (later, earlier)))
        tara.sweeps()
        due_again(tara)
        tara.sweeps()

        winner, loser = (earlier, later) if earlier_first else (later, earlier)
        at_stripe = (second if earlier_first else first) == "stripe-card"
        assert (tara.reads(winner), tara.reads(loser)) == ("active", "needs_review")
        assert tara.checkout(loser).review == "duplicate"
        running = [plan for plan in tara.plans() if plan[0] == "active"]
        assert running == [("active", False)]
        assert [reason for _, reason in tara.refunds()] == ["duplicate"]
        cancels = [act for act in tara.acts() if act[0] == "cancel_subscription"]
        assert cancels == ([("cancel_subscription", "duplicate", "done")] if at_stripe else [])
        ended = [call for call in tara.sandbox.calls("DELETE") if "/subscriptions/" in call["path"]]
        assert len(ended) == len(cancels)
        assert tara.opens(loser).review is not None

    def test_of_a_one_time_thing_is_given_back_too(self, tara: Buyer) -> None:
        thing = {"slug": "onboarding", "interval": None}
        earlier, later = both(tara, "mollie-ideal", "stripe-card", **thing)

        paid(tara, earlier, later)
        tara.sweeps()

        assert (tara.reads(earlier), tara.reads(later)) == ("active", "needs_review")
        assert len(tara.refunds()) == 1

    def test_is_found_however_many_orders_lie_between(self, tara: Buyer) -> None:
        unable = tara.where(expire_checkout=raising(errors.Unavailable("no answer")))
        placed = [
            unable.buys("onboarding", None, method=method, quantity=quantity)
            for method, quantity in (("stripe-card", 1), ("mollie-card", 2), ("stripe-card", 3))
        ]

        paid(tara, placed[0], placed[2])
        tara.sweeps()

        assert (tara.reads(placed[0]), tara.reads(placed[2])) == ("active", "needs_review")
        assert len(tara.refunds()) == 1


class TestAnEarlierOrderThatWasPaid:
    @pytest.mark.parametrize("method", CARDS)
    @pytest.mark.parametrize(("slug", "interval"), [("team", "month"), ("onboarding", None)])
    def test_stops_the_next_one(
        self, tara: Buyer, method: str, slug: str, interval: str | None
    ) -> None:
        placed = tara.buys(slug, interval, method=method)
        assert placed.url is not None
        payer.pays(placed.url)

        with pytest.raises(Conflict, match="has just been paid"):
            tara.buys(slug, interval, method=method, quantity=3)

        assert tara.reads(placed) == "active"
        assert tara.creates(method.partition("-")[0]) == 1

    def test_that_a_person_looks_at_stops_the_next_one_too(self, tara: Buyer) -> None:
        placed = tara.buys()
        tara.sandbox.fault("wrong_amount", provider="stripe")
        assert placed.url is not None
        payer.pays(placed.url)

        with pytest.raises(Conflict, match="has just been paid"):
            tara.buys(quantity=3)

        assert tara.reads(placed) == "needs_review"
        assert tara.creates() == 1

    @pytest.mark.parametrize("method", CARDS)
    def test_is_not_bought_again_when_pay_is_pressed_after_its_page_ended(
        self, tara: Buyer, method: str
    ) -> None:
        placed = tara.buys(method=method)
        assert placed.url is not None
        payer.pays(placed.url)
        tara.waits("25 hours")

        again = tara.buys(method=method)

        assert (again.checkout_uuid, again.url) == (placed.checkout_uuid, None)
        assert tara.reads(placed) == "active"
        assert tara.creates(method.partition("-")[0]) == 1


class TestMoney:
    @pytest.mark.parametrize("method", CARDS)
    @pytest.mark.parametrize(("slug", "interval"), [("team", "month"), ("onboarding", None)])
    def test_after_the_end_is_looked_at_by_a_person(
        self, tara: Buyer, method: str, slug: str, interval: str | None
    ) -> None:
        placed = tara.buys(slug, interval, method=method)
        assert placed.url is not None
        early = tara.where(fetch_checkout=_says("expired"))
        due_again(tara)
        early.sweeps()
        assert tara.reads(placed) == "expired"

        paid(tara, placed)
        tara.waits("1 days")
        tara.sweeps()

        assert tara.reads(placed) == "needs_review"
        assert tara.checkout(placed).review == "late"
        assert [plan for plan in tara.plans() if not plan[1]] == []
        assert tara.payments()[-1][0] == "paid"
        assert "Do not pay again" in str(tara.opens(placed).review)
        assert "checkout.completed" not in tara.told()

    @pytest.mark.parametrize("method", CARDS)
    @pytest.mark.parametrize(("slug", "interval"), [("team", "month"), ("onboarding", None)])
    def test_that_differs_from_what_was_accepted_is_never_active(
        self, tara: Buyer, method: str, slug: str, interval: str | None
    ) -> None:
        placed = tara.buys(slug, interval, method=method)
        tara.sandbox.fault("wrong_amount", provider=method.partition("-")[0])

        paid(tara, placed)
        tara.sweeps()

        assert tara.reads(placed) == "needs_review"
        assert tara.checkout(placed).review == "amount"
        assert [plan for plan in tara.plans() if not plan[1]] == []
        assert tara.overview().subscription is None
        assert not [kind for kind in tara.timeline() if "active" in kind or "complete" in kind]

    def test_on_its_way_that_differs_gives_no_access_meanwhile(self, tara: Buyer) -> None:
        placed = tara.buys(method="stripe-sepa")
        tara.sandbox.fault("wrong_amount", provider="stripe")

        paid(tara, placed)
        waiting = tara.opens(placed)
        tara.waits("6 days")
        tara.sweeps()

        assert (waiting.status, waiting.has_access) == ("processing", False)
        assert tara.reads(placed) == "needs_review"
        assert tara.overview().subscription is None

    def test_is_not_called_failed_by_a_provider_that_does_not_answer(self, tara: Buyer) -> None:
        placed = tara.buys()
        assert placed.url is not None
        target = payer.pays(placed.url)
        dumb = tara.where(fetch_checkout=raising(errors.Unavailable("no answer")))

        dumb.comes_back(target)

        assert dumb.reads(placed) == "confirming"
        assert dumb.opens(placed).continue_url is None
        tara.waits("3 minutes")
        tara.sweeps()
        assert tara.reads(placed) == "active"


class TestAMandate:
    def test_that_is_pending_counts(self, tara: Buyer) -> None:
        placed = tara.buys(method="mollie-ideal")
        tara.sandbox.fault("mandate_pending", provider="mollie")

        paid(tara, placed)

        assert tara.reads(placed) == "active"
        assert tara.methods() == [("sepa", "pending", True)]
        assert tara.acts() == [("begin_subscription", "first_payment_paid", "done")]

    def test_that_is_invalid_does_not_count(self, tara: Buyer) -> None:
        placed = tara.buys(method="mollie-card")
        without = tara.where(fetch_checkout=_mandate("invalid"))

        paid(without, placed)

        assert without.reads(placed) == "processing"
        assert tara.plans() == [] and tara.acts() == []
        tara.waits("4 days")
        without.sweeps()
        assert without.reads(placed) == "needs_review"
        assert tara.checkout(placed).review == "mandate"
        assert tara.plans() == []

    def test_that_comes_late_counts_then(self, tara: Buyer) -> None:
        placed = tara.buys(method="mollie-card")
        paid(tara.where(fetch_checkout=_mandate(None)), placed)
        waiting = tara.checkout(placed).state

        tara.waits("1 hours")
        tara.sweeps()

        assert waiting == "processing"
        assert tara.reads(placed) == "active"
        assert tara.plans() == [("active", False)]

    def test_of_a_set_up_must_be_usable(self, tara: Buyer) -> None:
        placed = tara.saves("mollie-card")
        paid(tara.where(fetch_checkout=_mandate("invalid")), placed)

        assert tara.checkout(placed).state == "processing"
        assert [row for row in tara.methods() if row[2]] == []


class TestTwoThatArePaidAtTheSameMoment:
    @pytest.mark.parametrize(
        ("first", "second"), [("stripe-card", "mollie-card"), ("mollie-card",) * 2]
    )
    def test_end_as_one_plan_and_one_refund(
        self, tara: Buyer, database: Database, first: str, second: str
    ) -> None:
        placed = both(tara, first, second)
        for one in placed:
            assert one.url is not None
            payer.pays(one.url)
        ids = [tara.checkout(one).id for one in placed]

        _at_once(database, tara, ids)
        tara.sweeps()

        assert sorted(tara.reads(one) for one in placed) == ["active", "needs_review"]
        assert [plan for plan in tara.plans() if plan == ("active", False)] == [("active", False)]
        assert len(tara.refunds()) == 1

    def test_set_ups_leave_one_default(self, tara: Buyer, database: Database) -> None:
        placed = [tara.saves("stripe-card"), tara.saves("mollie-card")]
        for one in placed:
            assert one.url is not None
            payer.pays(one.url)

        _at_once(database, tara, [tara.checkout(one).id for one in placed])

        assert sorted(default for *_, default in tara.methods()) == [False, True]


def _at_once(database: Database, buyer: Buyer, ids: list[int]) -> None:
    """Look at several checkouts in threads whose first answers arrive together."""
    arriving, numbers = threading.Barrier(len(ids)), itertools.count()

    def fetched(real: Provider, *given: Any, **named: Any) -> CheckoutState:
        state = real.fetch_checkout(*given, **named)
        # Who looks once more does not wait for those who are done.
        if next(numbers) < len(ids):
            arriving.wait(PATIENCE_SECONDS)
        return state

    site = buyer.where(fetch_checkout=fetched).site

    def look(checkout_id: int) -> None:
        with database.writer() as db:
            checkouts.sync(db, site, checkout_id, cause="page")

    together.each(look, ids)


def _says(status: Any) -> Any:
    """Answer a fetch that finds nothing paid and this status."""

    def fetch(real: Provider, *given: Any, **named: Any) -> CheckoutState:
        return replace(real.fetch_checkout(*given, **named), status=status, payments=())

    return fetch


def _mandate(status: Any) -> Any:
    """Answer a fetch that finds the mandate in this status, or none."""

    def fetch(real: Provider, *given: Any, **named: Any) -> CheckoutState:
        state = real.fetch_checkout(*given, **named)
        method = replace(state.method, status=status) if state.method and status else None
        return replace(state, method=method)

    return fetch


class TestAPlan:
    def test_is_written_once_however_often_it_is_looked_at(self, tara: Buyer) -> None:
        placed = tara.buys()
        paid(tara, placed)
        tara.sweeps()
        told, timeline = tara.told(), tara.timeline()

        for _ in range(3):
            checkouts.sync(tara.db, tara.site, tara.checkout(placed).id, cause="sweep")
            tara.sweeps()

        assert (tara.told(), tara.timeline()) == (told, timeline)
        assert len(tara.rows(Subscription)) == 1
        assert len(set(told)) == len(told)
