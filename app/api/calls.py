"""What every call of an API has: its session of the database, its installation, and its id."""

from __future__ import annotations

import logging

from flask import Flask, Response, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.billing.access import api_keys
from app.billing.access.callers import ShownKey
from app.billing.site import Site
from app.db.engine import Database
from app.logs import requests
from app.models import ApiKey

log = logging.getLogger(__name__)

_READ_ONLY = ("GET", "HEAD", "OPTIONS")


def install(flask_app: Flask) -> None:
    """Close each call's session."""
    flask_app.after_request(_commit)
    flask_app.teardown_request(_close)


def db() -> Session:
    """Answer the session of this call; it may write unless this is a GET. Verbs commit it."""
    if "api_db" not in g:
        database: Database = current_app.extensions["database"]
        is_reading = request.method in _READ_ONLY
        g.api_db = database.reader() if is_reading else database.writer()
    session: Session = g.api_db
    return session


def site() -> Site:
    """Answer the installation this call runs in."""
    installed: Site = current_app.extensions["site"]
    return installed


def call_id() -> str:
    """Answer the id of this call: the caller's `X-Request-Id` where it is sound, else ours."""
    return requests.name()


def was_made_with(key: ApiKey | ShownKey) -> None:
    """Note, at most once a minute, that a key is in use; it is written down after the call."""
    if not api_keys.is_use_known(key.last_used_at):
        g.key_id = key.id


def _commit(response: Response) -> Response:
    # What verbs have done is committed; this ends what was read since. On PostgreSQL an end by
    # ROLLBACK makes psycopg forget every prepared statement of the connection.
    session: Session | None = g.get("api_db")
    if session is not None and response.status_code < 400:
        session.commit()
    return response


def _close(_error: BaseException | None) -> None:
    session: Session | None = g.pop("api_db", None)
    if session is not None:
        session.close()
    _note_use(g.pop("key_id", None))


def _note_use(key_id: int | None) -> None:
    """On its own, after everything else: nothing waits for it, and no refusal undoes it."""
    if key_id is None:
        return
    database: Database = current_app.extensions["database"]
    try:
        with database.single() as db:
            api_keys.note_use(db, key_id)
            db.commit()
    except SQLAlchemyError:
        log.warning("the use of a key could not be written down", exc_info=True)
