"""Plans over time: renewals, failed charges and what follows, money that goes back."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from app.billing.ordering.orders import Placed
from app.billing.plans import cancelations, dunning, periods, subscriptions
from app.billing.reconciliation import sweep
from app.models import FormerFigure, Invoice, Mail, Payment, PaymentMethod, Refund
from app.money import Money
from app.providers.base import Line, SubscriptionChange
from tests import payer
from tests.billing.purchases import Buyer, knock
from tests.billing.running_plans import plan

CARDS = ["stripe-card", "mollie-card"]
# Pays now; every later charge fails.
FAILS_LATER = {"card_number": "4000000000000341"}


def bought(buyer: Buyer, method: str, interval: str = "month", **fields: str) -> Placed:
    placed = buyer.buys(method=method, interval=interval)
    assert placed.url is not None
    buyer.comes_back(payer.pays(placed.url, **fields))
    buyer.sweeps()
    return placed


def moves_to(buyer: Buyer, moment: datetime) -> None:
    buyer.sandbox.advance_to(moment.isoformat().replace("+00:00", "Z"))
    buyer.sweeps()


def renews(buyer: Buyer) -> None:
    """Let the running period end, and look."""
    until = plan(buyer).period_end
    assert until is not None
    moves_to(buyer, until + timedelta(hours=2))


def mails(buyer: Buyer) -> list[str]:
    return [row.kind for row in buyer.rows(Mail)]


def documents(buyer: Buyer) -> list[tuple[str, str, int]]:
    return [(row.kind, row.status, row.total) for row in buyer.rows(Invoice)]


class TestARenewal:
    @pytest.mark.parametrize("method", CARDS)
    @pytest.mark.parametrize("interval", ["month", "year"])
    def test_pays_the_next_period_and_makes_its_invoice(
        self, tara: Buyer, method: str, interval: str
    ) -> None:
        bought(tara, method, interval)
        begun, total = plan(tara).period_start, plan(tara).total

        for _ in range(3):
            renews(tara)

        now = plan(tara)
        assert now.status == "active"
        assert begun is not None and now.period_end is not None
        expected = periods.after(begun, interval, 4)
        assert abs(now.period_end - expected) < timedelta(seconds=2)
        assert tara.payments() == [("paid", total)] * 4
        paid = tara.rows(Payment)
        starts = [row.period_start for row in paid]
        assert starts == sorted(set(starts))
        assert [row.period_end for row in paid[:-1]] == starts[1:]
        assert documents(tara) == [("invoice", "paid", total)] * 4
        assert mails(tara) == ["receipt"] * 4
        assert tara.told().count("invoice.paid") == 4

    def test_at_mollie_numbers_our_invoices_without_gaps(self, tara: Buyer) -> None:
        bought(tara, "mollie-card")
        renews(tara)

        assert [row.number for row in tara.rows(Invoice)] == [1, 2]

    def test_at_stripe_mirrors_its_invoice_with_its_pages(self, tara: Buyer) -> None:
        bought(tara, "stripe-card")
        renews(tara)

        rows = tara.rows(Invoice)
        assert [row.number for row in rows] == [None, None]
        assert all(row.provider_number and row.hosted_url for row in rows)


class TestAFailedRenewal:
    @pytest.mark.parametrize("method", CARDS)
    def test_makes_the_plan_past_due_and_says_what_follows(self, tara: Buyer, method: str) -> None:
        bought(tara, method, **FAILS_LATER)
        paid_until = plan(tara).period_end

        renews(tara)

        now = plan(tara)
        assert now.status == "past_due"
        assert now.overdue_since is not None and now.next_retry_at is not None
        if method == "mollie-card":
            assert now.period_end == paid_until
            assert now.next_retry_at == now.overdue_since + timedelta(days=2)
            assert now.pay_by == now.overdue_since + timedelta(days=21)
        assert mails(tara) == ["receipt", "payment_failed"]
        assert tara.told().count("invoice.failed") == 1
        assert tara.told().count("subscription.past_due") == 1

    def test_at_mollie_is_tried_again_after_2_5_7_and_7_days_and_then_ends(
        self, tara: Buyer
    ) -> None:
        bought(tara, "mollie-card", **FAILS_LATER)
        renews(tara)
        since = plan(tara).overdue_since
        assert since is not None
        seen = []

        for days in (2, 7, 14, 21):
            moves_to(tara, since + timedelta(days=days, minutes=1))
            seen.append((plan(tara).status, len(tara.payments())))

        assert seen == [("past_due", 3), ("past_due", 4), ("past_due", 5), ("canceled", 6)]
        assert plan(tara).end_reason == "not_paid"
        assert mails(tara) == ["receipt", "payment_failed", "canceled"]
        assert len({row.period_start for row in tara.rows(Payment)}) == 2
        moves_to(tara, since + timedelta(days=120))
        assert len(tara.payments()) == 6

    def test_at_stripe_ends_when_stripe_gives_up(self, tara: Buyer) -> None:
        bought(tara, "stripe-card", **FAILS_LATER)
        renews(tara)

        tara.waits("20 days")
        tara.sweeps()

        assert (plan(tara).status, plan(tara).end_reason) == ("canceled", "not_paid")

    def test_that_was_not_looked_at_for_days_is_tried_once(self, tara: Buyer) -> None:
        bought(tara, "mollie-card", **FAILS_LATER)
        renews(tara)
        since = plan(tara).overdue_since
        assert since is not None

        moves_to(tara, since + timedelta(days=15))
        tara.sweeps()

        assert len(tara.payments()) == 3

    @pytest.mark.parametrize("method", CARDS)
    def test_is_made_good_by_a_new_card(self, tara: Buyer, method: str) -> None:
        bought(tara, method, **FAILS_LATER)
        renews(tara)
        saved = tara.saves(method)
        assert saved.url is not None
        tara.comes_back(payer.pays(saved.url))
        tara.sweeps()
        tara.sweeps()

        now = plan(tara)
        assert now.status == "active"
        assert (now.overdue_since, now.next_retry_at, now.pay_by) == (None, None, None)
        assert now.period_end is not None and now.period_end > tara.site.clock.now()
        assert documents(tara)[-1][:2] == ("invoice", "paid")
        renews(tara)
        assert plan(tara).status == "active"

    def test_is_charged_once_by_two_who_ask_at_the_same_moment(self, tara: Buyer) -> None:
        bought(tara, "mollie-card", **FAILS_LATER)
        renews(tara)
        row = plan(tara)

        asked = [
            dunning.charge_now(tara.db, tara.site, row, now=tara.site.clock.now()) for _ in range(2)
        ]
        tara.db.commit()

        assert asked[0] == asked[1]


class TestARefundAtTheProvider:
    @pytest.mark.parametrize("method", CARDS)
    @pytest.mark.parametrize("parts", [[4522], [1000, 500]])
    def test_is_recorded_part_by_part_with_its_credit_note(
        self, tara: Buyer, method: str, parts: list[int]
    ) -> None:
        bought(tara, method)
        (payment,) = tara.rows(Payment)

        for part in parts:
            tara.sandbox.refund(payment.provider_id, part)
            tara.waits("1 days")
        for _ in range(3):
            tara.waits("1 days")
            tara.sweeps()

        assert [row.status for row in tara.rows(Refund)] == ["refunded"] * len(parts)
        assert tara.rows(Payment)[0].refunded == sum(parts)
        notes = [row for row in tara.rows(Invoice) if row.kind == "credit_note"]
        assert [row.total for row in notes] == parts
        assert mails(tara).count("refunded") == len(parts)
        assert plan(tara).status == "active"


class TestAChargeback:
    @pytest.mark.parametrize("method", CARDS)
    def test_of_the_running_period_ends_the_plan(self, tara: Buyer, method: str) -> None:
        bought(tara, method)
        renews(tara)

        tara.sandbox.charge_back(tara.rows(Payment)[-1].provider_id)
        tara.waits("1 days")
        tara.sweeps()
        tara.sweeps()

        assert (plan(tara).status, plan(tara).end_reason) == ("canceled", "charged_back")
        assert mails(tara).count("charged_back") == 1
        assert tara.told().count("payment.charged_back") == 1
        assert ("cancel_subscription", "charged_back", "done") in tara.acts()

    @pytest.mark.parametrize("method", CARDS)
    def test_of_the_first_payment_ends_the_plan_by_its_event(
        self, tara: Buyer, method: str
    ) -> None:
        bought(tara, method)
        paid = tara.rows(Payment)[0].provider_id
        tara.sandbox.charge_back(paid)

        knock(tara, paid, event_id=None if method == "mollie-card" else "evt_dispute")
        sweep.process_events(tara.db, tara.site)

        assert (plan(tara).status, plan(tara).end_reason) == ("canceled", "charged_back")
        (invoice,) = tara.rows(Invoice)
        assert (invoice.standing, invoice.listed_as) == ("charged_back", "charged_back")
        assert ("cancel_subscription", "charged_back", "done") in tara.acts()
        assert mails(tara).count("charged_back") == 1
        assert tara.told().count("subscription.canceled") == 1

    @pytest.mark.parametrize("method", CARDS)
    def test_of_an_earlier_period_is_told_and_leaves_the_plan(
        self, tara: Buyer, method: str
    ) -> None:
        bought(tara, method)
        renews(tara)

        tara.sandbox.charge_back(tara.rows(Payment)[0].provider_id)
        tara.waits("1 days")
        tara.sweeps()

        assert plan(tara).status == "active"
        assert mails(tara).count("charged_back") == 1
        assert [row for row in tara.rows(PaymentMethod) if row.is_default]


class TestAChangeAtTheProviderItself:
    def test_of_the_seats_at_stripe_counts_here_too(self, tara: Buyer) -> None:
        bought(tara, "stripe-card")
        before = plan(tara)
        row = (before.quantity, before.total, before.provider_id)
        account = tara.world.account("stripe")
        provider = tara.site.provider(account)
        state = provider.fetch_subscription(str(row[2]), customer_id=None)
        change = SubscriptionChange(
            provider_id=str(row[2]),
            customer_id=str(state.customer_id),
            line=Line("Team", before.price.amount, 5, interval="month"),
            total=Money(5 * row[1] // 2, "EUR"),
            when="period_end",
        )
        tara.db.commit()
        provider.change_subscription(change, key=str(uuid4()))

        subscriptions.sync(tara.db, tara.site, before.id, cause="sweep")

        after = plan(tara)
        assert (row[0], after.quantity) == (2, 5)
        assert after.total == after.net + after.tax > row[1]
        assert tara.timeline()[-1] == "subscription.changed"
        subscriptions.sync(tara.db, tara.site, before.id, cause="sweep")
        assert tara.timeline().count("subscription.changed") == 1
        (former,) = tara.rows(FormerFigure)
        assert (former.net, former.from_at) == (3800, after.started_at)


class TestAPlanThatHasEnded:
    @pytest.mark.parametrize("method", CARDS)
    def test_is_looked_at_while_its_payments_may_go_back(self, tara: Buyer, method: str) -> None:
        bought(tara, method)
        tara.sandbox.charge_back(tara.rows(Payment)[0].provider_id)
        tara.waits("1 days")
        tara.sweeps()
        tara.sweeps()
        assert plan(tara).status == "canceled"
        looked = plan(tara).next_check_at
        assert looked is not None

        tara.waits("200 days")
        tara.sweeps()

        assert plan(tara).next_check_at is None

    def test_that_was_resumed_finds_what_goes_back_of_before(self, tara: Buyer) -> None:
        bought(tara, "mollie-card")
        renews(tara)
        cancelations.cancel(tara.db, tara.site, membership=tara.membership, reason=None)
        cancelations.resume(tara.db, tara.site, membership=tara.membership)
        assert plan(tara).status == "active"

        tara.sandbox.refund(tara.rows(Payment)[1].provider_id, 700)
        for _ in range(4):
            tara.waits("1 days")
            tara.sweeps()

        assert tara.rows(Payment)[1].refunded == 700
        assert [row.total for row in tara.rows(Invoice) if row.kind == "credit_note"] == [700]
