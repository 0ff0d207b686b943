"""Changes to payment methods: another one is charged, one goes, and what is due is paid, once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.billing.errors import BillingError, Conflict, NotAllowed, NotFound, ProviderUnavailable
from app.billing.methods import method_changes
from app.billing.methods.method_changes import Result
from app.db.engine import Database
from app.models import Act, PaymentMethod, Subscription, TimelineEntry, WebhookEvent
from app.providers import errors
from app.providers.base import SubscriptionState
from tests import payer, together
from tests.billing import running_plans
from tests.billing.purchases import Buyer, due_again, raising
from tests.billing.running_plans import CARDS

FAILS_LATER = {"card_number": "4000000000000341"}


def saves(buyer: Buyer, method: str, **fields: str) -> PaymentMethod:
    """Add a method and answer it."""
    placed = buyer.saves(method)
    assert placed.url is not None
    buyer.comes_back(payer.pays(placed.url, **fields))
    newest: PaymentMethod = buyer.rows(PaymentMethod)[-1]
    return newest


def methods(buyer: Buyer) -> list[PaymentMethod]:
    return [row for row in buyer.rows(PaymentMethod) if row.removed_at is None]


def makes_default(buyer: Buyer, uuid: UUID) -> None:
    method_changes.make_default(buyer.db, buyer.site, membership=buyer.membership, method_uuid=uuid)


def removes(buyer: Buyer, uuid: UUID) -> None:
    method_changes.remove(buyer.db, buyer.site, membership=buyer.membership, method_uuid=uuid)


def retries(buyer: Buyer, seen: str | None = None) -> Result:
    return method_changes.retry(buyer.db, buyer.site, membership=buyer.membership, seen=seen)


def at_the_provider(buyer: Buyer) -> SubscriptionState:
    """Answer what the provider says of the plan."""
    plan = running_plans.plan(buyer)
    provider = buyer.site.provider(buyer.world.account(_provider(buyer)))
    buyer.db.commit()
    assert plan.provider_id is not None
    return provider.fetch_subscription(plan.provider_id, customer_id=plan.customer_provider_id)


def charged(buyer: Buyer) -> str | None:
    """Answer the method the provider charges for the plan."""
    method = at_the_provider(buyer).method
    return method.provider_id if method else None


def falls_behind(buyer: Buyer, method: str) -> Subscription:
    """Buy with a card that fails later, and let the renewal fail."""
    running_plans.bought(buyer, method, **FAILS_LATER)
    buyer.sweeps()
    until = running_plans.plan(buyer).period_end
    assert until is not None
    moment = until + timedelta(hours=2)
    buyer.sandbox.advance_to(moment.isoformat().replace("+00:00", "Z"))
    buyer.sweeps()
    found = running_plans.plan(buyer)
    assert found.status == "past_due"
    return found


def done(buyer: Buyer, kind: str) -> int:
    return len(buyer.rows(Act, Act.kind == kind, Act.state == "done"))


def _provider(buyer: Buyer) -> str:
    plan = running_plans.plan(buyer)
    accounts = {buyer.world.account(name).id: name for name in ("stripe", "mollie")}
    buyer.db.commit()
    return accounts[plan.provider_account_id]


@pytest.fixture(params=CARDS)
def two(request: pytest.FixtureRequest, tara: Buyer) -> tuple[PaymentMethod, PaymentMethod]:
    """Answer the card Tara's plan is charged by, and another one she added."""
    running_plans.bought(tara, request.param)
    tara.sweeps()
    first = methods(tara)[0]
    return first, saves(tara, request.param)


Two = tuple[PaymentMethod, PaymentMethod]


