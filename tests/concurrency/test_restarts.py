"""Two web servers and two workers on PostgreSQL; one of each is killed and started again under
load. Nobody sees an error page, and nothing is lost or doubled."""

from __future__ import annotations

import json
import os
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from app import clock, create_app, upkeep
from app.billing.access import api_keys
from app.billing.site import Site
from app.db.base import Base
from app.db.engine import Database
from app.models import (
    CheckoutSession,
    Invoice,
    Membership,
    Payment,
    ProviderEvent,
    Refund,
    Subscription,
    Tenant,
    User,
    WebhookEvent,
)
from config import Config
from tests import databases, payer, together
from tests.bench import visitors
from tests.cast import World
from tests.concurrency import front
from tests.concurrency.front import Front
from tests.concurrency.programs import Web, Worker
from tests.sandbox_server import OPENER, SandboxServer, serve_sandbox
from tests.together import Started
from tests.waiting import PATIENCE_SECONDS, until

pytestmark = pytest.mark.postgres

# A longer run: RESTARTS=20 kills twenty times, and buys as much longer.
RESTARTS = int(os.environ.get("RESTARTS", "1"))
BUYERS = 12 * RESTARTS
AT_ONCE = 6
VIEWERS = 2
SUCCESS_URL = "https://app.example.com/success"
# Longer than a living program holds a claim here. One that is taken over sooner still doubles
# nothing, since the provider is asked under the same key.
SETTLED_SECONDS = 2.0


@pytest.fixture
def entry() -> Iterator[Front]:
    """Give what stands before the web servers."""
    with front.serve() as entry:
        yield entry


@pytest.fixture
def public_url(entry: Front) -> str:
    """Answer where payers and providers come in."""
    return entry.url


@pytest.fixture
def database_url(postgres_server: str) -> Iterator[str]:
    """Give a database on PostgreSQL that nothing outlives."""
    with databases.postgres(postgres_server) as url:
        yield url


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    """Give a sandbox of its own: the demo world is connected to it anew, with our address."""
    with serve_sandbox(check_contracts=True) as sandbox:
        yield sandbox


@dataclass
class House:
    """The four programs, and what stands before them."""

    entry: Front
    webs: list[Web]
    workers: list[Worker]

    def start(self) -> None:
        """Start all of it, and wait until it takes requests."""
        for program in (*self.webs, *self.workers):
            program.start()
        self.entry.ports = [web.config.PORT for web in self.webs]
        for web in self.webs:
            until(web.is_ready, "a web server is ready")

    def faults(self) -> list[str]:
        """Answer what the programs have logged as faults."""
        said = (
            line
            for program in (*self.webs, *self.workers)
            for line in program.said.read_text(errors="replace").splitlines()
        )
        return [line for line in said if '"ERROR"' in line]

    def restart(self, number: int) -> None:
        """Kill one of each, and start it again."""
        web, worker = self.webs[number % 2], self.workers[number % 2]
        web.kill()
        worker.kill()
        web.start()
        worker.start()


@pytest.fixture
def house(config: Config, entry: Front, world: World, tmp_path: Path) -> Iterator[House]:
    """Give the programs, not started yet; what they say stands in files."""
    own = config.model_copy(update={"QUEUE": "postgres", "DATABASE_POOL": 6, "LOG_FORMAT": "json"})
    house = House(
        entry,
        [Web(own, tmp_path / f"web-{number}.log") for number in (1, 2)],
        [Worker(own, tmp_path / f"worker-{number}.log") for number in (1, 2)],
    )
    yield house
    for program in (*house.webs, *house.workers):
        program.kill()


