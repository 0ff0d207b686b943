"""The worker's jobs, on a queue of the test's own."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy.orm import Session

from app.billing import checkouts, line_items, openings
from app.billing.line_items import Cart, Item
from app.billing.site import Site
from app.models import CheckoutSession
from config import Config
from tests.cast import World
from tests.sandbox_server import SandboxServer

JOBS = Path(__file__).parents[1] / "app" / "jobs.py"


@pytest.fixture
def jobs(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Answer the jobs as a worker loads them, with a queue in this test's folder."""
    for name, value in config.model_dump().items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("QUEUE", "sqlite")
    monkeypatch.setenv("DATABASE_URL", config.DATABASE_URL)
    spec = importlib.util.spec_from_file_location("jobs_of_a_worker", JOBS)
    assert spec is not None and spec.loader is not None
    jobs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(jobs)
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
