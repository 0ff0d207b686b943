"""What an owner decides of a payment that Portico could not judge: done once, at both providers."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy.orm import joinedload

from app.billing.errors import Conflict, Invalid, NotAllowed, NotFound, ProviderUnavailable
from app.billing.operations import reviews
from app.billing.ordering.orders import Placed
from app.billing.purchase import checkouts
from app.db.engine import Database
from app.models import (
    AppMember,
    AuditEntry,
    CheckoutSession,
    Invoice,
    Subscription,
    TimelineEntry,
)
from app.providers import errors
from tests import payer, together
from tests.billing.operations.members import alice
from tests.billing.purchases import Buyer, due_again, raising

CARDS = ["stripe-card", "mollie-card"]
WHY = "The customer wrote to us."


def in_doubt(
    buyer: Buyer, method: str, slug: str = "team", interval: str | None = "month"
) -> Placed:
    """Buy something, and pay another amount than was accepted."""
    placed = buyer.buys(slug, interval, method=method)
    buyer.sandbox.fault("wrong_amount", provider=method.partition("-")[0])
    assert placed.url is not None
    buyer.comes_back(payer.pays(placed.url))
    assert buyer.checkout(placed).state == "needs_review"
    return placed


def accepts(buyer: Buyer, placed: Placed, *, reason: str = WHY) -> CheckoutSession:
    found = reviews.accept(buyer.db, buyer.site, alice(buyer), placed.checkout_uuid, reason=reason)
    buyer.db.commit()
    return found


def gives_back(buyer: Buyer, placed: Placed) -> CheckoutSession:
    found = reviews.give_back(buyer.db, buyer.site, alice(buyer), placed.checkout_uuid, reason=WHY)
    buyer.db.commit()
    return found


def audited(buyer: Buyer) -> list[str]:
    return [entry.action for entry in buyer.rows(AuditEntry)]


class TestAccepting:
    @pytest.mark.parametrize("method", CARDS)
    def test_begins_the_plan_that_was_paid_for(self, tara: Buyer, method: str) -> None:
        placed = in_doubt(tara, method)

        checkout = accepts(tara, placed)

        assert (checkout.state, checkout.verdict) == ("complete", "accepted")
        assert tara.plans() == [("active", False)]
        assert tara.reads(placed) == "active"
        assert {"checkout.completed", "subscription.activated"} <= set(tara.told())
        (invoice,) = tara.rows(Invoice)
        assert (invoice.status, invoice.total) == ("paid", tara.payments()[0][1])
        assert tara.refunds() == []

    @pytest.mark.parametrize("method", CARDS)
    def test_lets_the_plan_renew_afterwards(self, tara: Buyer, method: str) -> None:
        accepts(tara, in_doubt(tara, method))

        tara.waits("1 months")
        tara.waits("2 hours")
        tara.sweeps()
        tara.sweeps()

        assert tara.plans() == [("active", False)]
        assert [status for status, _ in tara.payments()] == ["paid", "paid"]

    @pytest.mark.parametrize("method", CARDS)
    def test_gives_a_one_time_thing(self, tara: Buyer, method: str) -> None:
        placed = in_doubt(tara, method, "onboarding", None)

        checkout = accepts(tara, placed)

        assert checkout.state == "complete"
        assert len(tara.rows(Invoice)) == 1
        assert "checkout.completed" in tara.told()

    @pytest.mark.parametrize("method", CARDS)
    def test_takes_money_that_came_late(self, tara: Buyer, method: str) -> None:
        placed = tara.buys("onboarding", None, method=method)
        assert placed.url is not None
        checkout_id = tara.checkout(placed).id
        payer.pays(placed.url)
        tara.db.execute(
            CheckoutSession.__table__.update().values(state="expired")  # type: ignore[attr-defined]
        )
        tara.db.commit()
        checkouts.sync(tara.db, tara.site, checkout_id, cause="sweep")
        assert tara.checkout(placed).review == "late"

        assert accepts(tara, placed).state == "complete"

    def test_is_said_in_the_timeline_and_kept_in_the_audit_log(self, tara: Buyer) -> None:
        placed = in_doubt(tara, "stripe-card")

        checkout = accepts(tara, placed)

        member = alice(tara)
        (entry,) = tara.rows(AuditEntry)
        assert (entry.action, entry.subject) == ("review.accepted", str(checkout.uuid))
        assert entry.details == {"why": "amount", "reason": WHY}
        (done,) = tara.rows(TimelineEntry, TimelineEntry.kind == "checkout.complete")
        assert done.cause == f"user {member.user.uuid}"

    @pytest.mark.parametrize("method", CARDS)
    def test_is_refused_where_another_plan_runs(self, tara: Buyer, method: str) -> None:
        placed = in_doubt(tara, method)
        tara.world.begin_plan(tara.world.globex)

        with pytest.raises(Conflict, match="Team runs for this company already"):
            accepts(tara, placed)

        checkout = tara.checkout(placed)
        assert (checkout.state, checkout.verdict) == ("needs_review", None)
        assert audited(tara) == []

    @pytest.mark.parametrize("method", CARDS)
    def test_is_refused_once_the_money_went_back(self, tara: Buyer, method: str) -> None:
        placed = in_doubt(tara, method, "onboarding", None)
        tara.sandbox.refund(tara.rows(CheckoutSession)[0].payments[0].provider_id)

        with pytest.raises(Conflict, match="does not have this money"):
            accepts(tara, placed)

        assert tara.checkout(placed).state == "needs_review"

    def test_is_refused_where_the_plan_could_not_be_charged_again(self, tara: Buyer) -> None:
        placed = in_doubt(tara, "mollie-card")
        customer = tara.rows(Subscription)
        assert customer == []
        without = tara.where(fetch_checkout=_without_method)

        with pytest.raises(Conflict, match="not allowed further charges"):
            accepts(without, placed)


class TestGivingBack:
    @pytest.mark.parametrize("method", CARDS)
    @pytest.mark.parametrize(("slug", "interval"), [("team", "month"), ("onboarding", None)])
    def test_returns_all_and_ends_what_began(
        self, tara: Buyer, method: str, slug: str, interval: str | None
    ) -> None:
        placed = in_doubt(tara, method, slug, interval)
        paid = tara.payments()[0][1]

        checkout = gives_back(tara, placed)

        assert (checkout.state, checkout.verdict) == ("refunded", "given_back")
        assert tara.refunds() == [(paid, "review")]
        assert [plan for plan in tara.plans() if plan[0] != "canceled"] == []
        assert "checkout.refunded" in tara.told()
        assert "payment.refund_asked" in tara.timeline()
        assert audited(tara) == ["review.given_back"]

    @pytest.mark.parametrize("method", CARDS)
    def test_waits_for_a_provider_that_does_not_refund_now(self, tara: Buyer, method: str) -> None:
        placed = in_doubt(tara, method)
        dumb = tara.where(refund=raising(errors.Unavailable("no answer")))

        waiting = gives_back(dumb, placed)
        assert (waiting.state, waiting.verdict) == ("needs_review", "given_back")
        tara.waits("7 hours")
        tara.sweeps()
        due_again(tara)
        tara.sweeps()

        assert tara.checkout(placed).state == "refunded"
        assert len(tara.refunds()) == 1

    def test_closes_a_second_payment_that_went_back_by_itself(self, tara: Buyer) -> None:
        unable = tara.where(expire_checkout=raising(errors.Unavailable("no answer")))
        first = tara.buys(method="stripe-card")
        second = unable.buys(method="mollie-card", quantity=3)
        for placed in (first, second):
            assert placed.url is not None
            tara.comes_back(payer.pays(placed.url))
        assert tara.checkout(second).review == "duplicate"

        with pytest.raises(Conflict, match="being given back"):
            accepts(tara, second)
        checkout = gives_back(tara, second)

        assert checkout.state == "refunded"
        assert len(tara.refunds()) == 1
        assert [plan for plan in tara.plans() if plan == ("active", False)] == [("active", False)]

    def test_cannot_be_turned_into_accepting(self, tara: Buyer) -> None:
        placed = in_doubt(tara, "mollie-card")
        gives_back(tara, placed)

        with pytest.raises(Conflict, match="give this payment back"):
            accepts(tara, placed)


class TestDeciding:
    @pytest.mark.parametrize("method", CARDS)
    @pytest.mark.parametrize("verb", [reviews.accept, reviews.give_back])
    def test_many_times_at_once_happens_once(
        self, tara: Buyer, database: Database, method: str, verb: object
    ) -> None:
        placed = in_doubt(tara, method)
        member = alice(tara)

        def press(_: int) -> None:
            with database.writer() as db:
                mine = db.get_one(
                    AppMember,
                    member_id,
                    options=[joinedload(AppMember.app), joinedload(AppMember.user)],
                )
                db.commit()
                verb(db, tara.site, mine, placed.checkout_uuid, reason=WHY)  # type: ignore[operator]
                db.commit()

        member_id = member.id
        together.each(press, range(4))
        tara.sweeps()

        assert len(audited(tara)) == 1
        begun = [plan for plan in tara.plans() if plan == ("active", False)]
        if verb is reviews.accept:
            assert (len(begun), tara.refunds(), len(tara.rows(Invoice))) == (1, [], 1)
            assert tara.told().count("checkout.completed") == 1
        else:
            assert (len(begun), len(tara.refunds())) == (0, 1)
            assert tara.told().count("checkout.refunded") == 1

    def test_changes_nothing_while_the_provider_does_not_answer(self, tara: Buyer) -> None:
        placed = in_doubt(tara, "stripe-card")
        dumb = tara.where(fetch_checkout=raising(errors.Unavailable("no answer")))

        with pytest.raises(ProviderUnavailable):
            accepts(dumb, placed)

        assert tara.checkout(placed).verdict is None
        assert audited(tara) == []

    def test_needs_a_written_reason(self, tara: Buyer) -> None:
        placed = in_doubt(tara, "stripe-card")

        with pytest.raises(Invalid) as refused:
            accepts(tara, placed, reason=" ")

        assert refused.value.field == "reason"

    def test_is_for_owners_of_this_app(self, tara: Buyer) -> None:
        placed = in_doubt(tara, "stripe-card")

        with pytest.raises(NotFound):
            reviews.accept(tara.db, tara.site, alice(tara), UUID(int=7), reason=WHY)
        support = alice(tara, role="support")
        with pytest.raises(NotAllowed):
            reviews.give_back(tara.db, tara.site, support, placed.checkout_uuid, reason=WHY)

    def test_is_only_for_what_is_in_doubt(self, tara: Buyer) -> None:
        placed = tara.buys()
        assert placed.url is not None
        tara.comes_back(payer.pays(placed.url))

        with pytest.raises(Conflict, match="does not need a decision"):
            accepts(tara, placed)


def _without_method(real: object, *given: object, **named: object) -> object:
    return replace(real.fetch_checkout(*given, **named), method=None)  # type: ignore[attr-defined]
