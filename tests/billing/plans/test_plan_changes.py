"""Plan changes: shown with their figures, made once, dropped, and never made from old figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app.billing.errors import Conflict, Invalid, NotAllowed, NotFound, ProviderUnavailable
from app.billing.plans import plan_changes
from app.billing.plans.plan_changes import Stale
from app.models import Act, Mail, Payment, Price, Subscription, SubscriptionChange
from app.providers import errors
from app.providers.base import Provider
from tests import payer
from tests.billing.purchases import Buyer, Died, done_but, raising
from tests.billing.running_plans import (
    CARDS,
    bought,
    cancels,
    changes,
    confirms,
    drops,
    entries,
    lives_on,
    plan,
    previews,
    resumes,
)

# Team 19, Business 39 a month and seat, Team 190 a year; with 19 % VAT, two seats.
TEAM, BUSINESS, TEAM_YEARLY = 4522, 9282, 45220
STRIPE, MOLLIE = CARDS


def stated(buyer: Buyer) -> tuple[str, str | None, int, int]:
    """Answer product, interval, quantity and amount per period of the plan as it is kept."""
    row = plan(buyer)
    price = buyer.db.get_one(Price, row.price_id)
    found = (price.product.name, price.interval, row.quantity, row.total)
    buyer.db.commit()
    return found


def receipts(buyer: Buyer) -> list[dict[str, Any]]:
    """Answer what each receipt tells, oldest first."""
    return [mail.values for mail in buyer.rows(Mail) if mail.kind == "receipt"]


def renewals(buyer: Buyer) -> list[int]:
    """Answer what was paid, oldest first."""
    return [amount for status, amount in buyer.payments() if status == "paid"]


class TestPreview:
    def test_at_stripe_names_what_is_left_of_the_period(self, tara: Buyer) -> None:
        bought(tara, STRIPE)

        change = previews(tara, "business")

        # Bought this moment, so all of the period is left.
        assert (change.state, change.moment) == ("previewed", "now")
        assert change.due_now == BUSINESS - TEAM
        assert (change.net, change.tax, change.total) == (7800, 1482, BUSINESS)

    def test_at_mollie_names_the_next_charge_and_nothing_today(self, tara: Buyer) -> None:
        row = bought(tara, MOLLIE)

        change = previews(tara, "business")

        assert (change.moment, change.due_now, change.total) == ("period_end", 0, BUSINESS)
        assert row.period_end is not None
        assert change.takes_effect_at.date() == row.period_end.date()

    @pytest.mark.parametrize("method", CARDS)
    def test_changes_nothing(self, tara: Buyer, method: str) -> None:
        bought(tara, method)

        previews(tara, "business", quantity=5)

        assert stated(tara) == ("Team", "month", 2, TEAM)
        assert tara.acts() == [a for a in tara.acts() if a[0] != "change_subscription"]

    def test_keeps_the_tax_of_the_purchase(self, tara: Buyer) -> None:
        bought(tara, STRIPE, country="NL", vat_number="NL820646660B01")

        change = previews(tara, "business")

        assert (change.net, change.tax, change.total) == (7800, 0, 7800)
        assert change.due_now == 7800 - 3800

    def test_at_stripe_may_wait_for_the_next_period(self, tara: Buyer) -> None:
        row = bought(tara, STRIPE)

        change = previews(tara, quantity=1, moment="period_end")

        assert (change.due_now, change.takes_effect_at) == (0, row.period_end)

    def test_of_fewer_seats_now_is_a_credit(self, tara: Buyer) -> None:
        bought(tara, STRIPE)

        change = previews(tara, quantity=1)

        assert change.due_now == -TEAM // 2

    def test_names_what_is_left_to_pay_after_a_credit(self, tara: Buyer) -> None:
        bought(tara, STRIPE)
        changes(tara, quantity=1)

        change = previews(tara, "business")

        # The credit is of one seat of Team.
        assert change.due_now == (BUSINESS - TEAM // 2) - TEAM // 2
        confirms(tara, change)
        assert renewals(tara)[-1] == change.due_now
        assert plan(tara).credit == 0

    def test_at_the_price_that_is_no_longer_sold_is_for_those_who_have_it(
        self, tara: Buyer
    ) -> None:
        row = bought(tara, STRIPE)
        tara.db.execute(update(Price).values(archived_at=tara.site.clock.now()))
        tara.db.commit()

        assert previews(tara, quantity=3).price_id == row.price_id
        with pytest.raises(Invalid, match="not sold any more"):
            previews(tara, "business")

    @pytest.mark.parametrize(
        ("method", "what", "field"),
        [
            (STRIPE, {"quantity": 0}, "quantity"),
            (STRIPE, {"quantity": 1001}, "quantity"),
            (STRIPE, {"quantity": 2}, "plan"),
            (STRIPE, {"interval": "year", "moment": "period_end"}, "moment"),
            (MOLLIE, {"quantity": 3, "moment": "now"}, "moment"),
        ],
    )
    def test_refuses_what_cannot_be(
        self, tara: Buyer, method: str, what: dict[str, Any], field: str
    ) -> None:
        bought(tara, method)

        with pytest.raises(Invalid) as refused:
            previews(tara, **what)

        assert refused.value.field == field
        assert tara.rows(SubscriptionChange) == []

    def test_refuses_what_is_no_plan_of_the_family(self, tara: Buyer) -> None:
        bought(tara, STRIPE)
        once = tara.world.price("onboarding", None).price_id
        dollars = tara.world.price("team", currency="USD").price_id

        for price_id in (once, dollars):
            with pytest.raises(Invalid, match="cannot become this one"):
                plan_changes.preview(
                    tara.db,
                    tara.site,
                    membership=tara.membership,
                    choice=plan_changes.PlanChoice(price_id, 1),
                )

    def test_is_not_for_members(self, tara: Buyer, milo: Buyer) -> None:
        bought(tara, STRIPE)

        with pytest.raises(NotAllowed):
            previews(milo, "business")

    def test_needs_a_plan(self, tara: Buyer) -> None:
        with pytest.raises(Conflict, match="no plan"):
            plan_changes.preview(
                tara.db,
                tara.site,
                membership=tara.membership,
                choice=plan_changes.PlanChoice("price_demoTeamMonthEUR", 1),
            )

    def test_says_so_where_the_provider_does_not_answer(self, tara: Buyer) -> None:
        bought(tara, STRIPE)

        with pytest.raises(ProviderUnavailable):
            previews(tara.where(preview_change=raising(errors.Unavailable("no"))), "business")

    def test_waits_for_the_first_payment(self, tara: Buyer) -> None:
        placed = tara.buys(method="stripe-sepa")
        assert placed.url is not None
        tara.comes_back(payer.pays(placed.url))

        with pytest.raises(Conflict, match="first payment"):
            previews(tara, "business")


class TestConfirm:
    def test_of_more_now_charges_the_difference_and_switches_the_plan(self, tara: Buyer) -> None:
        bought(tara, STRIPE)

        change = changes(tara, "business")

        assert change.state == "done"
        assert stated(tara) == ("Business", "month", 2, BUSINESS)
        assert renewals(tara) == [TEAM, BUSINESS - TEAM]
        assert "subscription.changed" in tara.told()

    def test_charges_what_the_preview_named_though_time_has_passed(self, tara: Buyer) -> None:
        bought(tara, STRIPE)
        tara.waits("10 days")
        change = previews(tara, "business")
        named = change.due_now
        tara.waits("20 minutes")

        confirms(tara, change)

        assert 0 < named < BUSINESS - TEAM
        assert renewals(tara)[-1] == named

    def test_renews_at_the_new_price(self, tara: Buyer) -> None:
        bought(tara, STRIPE)
        changes(tara, "business")

        lives_on(tara, "1 month")

        assert renewals(tara)[-1] == BUSINESS

    def test_of_fewer_seats_now_is_taken_off_the_next_charge(self, tara: Buyer) -> None:
        bought(tara, STRIPE)

        changes(tara, quantity=1)

        assert plan(tara).credit == TEAM // 2
        assert renewals(tara) == [TEAM]
        lives_on(tara, "1 month")
        assert plan(tara).credit == 0
        assert stated(tara) == ("Team", "month", 1, TEAM // 2)

    def test_that_a_credit_pays_brings_no_receipt_and_one_it_pays_in_part_names_what_was_charged(
        self, tara: Buyer
    ) -> None:
        bought(tara, STRIPE)
        changes(tara, quantity=1)
        before = receipts(tara)

        lives_on(tara, "1 month")
        lives_on(tara, "1 month")

        assert renewals(tara) == [TEAM, TEAM // 2]
        assert tara.timeline().count("invoice.paid") == 2
        assert [mail["amount"]["minor"] for mail in before] == [TEAM]
        # The first renewal was paid by the credit, the second by the card.
        assert [mail["amount"]["minor"] for mail in receipts(tara)] == [TEAM, TEAM // 2]
        (_, later) = receipts(tara)
        assert later["next_charge"]["minor"] == TEAM // 2

    def test_of_another_interval_begins_its_period_now(self, tara: Buyer) -> None:
        first = bought(tara, STRIPE).period_end
        assert first is not None

        change = changes(tara, "team", "year")

        row = plan(tara)
        assert renewals(tara) == [TEAM, change.due_now]
        assert stated(tara) == ("Team", "year", 2, TEAM_YEARLY)
        assert row.period_end is not None and row.period_end > first + timedelta(days=300)

    @pytest.mark.parametrize("method", CARDS)
    def test_of_what_waits_takes_effect_with_the_next_charge(
        self, tara: Buyer, method: str
    ) -> None:
        bought(tara, method)

        change = changes(tara, "business", quantity=1, moment="period_end")

        assert change.state == "scheduled"
        assert stated(tara) == ("Team", "month", 2, TEAM)
        assert "subscription.changed" not in tara.told()
        lives_on(tara, "1 month")
        assert stated(tara) == ("Business", "month", 1, BUSINESS // 2)
        assert renewals(tara) == [TEAM, BUSINESS // 2]
        assert tara.told().count("subscription.changed") == 1
        assert tara.rows(SubscriptionChange)[0].state == "done"
        (entry,) = entries(tara, "subscription.changed")
        assert change.takes_effect_at <= entry.at <= tara.site.clock.now()

    def test_at_mollie_of_another_interval_counts_from_the_next_charge(self, tara: Buyer) -> None:
        first = bought(tara, MOLLIE).period_end
        changes(tara, "team", "year")

        lives_on(tara, "1 month")
        lives_on(tara, "1 month")

        row = plan(tara)
        assert renewals(tara) == [TEAM, TEAM_YEARLY]
        assert stated(tara) == ("Team", "year", 2, TEAM_YEARLY)
        assert first is not None and row.period_end is not None
        assert row.period_end > first + timedelta(days=360)

    @pytest.mark.parametrize("method", CARDS)
    def test_again_answers_the_same_and_does_nothing(self, tara: Buyer, method: str) -> None:
        bought(tara, method)
        change = changes(tara, "business")
        made = (change.state, tara.payments(), tara.acts())

        again = confirms(tara, change)

        assert (again.state, tara.payments(), tara.acts()) == made

    @pytest.mark.parametrize(
        ("how", "decline"),
        [
            ({"card_number": "4000000000000341"}, "declined"),
            ({"pays": payer.passes_3ds}, "authentication"),
        ],
        ids=["declined", "to be confirmed"],
    )
    def test_declined_changes_nothing_and_says_why(
        self, tara: Buyer, how: dict[str, Any], decline: str
    ) -> None:
        bought(tara, STRIPE, **how)

        change = changes(tara, "business")

        assert (change.state, change.decline) == ("failed", decline)
        assert stated(tara) == ("Team", "month", 2, TEAM)
        assert plan(tara).status == "active"
        assert renewals(tara) == [TEAM]
        assert plan_changes.scheduled(tara.db, plan(tara)) is None

    def test_whose_answer_is_lost_is_made_once(self, tara: Buyer) -> None:
        bought(tara, STRIPE)
        lossy = tara.where(
            change_subscription=done_but("change_subscription", errors.Unavailable("lost"))
        )

        change = changes(lossy, "business")
        assert change.state == "confirmed"
        tara.waits("10 minutes")
        tara.sweeps()

        assert tara.rows(SubscriptionChange)[0].state == "done"
        assert renewals(tara) == [TEAM, BUSINESS - TEAM]

    @pytest.mark.parametrize("method", CARDS)
    def test_of_a_process_that_dies_is_finished_by_the_sweep(
        self, tara: Buyer, method: str
    ) -> None:
        bought(tara, method)
        change = previews(tara, "business")

        with pytest.raises(Died):
            confirms(
                tara.where(change_subscription=done_but("change_subscription", Died())), change
            )
        tara.db.rollback()
        tara.forgets_claims(Act)
        tara.waits("10 minutes")
        tara.sweeps()

        assert tara.rows(SubscriptionChange)[0].state in ("done", "scheduled")
        assert len([act for act in tara.acts() if act[0] == "change_subscription"]) == 1

    def test_is_of_the_tenant_alone(self, tara: Buyer, peter: Buyer) -> None:
        bought(tara, STRIPE)
        change = previews(tara, "business")
        peter.world.begin_plan(peter.world.initech)

        with pytest.raises(NotFound):
            confirms(peter, change)

    def test_is_told_with_before_and_after_by_whom(self, tara: Buyer) -> None:
        bought(tara, STRIPE)

        changes(tara, "business", quantity=3)

        (entry,) = entries(tara, "subscription.changed")
        assert (entry.before, entry.after) == ("Team × 2", "Business × 3")
        assert entry.cause == f"user {tara.user.uuid}"
        assert entry.details is not None
        assert entry.details["before"]["total"] == TEAM
        assert entry.details["after"]["total"] == BUSINESS * 3 // 2
        (mail,) = tara.rows(Mail, Mail.kind == "plan_changed")
        assert mail.tenant_id == tara.world.globex.id


@pytest.mark.parametrize("method", CARDS)
class TestOnTrial:
    @pytest.fixture(autouse=True)
    def trial(self, tara: Buyer) -> None:
        tara.world.price("team").trial_days = 14
        tara.db.commit()

    def test_counts_from_the_end_of_the_trial(self, tara: Buyer, method: str) -> None:
        row = bought(tara, method)
        assert (row.status, row.trial_end) == ("trialing", row.period_end)

        change = changes(tara, "business")

        assert (change.state, change.due_now) == ("scheduled", 0)
        assert plan(tara).status == "trialing"
        lives_on(tara, "15 days")
        assert stated(tara) == ("Business", "month", 2, BUSINESS)
        assert plan(tara).status == "active"
        assert renewals(tara)[-1] == BUSINESS

    def test_that_is_canceled_charges_nothing_and_can_go_on(self, tara: Buyer, method: str) -> None:
        bought(tara, method)
        cancels(tara)
        assert plan(tara).status == "canceling"
        resumes(tara)

        assert plan(tara).status == "trialing"
        lives_on(tara, "15 days")
        assert plan(tara).status == "active"
        assert renewals(tara)[-1] == TEAM


class TestAStaleChange:
    def test_is_refused_after_half_an_hour(self, tara: Buyer) -> None:
        bought(tara, STRIPE)
        change = previews(tara, "business")
        tara.waits("31 minutes")

        with pytest.raises(Stale, match="too old"):
            confirms(tara, change)

        assert renewals(tara) == [TEAM]

    def test_is_refused_after_another_change(self, tara: Buyer) -> None:
        bought(tara, STRIPE)
        first, second = previews(tara, "business"), previews(tara, quantity=5)
        confirms(tara, first)

        with pytest.raises(Stale, match="changed since"):
            confirms(tara, second)

        assert stated(tara) == ("Business", "month", 2, BUSINESS)

    def test_is_refused_while_another_one_waits(self, tara: Buyer) -> None:
        bought(tara, MOLLIE)
        first, second = previews(tara, "business"), previews(tara, quantity=5)
        confirms(tara, first)

        with pytest.raises(Conflict, match="already"):
            confirms(tara, second)
        with pytest.raises(Conflict, match="already"):
            previews(tara, quantity=7)

    @pytest.mark.parametrize("method", CARDS)
    def test_is_refused_once_the_plan_is_set_to_end(self, tara: Buyer, method: str) -> None:
        bought(tara, method)
        change = previews(tara, "business")
        cancels(tara)

        with pytest.raises(Conflict, match="set to end"):
            confirms(tara, change)

    def test_is_not_one_that_a_look_found_unchanged(self, tara: Buyer) -> None:
        bought(tara, STRIPE)
        change = previews(tara, "business")
        tara.db.execute(update(Subscription).values(next_check_at=tara.site.clock.now()))
        tara.db.commit()
        tara.sweeps()

        assert confirms(tara, change).state == "done"


class TestDrop:
    @pytest.mark.parametrize(
        ("method", "target"),
        [
            (STRIPE, ("business", "month")),
            (MOLLIE, ("business", "month")),
            (MOLLIE, ("team", "year")),
        ],
    )
    def test_puts_back_what_was(self, tara: Buyer, method: str, target: tuple[str, str]) -> None:
        bought(tara, method)
        changes(tara, *target, moment="period_end")

        drops(tara)
        drops(tara)

        assert tara.rows(SubscriptionChange)[0].state == "canceled"
        lives_on(tara, "1 month")
        assert stated(tara) == ("Team", "month", 2, TEAM)
        assert renewals(tara) == [TEAM, TEAM]
        assert entries(tara, "subscription.change_dropped")[0].after == "Team × 2"

    @pytest.mark.parametrize("method", CARDS)
    def test_leaves_room_for_another_change(self, tara: Buyer, method: str) -> None:
        bought(tara, method)
        changes(tara, "business", moment="period_end")
        drops(tara)

        changes(tara, quantity=3, moment="period_end")

        lives_on(tara, "1 month")
        assert stated(tara) == ("Team", "month", 3, TEAM * 3 // 2)

    @pytest.mark.parametrize("method", CARDS)
    def test_comes_with_the_end_of_the_plan(self, tara: Buyer, method: str) -> None:
        bought(tara, method)
        changes(tara, "business", moment="period_end")
        tara.sandbox.charge_back(tara.rows(Payment)[0].provider_id)
        lives_on(tara, "1 days")

        assert plan(tara).end_reason == "charged_back"
        assert tara.rows(SubscriptionChange)[0].state == "canceled"

    def test_that_cannot_be_done_now_is_done_later(self, tara: Buyer) -> None:
        bought(tara, MOLLIE)
        changes(tara, "business")

        with pytest.raises(ProviderUnavailable):
            drops(tara.where(change_subscription=raising(errors.Unavailable("no"))))
        tara.waits("10 minutes")
        tara.sweeps()

        assert tara.rows(SubscriptionChange)[0].state == "canceled"

    def test_is_not_for_members(self, tara: Buyer, milo: Buyer) -> None:
        bought(tara, MOLLIE)
        changes(tara, "business")

        with pytest.raises(NotAllowed):
            drops(milo)


class TestTheProvider:
    def test_is_asked_under_the_name_of_the_new_plan(self, tara: Buyer) -> None:
        bought(tara, STRIPE)

        changes(tara, "business")

        row = plan(tara)
        provider: Provider = tara.site.provider(tara.world.account("stripe"))
        tara.db.commit()
        assert row.provider_id is not None
        state = provider.fetch_subscription(row.provider_id, customer_id=None)
        names = {p.provider_price_id: p.product_name for p in provider.import_catalogue()}
        assert state.provider_price_id is not None
        assert names[state.provider_price_id] == "Business"
