"""A worker that is killed in the middle loses no event, mail or webhook, and doubles none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import func, select, update

from app import clock
from app.billing.mail import mail_kinds, mails
from app.billing.site import Site
from app.models import Mail, ProviderEvent, Tenant, WebhookDelivery, WebhookEvent
from app.money import Money
from config import ROOT, Config
from tests import payer
from tests.billing.purchases import Buyer, knock
from tests.billing.telling import Telling, receivers, said
from tests.cast import World
from tests.sandbox.receiver import Receiver, Taken
from tests.sandbox_server import SandboxServer
from tests.waiting import PATIENCE_SECONDS, until

TENANTS, EACH, MAILS = 6, 4, 6
# What a door and a page do once they have committed, and then the worker as it is run.
PROGRAM = """
import runpy, sys
from app import jobs
jobs.process_events()
jobs.send_mails()
sys.argv = ["huey_consumer", "app.jobs.huey", "--workers", "2", "--max-delay", "0.5"]
runpy.run_module("huey.bin.huey_consumer", run_name="__main__")
"""


@dataclass
class Worker:
    """The worker's real program, on this test's database."""

    config: Config
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        """Start it."""
        kind = "sqlite" if self.config.DATABASE_URL.startswith("sqlite") else "postgres"
        settings = {name: str(value) for name, value in self.config.model_dump().items()}
        self.running.append(
            subprocess.Popen(
                [sys.executable, "-c", PROGRAM],
                cwd=ROOT,
                env={**os.environ, **settings, "QUEUE": kind},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )

    def kill(self) -> None:
        """End it at once."""
        for process in self.running:
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE_SECONDS)
        self.running.clear()


@pytest.fixture
def worker(config: Config) -> Iterator[Worker]:
    """Give a worker that is not started yet."""
    worker = Worker(config)
    yield worker
    worker.kill()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Give a server that takes webhooks."""
    yield from receivers()


def forget_claims(world: World) -> None:
    """Let the claims of the process that died run out: they count wall time."""
    past = clock.wall() - clock.wall().resolution
    for model in (WebhookDelivery, Mail, ProviderEvent):
        world.db.execute(
            update(model).where(model.claimed_until.is_not(None)).values(claimed_until=past)
        )
    world.db.commit()


def is_done(world: World) -> bool:
    """Answer whether nothing waits any more."""
    waiting = [
        select(func.count(WebhookEvent.id)).where(WebhookEvent.is_handed_out.is_(False)),
        select(func.count(WebhookDelivery.id)).where(WebhookDelivery.state != "delivered"),
        select(func.count(Mail.id)).where(Mail.state != "sent"),
        select(func.count(ProviderEvent.id)).where(ProviderEvent.state != "done"),
    ]
    counted = [world.db.scalar(count) for count in waiting]
    world.db.commit()
    return counted == [0, 0, 0, 0]


class TestAKilledWorker:
    def test_loses_nothing_and_doubles_nothing(
        self,
        world: World,
        site: Site,
        sandbox: SandboxServer,
        receiver: Receiver,
        worker: Worker,
    ) -> None:
        telling = Telling(world, site, receiver)
        buyers = [Buyer(world, site, sandbox, user) for user in (world.tara, world.peter)]
        self.fill(telling, buyers)
        midway, released = threading.Event(), threading.Event()

        def hold(_: Taken) -> None:
            if len(receiver.taken) > TENANTS and not released.is_set():
                midway.set()
                released.wait(PATIENCE_SECONDS)

        receiver.on_delivery = hold
        worker.start()
        assert midway.wait(PATIENCE_SECONDS)
        until(sandbox.mails, "a mail is sent")
        worker.kill()
        released.set()
        assert not is_done(world)

        forget_claims(world)
        sandbox.advance("5 minutes")
        worker.start()
        until(lambda: is_done(world), "everything is done")
        worker.kill()

        self.assert_webhooks_are_whole(telling)
        self.assert_mails_are_whole(world, sandbox)

    def fill(self, telling: Telling, buyers: list[Buyer]) -> None:
        """Leave events of purchases, webhooks in lanes, and mails for the worker to do."""
        world, db = telling.world, telling.db
        for buyer, currency in zip(buyers, ("EUR", "USD"), strict=True):
            placed = buyer.buys(currency=currency)
            assert placed.url is not None
            payer.pays(placed.url)
            provider_id = buyer.checkout(placed).provider_id
            assert provider_id is not None
            knock(buyer, provider_id, event_id=f"evt_{currency}")
        some = [Tenant(app=world.app, name=f"Tenant {i}", country="DE") for i in range(TENANTS)]
        db.add_all(some)
        db.commit()
        for at in range(EACH):
            for tenant in some:
                telling.happens(f"subscription.{at}", tenant)
        for at in range(MAILS):
            receipt = mail_kinds.Receipt(plan="Team", amount=Money(100 + at, "EUR"))
            mails.write(
                db,
                receipt,
                f"payment:test-{at}",
                app_id=world.app.id,
                tenant_id=world.globex.id,
                now=telling.now,
            )
        db.commit()

    def assert_webhooks_are_whole(self, telling: Telling) -> None:
        """Each event came at least once and at most once an attempt, and first came in order."""
        taken = telling.receiver.taken
        came = Counter(delivery.headers["webhook-id"] for delivery in taken)
        attempts = Counter(attempt.webhook_delivery_id for attempt in telling.attempts())
        rows = telling.rows()
        delivered = {str(row.event.uuid) for row in rows if row.state == "delivered"}
        types = [row.event.type for row in rows if row.state == "delivered"]

        assert len(delivered) >= TENANTS * EACH + 4
        assert types.count("checkout.completed") == types.count("subscription.activated") == 2
        assert delivered <= set(came) <= {str(row.event.uuid) for row in rows}
        assert all(came[str(row.event.uuid)] <= attempts[row.id] for row in rows)
        firsts = {delivery.headers["webhook-id"]: said(delivery) for delivery in reversed(taken)}
        by_tenant: dict[str, list[str]] = {}
        for name in came:
            by_tenant.setdefault(firsts[name]["data"]["tenant"], []).append(firsts[name]["type"])
        in_order = [f"subscription.{at}" for at in range(EACH)]
        assert list(by_tenant.values()).count(in_order) == TENANTS

    def assert_mails_are_whole(self, world: World, sandbox: SandboxServer) -> None:
        """Each mail came at least once, and at most once a try."""
        came = Counter(mail["message_id"].partition("@")[0] for mail in sandbox.mails())
        rows = world.db.scalars(select(Mail).execution_options(populate_existing=True)).all()
        world.db.commit()
        sent = {str(mail.uuid) for mail in rows if mail.state == "sent"}

        assert len(sent) >= MAILS
        assert sent <= set(came) <= {str(mail.uuid) for mail in rows}
        assert all(came[str(mail.uuid)] <= mail.tries for mail in rows)
