"""The worker's jobs, on a queue of the test's own."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy.orm import Session

from app import clock
from app.billing.ordering import line_items
from app.billing.ordering.line_items import Cart, Item
from app.billing.purchase import checkouts, openings
from app.billing.reconciliation import leases, sweep
from app.billing.site import Site
from app.db import once
from app.db.engine import Database
from app.models import CheckoutSession, Lease, Mail
from config import Config
from tests.cast import World
from tests.sandbox_server import SandboxServer
from tests.waiting import PATIENCE_SECONDS, until

JOBS = Path(__file__).parents[1] / "app" / "jobs.py"
MAIL = {
    "effect": "test",
    "recipient": "tara@globex.example",
    "kind": "receipt",
    "values": {},
    "livemode": False,
    "next_try_at": clock.wall(),
}


@pytest.fixture
def jobs(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Answer the jobs as a worker loads them, with a queue in this test's folder."""
    for name, value in config.model_dump().items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("QUEUE", "sqlite")
    monkeypatch.setenv("DATABASE_URL", config.DATABASE_URL)
    # Where the database is a server, the queue would be the one of whoever works here.
    monkeypatch.setattr("config.ROOT", tmp_path)
    spec = importlib.util.spec_from_file_location("jobs_of_a_worker", JOBS)
    assert spec is not None and spec.loader is not None
    jobs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(jobs)
    # Nothing of it may be at work when the next test begins.
    jobs._LEAVE_SECONDS = PATIENCE_SECONDS  # type: ignore[attr-defined]
    yield jobs
    jobs._database().close()
    jobs.huey.storage.close()


@pytest.fixture
def checkout(world: World, site: Site) -> CheckoutSession:
    """Answer a checkout of 90 seconds that is open at the provider."""
    cart = Cart([Item("Notebook", 500, "USD", 1)], "https://app.example.com/success")
    order = line_items.order(world.db, site, app=world.app, cart=cart, origin="line_items_v2")
    row_id = checkouts.create(world.db, site, order)
    openings.resume(world.db, site, row_id)
    return world.db.get_one(CheckoutSession, row_id, populate_existing=True)


class TestEndCheckout:
    def test_is_put_off_until_the_lifetime_is_over(
        self, jobs: ModuleType, checkout: CheckoutSession, db: Session
    ) -> None:
        before = datetime.now()
        jobs.end_checkout_after(checkout.id, timedelta(seconds=90))

        # The worker moves what comes later from the queue to its schedule.
        task = jobs.huey.dequeue()
        assert task.args == (checkout.id,)
        assert before + timedelta(seconds=90) <= task.eta <= datetime.now() + timedelta(seconds=90)

    def test_ends_it_at_the_provider(
        self,
        jobs: ModuleType,
        checkout: CheckoutSession,
        db: Session,
        sandbox: SandboxServer,
    ) -> None:
        assert checkout.deadline is not None
        db.commit()
        sandbox.advance_to(checkout.deadline.isoformat())

        jobs.end_checkout.call_local(checkout.id)

        db.refresh(checkout)
        assert checkout.state == "expired"
        assert len(sandbox.calls("POST", "/expire")) == 1


class TestNudges:
    def test_a_mail_that_was_committed_is_sent_at_once(
        self, jobs: ModuleType, world: World, database: Database
    ) -> None:
        queued = threading.Event()
        jobs.nudge_mails._job = queued.set
        database.listeners.append(jobs.hear)

        with database.writer() as db:
            once.insert(db, Lease, {"name": "nothing to send"})
            db.commit()
            before = queued.is_set()
            once.insert(db, Mail, MAIL)
            db.commit()

        assert not before
        assert queued.wait(PATIENCE_SECONDS)


class TestSweepDue:
    def test_looks_at_what_is_due(
        self, jobs: ModuleType, checkout: CheckoutSession, db: Session, sandbox: SandboxServer
    ) -> None:
        assert checkout.deadline is not None
        db.commit()
        sandbox.advance_to(checkout.deadline.isoformat())

        jobs.sweep_due.call_local()

        db.refresh(checkout)
        assert checkout.state == "expired"

    def test_leaves_where_a_sweep_is_running(
        self, jobs: ModuleType, checkout: CheckoutSession, db: Session, sandbox: SandboxServer
    ) -> None:
        assert checkout.deadline is not None
        db.commit()
        sandbox.advance_to(checkout.deadline.isoformat())
        assert leases.take(db, sweep.LEASE)

        jobs.sweep_due.call_local()

        db.refresh(checkout)
        assert checkout.state == "open"


class TestAJumpOfTheClock:
    def test_is_followed_by_a_sweep_at_once(
        self, jobs: ModuleType, checkout: CheckoutSession, db: Session, sandbox: SandboxServer
    ) -> None:
        assert checkout.deadline is not None
        db.commit()
        jobs._follow_clock()

        sandbox.advance_to(checkout.deadline.isoformat())

        until(lambda: _state(db, checkout) == "expired", "the checkout has expired")
        jobs._leave()


def _state(db: Session, checkout: CheckoutSession) -> str:
    db.refresh(checkout)
    state = checkout.state
    db.commit()
    return state


class TestTheWorker:
    def test_is_seen_from_its_first_report_on(self, jobs: ModuleType, world: World) -> None:
        assert (jobs.worker_seen_seconds(), jobs.is_worker_alive()) == (None, False)

        jobs.look_after.call_local()

        assert jobs.is_worker_alive()
        assert jobs.worker_seen_seconds() < 60
        jobs._leave()
        assert jobs.worker_seen_seconds() is None