class TestAdding:
    def test_leaves_a_plan_that_is_paid_with_its_method(self, tara: Buyer, two: Two) -> None:
        first, second = two

        assert running_plans.plan(tara).payment_method_id == first.id
        assert charged(tara) == first.provider_id
        assert [(row.id, row.is_default) for row in methods(tara)] == [
            (first.id, True),
            (second.id, False),
        ]

    def test_tells_of_each_once(self, tara: Buyer, two: Two) -> None:
        tara.sweeps()

        assert tara.told().count("payment_method.added") == 2
        assert tara.timeline().count("payment_method.added") == 2

    @pytest.mark.parametrize("method", CARDS)
    def test_pays_what_is_overdue_once(self, tara: Buyer, method: str) -> None:
        falls_behind(tara, method)
        before = len(tara.payments())

        new = saves(tara, method)
        plan = running_plans.plan(tara)

        assert plan.status == "active"
        assert plan.payment_method_id == new.id
        assert charged(tara) == new.provider_id
        due_again(tara)
        tara.sweeps()
        tara.waits("1 hours")
        tara.sweeps()
        made = len(tara.payments()) - before
        # At Mollie the set-up takes and gives back a verification payment, and each try is a new
        # one; Stripe goes on with the attempt there is.
        assert made == (2 if method == "mollie-card" else 0)
        assert done(tara, "charge") + done(tara, "collect") == 1
        assert tara.told().count("payment_method.default_changed") == 1

    def test_at_another_provider_leaves_what_is_overdue(self, tara: Buyer) -> None:
        falls_behind(tara, "mollie-card")
        first = methods(tara)[0]

        saves(tara, "stripe-card")
        tara.sweeps()

        plan = running_plans.plan(tara)
        assert (plan.status, plan.payment_method_id) == ("past_due", first.id)

    @pytest.mark.parametrize("method", CARDS)
    def test_of_a_card_that_is_declined_too_leaves_it_overdue(
        self, tara: Buyer, method: str
    ) -> None:
        falls_behind(tara, method)

        new = saves(tara, method, **FAILS_LATER)

        plan = running_plans.plan(tara)
        assert (plan.status, plan.payment_method_id) == ("past_due", new.id)
        assert done(tara, "charge") + done(tara, "collect") == 1

    def test_after_a_crash_is_finished_by_the_sweep(self, tara: Buyer) -> None:
        falls_behind(tara, "mollie-card")
        away = tara.where(set_default_method=raising(errors.Unavailable("away")))
        new = saves(away, "mollie-card")
        assert running_plans.plan(tara).payment_method_id != new.id

        tara.waits("5 minutes")
        tara.sweeps()
        tara.sweeps()

        assert running_plans.plan(tara).payment_method_id == new.id
        assert running_plans.plan(tara).status == "active"


