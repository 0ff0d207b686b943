"""What every call of an API has: its session of the database, its installation, and its id."""

from __future__ import annotations

from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Session

from app.billing.site import Site
from app.db.engine import Database
from app.logs import requests

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
