"""Money given back by an owner: once, at both providers, and on record."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy.orm import joinedload

from app.billing.errors import Conflict, Invalid, NotAllowed, NotFound
from app.billing.operations import owner_refunds
from app.db.engine import Database
from app.models import AppMember, AuditEntry, Invoice, Payment, TimelineEntry
from app.money import Money
from app.providers import errors
from tests import payer, together
from tests.billing.operations.members import WHY, alice, refunds
from tests.billing.purchases import Buyer, raising
from tests.billing.running_plans import CARDS, bought


def listed(tara: Buyer) -> list[str]:
    """Answer what the invoices are listed as, which is how each stands."""
    found = tara.rows(Invoice, Invoice.kind == "invoice")
    assert [row.listed_as for row in found] == [row.standing for row in found]
    return [row.listed_as for row in found]


class TestRefunding:
    @pytest.mark.parametrize("method", CARDS)
    def test_gives_back_a_part_and_then_the_rest(self, tara: Buyer, method: str) -> None:
        bought(tara, method)
        (paid,) = tara.rows(Payment)

        assert refunds(tara, 1000) == "done"
        in_part = listed(tara)
        assert refunds(tara, paid.amount - 1000) == "done"

        assert (in_part, listed(tara)) == (["partly_refunded"], ["refunded"])
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

        def press(_: int) -> None:
            with database.writer() as db:
                loads = [joinedload(AppMember.app), joinedload(AppMember.user)]
                member = db.get_one(AppMember, member_id, options=loads)
                db.commit()
                owner_refunds.give(
                    db,
                    tara.site,
                    member,
                    payment,
                    amount=Money(500, "EUR"),
                    reason=WHY,
                    request_uuid=form,
                )
                db.commit()

        together.each(press, range(4))

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
            owner_refunds.give(
                tara.db,
                tara.site,
                alice(tara, role="support"),
                row.uuid,
                amount=Money(100, row.currency),
                reason=WHY,
                request_uuid=uuid4(),
            )
