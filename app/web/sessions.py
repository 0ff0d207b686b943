"""The database session of a request: opened at first use, committed when the answer is good."""

from __future__ import annotations

from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Session

from app.billing.site import Site
from app.db.engine import Database

_READ_ONLY = ("GET", "HEAD", "OPTIONS")


def install(flask_app: Flask) -> None:
    """Commit and close with each request."""
    flask_app.after_request(_commit)
    flask_app.teardown_request(_close)


def db() -> Session:
    """Answer the session of this request; it may write in a POST, or where `may_write` was said."""
    if "db" not in g:
        database: Database = current_app.extensions["database"]
        g.db_writes = request.method not in _READ_ONLY or g.get("may_write", False)
        g.db = database.writer() if g.db_writes else database.reader()
    session: Session = g.db
    return session


def site() -> Site:
    """Answer the installation this request runs in."""
    installed: Site = current_app.extensions["site"]
    return installed


def may_write() -> None:
    """Let a GET write: opening a page may be a reason to look at the provider."""
    g.may_write = True


def _commit(response: Response) -> Response:
    if g.get("db_writes", False) and response.status_code < 400:
        db().commit()
    return response


def _close(_error: BaseException | None) -> None:
    session: Session | None = g.pop("db", None)
    if session is not None:
        session.close()
