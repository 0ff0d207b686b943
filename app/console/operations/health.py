"""The health page: whether providers reach us, the worker works, and what waits too long."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template

from app.billing.operations import vital_signs
from app.console import guard
from app.console.operations.area import operations
from app.models import AppMember
from app.web import sessions


@dataclass(frozen=True, slots=True)
class Worker:
    """Whether there is a queue at all, when a worker was last seen, and how many jobs wait."""

    is_needed: bool
    seen_seconds: float | None = None
    is_alive: bool = False
    waiting: int = 0


@operations.get("/console/apps/<uuid:app>/operations/health")
@guard.of_app()
def health(member: AppMember) -> str:
    now = sessions.site().clock.now()
    return render_template(
        "console/operations/health.html",
        member=member,
        signs=vital_signs.read(sessions.db(), member.app, now=now),
        worker=_worker(),
        now=now,
    )


def _worker() -> Worker:
    if sessions.site().config.QUEUE == "none":
        return Worker(is_needed=False)
    # Imported here because it opens the queue.
    from app import jobs

    return Worker(True, jobs.worker_seen_seconds(), jobs.is_worker_alive(), jobs.waiting())
