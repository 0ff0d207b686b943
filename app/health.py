"""Health: whether this process lives, and whether everything it needs answers."""

from __future__ import annotations

import urllib.error
import urllib.request

from flask import Blueprint, Flask, current_app
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.billing.site import Site
from app.db.engine import Database
from config import Config

health = Blueprint("health", __name__)


@health.get("/healthz")
def live() -> dict[str, str]:
    """Answer that this process lives."""
    return {"status": "ok"}


@health.get("/readyz")
def ready() -> tuple[dict[str, object], int]:
    """Answer whether the database (and where we bring the sandbox, it and the worker) answer too. Without
    a mail server we are ready all the same: mails wait."""
    site: Site = current_app.extensions["site"]
    parts = {"database": _database_answers(current_app.extensions["database"])}
    if site.config.brings_sandbox:
        parts |= {"sandbox": _sandbox_answers(site.config), "worker": _worker_answers(site.config)}
    is_ready = all(parts.values())
    mail = "set" if site.config.SMTP_URL else "not set, mails wait"
    status = "ok" if is_ready else "waiting"
    return {"status": status, **parts, "mail_server": mail}, 200 if is_ready else 503


def install(flask_app: Flask) -> None:
    """Answer load balancers and `make run`."""
    flask_app.register_blueprint(health)


def _database_answers(database: Database) -> bool:
    try:
        with database.reader() as db:
            db.execute(text("SELECT 1 FROM app LIMIT 1"))
        return True
    except SQLAlchemyError:
        return False


def _sandbox_answers(config: Config) -> bool:
    try:
        with urllib.request.urlopen(f"{config.sandbox_url}/control/clock", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _worker_answers(config: Config) -> bool:
    if config.QUEUE == "none":
        return True
    # Imported here because it opens the queue.
    from app import jobs

    return jobs.is_worker_alive()