class TestMakeDefault:
    def test_charges_the_other_one_from_now_on(self, tara: Buyer, two: Two) -> None:
        first, second = two

        makes_default(tara, second.uuid)

        assert charged(tara) == second.provider_id
        assert running_plans.plan(tara).payment_method_id == second.id
        assert [(row.id, row.is_default) for row in methods(tara)] == [
            (first.id, False),
            (second.id, True),
        ]
        (told,) = tara.rows(WebhookEvent, WebhookEvent.type == "payment_method.default_changed")
        assert told.payload["payment_method"] == str(second.uuid)
        (entry,) = tara.rows(TimelineEntry, TimelineEntry.kind == "payment_method.default_changed")
        assert entry.cause == f"user {tara.user.uuid}"

    def test_is_charged_at_the_next_renewal(self, tara: Buyer, two: Two) -> None:
        makes_default(tara, two[1].uuid)
        before = running_plans.plan(tara).period_end

        running_plans.lives_on(tara, "1 month")

        after = running_plans.plan(tara)
        assert after.status == "active"
        assert before is not None and after.period_end is not None and after.period_end > before
        assert charged(tara) == two[1].provider_id

    def test_goes_there_and_back_as_often_as_somebody_likes(self, tara: Buyer, two: Two) -> None:
        for method in (*reversed(two), *reversed(two)):
            makes_default(tara, method.uuid)

        assert charged(tara) == two[0].provider_id
        assert done(tara, "set_default_method") == 4

    def test_pressed_again_asks_the_provider_for_nothing(self, tara: Buyer, two: Two) -> None:
        makes_default(tara, two[1].uuid)

        makes_default(tara, two[1].uuid)

        assert done(tara, "set_default_method") == 1

    def test_pressed_by_many_at_once_is_done_once(
        self, tara: Buyer, two: Two, database: Database
    ) -> None:
        membership = tara.membership

        def press(_: int) -> None:
            with database.writer() as db:
                method_changes.make_default(
                    db, tara.site, membership=membership, method_uuid=two[1].uuid
                )

        together.each(press, range(4))

        assert done(tara, "set_default_method") == 1
        assert charged(tara) == two[1].provider_id
        assert tara.told().count("payment_method.default_changed") == 1

    def test_is_refused_at_another_provider_and_says_why(self, tara: Buyer, two: Two) -> None:
        other = "stripe-card" if _provider(tara) == "mollie" else "mollie-card"
        stranger = saves(tara, other)

        with pytest.raises(Conflict, match="Team is charged by"):
            makes_default(tara, stranger.uuid)

        assert charged(tara) == two[0].provider_id
        assert done(tara, "set_default_method") == 0

    def test_of_an_expired_or_invalid_one_is_refused(self, tara: Buyer, two: Two) -> None:
        two[1].exp_year = tara.site.clock.now().year - 1
        tara.db.commit()
        with pytest.raises(Conflict, match="has expired"):
            makes_default(tara, two[1].uuid)

        two[1].status = "invalid"
        tara.db.commit()
        with pytest.raises(Conflict, match="cannot be charged any more"):
            makes_default(tara, two[1].uuid)

    def test_while_the_provider_is_away_is_stored_and_done_later(
        self, tara: Buyer, two: Two
    ) -> None:
        away = tara.where(set_default_method=raising(errors.Unavailable("away")))
        with pytest.raises(ProviderUnavailable):
            makes_default(away, two[1].uuid)
        assert running_plans.plan(tara).payment_method_id == two[0].id

        tara.waits("2 minutes")
        tara.sweeps()

        assert running_plans.plan(tara).payment_method_id == two[1].id
        assert charged(tara) == two[1].provider_id

    def test_of_two_the_later_choice_counts(self, tara: Buyer, two: Two) -> None:
        third = saves(tara, f"{_provider(tara)}-card")
        away = tara.where(set_default_method=raising(errors.Unavailable("away")))
        with pytest.raises(ProviderUnavailable):
            makes_default(away, two[1].uuid)

        makes_default(tara, third.uuid)
        tara.waits("2 hours")
        tara.sweeps()

        assert charged(tara) == third.provider_id
        assert running_plans.plan(tara).payment_method_id == third.id

    def test_is_for_admins_of_the_tenant(
        self, tara: Buyer, milo: Buyer, peter: Buyer, two: Two
    ) -> None:
        with pytest.raises(NotAllowed):
            makes_default(milo, two[1].uuid)
        with pytest.raises(NotFound):
            makes_default(peter, two[1].uuid)
        with pytest.raises(NotFound):
            makes_default(tara, uuid4())

    @pytest.mark.parametrize("method", CARDS)
    def test_without_a_plan_marks_it(self, tara: Buyer, method: str) -> None:
        first, second = saves(tara, method), saves(tara, method)
        assert second.is_default

        makes_default(tara, first.uuid)

        assert [row.is_default for row in methods(tara)] == [True, False]


