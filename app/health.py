"""Health: whether this process lives, and whether everything it needs answers."""

from __future__ import annotations

import urllib.error
import urllib.request

from flask import Blueprint, Flask, current_app
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.billing.site import Site
from app.db import revisions
from app.db.engine import Database
from app.db.revisions import Standing
from config import Config

health = Blueprint("health", __name__)

_GOOD = ("current", "ahead")
_TABLES: dict[Standing | None, str] = {
    "current": "up to date",
    "ahead": "newer than this program, which goes on with them",
    "behind": "older than this program: run flask --app wsgi db upgrade",
    None: "out of reach",
}


@health.get("/healthz")
def live() -> dict[str, str]:
    """Answer that this process lives."""
    return {"status": "ok"}


@health.get("/readyz")
def ready() -> tuple[dict[str, object], int]:
    """Answer whether database and tables (and where we bring the sandbox, that and the worker) are
    there. Without a mail server we are ready all the same, since mails wait, and elsewhere without
    a worker too: purchases begin, and payers' return pages look for themselves."""
    site: Site = current_app.extensions["site"]
    standing = _standing(current_app.extensions["database"])
    parts: dict[str, object] = {
        "database": standing is not None,
        "tables": _TABLES[standing],
        **_jobs(site.config, is_there=standing in _GOOD),
    }
    is_ready = standing in _GOOD
    if site.config.brings_sandbox:
        parts["sandbox"] = _sandbox_answers(site.config)
        is_ready = is_ready and bool(parts["sandbox"]) and parts["worker"] is not False
    parts["mail_server"] = "set" if site.config.SMTP_URL else "not set, mails wait"
    return {"status": "ok" if is_ready else "waiting", **parts}, 200 if is_ready else 503


def install(flask_app: Flask) -> None:
    """Answer load balancers and `make run`."""
    flask_app.register_blueprint(health)


def _standing(database: Database) -> Standing | None:
    try:
        with database.reader() as db:
            db.execute(text("SELECT 1"))
            return revisions.standing(db)
    except SQLAlchemyError:
        return None


def _sandbox_answers(config: Config) -> bool:
    try:
        with urllib.request.urlopen(f"{config.sandbox_url}/control/clock", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _jobs(config: Config, *, is_there: bool) -> dict[str, object]:
    if config.QUEUE == "none" or not is_there:
        return {"worker": None, "jobs_waiting": None}
    # Imported here because it opens the queue.
    from app import jobs

    return {"worker": jobs.is_worker_alive(), "jobs_waiting": jobs.waiting()}
