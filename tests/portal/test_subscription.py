"""The subscription's page and its steps: what each state says, who may act, and how."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.models import Invoice, Payment, Subscription, SubscriptionChange
from tests import payer
from tests.billing.purchases import Buyer
from tests.billing.running_plans import bought, cancels, changes, lives_on, previews
from tests.cast import World
from tests.pages import Page, Visitor
from tests.sandbox_server import SandboxServer

METHODS = ["stripe-card", "mollie-card"]


@pytest.fixture
def home(world: World) -> str:
    return f"/t/{world.globex.uuid}/subscription"


def chooses(visitor: Visitor, home: str, **what: str) -> Page:
    """Send the change form as it is shown, with other choices."""
    page = visitor.opens(f"{home}/change")
    filled = page.fields(f"{home}/change")
    return visitor.posts(f"{home}/change", {**filled, **what})


def set_state(buyer: Buyer, **values: Any) -> None:
    buyer.db.execute(update(Subscription).values(**values))
    buyer.db.commit()


class TestShow:
    def test_of_a_tenant_without_a_plan_leads_to_the_plans(self, tara: Visitor, home: str) -> None:
        page = tara.opens(home)

        assert "Globex does not pay for a plan" in page.words()
        assert not page.has("plan-status")

    @pytest.mark.parametrize("method", METHODS)
    def test_says_what_runs_and_what_is_charged_next(
        self, buyer: Buyer, tara: Visitor, home: str, method: str
    ) -> None:
        bought(buyer, method)

        page = tara.opens(home)

        assert page.words("plan-name") == "Team, monthly"
        assert page.at("plan-status").get("data-status") == "active"
        for words in ("2 seats × €19.00", "VAT 19 %", "€45.22", "Next charge", "Visa ending 4242"):
            assert words in page.words()

    def test_lets_a_member_look_and_not_act(self, buyer: Buyer, milo: Visitor, home: str) -> None:
        bought(buyer, "stripe-card")

        page = milo.opens(home)

        assert page.words("plan-name") == "Team, monthly"
        for control in ("change-plan", "cancel-plan"):
            assert not page.has(control)
        assert not milo.opens(f"{home}/cancel").has("cancel-confirm")
        assert not milo.opens(f"{home}/change").has("change-preview")

    @pytest.mark.parametrize(
        ("values", "says", "acts"),
        [
            (
                {
                    "status": "past_due",
                    "next_retry_at": datetime(2031, 3, 4, tzinfo=UTC),
                    "pay_by": datetime(2031, 3, 20, tzinfo=UTC),
                },
                ["€45.22 did not go through", "4 March 2031", "20 March 2031", "try again now"],
                {"cancel-plan"},
            ),
            ({"status": "unpaid"}, ["not tried again by itself"], {"cancel-plan"}),
            ({"status": "paused"}, ["The plan is paused"], {"cancel-plan"}),
            ({"status": "incomplete"}, ["first payment is confirmed"], set()),
            (
                {"settling_until": datetime(2031, 3, 4, tzinfo=UTC)},
                ["has to arrive by 4 March 2031"],
                {"cancel-plan"},
            ),
            (
                {"status": "trialing", "trial_end": datetime(2031, 3, 4, tzinfo=UTC)},
                ["free until 4 March 2031"],
                {"cancel-plan", "change-plan"},
            ),
            (
                {
                    "status": "canceled",
                    "ended_at": datetime(2026, 3, 4, tzinfo=UTC),
                    "end_reason": "not_paid",
                },
                ["ended on 4 March 2026, because a charge was not paid", "Choose a plan"],
                set(),
            ),
        ],
    )
    def test_says_what_to_do_and_until_when(
        self,
        buyer: Buyer,
        tara: Visitor,
        home: str,
        values: dict[str, Any],
        says: list[str],
        acts: set[str],
    ) -> None:
        bought(buyer, "stripe-card")
        set_state(buyer, **values)

        page = tara.opens(home)

        assert [words for words in says if words not in page.words()] == []
        known = ("change-plan", "cancel-plan", "resume-plan", "drop-change")
        assert {control for control in known if page.has(control)} == acts
        overview = tara.opens(home.removesuffix("subscription"))
        may_change = any(link.get("href") == f"{home}/change" for link in overview.all("a"))
        assert may_change == ("change-plan" in acts)

    def test_leads_to_the_providers_page_where_a_charge_waits_for_the_payer(
        self, buyer: Buyer, tara: Visitor, home: str, db: Session
    ) -> None:
        bought(buyer, "stripe-card")
        lives_on(buyer, "1 days")
        set_state(buyer, status="past_due")
        hosted = "https://invoice.example/i/1"
        db.execute(update(Invoice).values(status="open", hosted_url=hosted))
        db.commit()

        page = tara.opens(home)

        assert hosted in [a.get("href") for a in page.all("a")]

    def test_leads_to_the_bank_where_a_charge_waits_to_be_confirmed(
        self, buyer: Buyer, tara: Visitor, home: str, db: Session
    ) -> None:
        bought(buyer, "stripe-card")
        lives_on(buyer, "1 days")
        set_state(buyer, status="past_due", pay_by=datetime(2031, 3, 20, tzinfo=UTC))
        hosted = "https://invoice.example/i/1"
        db.execute(update(Payment).values(status="action_needed"))
        db.execute(update(Invoice).values(status="open", hosted_url=hosted))
        db.commit()

        page = tara.opens(home)

        assert "Your bank asks you to confirm a charge" in page.words()
        assert "20 March 2031" in page.words()
        assert hosted in [a.get("href") for a in page.all("a")]

    def test_does_not_exist_for_strangers(
        self, buyer: Buyer, peter: Visitor, nobody: Visitor, home: str
    ) -> None:
        bought(buyer, "stripe-card")
        change = previews(buyer, "business")

        places = ["", "/change", "/cancel", f"/change/{change.uuid}"]
        assert {peter.opens(home + place).status for place in places} == {404}
        posts = ["/change", "/cancel", "/resume", "/drop-change", f"/change/{change.uuid}"]
        assert {peter.posts(home + place).status for place in posts} == {404}
        assert nobody.opens(home).location == f"/sign-in?next={home}"

    def test_refuses_what_a_member_sends(self, buyer: Buyer, milo: Visitor, home: str) -> None:
        bought(buyer, "stripe-card")
        change = previews(buyer, "business")

        posts = ["/change", "/cancel", "/resume", "/drop-change", f"/change/{change.uuid}"]
        assert {milo.posts(home + place).status for place in posts} == {403}
        assert buyer.rows(SubscriptionChange)[0].state == "previewed"


class TestChange:
    def test_begins_with_what_is_now(self, buyer: Buyer, tara: Visitor, home: str) -> None:
        bought(buyer, "stripe-card")

        page = tara.opens(f"{home}/change")

        filled = page.fields(f"{home}/change")
        chosen = [filled[name] for name in ("plan", "interval", "quantity", "moment")]
        assert chosen == ["team", "month", "2", "now"]
        assert "€45.22" in page.words()

    def test_comes_from_the_plans_page_with_the_plan_chosen(
        self, buyer: Buyer, tara: Visitor, home: str, world: World
    ) -> None:
        bought(buyer, "stripe-card")
        plans = tara.opens(f"/t/{world.globex.uuid}/plans")
        links = [a.get("href") or "" for a in plans.all("a")]
        assert "subscription/change?plan=business" in links
        assert "subscription/change?plan=team" not in links

        page = tara.opens(f"{home}/change?plan=business")

        assert page.fields(f"{home}/change")["plan"] == "business"

    @pytest.mark.parametrize(
        ("method", "due", "button"),
        [
            ("stripe-card", "€47.60", "Change the plan and pay €47.60"),
            ("mollie-card", "€0.00", "Change the plan from"),
        ],
    )
    def test_shows_what_is_due_today_and_at_renewal_and_makes_it(
        self, buyer: Buyer, tara: Visitor, home: str, method: str, due: str, button: str
    ) -> None:
        bought(buyer, method)

        shown = tara.opens(chooses(tara, home, plan="business").location)

        assert shown.words("change-due-now") == due
        assert shown.words("change-renewal") == "€92.82"
        assert button in shown.words("change-confirm")
        address = next(
            f.get("action", "") for f in shown.all("form") if "change/" in f.get("action", "")
        )
        made = tara.posts(address)
        assert made.status == 303
        assert tara.opens(made.location).heading in (
            "Your plan has changed",
            "Your change is scheduled",
        )
        again = tara.posts(address)
        assert (again.status, again.location) == (303, made.location)

    def test_says_beside_the_field_what_is_wrong(
        self, buyer: Buyer, tara: Visitor, home: str
    ) -> None:
        bought(buyer, "stripe-card")

        nothing = chooses(tara, home)
        seats = chooses(tara, home, quantity="0")
        waits = chooses(tara, home, interval="year", moment="period_end")

        assert [page.status for page in (nothing, seats, waits)] == [422, 422, 422]
        assert nothing.problems == ["This is what you have now. Change something, then go on."]
        assert seats.problems == ["Enter a whole number from 1 to 1,000."]
        assert waits.problems[0].startswith("Another billing period cannot wait")

    def test_from_old_figures_shows_new_ones_to_confirm(
        self, buyer: Buyer, tara: Visitor, home: str
    ) -> None:
        bought(buyer, "stripe-card")
        old = previews(buyer, "business")
        buyer.waits("31 minutes")

        stale = tara.opens(f"{home}/change/{old.uuid}")
        refused = tara.posts(f"{home}/change/{old.uuid}")

        assert not stale.has("change-confirm") and stale.has("change-preview")
        assert refused.status == 409
        assert "too old" in refused.words()
        address = next(
            f.get("action", "") for f in refused.all("form") if "change/" in f.get("action", "")
        )
        assert str(old.uuid) not in address
        assert tara.opens(tara.posts(address).location).heading == "Your plan has changed"

    def test_that_is_declined_says_that_nothing_changed(
        self, buyer: Buyer, tara: Visitor, home: str
    ) -> None:
        bought(buyer, "stripe-card", card_number="4000000000000341")
        change = previews(buyer, "business")

        page = tara.opens(tara.posts(f"{home}/change/{change.uuid}").location)

        assert page.heading == "Your plan has not changed"
        assert any("moment=period_end" in (a.get("href") or "") for a in page.all("a"))
        assert "nothing has changed and nothing was charged" in page.words()
        assert tara.opens(home).words("plan-name") == "Team, monthly"

    def test_that_the_bank_wants_confirmed_says_so_and_offers_the_next_period(
        self, buyer: Buyer, tara: Visitor, home: str
    ) -> None:
        bought(buyer, "stripe-card", pays=payer.passes_3ds)
        change = previews(buyer, "business")

        page = tara.opens(tara.posts(f"{home}/change/{change.uuid}").location)

        assert page.heading == "Your plan has not changed"
        assert "Your bank wants you to confirm this charge (3-D Secure)" in page.words()
        assert any("moment=period_end" in (a.get("href") or "") for a in page.all("a"))
        assert tara.opens(home).words("plan-name") == "Team, monthly"

    @pytest.mark.parametrize("method", METHODS)
    def test_that_waits_is_shown_and_can_be_dropped(
        self, buyer: Buyer, tara: Visitor, home: str, method: str
    ) -> None:
        bought(buyer, method)
        changes(buyer, "business", quantity=3, moment="period_end")

        page = tara.opens(home)

        assert "becomes Business, monthly" in page.words()
        assert not page.has("change-plan")
        assert "A change is on its way already" in tara.opens(f"{home}/change").words()
        tara.posts(f"{home}/drop-change")
        assert tara.opens(home).has("change-plan")

    def test_is_not_offered_while_a_charge_is_overdue(
        self, buyer: Buyer, tara: Visitor, home: str
    ) -> None:
        bought(buyer, "stripe-card")
        set_state(buyer, status="past_due")

        page = tara.opens(f"{home}/change")

        assert "Pay it first" in page.words()
        assert not page.has("change-preview")
        assert tara.posts(f"{home}/change", {"plan": "business", "interval": "month"}).status == 409

    def test_of_a_plan_that_is_no_more_leads_to_the_subscription(
        self, tara: Visitor, home: str
    ) -> None:
        assert tara.opens(f"{home}/change").location == home


class TestCancel:
    @pytest.mark.parametrize("method", METHODS)
    def test_says_until_when_it_runs_and_lets_it_go_on(
        self, buyer: Buyer, tara: Visitor, home: str, method: str
    ) -> None:
        bought(buyer, method)
        asked = tara.opens(f"{home}/cancel")
        assert asked.heading == "Cancel Team, monthly?"

        answer = tara.posts(f"{home}/cancel", {"why": "other", "comment": " We  merged.\n"})

        page = tara.opens(answer.location)
        assert page.heading == "Your plan is set to end"
        assert page.at("plan-status").get("data-status") == "canceling"
        assert buyer.rows(Subscription)[0].cancel_reason == "other: We  merged."
        assert tara.opens(home).has("resume-plan")
        assert not tara.opens(home).has("cancel-plan")
        tara.posts(f"{home}/resume")
        assert tara.opens(home).at("plan-status").get("data-status") == "active"

    @pytest.mark.parametrize(
        ("method", "match"),
        [("stripe-card", "/stripe/v1/subscriptions"), ("mollie-card", "/mollie/v2/customers")],
    )
    def test_that_the_provider_does_not_hear_is_kept_and_said(
        self,
        buyer: Buyer,
        tara: Visitor,
        home: str,
        sandbox: SandboxServer,
        method: str,
        match: str,
    ) -> None:
        bought(buyer, method)
        sandbox.fault("500_before", provider=method.partition("-")[0], match=match, times=9)

        page = tara.opens(tara.posts(f"{home}/cancel").location)

        assert page.heading == "Your plan is being canceled"
        assert "Refresh" in page.headers
        assert "has not answered yet" in tara.opens(home).words()
        sandbox.clear_faults()
        buyer.waits("30 minutes")
        buyer.sweeps()
        assert tara.opens(f"{home}/cancel").heading == "Your plan is set to end"

    @pytest.mark.parametrize(
        ("sent", "problem"),
        [
            ({"why": "nonsense"}, "Choose a reason from the list."),
            ({"comment": "x" * 501}, "Use at most 500"),
        ],
    )
    def test_refuses_a_reason_that_is_none_and_keeps_what_was_typed(
        self, buyer: Buyer, tara: Visitor, home: str, sent: dict[str, str], problem: str
    ) -> None:
        bought(buyer, "stripe-card")

        page = tara.posts(f"{home}/cancel", {"why": "other", **sent})

        assert page.status == 422
        assert page.problems[0].startswith(problem)
        assert buyer.rows(Subscription)[0].status == "active"

    @pytest.mark.parametrize(
        ("method", "says"),
        [("stripe-card", "still tried until then"), ("mollie-card", "the plan ends at once")],
    )
    def test_of_an_overdue_plan_says_what_becomes_of_the_charge(
        self, buyer: Buyer, tara: Visitor, home: str, method: str, says: str
    ) -> None:
        bought(buyer, method, card_number="4000000000000341")
        lives_on(buyer, "1 month")
        buyer.waits("1 days")
        buyer.sweeps()

        page = tara.opens(f"{home}/cancel")

        assert says in page.words()

    def test_of_a_plan_that_has_ended_says_so(self, buyer: Buyer, tara: Visitor, home: str) -> None:
        bought(buyer, "stripe-card")
        cancels(buyer)
        lives_on(buyer, "1 month")

        assert tara.opens(f"{home}/cancel").heading == "Your plan has ended"
        assert tara.opens(home).at("plan-status").get("data-status") == "canceled"

    def test_without_a_plan_says_that_there_is_none(self, tara: Visitor, home: str) -> None:
        assert tara.opens(f"{home}/cancel").heading == "There is no plan to cancel"
