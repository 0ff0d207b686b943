"""Measures how fast what happened at the provider is to be seen here: from the hook to the row."""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from dataclasses import dataclass

import psycopg
from sqlalchemy import insert, select

from app.db.base import table
from app.db.engine import Database
from app.models import CheckoutSession, Price, ProviderAccount, Tenant
from tests.bench import load, meter, purchases, servers
from tests.bench.floors import WEBHOOK_SECRET
from tests.bench.installation import Installation
from tests.bench.load import Request
from tests.bench.report import Goal
from tests.bench.world import PRICE_ID

_LEAST_PER_SECOND = 150.0
_STEADY_PER_SECOND = 50
_MOST_SECONDS = 1.0
_WAIT_SECONDS = 180
_SCHEMA = (
    "SELECT count(*) FILTER (WHERE state NOT IN ('done', 'failed')),"
    " count(*) FILTER (WHERE state = 'failed') FROM provider_event"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """Events that came in one burst or evenly, and how long until what they told was to be seen."""

    events: int
    purchases: int
    seconds: float
    worker_ms: float
    calls: int
    latencies: list[float]
    wrong: int

    @property
    def per_second(self) -> float:
        return self.events / self.seconds

    def centile(self, place: int) -> float:
        return statistics.quantiles(self.latencies, n=100)[place - 1]

    def __str__(self) -> str:
        return (
            f"{self.events} events of {self.purchases} purchases: {self.per_second:.0f}/s,"
            f" {self.calls / self.events:.2f} provider calls and {self.worker_ms:.1f} ms of the"
            f" worker's CPU each; seen after {self.centile(50) * 1000:.0f} ms (p50),"
            f" {self.centile(99) * 1000:.0f} ms (p99)"
        )


def measure(here: Installation, *, count: int, steady_seconds: int) -> list[Goal]:
    """Send the events of so many purchases at once, of as many again one event each, and then
    evenly for some seconds; print and answer the figures."""
    with servers.worker(here.settings) as worker:
        _warm(here, worker.pid)
        burst = _burst(here, worker.pid, count)
        single = _burst(here, worker.pid, count, only="checkout.session.completed")
        steady = _steady(here, worker.pid, steady_seconds)
    for name, seen in (("all at once", burst), ("one each", single), ("evenly", steady)):
        print(f"events, {name:<12} {seen}", flush=True)
    return [
        Goal("events a second, all of a purchase's", burst.per_second, None, "/s"),
        Goal(
            f"  seconds for {_LEAST_PER_SECOND:g} of them",
            _LEAST_PER_SECOND / burst.per_second,
            1.0,
            "s",
        ),
        Goal("events a second, one a purchase", single.per_second, None, "/s"),
        Goal(f"seen at {_STEADY_PER_SECOND}/s, p99", steady.centile(99), _MOST_SECONDS, "s"),
        Goal("  purchases not active at the end", burst.wrong + single.wrong + steady.wrong, 0, ""),
    ]


def _warm(here: Installation, worker: int) -> None:
    _burst(here, worker, 20)


def _burst(here: Installation, worker: int, count: int, *, only: str | None = None) -> Seen:
    keys = _store(here, count)
    requests = _requests(here, keys, only)
    return _send(here, worker, keys, requests, None)


def _steady(here: Installation, worker: int, seconds: int) -> Seen:
    per_purchase = len(purchases.events("0" * 32))
    keys = _store(here, _STEADY_PER_SECOND * seconds // per_purchase)
    return _send(here, worker, keys, _requests(here, keys, None), _STEADY_PER_SECOND)


def _requests(here: Installation, keys: list[str], only: str | None) -> list[Request]:
    return [
        purchases.request(here.world.hook, event, WEBHOOK_SECRET)
        for key in keys
        for event in purchases.events(key)
        if only in (None, event["type"])
    ]


def _send(
    here: Installation,
    worker: int,
    keys: list[str],
    requests: list[Request],
    per_second: int | None,
) -> Seen:
    here.calls()
    before, begun = meter.cpu(worker), time.perf_counter()
    first = _now(here)
    if per_second is None:
        load.send(here.server.port, requests)
    else:
        asyncio.run(_evenly(here.server.port, requests, per_second))
    _wait(here)
    seconds = time.perf_counter() - begun
    latencies = _latencies(here, first)
    return Seen(
        events=len(requests),
        purchases=len(keys),
        seconds=seconds if per_second else _span(here, first),
        worker_ms=meter.spent(before, meter.cpu(worker)) * 1000 / len(requests),
        calls=sum(here.calls().values()),
        latencies=latencies,
        wrong=_inactive(here, keys),
    )


async def _evenly(port: int, requests: list[Request], per_second: int) -> None:
    begun = time.perf_counter()
    for place, request in enumerate(requests):
        pause = begun + place / per_second - time.perf_counter()
        await asyncio.sleep(max(0.0, pause))
        await asyncio.to_thread(load.send, port, [request], 1)


def _store(here: Installation, count: int) -> list[str]:
    """Write so many open checkouts, each another tenant's, and answer their keys."""
    keys = [uuid.uuid4().hex for _ in range(count)]
    database = Database(here.settings["DATABASE_URL"])
    with database.transaction() as db:
        account = db.scalars(
            select(ProviderAccount).where(ProviderAccount.provider == "stripe")
        ).one()
        price = db.scalars(select(Price).where(Price.price_id == PRICE_ID)).one()
        tenants = db.execute(
            insert(table(Tenant)).returning(table(Tenant).c.id),
            [{"app_id": account.app_id, "name": "Bench", "country": "DE"} for _ in keys],
        )
        of = {"app_id": account.app_id, "provider_account_id": account.id, "price_id": price.id}
        rows = [
            purchases.checkout(tenant, key, **of)
            for key, tenant in zip(keys, tenants.scalars(), strict=True)
        ]
        db.execute(insert(table(CheckoutSession)), rows)
    database.close()
    return keys


def _wait(here: Installation) -> None:
    deadline = time.monotonic() + _WAIT_SECONDS
    with psycopg.connect(here.postgres.url, autocommit=True) as db:
        while time.monotonic() < deadline:
            row = db.execute(_SCHEMA).fetchone()
            if row is not None and row[0] == 0:
                return
            time.sleep(0.05)
    raise RuntimeError("the worker did not look at every event in time")


def _now(here: Installation) -> object:
    with psycopg.connect(here.postgres.url) as db:
        return db.execute("SELECT clock_timestamp()").fetchone()[0]  # type: ignore[index]


def _latencies(here: Installation, first: object) -> list[float]:
    asked = (
        "SELECT extract(epoch FROM done_at - received_at)::float8 FROM provider_event"
        " WHERE received_at >= %s"
    )
    with psycopg.connect(here.postgres.url) as db:
        return [row[0] for row in db.execute(asked, [first])]


def _span(here: Installation, first: object) -> float:
    asked = (
        "SELECT extract(epoch FROM max(done_at) - min(received_at))::float8 FROM provider_event"
        " WHERE received_at >= %s"
    )
    with psycopg.connect(here.postgres.url) as db:
        row = db.execute(asked, [first]).fetchone()
        return float(row[0]) if row else 0.0


def _inactive(here: Installation, keys: list[str]) -> int:
    asked = (
        "SELECT count(*) FROM checkout_session c JOIN subscription s ON s.checkout_id = c.id"
        " WHERE c.state = 'complete' AND s.status = 'active' AND c.uuid = ANY(%s)"
    )
    with psycopg.connect(here.postgres.url) as db:
        row = db.execute(asked, [[uuid.UUID(key) for key in keys]]).fetchone()
        return len(keys) - (int(row[0]) if row else 0)
