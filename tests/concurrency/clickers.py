"""Many people clicking at once: processes of threads, each pressing the same or another button."""

from __future__ import annotations

import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.billing.ordering import orders
from app.billing.plans import cancelations, plan_changes
from app.billing.site import Site
from app.billing.tenants import tenants
from app.clock import SandboxClock
from app.db.engine import Database
from app.models import Membership
from config import Config

# A server that has imported what the processes need: each begins with that instead of anew.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])
_PATIENCE_SECONDS = 180


@dataclass(frozen=True)
class Click:
    """One press of a button by a user in a tenant: pay, confirm a change of the plan, or end it."""

    user_id: int
    tenant: UUID
    choice: orders.Choice | None = None
    change: UUID | None = None
    ends: bool = False


@dataclass(frozen=True)
class Outcome:
    """Where a click led, or the error it met; `state` is what became of a change or plan."""

    uuid: str | None
    url: str | None
    error: str | None
    state: str | None = None


def click(config: Config, clicks: list[list[Click]]) -> list[Outcome]:
    """Press every button at once: a process for each list, a thread for each click."""
    together = _PROCESSES.Barrier(len(clicks))
    settings = config.model_dump()
    # Unlike multiprocessing's own pool this one says so where a process dies.
    with ProcessPoolExecutor(len(clicks), _PROCESSES, _prepare, (together,)) as pool:
        pressed = [pool.submit(_press_all, settings, group) for group in clicks]
        found = [one.result(_PATIENCE_SECONDS) for one in pressed]
    return [outcome for group in found for outcome in group]


_together: Any = None


def _prepare(together: Any) -> None:
    global _together
    _together = together


def _press_all(settings: dict[str, Any], clicks: list[Click]) -> list[Outcome]:
    config = Config(**settings)
    database = Database(config.DATABASE_URL, pool=config.DATABASE_POOL)
    site = Site(config=config, clock=SandboxClock(config.CLOCK_URL))
    _together.wait(timeout=60)
    outcomes = press_together(database, site, clicks)
    database.close()
    return outcomes


def press_together(database: Database, site: Site, clicks: list[Click]) -> list[Outcome]:
    """Press every button of one process at once."""
    at_once = threading.Barrier(len(clicks))

    def press(one: Click) -> Outcome:
        at_once.wait(timeout=60)
        with database.writer() as db:
            try:
                membership = tenants.find(db, user_id=one.user_id, tenant_uuid=one.tenant)
                return _do(db, site, membership, one)
            except Exception as error:
                return Outcome(None, None, repr(error))

    with ThreadPoolExecutor(len(clicks)) as threads:
        return list(threads.map(press, clicks))


def _do(db: Session, site: Site, membership: Membership, one: Click) -> Outcome:
    if one.change is not None:
        made = plan_changes.confirm(db, site, membership=membership, change_uuid=one.change)
        return Outcome(str(made.uuid), None, None, made.state)
    if one.ends:
        ended = cancelations.cancel(db, site, membership=membership)
        return Outcome(str(ended.uuid), None, None, ended.status)
    assert one.choice is not None
    placed = orders.place(db, site, membership=membership, choice=one.choice)
    return Outcome(str(placed.checkout_uuid), placed.url, None)