@dataclass
class Shop:
    """An app's server that starts purchases, its customers, and people who look at pages."""

    entry: Front
    app: UUID
    key: str
    cookie: str
    looked_at: str
    bought: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def sells(self, sales: list[tuple[UUID, str]]) -> None:
        """Let one tenant after the other buy at a provider."""
        for tenant, provider in sales:
            self.buys(tenant, provider)

    def buys(self, tenant: UUID, provider: str) -> str:
        """Buy a plan for a tenant, asking twice as a nervous client does; answer its address."""
        key = str(uuid4())
        first, again = (self._creates(tenant, provider, key) for _ in range(2))
        assert first == again
        back = payer.pays(first)
        assert back is not None and back.startswith(self.entry.url), back
        status, headers, _ = self.entry.ask("GET", back.removeprefix(self.entry.url), {}, b"")
        assert (status, dict(headers)["location"]) == (303, SUCCESS_URL)
        self.bought.append(first)
        return first

    def has_sold(self, count: int) -> bool:
        """Answer whether that many have bought."""
        return len(self.bought) >= count

    def looks(self) -> None:
        """Look at a page again and again, until all is over."""
        while not self.ended.is_set():
            request = urllib.request.Request(self.entry.url + self.looked_at)
            request.add_header("Cookie", self.cookie)
            with OPENER.open(request, timeout=PATIENCE_SECONDS) as answer:
                assert b'data-testid="plan-' in answer.read()

    def _creates(self, tenant: UUID, provider: str, key: str) -> str:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                asked = self._request(tenant, provider, key)
                with OPENER.open(asked, timeout=PATIENCE_SECONDS) as answer:
                    item: dict[str, Any] = json.load(answer)["items"][0]
                    return str(item["nextAction"]["url"])
            except urllib.error.HTTPError as refused:
                # Another try of ours is under way, perhaps in the program that was killed.
                assert refused.code == 409, (refused.code, refused.read())
                refused.close()
                time.sleep(0.2)
        raise AssertionError("the purchase never began")

    def _request(self, tenant: UUID, provider: str, key: str) -> urllib.request.Request:
        body = {
            "priceId": "price_demoTeamMonthEUR",
            "taxRateId": "txr_demoDE19",
            "quantity": 2,
            "mode": "subscription",
            "currency": "EUR",
            "successUrl": SUCCESS_URL,
            "cancelUrl": "https://app.example.com/cancel",
        }
        return urllib.request.Request(
            f"{self.entry.url}/api/v1/apps/{self.app}/tenants/{tenant}"
            f"/payment-providers/{provider}/checkout-sessions",
            json.dumps(body).encode(),
            {
                "Content-Type": "application/json",
                "Idempotency-Key": key,
                "x-api-key": self.key,
                "x-client-id": str(self.app),
                "x-api-key-type": "write",
            },
        )


@pytest.fixture
def shop(
    config: Config, site: Site, world: World, database: Database, entry: Front
) -> Iterator[Shop]:
    """Give the shop in front of these programs."""
    _, key = api_keys.issue(world.db, world.app, "Shop", "write")
    app, tenant, tara = world.app.uuid, world.globex.uuid, world.tara.id
    world.db.commit()
    portal = create_app(config, site=site, database=database)
    cookie = visitors.cookie(portal, tara)
    shop = Shop(entry, app, key, cookie, f"/t/{tenant}/plans")
    yield shop
    shop.ended.set()


def customers(world: World, count: int) -> list[UUID]:
    """Make that many tenants with an admin each, and answer their uuids."""
    made = [
        Tenant(
            app=world.app,
            name=f"Tenant {number}",
            legal_name=f"Tenant {number} GmbH",
            address_line1="Torstrasse 1",
            postal_code="10119",
            city="Berlin",
            country="DE",
            invoice_email=f"invoices@tenant{number}.example",
        )
        for number in range(count)
    ]
    people = [User(email=f"admin@tenant{number}.example") for number in range(count)]
    world.db.add_all(
        Membership(tenant=tenant, user=user, role="admin")
        for tenant, user in zip(made, people, strict=True)
    )
    world.db.commit()
    return [tenant.uuid for tenant in made]


def claims(database: Database) -> dict[tuple[str, str, int], datetime]:
    """Answer who is claimed until when."""
    with database.reader() as db:
        return {
            (part.name, name, id): end
            for part in Base.metadata.sorted_tables
            for name in ("claimed_until", "held_until")
            if name in part.columns
            for id, end in db.execute(
                select(part.c.id, part.c[name]).where(part.c[name] > clock.wall())
            )
        }


def let_claims_run_out(database: Database) -> None:
    """Let the time pass for what the killed programs had claimed: claims count wall time. Those of
    living ones change meanwhile."""
    before = claims(database)
    time.sleep(SETTLED_SECONDS)
    past = clock.wall() - timedelta(seconds=1)
    for (table, name, id), end in before.items():
        part = Base.metadata.tables[table]
        held = part.c[name]
        # Each for itself: locks on many rows at once could meet those of a living program.
        with database.transaction() as db:
            db.execute(update(part).where(part.c.id == id, held == end).values({name: past}))


