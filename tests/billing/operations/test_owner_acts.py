"""Money given back and plans ended by an owner: once, at both providers, and on record."""

from __future__ import annotations

import threading
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import joinedload

from app.billing.errors import Conflict, Invalid, NotAllowed, NotFound, ProviderUnavailable
from app.billing.operations import owner_acts
from app.billing.operations.owner_acts import State, When
from app.db.engine import Database
from app.models import AppMember, AuditEntry, Invoice, Mail, Payment, Subscription, TimelineEntry
from app.money import Money
from app.providers import errors
from tests import payer
from tests.billing.operations.test_reviews import alice
from tests.billing.purchases import Buyer, raising
from tests.billing.running_plans import CARDS, bought, changes, plan

WHY = "They asked for it."


def refunds(
    buyer: Buyer, minor: int, *, request: UUID | None = None, payment: UUID | None = None
) -> State:
    """Give back so much of the only payment, unless another is named."""
    row = buyer.rows(Payment)[0]
    return owner_acts.refund(
        buyer.db,
        buyer.site,
        alice(buyer),
        payment or row.uuid,
        amount=Money(minor, row.currency),
        reason=WHY,
        request_uuid=request or uuid4(),
    )


def cancels(buyer: Buyer, when: When) -> Subscription:
    row = plan(buyer)
    return owner_acts.cancel(buyer.db, buyer.site, alice(buyer), row.uuid, when=when, reason=WHY)


class TestRefunding:
    @pytest.mark.parametrize("method", CARDS)
    def test_gives_back_a_part_and_then_the_rest(self, tara: Buyer, method: str) -> None:
        bought(tara, method)
        (paid,) = tara.rows(Payment)

        assert refunds(tara, 1000) == "done"
        assert refunds(tara, paid.amount - 1000) == "done"

        assert [amount for amount, _ in tara.refunds()] == [1000, paid.amount - 1000]
        (paid,) = tara.rows(Payment)
        assert paid.remaining.minor == 0
        assert tara.plans() == [("active", False)]

    @pytest.mark.parametrize("method", CARDS)
    def test_is_told_with_the_person_who_did_it(self, tara: Buyer, method: str) -> None:
        bought(tara, method)

        refunds(tara, 500)

        (asked,) = tara.rows(TimelineEntry, TimelineEntry.kind == "payment.refund_asked")
        assert asked.cause == f"user {tara.world.alice.uuid}"
        assert (asked.details or {})["amount"] == 500
        (audit,) = tara.rows(AuditEntry)
        assert (audit.action, audit.details["reason"]) == ("payment.refunded", WHY)

    @pytest.mark.parametrize("method", CARDS)
    def test_of_a_one_time_thing_gets_its_credit_note(self, tara: Buyer, method: str) -> None:
        placed = tara.buys("onboarding", None, method=method)
        assert placed.url is not None
        tara.comes_back(payer.pays(placed.url))

        refunds(tara, 700)
        tara.waits("3 days")
        tara.sweeps()

        notes = tara.rows(Invoice, Invoice.kind == "credit_note")
        assert [note.total for note in notes] == [700]

    def test_asked_twice_by_one_form_is_one_refund(self, tara: Buyer) -> None:
        bought(tara, "stripe-card")
        form = uuid4()

        states = [refunds(tara, 500, request=form) for _ in range(2)]

        assert states == ["done", "done"]
        assert len(tara.refunds()) == len(tara.rows(AuditEntry)) == 1

    @pytest.mark.parametrize("method", CARDS)
    def test_pressed_many_times_at_once_is_one_refund(
        self, tara: Buyer, database: Database, method: str
    ) -> None:
        bought(tara, method)
        (paid,) = tara.rows(Payment)
        member_id, payment, form = alice(tara).id, paid.uuid, uuid4()
        tara.db.commit()
        together, failures = threading.Barrier(4), list[BaseException]()

        def press() -> None:
            try:
                with database.writer() as db:
                    loads = [joinedload(AppMember.app), joinedload(AppMember.user)]
                    member = db.get_one(AppMember, member_id, options=loads)
                    db.commit()
                    together.wait()
                    owner_acts.refund(
                        db,
                        tara.site,
                        member,
                        payment,
                        amount=Money(500, "EUR"),
                        reason=WHY,
                        request_uuid=form,
                    )
                    db.commit()
            except BaseException as error:
                failures.append(error)

        presses = [threading.Thread(target=press) for _ in range(4)]
        for one in presses:
            one.start()
        for one in presses:
            one.join()

        assert failures == []
        assert [amount for amount, _ in tara.refunds()] == [500]
        assert len(tara.rows(AuditEntry)) == 1

    def test_waits_for_a_provider_that_does_not_answer(self, tara: Buyer) -> None:
        bought(tara, "mollie-card")
        (paid,) = tara.rows(Payment)
        dumb = tara.where(refund=raising(errors.Unavailable("no answer")))

        assert refunds(dumb, paid.amount) == "waiting"
        with pytest.raises(Invalid, match="Nothing is left"):
            refunds(tara, 100)
        tara.waits("10 minutes")
        tara.sweeps()

        assert [amount for amount, _ in tara.refunds()] == [paid.amount]

    def test_is_never_more_than_what_is_left(self, tara: Buyer) -> None:
        bought(tara, "stripe-card")
        (paid,) = tara.rows(Payment)

        for minor in (0, -1, paid.amount + 1):
            with pytest.raises(Invalid) as refused:
                refunds(tara, minor)
            assert refused.value.field == "amount"
        assert tara.rows(AuditEntry) == []

    def test_is_for_what_was_paid(self, tara: Buyer) -> None:
        placed = tara.buys(method="mollie-card")
        assert placed.url is not None
        tara.comes_back(payer.declines(placed.url))

        with pytest.raises(Conflict):
            refunds(tara, 100)

    def test_is_for_owners_of_this_app(self, tara: Buyer) -> None:
        bought(tara, "stripe-card")

        with pytest.raises(NotFound):
            refunds(tara, 100, payment=uuid4())
        row = tara.rows(Payment)[0]
        with pytest.raises(NotAllowed):
            owner_acts.refund(
                tara.db,
                tara.site,
                alice(tara, role="support"),
                row.uuid,
                amount=Money(100, row.currency),
                reason=WHY,
                request_uuid=uuid4(),
            )