class TestRemove:
    def test_takes_one_that_pays_for_nothing_off_the_file(self, tara: Buyer, two: Two) -> None:
        removes(tara, two[1].uuid)

        assert [row.id for row in methods(tara)] == [two[0].id]
        assert charged(tara) == two[0].provider_id
        assert at_the_provider(tara).status == "active"
        assert tara.told().count("payment_method.removed") == 1
        assert tara.timeline().count("payment_method.removed") == 1

    def test_of_the_plans_own_charges_the_other_one_first(self, tara: Buyer, two: Two) -> None:
        considered = method_changes.consider(
            tara.db, tara.site, membership=tara.membership, method_uuid=two[0].uuid
        )
        tara.db.commit()
        assert considered.replacement is not None and considered.replacement.id == two[1].id

        removes(tara, two[0].uuid)

        assert [row.id for row in methods(tara)] == [two[1].id]
        assert running_plans.plan(tara).payment_method_id == two[1].id
        assert (charged(tara), at_the_provider(tara).status) == (two[1].provider_id, "active")
        running_plans.lives_on(tara, "1 month")
        assert running_plans.plan(tara).status == "active"

    @pytest.mark.parametrize("method", CARDS)
    def test_of_the_last_one_of_a_plan_is_refused(self, tara: Buyer, method: str) -> None:
        running_plans.bought(tara, method)
        tara.sweeps()
        other = "stripe-card" if method == "mollie-card" else "mollie-card"
        saves(tara, other)
        (first, _) = methods(tara)

        with pytest.raises(Conflict, match="It pays for Team"):
            removes(tara, first.uuid)

        assert len(methods(tara)) == 2
        assert tara.rows(Act, Act.kind == "forget_payment_method") == []

    @pytest.mark.parametrize("method", CARDS)
    def test_of_the_last_one_is_possible_once_the_plan_is_to_end(
        self, tara: Buyer, method: str
    ) -> None:
        running_plans.bought(tara, method)
        tara.sweeps()
        running_plans.cancels(tara)

        removes(tara, methods(tara)[0].uuid)

        assert methods(tara) == []
        assert running_plans.plan(tara).status == "canceling"

    def test_of_a_removed_one_does_nothing_more(self, tara: Buyer, two: Two) -> None:
        for _ in range(2):
            removes(tara, two[1].uuid)

        assert done(tara, "forget_payment_method") == 1
        assert tara.told().count("payment_method.removed") == 1

    def test_of_both_at_once_leaves_one(self, tara: Buyer, two: Two, database: Database) -> None:
        membership = tara.membership

        def press(method: PaymentMethod) -> bool:
            with database.writer() as db:
                try:
                    method_changes.remove(
                        db, tara.site, membership=membership, method_uuid=method.uuid
                    )
                except Conflict:
                    return False
                return True

        assert sorted(together.each(press, two)) == [False, True]

        (left,) = methods(tara)
        assert (charged(tara), at_the_provider(tara).status) == (left.provider_id, "active")

    def test_pressed_by_many_at_once_is_done_once(
        self, tara: Buyer, two: Two, database: Database
    ) -> None:
        membership = tara.membership

        def press(_: int) -> None:
            with database.writer() as db:
                method_changes.remove(db, tara.site, membership=membership, method_uuid=two[0].uuid)

        together.each(press, range(4))

        assert done(tara, "forget_payment_method") == 1
        assert charged(tara) == two[1].provider_id

    @pytest.mark.parametrize("verb", ["set_default_method", "forget_payment_method"])
    def test_that_stops_half_way_is_finished_by_the_sweep_in_the_right_order(
        self, tara: Buyer, two: Two, verb: str
    ) -> None:
        away = tara.where(**{verb: raising(errors.Unavailable("away"))})
        with pytest.raises(ProviderUnavailable):
            removes(away, two[0].uuid)

        for _ in range(3):
            tara.waits("10 minutes")
            tara.sweeps()

        assert done(tara, "forget_payment_method") == 1
        assert (charged(tara), at_the_provider(tara).status) == (two[1].provider_id, "active")
        assert [row.id for row in methods(tara)] == [two[1].id]

    def test_that_the_provider_refuses_to_begin_leaves_everything(
        self, tara: Buyer, two: Two
    ) -> None:
        away = tara.where(set_default_method=raising(errors.Refused("no")))
        with pytest.raises(BillingError, match="Nothing has changed"):
            removes(away, two[0].uuid)

        tara.waits("10 minutes")
        tara.sweeps()

        assert [row.id for row in methods(tara)] == [two[0].id, two[1].id]
        assert (charged(tara), at_the_provider(tara).status) == (two[0].provider_id, "active")

    def test_is_for_admins_of_the_tenant(
        self, milo: Buyer, peter: Buyer, two: Two, tara: Buyer
    ) -> None:
        with pytest.raises(NotAllowed):
            removes(milo, two[1].uuid)
        with pytest.raises(NotFound):
            removes(peter, two[1].uuid)
        assert len(methods(tara)) == 2

    @pytest.mark.parametrize("method", CARDS)
    def test_of_the_default_without_a_plan_makes_the_other_one_default(
        self, tara: Buyer, method: str
    ) -> None:
        first, second = saves(tara, method), saves(tara, method)

        removes(tara, second.uuid)

        assert [(row.id, row.is_default) for row in methods(tara)] == [(first.id, True)]