class TestProgramsThatAreKilled:
    def test_lose_nothing_and_double_nothing(
        self,
        world: World,
        site: Site,
        database: Database,
        sandbox: SandboxServer,
        house: House,
        shop: Shop,
    ) -> None:
        tenants = customers(world, BUYERS)
        providers = ["stripe" if number % 2 else "mollie" for number in range(BUYERS)]
        house.start()

        sales = list(zip(tenants, providers, strict=True))
        looking = [together.start(shop.looks) for _ in range(VIEWERS)]
        buying = [together.start(partial(shop.sells, sales[at::AT_ONCE])) for at in range(AT_ONCE)]
        for number in range(RESTARTS):
            begun = BUYERS * (2 * number + 1) // (3 * RESTARTS)
            until(partial(self.is_under_way, shop, buying, begun), "some have bought")
            house.restart(number)
            let_claims_run_out(database)
        for buyer in buying:
            buyer.answer()
        for web in house.webs:
            until(web.is_ready, "every web server is ready again")
        shop.ended.set()
        for one in looking:
            one.answer()
        sandbox.wait_idle()
        until(lambda: self.is_settled(database, site, sandbox), "everything is done")

        self.assert_nobody_saw_an_error(house)
        self.assert_every_purchase_is_active_once(database, providers)
        self.assert_providers_were_asked_once(sandbox, providers)

    def is_under_way(self, shop: Shop, buying: list[Started[None]], count: int) -> bool:
        """Answer whether that many have bought, or a buyer has ended, who may say what is wrong."""
        return shop.has_sold(count) or not all(buyer.goes_on for buyer in buying)

    def is_settled(self, database: Database, site: Site, sandbox: SandboxServer) -> bool:
        """Do what a worker does each minute, and answer whether anything is left to do."""
        # What could not be asked or told is tried again minutes later, and that may fail as well.
        sandbox.advance("5 minutes")
        upkeep.run(database, site)
        with database.reader() as db:
            open_events = db.scalar(
                select(func.count(ProviderEvent.id)).where(ProviderEvent.state != "done")
            )
            active = db.scalar(
                select(func.count(Subscription.id)).where(Subscription.status == "active")
            )
        return open_events == 0 and active == BUYERS

    def assert_nobody_saw_an_error(self, house: House) -> None:
        """Every answer was one of ours, and no answer an error of ours."""
        statuses = Counter(status for _, _, status in house.entry.answers)

        assert set(statuses) <= {200, 303, 409}, (statuses, house.faults())
        assert statuses[200] > 3 * BUYERS
        # The kill was felt: at least the server that was away was asked in vain.
        assert house.entry.broken

    def assert_every_purchase_is_active_once(
        self, database: Database, providers: list[str]
    ) -> None:
        """One row each, told once, paid once, given back never."""
        with database.reader() as db:
            checkouts = Counter(db.scalars(select(CheckoutSession.state)))
            plans = Counter(db.scalars(select(Subscription.tenant_id)))
            paid = Counter(db.scalars(select(Payment.tenant_id).where(Payment.status == "paid")))
            told = Counter(db.scalars(select(WebhookEvent.type)))
            refunds = db.scalar(select(func.count(Refund.id)))
            own = Invoice.number.is_not(None)
            numbers = list(db.scalars(select(Invoice.number).where(own).order_by(Invoice.number)))
        assert checkouts == {"complete": BUYERS}
        assert (len(plans), set(plans.values())) == (BUYERS, {1})
        assert (len(paid), set(paid.values())) == (BUYERS, {1})
        assert told["subscription.activated"] == told["checkout.completed"] == BUYERS
        assert refunds == 0
        assert numbers == list(range(1, len(numbers) + 1))

    def assert_providers_were_asked_once(
        self, sandbox: SandboxServer, providers: list[str]
    ) -> None:
        """However often a call was repeated, it was under one key, and made one thing."""
        made = Counter(
            _kind(call["path"])
            for call in {
                (call["path"], call["idempotency_key"]): call
                for call in sandbox.calls("POST")
                if call["status"] < 300
            }.values()
        )
        by = Counter(providers)

        assert made["stripe/checkout/sessions"] == by["stripe"]
        assert made["mollie/payments"] == by["mollie"]
        assert made["mollie/subscriptions"] == by["mollie"]
        assert made["stripe/customers"] == by["stripe"]
        assert made["mollie/customers"] == by["mollie"]


def _kind(path: str) -> str:
    """Answer what a call makes, such as `mollie/subscriptions`."""
    provider, _, rest = path.strip("/").partition("/")
    words = rest.split("/")[1:]
    return "/".join([provider, *(words if provider == "stripe" else words[-1:])])
