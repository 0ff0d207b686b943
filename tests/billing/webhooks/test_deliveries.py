"""What happened reaches those who want to hear of it: signed, in order, and again until taken."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from standardwebhooks import WebhookVerificationError

from app import clock
from app.billing.errors import Conflict
from app.billing.site import Site
from app.billing.webhooks import deliveries, endpoints, handouts, posts, webhooks
from app.billing.webhooks.delivery_ends import PAUSES
from app.db.engine import Database
from app.models import App, Mail, WebhookDelivery
from tests.billing.telling import Telling, checkout_of, receivers, said
from tests.cast import World
from tests.sandbox.receiver import Receiver, Taken
from tests.sandbox_server import SandboxServer
from tests.waiting import PATIENCE_SECONDS

BEFORE, AFTER = "subscription.activated", "subscription.canceled"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Give a server that takes webhooks."""
    yield from receivers()


@pytest.fixture
def telling(world: World, site: Site, receiver: Receiver) -> Telling:
    """Answer the app, with an endpoint that leads to the receiver."""
    return Telling(world, site, receiver)


class TestADelivery:
    def test_is_verified_by_the_library_receivers_use(self, telling: Telling) -> None:
        telling.happens()

        assert telling.delivers() == 1

        (taken,) = telling.receiver.taken
        body = telling.verifies(taken)
        plan, price = telling.plans[telling.world.globex.id], telling.world.price("team")
        assert (body["type"], body["timestamp"]) == (
            "subscription.changed",
            webhooks.moment(telling.rows()[0].event.at),
        )
        data = body["data"]
        assert (data["app"], data["tenant"], data["subscription"], data["livemode"]) == (
            str(telling.world.app.uuid),
            str(telling.world.globex.uuid),
            str(plan.uuid),
            False,
        )
        assert (data["status"], data["total"], data["currency"]) == (
            "active",
            price.unit_amount,
            "EUR",
        )
        assert data["plan"] == {
            "product": "team",
            "price_id": price.price_id,
            "interval": "month",
            "quantity": 1,
        }
        assert taken.headers["webhook-id"] == str(telling.rows()[0].event.uuid)

    def test_keeps_what_came_back(self, telling: Telling) -> None:
        telling.receiver.statuses = [503]
        telling.happens()

        telling.delivers()

        (attempt,) = telling.attempts()
        assert (attempt.response_status, attempt.response_body, attempt.error) == (503, "", None)
        assert attempt.response_ms is not None and attempt.response_ms >= 0

    def test_is_attempted_without_a_transaction_and_on_record(
        self, telling: Telling, database: Database
    ) -> None:
        seen: list[tuple[bool, int]] = []

        def look(_: Taken) -> None:
            with database.reader() as other:
                found = other.scalars(select(WebhookDelivery.tries_left)).one()
                seen.append((telling.db.in_transaction(), found))

        telling.receiver.on_delivery = look
        telling.happens()

        telling.delivers()

        assert seen == [(False, len(PAUSES))]

    def test_is_not_made_twice(self, telling: Telling) -> None:
        telling.happens()
        telling.delivers()

        assert (telling.delivers(), len(telling.receiver.taken)) == (0, 1)

    def test_goes_to_those_alone_that_want_its_type(self, telling: Telling) -> None:
        wants, _ = telling.registers([AFTER])
        telling.happens(BEFORE)
        telling.happens(AFTER)

        telling.delivers()

        of_it = [row for row in telling.rows() if row.webhook_endpoint_id == wants.id]
        assert [row.event.type for row in of_it] == [AFTER]
        assert len(telling.receiver.taken) == 3

    def test_carries_what_was_true_when_it_happened(self, telling: Telling) -> None:
        telling.happens()
        telling.plans[telling.world.globex.id].status = "past_due"
        telling.db.commit()

        telling.delivers()

        assert said(telling.receiver.taken[0])["data"]["status"] == "active"

    def test_tells_of_a_checkout_without_tenant(self, telling: Telling) -> None:
        checkout = checkout_of(telling.world, None, state="complete", reference="order-1")
        now = telling.now
        webhooks.publish(telling.db, checkout, "checkout.completed", effect="c", now=now)

        telling.delivers()

        data = said(telling.receiver.taken[0])["data"]
        assert (data["tenant"], data["checkout"]) == (None, str(checkout.uuid))
        assert (data["net"], data["tax"], data["total"]) == (5800, 1102, 6902)
        assert (data["reference"], "plan" in data) == ("order-1", False)