class TestRetry:
    @pytest.mark.parametrize("method", CARDS)
    def test_that_is_declined_again_says_so(self, tara: Buyer, method: str) -> None:
        falls_behind(tara, method)

        assert retries(tara) == "declined"

        assert running_plans.plan(tara).status == "past_due"
        assert done(tara, "charge") + done(tara, "collect") == 1

    @pytest.mark.parametrize("method", CARDS)
    def test_pays_what_is_due_by_another_method(self, tara: Buyer, method: str) -> None:
        plan = falls_behind(tara, method)
        other = saves(tara, method, **FAILS_LATER)
        _heals(tara, other)

        assert retries(tara) == "paid"

        now = running_plans.plan(tara)
        assert (now.status, now.overdue_since, now.total) == ("active", None, plan.total)

    @pytest.mark.parametrize("method", CARDS)
    def test_pressed_twice_on_one_page_charges_once(self, tara: Buyer, method: str) -> None:
        plan = falls_behind(tara, method)
        newest = method_changes.latest_try(tara.db, plan.id)
        tara.db.commit()
        seen = str(newest.uuid) if newest else ""

        assert [retries(tara, seen), retries(tara, seen)] == ["declined", "declined"]

        assert done(tara, "charge") + done(tara, "collect") == 1

    @pytest.mark.parametrize("method", CARDS)
    def test_pressed_by_many_at_once_charges_once(
        self, tara: Buyer, database: Database, method: str
    ) -> None:
        falls_behind(tara, method)
        membership = tara.membership

        def press(_: int) -> Result:
            with database.writer() as db:
                return method_changes.retry(db, tara.site, membership=membership, seen="")

        assert set(together.each(press, range(4))) == {"declined"}

        assert done(tara, "charge") + done(tara, "collect") == 1

    @pytest.mark.parametrize("method", CARDS)
    def test_while_the_provider_is_away_promises_nothing(self, tara: Buyer, method: str) -> None:
        falls_behind(tara, method)
        away = tara.where(
            charge=raising(errors.Unavailable("away")), collect=raising(errors.Unavailable("away"))
        )

        assert retries(away) == "unavailable"

        tara.waits("2 minutes")
        tara.sweeps()
        assert done(tara, "charge") + done(tara, "collect") == 1

    @pytest.mark.parametrize("method", CARDS)
    def test_of_a_plan_that_is_paid_is_refused(self, tara: Buyer, method: str) -> None:
        running_plans.bought(tara, method)
        tara.sweeps()

        with pytest.raises(Conflict, match="Nothing is overdue"):
            retries(tara)

    def test_is_for_admins(self, tara: Buyer, milo: Buyer) -> None:
        with pytest.raises(NotAllowed):
            retries(milo)
        with pytest.raises(Conflict):
            retries(tara)


def _heals(buyer: Buyer, method: PaymentMethod) -> None:
    """Let the bank take charges by a method again."""
    world = buyer.sandbox.app.world
    for provider, kind, field in (
        ("stripe", "payment_methods", "_later"),
        ("mollie", "mandates", "failsWith"),
    ):
        account = world.owner_of(provider, kind, method.provider_id)
        if account is not None:
            found = account.load(kind, method.provider_id)
            assert found is not None
            account.save(kind, {**found, field: None})
