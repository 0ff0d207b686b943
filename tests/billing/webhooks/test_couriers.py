"""The courier of a worker: at once, many at a time, and nobody waits for somebody slow."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from app.billing.site import Site
from app.billing.webhooks import couriers
from app.billing.webhooks.couriers import Courier
from app.db.engine import Database
from app.models import Tenant
from tests import together
from tests.billing.telling import Telling, receivers, said
from tests.cast import World
from tests.sandbox.receiver import Receiver, Taken
from tests.waiting import PATIENCE_SECONDS, until


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Give a server that takes webhooks."""
    yield from receivers()


@pytest.fixture
def other() -> Iterator[Receiver]:
    """Give another one."""
    yield from receivers()


@pytest.fixture
def telling(world: World, site: Site, receiver: Receiver) -> Telling:
    """Answer the app, with an endpoint that leads to the receiver."""
    return Telling(world, site, receiver)


@pytest.fixture
def courier(database: Database, site: Site, telling: Telling) -> Iterator[Courier]:
    """Give a courier at work."""
    courier = Courier(database, site)
    courier.start()
    yield courier
    together.start(courier.stop).answer()


def tenants(telling: Telling, count: int) -> list[Tenant]:
    """Make tenants of the app."""
    made = [Tenant(app=telling.world.app, name=f"Tenant {i}", country="DE") for i in range(count)]
    telling.db.add_all(made)
    telling.db.commit()
    return made


class TestACourier:
    def test_delivers_what_happens_without_being_told(
        self, telling: Telling, courier: Courier
    ) -> None:
        telling.happens()

        until(lambda: telling.states() == ["delivered"], "it is delivered")

        assert telling.heard() == ["subscription.changed"]

    def test_keeps_the_order_of_each_tenant(self, telling: Telling, courier: Courier) -> None:
        some = tenants(telling, 4)
        for at in range(5):
            for tenant in some:
                telling.happens(f"subscription.{at}", tenant)
        courier.nudge()

        until(lambda: telling.states() == ["delivered"] * 20, "all are delivered")

        for tenant in some:
            told = [said(taken) for taken in telling.receiver.taken]
            own = [body["type"] for body in told if body["data"]["tenant"] == str(tenant.uuid)]
            assert own == [f"subscription.{at}" for at in range(5)]

    def test_leaves_hands_for_others_while_one_is_slow(
        self, telling: Telling, courier: Courier, other: Receiver
    ) -> None:
        released, waiting = threading.Event(), threading.Semaphore(0)

        def dawdle(_: Taken) -> None:
            waiting.release()
            released.wait(PATIENCE_SECONDS)

        telling.receiver.on_delivery = dawdle
        for tenant in tenants(telling, couriers.HANDS):
            telling.happens(tenant=tenant)
        for _ in range(couriers.HANDS_PER_ENDPOINT):
            assert waiting.acquire(timeout=PATIENCE_SECONDS)

        telling.receiver, slow = other, telling.receiver
        telling.registers()
        telling.happens()
        until(lambda: other.taken, "the other one has taken it")
        taken_meanwhile = len(slow.taken)
        released.set()
        until(lambda: set(telling.states()) == {"delivered"}, "all are delivered")

        assert taken_meanwhile == couriers.HANDS_PER_ENDPOINT

    def test_shares_the_work_with_another_one(
        self, telling: Telling, courier: Courier, database: Database, site: Site
    ) -> None:
        second = Courier(database, site)
        second.start()
        for tenant in tenants(telling, 10):
            for _ in range(3):
                telling.happens(tenant=tenant)
        second.nudge()

        until(lambda: telling.states() == ["delivered"] * 30, "all are delivered")
        together.start(second.stop).answer()

        ids = [taken.headers["webhook-id"] for taken in telling.receiver.taken]
        assert (len(ids), len(set(ids)), len(telling.attempts())) == (30, 30, 30)

    def test_goes_on_after_the_database_was_out_of_reach(
        self,
        telling: Telling,
        courier: Courier,
        database: Database,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        failed = threading.Event()

        def fail() -> None:
            failed.set()
            raise OSError("out of reach")

        with monkeypatch.context() as patched:
            patched.setattr(database, "reader", fail)
            assert failed.wait(PATIENCE_SECONDS)
        telling.happens()

        until(lambda: telling.states() == ["delivered"], "it is delivered")

    def test_goes_on_after_a_thread_could_not_be_begun(
        self, telling: Telling, courier: Courier, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        failed = threading.Event()
        submit = ThreadPoolExecutor.submit

        def fail_once(pool: ThreadPoolExecutor, *work: Any) -> Future[None]:
            if failed.is_set():
                return submit(pool, *work)
            failed.set()
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(ThreadPoolExecutor, "submit", fail_once)
        telling.happens()

        until(lambda: telling.states() == ["delivered"], "it is delivered")

        assert failed.is_set()
