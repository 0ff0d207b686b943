"""Measures a sweep of many plans: at the provider's pace, killed in the middle, gone on with."""

from __future__ import annotations

import bisect
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
from sqlalchemy import insert, select

from app import processes
from app.db.base import table
from app.db.engine import Database
from app.models import Price, ProviderAccount, Subscription, Tenant
from config import ROOT
from tests.bench.installation import Installation
from tests.bench.report import Goal
from tests.bench.world import PRICE_ID

PER_SECOND = 25
_DUE = "SELECT count(*) FROM subscription WHERE next_check_at <= now()"


@dataclass(frozen=True, slots=True)
class Plan:
    """So many plans are due; the sweep is killed after some seconds at its pace, then goes on for
    as many, and last of all as fast as it can. `last` are the plans left to that."""

    plans: int
    seconds: int
    last: int


def measure(here: Installation, plan: Plan) -> list[Goal]:
    """Print and answer the figures."""
    _put_off_others(here)
    _store(here, plan.plans)
    here.moments()
    _sweep(here, PER_SECOND, plan.seconds)
    first, done = here.moments(), plan.plans - _due(here)
    _sweep(here, PER_SECOND, plan.seconds)
    second, left = here.moments(), _due(here)
    calls = (len(first) + len(second)) / max(1, plan.plans - left)
    hours = plan.plans * calls / PER_SECOND / 60
    _forget(here, left - plan.last)
    begun = time.perf_counter()
    _sweep(here, 100_000, None)
    seconds = time.perf_counter() - begun
    print(
        f"sweep: of {plan.plans} plans {done} in {plan.seconds} s at {PER_SECOND} calls/s, killed;"
        f" {plan.plans - left} after as long again, each looked at by {calls:.2f} calls, so all"
        f" take {hours:.0f} min; without a pace {plan.last / seconds:.0f} plans/s",
        flush=True,
    )
    return [
        Goal("sweep: most calls in any second", _busiest(first + second), PER_SECOND, ""),
        Goal("  calls a second, on the whole", _rate(first), None, "/s"),
        Goal("  plans left after the last sweep", _due(here), 0, ""),
    ]


def _sweep(here: Installation, per_second: int, seconds: int | None) -> None:
    """Run `flask sweep` until it is done, or kill it after some seconds."""
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "sweep"],
        cwd=ROOT,
        env={
            **processes.ENVIRON,
            **here.settings,
            "PROVIDER_CALLS_PER_SECOND": str(per_second),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _busiest(moments: list[float]) -> int:
    """The most calls in any second."""
    told = sorted(moments)
    return max(
        (bisect.bisect_left(told, at + 1) - place for place, at in enumerate(told)), default=0
    )


def _rate(moments: list[float]) -> float:
    return (len(moments) - 1) / (max(moments) - min(moments)) if len(moments) > 1 else 0.0


def _due(here: Installation) -> int:
    with psycopg.connect(here.postgres.url) as db:
        row = db.execute(_DUE).fetchone()
        return int(row[0]) if row else 0


def _put_off_others(here: Installation) -> None:
    """Leave only what is measured due."""
    with psycopg.connect(here.postgres.url) as db:
        for rows in ("subscription", "checkout_session"):
            db.execute(
                f"UPDATE {rows} SET next_check_at = now() + interval '1 day'"
                " WHERE next_check_at IS NOT NULL".encode()
            )


def _forget(here: Installation, count: int) -> None:
    """Take plans out of the measurement that would only make it longer."""
    with psycopg.connect(here.postgres.url) as db:
        db.execute(
            "UPDATE subscription SET next_check_at = now() + interval '1 day' WHERE id IN"
            " (SELECT id FROM subscription WHERE next_check_at <= now() LIMIT %s)",
            [max(0, count)],
        )


def _store(here: Installation, count: int) -> None:
    """Write so many running plans that are due, each another tenant's."""
    now = datetime.now(UTC)
    database = Database(here.settings["DATABASE_URL"])
    with database.transaction() as db:
        account = db.scalars(
            select(ProviderAccount).where(ProviderAccount.provider == "stripe")
        ).one()
        price = db.scalars(select(Price).where(Price.price_id == PRICE_ID)).one()
        tenants = db.execute(
            insert(table(Tenant)).returning(table(Tenant).c.id),
            [{"app_id": account.app_id, "name": "Bench", "country": "DE"}] * count,
        )
        rows = []
        for tenant in tenants.scalars():
            key = uuid.uuid4().hex
            rows.append(
                {
                    "app_id": account.app_id,
                    "tenant_id": tenant,
                    "provider_account_id": account.id,
                    "price_id": price.id,
                    "livemode": False,
                    "family": "default",
                    "status": "active",
                    "provider_id": f"sub_{key}",
                    "provider_ids": [f"sub_{key}"],
                    "customer_provider_id": f"cus_{key}",
                    "quantity": 2,
                    "currency": "EUR",
                    "net": 3800,
                    "tax": 722,
                    "total": 4522,
                    "started_at": now,
                    "anchor_at": now,
                    "period_start": now,
                    "period_end": now + timedelta(days=30),
                    "next_check_at": now,
                }
            )
        db.execute(insert(table(Subscription)), rows)
    database.close()