class TestOrder:
    def test_is_kept_for_a_tenant_while_another_goes_on(self, telling: Telling) -> None:
        telling.receiver.statuses = [500]
        telling.happens(BEFORE)
        telling.happens(AFTER)
        telling.happens(BEFORE, telling.world.initech)

        telling.delivers()
        telling.delivers()

        tenants = [said(taken)["data"]["tenant"] for taken in telling.receiver.taken]
        globex, initech = str(telling.world.globex.uuid), str(telling.world.initech.uuid)
        assert tenants == [globex, initech]

    def test_goes_on_once_the_earlier_one_is_taken(
        self, telling: Telling, sandbox: SandboxServer
    ) -> None:
        telling.receiver.statuses = [500]
        telling.happens(BEFORE)
        telling.happens(AFTER)
        telling.delivers()

        sandbox.advance("1 minute")
        telling.delivers()

        assert telling.heard() == [BEFORE, BEFORE, AFTER]
        assert telling.states() == ["delivered", "delivered"]

    def test_does_not_look_in_vain_at_what_comes_behind(self, telling: Telling) -> None:
        telling.receiver.statuses = [500]
        telling.happens(BEFORE)
        telling.delivers()

        telling.happens(AFTER)
        telling.delivers()

        first, second = telling.rows()
        assert second.next_try_at == first.next_try_at

    def test_goes_on_after_one_that_is_given_up(
        self, telling: Telling, sandbox: SandboxServer
    ) -> None:
        telling.receiver.statuses = [500]
        telling.happens(BEFORE)
        handouts.hand_out(telling.db, now=telling.now)
        telling.db.execute(update(WebhookDelivery).values(tries_left=1))
        telling.happens(AFTER)

        telling.delivers()
        telling.delivers()

        assert telling.states() == ["failed", "delivered"]


class TestRetries:
    def test_go_on_for_three_days_and_then_end(
        self, telling: Telling, sandbox: SandboxServer
    ) -> None:
        telling.receiver.statuses = [500] * 20
        telling.happens()
        begun = telling.now
        gaps: list[timedelta] = []

        for _ in PAUSES:
            telling.delivers()
            (row,) = telling.rows()
            assert row.next_try_at is not None
            gaps.append(row.next_try_at - telling.now)
            sandbox.advance_to((row.next_try_at + timedelta(seconds=1)).isoformat())
        telling.delivers()

        for gap, pause in zip(gaps, PAUSES, strict=True):
            assert pause * 0.99 - timedelta(seconds=5) <= gap <= pause * 1.1
        assert telling.states() == ["failed"]
        assert len(telling.attempts()) == len(PAUSES) + 1
        assert timedelta(days=3) < telling.now - begun < timedelta(days=4)

    def test_disable_what_failed_for_long_and_say_so_once(
        self, telling: Telling, sandbox: SandboxServer
    ) -> None:
        telling.receiver.statuses = [500] * 40
        telling.happens(BEFORE)
        telling.happens(AFTER)
        for _ in range(len(PAUSES) + 3):
            telling.delivers()
            sandbox.advance("1 day")

        endpoint = telling.endpoint
        telling.db.refresh(endpoint)
        (mail,) = telling.db.scalars(select(Mail)).all()
        assert (endpoint.is_enabled, endpoint.disabled_reason) == (False, "failing")
        assert mail.recipient and mail.values["url"] == endpoint.url
        assert telling.states() == ["failed", "waiting"]
        assert len(telling.receiver.taken) == len(PAUSES) + 1

    def test_do_not_disable_what_works_now_and_then(
        self, telling: Telling, sandbox: SandboxServer
    ) -> None:
        telling.receiver.statuses = [500, 200] * 12
        for _ in range(12):
            telling.happens()
            telling.delivers()
            sandbox.advance("1 day")
            telling.delivers()

        telling.db.refresh(telling.endpoint)
        assert (telling.endpoint.is_enabled, telling.endpoint.failures) == (True, 0)

    def test_end_at_once_for_one_that_is_gone(self, telling: Telling) -> None:
        telling.receiver.statuses = [410]
        telling.happens()
        telling.delivers()

        telling.happens()
        telling.delivers()

        telling.db.refresh(telling.endpoint)
        assert telling.endpoint.disabled_reason == "gone"
        assert (telling.states(), len(telling.receiver.taken)) == (["failed"], 1)

    def test_count_what_a_process_that_died_had_begun(self, telling: Telling) -> None:
        telling.happens()
        handouts.hand_out(telling.db, now=telling.now)
        (row,) = telling.rows()
        died = clock.wall() - timedelta(seconds=1)
        telling.db.execute(update(WebhookDelivery).values(tries_left=9, claimed_until=died))

        telling.delivers()

        assert (telling.rows()[0].tries_left, telling.states()) == (8, ["delivered"])

    def test_leave_alone_what_somebody_else_has_claimed(self, telling: Telling) -> None:
        telling.happens()
        handouts.hand_out(telling.db, now=telling.now)
        later = clock.wall() + timedelta(seconds=30)
        telling.db.execute(update(WebhookDelivery).values(claimed_until=later))
        (row,) = telling.rows()

        assert not deliveries.attempt(telling.db, telling.site, row.id)
        assert (telling.delivers(), telling.attempts()) == (0, [])


