"""Cancelations: a plan ends with its period, at either provider, and can go on until then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from app.billing.errors import Conflict, Invalid, NotAllowed, ProviderUnavailable
from app.models import Act, Mail, PaymentMethod, SubscriptionChange
from app.providers import errors
from tests import payer
from tests.billing import owners
from tests.billing.purchases import Buyer, Died, done_but, raising
from tests.billing.running_plans import (
    CARDS,
    bought,
    cancels,
    changes,
    entries,
    lives_on,
    plan,
    resumes,
)

STRIPE, MOLLIE = CARDS


def paid(buyer: Buyer) -> list[int]:
    """Answer what was paid, oldest first."""
    return [amount for status, amount in buyer.payments() if status == "paid"]


def comments(buyer: Buyer) -> list[str | None]:
    """Answer what stands on subscriptions at Stripe about why they end."""
    account = owners.at_stripe(buyer.world, buyer.site, buyer.sandbox)
    return [found["cancellation_details"]["comment"] for found in account.find("subscriptions")]


@pytest.mark.parametrize("method", CARDS)
class TestCancel:
    def test_lets_the_plan_run_until_its_period_ends(self, tara: Buyer, method: str) -> None:
        until = bought(tara, method).period_end

        row = cancels(tara, "too_expensive: The price went up.")

        assert (row.status, row.period_end) == ("canceling", until)
        assert row.cancel_reason == "too_expensive: The price went up."
        if method == STRIPE:
            assert comments(tara) == ["too_expensive: The price went up."]
        tara.waits("3 days")
        tara.sweeps()
        assert plan(tara).status == "canceling"
        lives_on(tara, "1 month")
        row = plan(tara)
        assert (row.status, row.end_reason) == ("canceled", "canceled")
        assert paid(tara) == [4522]
        assert tara.told().count("subscription.canceled") == 1

    def test_again_is_one_act(self, tara: Buyer, method: str) -> None:
        bought(tara, method)

        cancels(tara)
        cancels(tara, "other")

        assert tara.acts().count(("cancel_subscription", "asked", "done")) == 1
        assert plan(tara).cancel_reason is None
        assert len(entries(tara, "subscription.cancel_asked")) == 1

    def test_of_a_plan_that_has_ended_answers_it_as_it_is(self, tara: Buyer, method: str) -> None:
        bought(tara, method)
        cancels(tara)
        lives_on(tara, "1 month")

        assert cancels(tara).status == "canceled"

    def test_drops_the_change_that_was_to_come(self, tara: Buyer, method: str) -> None:
        bought(tara, method)
        changes(tara, "business", moment="period_end")

        cancels(tara)

        assert tara.rows(SubscriptionChange)[0].state == "canceled"
        resumes(tara)
        lives_on(tara, "1 month")
        assert paid(tara) == [4522, 4522]

    def test_says_who_asked_and_writes_one_mail(self, tara: Buyer, method: str) -> None:
        bought(tara, method)

        cancels(tara, "not_used")

        (entry,) = entries(tara, "subscription.cancel_asked")
        assert entry.cause == f"user {tara.user.uuid}"
        assert entry.details == {"reason": "not_used"}
        assert len(tara.rows(Mail, Mail.kind == "canceled")) == 1

    def test_that_cannot_be_done_now_is_done_later(self, tara: Buyer, method: str) -> None:
        bought(tara, method)

        with pytest.raises(ProviderUnavailable):
            cancels(tara.where(cancel_subscription=raising(errors.Unavailable("no"))))
        assert plan(tara).status == "active"
        tara.waits("10 minutes")
        tara.sweeps()

        assert plan(tara).status == "canceling"

    def test_of_a_process_that_dies_is_finished_by_the_sweep(
        self, tara: Buyer, method: str
    ) -> None:
        bought(tara, method)

        with pytest.raises(Died):
            cancels(tara.where(cancel_subscription=done_but("cancel_subscription", Died())))
        tara.db.rollback()
        tara.forgets_claims(Act)
        tara.waits("10 minutes")
        tara.sweeps()

        assert plan(tara).status == "canceling"

    def test_is_not_for_members(self, tara: Buyer, milo: Buyer, method: str) -> None:
        bought(tara, method)

        for verb in (cancels, resumes):
            with pytest.raises(NotAllowed):
                verb(milo)

        assert plan(tara).status == "active"


class TestCancelling:
    def test_takes_a_word_and_a_text_of_500_characters_and_no_more(self, tara: Buyer) -> None:
        bought(tara, STRIPE)

        with pytest.raises(Invalid) as refused:
            cancels(tara, "x" * 521)

        assert refused.value.field == "reason"
        assert cancels(tara, "too_expensive: " + "x" * 500).status == "canceling"

    def test_needs_a_plan(self, tara: Buyer) -> None:
        for verb in (cancels, resumes):
            with pytest.raises(Conflict, match="no plan"):
                verb(tara)

    def test_at_mollie_waits_for_the_first_payment(self, tara: Buyer) -> None:
        bought(tara.where(begin_subscription=raising(errors.Unavailable("no"))), MOLLIE)

        with pytest.raises(Conflict, match="still on its way"):
            cancels(tara)

    def test_of_an_overdue_plan_at_mollie_ends_it_at_once(self, tara: Buyer) -> None:
        bought(tara, MOLLIE, card_number="4000000000000341")
        lives_on(tara, "1 month")
        tara.waits("1 days")
        assert plan(tara).status == "past_due"

        row = cancels(tara)

        assert (row.status, row.end_reason) == ("canceled", "canceled")


@pytest.mark.parametrize("method", CARDS)
class TestResume:
    def test_lets_the_plan_go_on_and_charges_when_it_would_have(
        self, tara: Buyer, method: str
    ) -> None:
        until = bought(tara, method).period_end
        cancels(tara, "other")
        tara.waits("3 days")

        row = resumes(tara)

        assert (row.status, row.period_end, row.canceled_at) == ("active", until, None)
        assert row.cancel_reason is None
        lives_on(tara, "1 month")
        assert paid(tara) == [4522, 4522]
        row = plan(tara)
        assert row.status == "active"
        assert until is not None and row.period_end is not None
        assert row.period_end > until + timedelta(days=25)

    def test_again_is_one_act(self, tara: Buyer, method: str) -> None:
        bought(tara, method)
        cancels(tara)

        resumes(tara)
        resumes(tara)

        assert tara.acts().count(("resume_subscription", "asked", "done")) == 1
        assert len(entries(tara, "subscription.resumed")) == 1

    def test_and_cancel_can_take_turns(self, tara: Buyer, method: str) -> None:
        bought(tara, method)

        for _ in range(2):
            cancels(tara)
            resumes(tara)
        cancels(tara)

        assert plan(tara).status == "canceling"
        lives_on(tara, "1 month")
        assert plan(tara).status == "canceled"
        assert paid(tara) == [4522]

    def test_of_a_plan_that_has_ended_is_refused(self, tara: Buyer, method: str) -> None:
        bought(tara, method)
        cancels(tara)
        tara.waits("2 months")

        with pytest.raises(Conflict, match="has ended"):
            resumes(tara)

        tara.sweeps()
        assert plan(tara).status == "canceled"

    def test_whose_answer_is_lost_is_found_and_kept(self, tara: Buyer, method: str) -> None:
        bought(tara, method)
        cancels(tara)
        verb = "resume_subscription" if method == STRIPE else "begin_subscription"
        lost = done_but(verb, errors.Unavailable("lost"))

        with pytest.raises(ProviderUnavailable):
            resumes(tara.where(**{verb: lost}))
        # Longer than either provider remembers a key.
        tara.waits("25 hours")
        tara.sweeps()

        assert plan(tara).status == "active"
        lives_on(tara, "1 month")
        assert paid(tara) == [4522, 4522]


class TestResumingAtMollie:
    def test_begins_another_subscription_under_the_same_plan(self, tara: Buyer) -> None:
        first = bought(tara, MOLLIE)
        cancels(tara)

        row = resumes(tara)

        assert row.id == first.id
        assert row.provider_id != first.provider_ids[0]
        assert row.provider_ids == [first.provider_ids[0], row.provider_id]

    def test_needs_a_method_on_file(self, tara: Buyer) -> None:
        bought(tara, MOLLIE)
        cancels(tara)
        tara.db.execute(update(PaymentMethod).values(removed_at=tara.site.clock.now()))
        tara.db.commit()

        with pytest.raises(Conflict, match="Add one first"):
            resumes(tara)

        assert plan(tara).status == "canceling"


class TestAPurchaseAfterTheEnd:
    def test_is_another_plan(self, tara: Buyer) -> None:
        bought(tara, STRIPE)
        cancels(tara)
        lives_on(tara, "1 month")

        placed = tara.buys("business", method=STRIPE)
        assert placed.url is not None
        tara.comes_back(payer.pays(placed.url))

        assert [status for status, _ in tara.plans()] == ["canceled", "active"]
