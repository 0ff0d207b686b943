"""What the truth asks for at Mollie and Stripe happens exactly once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update

from app.billing.ordering.orders import Placed
from app.billing.plans import refunds, subscriptions
from app.billing.truth import deeds, looks
from app.db.engine import Database
from app.models import Act, Payment, Subscription
from app.providers import errors
from app.providers.base import Provider
from tests import payer, together
from tests.billing import running_plans
from tests.billing.purchases import Buyer, Died, done_but, due_again, raising
from tests.waiting import PATIENCE_SECONDS

# What Mollie is asked for after a paid first payment: how it begins, which verb, and where.
ACTS: dict[str, tuple[Callable[[Buyer], Placed], str, str]] = {
    "begin_subscription": (
        lambda buyer: buyer.buys(method="mollie-card"),
        "begin_subscription",
        "subscriptions",
    ),
    "refund": (lambda buyer: buyer.saves("mollie-card"), "refund", "refunds"),
}
WINDOW = "51 minutes"


def paid(buyer: Buyer, kind: str, **verbs: Any) -> Placed:
    """Buy what asks for an act, and come back to an installation where verbs may fail."""
    placed = ACTS[kind][0](buyer)
    assert placed.url is not None
    target = payer.pays(placed.url)
    buyer.where(**verbs).comes_back(target)
    return placed


def made(buyer: Buyer, kind: str) -> int:
    """Answer how many of them Mollie has, whatever it answered."""
    sealed = buyer.world.account("mollie").sealed_credentials
    buyer.db.commit()
    key = buyer.site.credentials(sealed).secret_key
    return len(buyer.sandbox.app.world.account("mollie", key).find(ACTS[kind][2]))


def kept(buyer: Buyer, kind: str) -> None:
    """Check that the act is done here too."""
    act = buyer.rows(Act)[0]
    assert (act.kind, act.state, act.error) == (kind, "done", None)
    assert act.result_id is not None
    if kind == "refund":
        assert buyer.refunds() == [(1, "verification")]
        assert buyer.rows(Payment)[0].refunded == 1
    else:
        assert [row.provider_id for row in buyer.rows(Subscription)] == [act.result_id]


@pytest.mark.parametrize("kind", list(ACTS))
class TestAnAct:
    def test_is_done_once_by_all_who_look(self, tara: Buyer, kind: str) -> None:
        placed = paid(tara, kind)

        for _ in range(3):
            tara.opens(placed)
            due_again(tara)
            tara.sweeps()

        assert made(tara, kind) == 1
        kept(tara, kind)
        assert len(tara.rows(Act)) == 1

    def test_of_a_process_that_died_after_the_call_is_not_done_again(
        self, tara: Buyer, kind: str
    ) -> None:
        verb = ACTS[kind][1]
        with pytest.raises(Died):
            paid(tara, kind, **{verb: done_but(verb, Died())})
        tara.db.rollback()
        tara.sweeps()
        claimed = [act.state for act in tara.rows(Act)]

        tara.forgets_claims(Act)
        tara.waits("2 minutes")
        tara.sweeps()

        assert claimed == ["waiting"]
        assert made(tara, kind) == 1
        kept(tara, kind)

    def test_of_a_process_that_died_before_the_call_is_done_by_the_sweep(
        self, tara: Buyer, kind: str
    ) -> None:
        verb = ACTS[kind][1]
        with pytest.raises(Died):
            paid(tara, kind, **{verb: raising(Died())})
        tara.db.rollback()
        assert made(tara, kind) == 0

        tara.forgets_claims(Act)
        tara.sweeps()

        assert made(tara, kind) == 1
        kept(tara, kind)

    @pytest.mark.parametrize("reached", [False, True])
    def test_without_an_answer_is_repeated_with_the_same_key(
        self, tara: Buyer, kind: str, reached: bool
    ) -> None:
        verb = ACTS[kind][1]
        lost = errors.Unavailable("no answer")
        paid(tara, kind, **{verb: done_but(verb, lost) if reached else raising(lost)})
        first = tara.rows(Act)[0]
        key, state, error = first.idempotency_key, first.state, first.error

        tara.waits("2 minutes")
        tara.sweeps()

        assert (state, error) == ("waiting", "Unavailable: no answer")
        assert made(tara, kind) == 1
        assert tara.rows(Act)[0].idempotency_key == key
        kept(tara, kind)

    def test_after_the_keys_window_is_found_by_our_uuid_and_not_repeated(
        self, tara: Buyer, kind: str
    ) -> None:
        verb = ACTS[kind][1]
        paid(tara, kind, **{verb: done_but(verb, errors.Unavailable("no answer"))})
        tara.waits(WINDOW)
        posts = len(tara.sandbox.calls("POST"))

        tara.sweeps()

        assert len(tara.sandbox.calls("POST")) == posts
        assert made(tara, kind) == 1
        kept(tara, kind)

    def test_after_the_keys_window_that_never_arrived_gets_a_new_key(
        self, tara: Buyer, kind: str
    ) -> None:
        verb = ACTS[kind][1]
        paid(tara, kind, **{verb: raising(errors.Unavailable("no answer"))})
        key = tara.rows(Act)[0].idempotency_key
        tara.waits(WINDOW)

        tara.sweeps()

        assert made(tara, kind) == 1
        assert tara.rows(Act)[0].idempotency_key not in (None, key)
        kept(tara, kind)

    @pytest.mark.parametrize("reached", [False, True])
    @pytest.mark.parametrize(
        "spent",
        [errors.Unavailable("the same fault", replayed=True), errors.KeyReused("other content")],
    )
    def test_whose_key_is_spent_is_looked_for_before_it_is_repeated(
        self, tara: Buyer, kind: str, spent: errors.ProviderError, reached: bool
    ) -> None:
        verb = ACTS[kind][1]
        paid(tara, kind, **{verb: done_but(verb, spent) if reached else raising(spent)})
        assert tara.rows(Act)[0].idempotency_key is None

        tara.waits("2 minutes")
        tara.sweeps()

        assert made(tara, kind) == 1
        kept(tara, kind)

    def test_that_failed_after_it_was_done_at_mollie_itself_is_done_once(
        self, tara: Buyer, kind: str
    ) -> None:
        placed = ACTS[kind][0](tara)
        assert placed.url is not None
        target = payer.pays(placed.url)
        tara.sandbox.fault("500_after", provider="mollie", match=ACTS[kind][2])

        tara.comes_back(target)
        tara.waits("2 minutes")
        tara.sweeps()

        assert made(tara, kind) == 1
        kept(tara, kind)

    def test_that_is_refused_for_good_waits_for_a_person(self, tara: Buyer, kind: str) -> None:
        placed = paid(tara, kind, **{ACTS[kind][1]: raising(errors.Refused("not allowed"))})
        tara.waits("2 minutes")
        tara.sweeps()

        act = tara.rows(Act)[0]
        assert (act.state, act.error) == ("failed", "Refused: not allowed")
        assert made(tara, kind) == 0
        assert tara.reads(placed) == "active"

    def test_is_done_once_by_two_workers_at_the_same_moment(
        self, tara: Buyer, kind: str, database: Database
    ) -> None:
        verb = ACTS[kind][1]
        paid(tara, kind, **{verb: raising(errors.Unavailable("no answer"))})
        act_id = tara.rows(Act)[0].id
        in_call, go_on = threading.Event(), threading.Event()

        def slow(real: Provider, *given: Any, **named: Any) -> Any:
            in_call.set()
            assert go_on.wait(PATIENCE_SECONDS)
            return getattr(real, verb)(*given, **named)

        slowly = tara.where(**{verb: slow}).site

        def work() -> None:
            with database.writer() as db:
                deeds.perform(db, slowly, act_id)

        first = together.start(work)
        assert in_call.wait(PATIENCE_SECONDS)
        deeds.perform(tara.db, tara.site, act_id)
        meanwhile = made(tara, kind)
        go_on.set()
        first.answer()

        assert meanwhile == 0
        assert made(tara, kind) == 1
        kept(tara, kind)

    def test_taken_over_from_a_slow_worker_stays_done(
        self, tara: Buyer, kind: str, database: Database
    ) -> None:
        verb = ACTS[kind][1]
        paid(tara, kind, **{verb: raising(errors.Unavailable("no answer"))})
        act_id = tara.rows(Act)[0].id

        def overtaken(real: Provider, *given: Any, **named: Any) -> Any:
            with database.transaction() as db:
                db.execute(update(Act).values(claimed_until=None))
            with database.writer() as db:
                deeds.perform(db, tara.site, act_id)
            raise errors.Refused("that is done already")

        deeds.perform(tara.db, tara.where(**{verb: overtaken}).site, act_id)

        assert made(tara, kind) == 1
        kept(tara, kind)


class TestARefund:
    def test_that_fails_at_once_is_not_called_given_back(self, tara: Buyer) -> None:
        def failed(real: Provider, *given: Any, **named: Any) -> Any:
            return replace(real.refund(*given, **named), status="failed")

        paid(tara, "refund", refund=failed)

        assert tara.rows(Payment)[0].refunded == 0


class TestTheKeyOfAnAct:
    def test_is_a_random_one_of_its_own(self, tara: Buyer) -> None:
        paid(tara, "begin_subscription")

        act = tara.rows(Act)[0]
        sent = [call for call in tara.sandbox.calls("POST") if "subscriptions" in call["path"]]
        assert [call["idempotency_key"] for call in sent] == [act.idempotency_key]
        assert act.idempotency_key != str(act.uuid)


class TestARefundBetweenAQuestionAndItsAnswer:
    """A look that was asked before the refund and is applied after it."""

    def test_is_not_taken_back_by_a_look_at_the_checkout(self, tara: Buyer) -> None:
        placed = paid(tara, "refund", refund=raising(errors.Unavailable("no")))
        (act,) = tara.rows(Act)

        looks.at_checkout(
            tara.db,
            overtaken(tara, "fetch_checkout", act).site,
            tara.checkout(placed).id,
            cause="sweep",
        )

        assert tara.rows(Payment)[0].refunded == 1

    def test_is_not_taken_back_by_a_look_at_the_plan(self, tara: Buyer) -> None:
        plan = running_plans.bought(tara, "mollie-card")
        running_plans.lives_on(tara, "1 month")
        payment = tara.rows(Payment)[-1]
        refunds.give(
            tara.db,
            payment,
            payment.total,
            reason="owner",
            description="Sorry",
            request_uuid=uuid4(),
            now=tara.site.clock.now(),
        )
        tara.db.commit()
        act = tara.rows(Act)[-1]

        subscriptions.sync(
            tara.db, overtaken(tara, "fetch_subscription", act).site, plan.id, cause="sweep"
        )

        assert tara.rows(Payment)[-1].refunded == payment.amount


def overtaken(buyer: Buyer, question: str, act: Act) -> Buyer:
    """Answer an installation whose first question is answered only after an act was done."""
    waiting = [act.id]

    def verb(real: Provider, *given: Any, **named: Any) -> Any:
        answer = getattr(real, question)(*given, **named)
        while waiting:
            deeds.perform(buyer.db, buyer.site, waiting.pop())
        return answer

    return buyer.where(**{question: verb})