class TestAnEndpoint:
    def test_that_is_disabled_goes_on_where_it_was(
        self, telling: Telling, sandbox: SandboxServer
    ) -> None:
        telling.receiver.statuses = [500]
        telling.happens(BEFORE)
        telling.delivers()
        telling.changes(is_enabled=False)
        telling.happens(AFTER)
        sandbox.advance("1 day")
        telling.delivers()

        telling.changes(is_enabled=True)
        telling.delivers()

        assert telling.heard() == [BEFORE, BEFORE]

    def test_that_is_removed_is_told_nothing_more(self, telling: Telling) -> None:
        telling.happens()
        handouts.hand_out(telling.db, now=telling.now)
        endpoints.remove(telling.db, telling.endpoint, now=telling.now)
        telling.db.commit()

        telling.delivers()

        assert (telling.states(), telling.receiver.taken) == (["failed"], [])

    def test_hears_both_secrets_for_a_day(self, telling: Telling) -> None:
        secret = endpoints.rotate_secret(telling.db, telling.site, telling.endpoint)
        telling.happens()
        telling.delivers()
        telling.endpoint.old_secret_until = clock.wall()
        telling.happens()
        telling.delivers()

        during, after = telling.receiver.taken
        assert telling.verifies(during) == telling.verifies(during, secret)
        telling.verifies(after, secret)
        with pytest.raises(WebhookVerificationError):
            telling.verifies(after)

    def test_is_pinged_alone(self, telling: Telling) -> None:
        telling.registers()
        handouts.ping(telling.db, telling.endpoint, now=telling.now)

        telling.delivers()

        (taken,) = telling.receiver.taken
        assert telling.verifies(taken)["type"] == "ping"

    def test_of_another_app_hears_nothing(self, telling: Telling, world: World) -> None:
        other = App(name="Other", seller_name="Other Ltd", seller_country="DE")
        world.db.add(other)
        theirs, _ = endpoints.register(
            world.db, telling.site, other, url="http://127.0.0.1:9/theirs"
        )
        telling.happens()

        telling.delivers()

        assert [row.webhook_endpoint_id for row in telling.rows()] == [telling.endpoint.id]
        assert theirs.id != telling.endpoint.id


class TestResend:
    def test_sends_again_what_was_taken(self, telling: Telling) -> None:
        telling.happens()
        telling.delivers()

        deliveries.resend(telling.db, telling.rows()[0], now=telling.now)
        telling.delivers()

        first, second = telling.receiver.taken
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.body == second.body

    def test_of_what_had_failed_is_tried_once(self, telling: Telling) -> None:
        telling.receiver.statuses = [410, 500]
        telling.happens()
        telling.delivers()
        telling.changes(is_enabled=True)

        deliveries.resend(telling.db, telling.rows()[0], now=telling.now)
        telling.delivers()

        assert (telling.states(), len(telling.attempts())) == (["failed"], 2)

    def test_needs_an_endpoint_that_is_enabled(self, telling: Telling) -> None:
        telling.happens()
        telling.delivers()
        telling.changes(is_enabled=False)

        with pytest.raises(Conflict):
            deliveries.resend(telling.db, telling.rows()[0], now=telling.now)


class TestAHost:
    def test_on_a_private_network_is_not_called_outside_the_demo(
        self, telling: Telling, site: Site
    ) -> None:
        real = site.config.model_copy(update={"DEMO": False})
        telling.endpoint.url = "https://app.example.com/hooks"
        telling.happens()

        deliveries.deliver_due(
            telling.db, Site(real, site.clock), look_up=lambda host, port: ["10.0.0.7"]
        )

        (attempt,) = telling.attempts()
        assert (attempt.error, attempt.response_status) == (
            "The address leads to a private network.",
            None,
        )
        assert telling.states() == ["waiting"]

    def test_that_takes_too_long_has_failed(
        self, telling: Telling, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(posts, "READ_SECONDS", 0.05)
        answered = threading.Event()

        def dawdle(_: Taken) -> None:
            answered.wait(PATIENCE_SECONDS)

        telling.receiver.on_delivery = dawdle
        telling.happens()

        telling.delivers()
        answered.set()

        (attempt,) = telling.attempts()
        assert attempt.error is not None and attempt.error.startswith("ReadTimeoutError")