class TestEndingAPlan:
    @pytest.mark.parametrize("method", CARDS)
    def test_at_once_ends_it_here_and_there(self, tara: Buyer, method: str) -> None:
        bought(tara, method)

        ended = cancels(tara, "now")

        assert (ended.status, ended.end_reason) == ("canceled", "canceled")
        assert "subscription.canceled" in tara.told()
        (asked,) = tara.rows(TimelineEntry, TimelineEntry.kind == "subscription.cancel_asked")
        assert asked.cause == f"user {tara.world.alice.uuid}"
        assert [row.kind for row in tara.rows(Mail) if row.kind == "canceled"] == ["canceled"]
        tara.waits("2 months")
        tara.sweeps()
        assert len(tara.payments()) == 1

    @pytest.mark.parametrize("method", CARDS)
    def test_with_its_period_lets_it_run_until_then(self, tara: Buyer, method: str) -> None:
        bought(tara, method)

        row = cancels(tara, "period_end")

        assert row.status == "canceling"
        (audit,) = tara.rows(AuditEntry)
        assert audit.action == "subscription.canceled"
        (asked,) = tara.rows(TimelineEntry, TimelineEntry.kind == "subscription.cancel_asked")
        assert asked.cause == f"user {tara.world.alice.uuid}"

    @pytest.mark.parametrize("method", CARDS)
    def test_that_was_to_end_later_ends_at_once(self, tara: Buyer, method: str) -> None:
        bought(tara, method)
        cancels(tara, "period_end")

        assert cancels(tara, "now").status == "canceled"

    @pytest.mark.parametrize("method", CARDS)
    def test_drops_a_change_that_waits(self, tara: Buyer, method: str) -> None:
        bought(tara, method)
        changes(tara, "starter", moment="period_end")

        assert cancels(tara, "period_end").status == "canceling"
        assert "subscription.change_dropped" in tara.timeline()

    def test_asked_twice_is_noted_once(self, tara: Buyer) -> None:
        bought(tara, "stripe-card")

        cancels(tara, "now")
        cancels(tara, "now")

        assert len(tara.rows(AuditEntry)) == 1

    def test_is_done_later_where_the_provider_does_not_answer(self, tara: Buyer) -> None:
        bought(tara, "mollie-card")
        dumb = tara.where(cancel_subscription=raising(errors.Unavailable("no answer")))

        with pytest.raises(ProviderUnavailable):
            cancels(dumb, "now")
        tara.waits("10 minutes")
        tara.sweeps()

        assert plan(tara).status == "canceled"
        assert len(tara.rows(AuditEntry)) == 1

    def test_is_for_owners(self, tara: Buyer) -> None:
        row = bought(tara, "stripe-card")

        with pytest.raises(NotAllowed):
            owner_acts.cancel(tara.db, tara.site, alice(tara, role="support"), row.uuid, when="now")
        assert plan(tara).status == "active"
