"""The doors Stripe and Mollie knock on: verify, store, answer 200; looking comes after."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from flask import Blueprint, Flask, abort, current_app, request
from sqlalchemy import bindparam, select

from app.billing import events
from app.billing.site import Site
from app.db.engine import Database
from app.models import ProviderAccount
from app.providers.base import Provider
from app.providers.errors import BadSignature

hooks = Blueprint("hooks", __name__, url_prefix="/hooks")

# Mollie's calls are a few bytes, Stripe's largest objects some tens of thousands.
_LONGEST_BODY = 256 * 1024
_KNOWN_SECONDS = 30.0

_ACCOUNT = select(
    ProviderAccount.id, ProviderAccount.provider, ProviderAccount.sealed_credentials
).where(ProviderAccount.uuid == bindparam("uuid"), ProviderAccount.disconnected_at.is_(None))


class _Account(NamedTuple):
    id: int
    provider: Provider
    name: str
    hook_secret: str | None
    read_at: float


@dataclass(frozen=True)
class Doors:
    """The accounts whose events are let in, each known for half a minute, so that storing an event
    needs no other query."""

    database: Database
    site: Site
    nudge: Callable[[], None]
    known: dict[UUID, _Account] = field(default_factory=dict)

    def account(self, uuid: UUID, name: str) -> _Account:
        """Answer an account of a provider; 404 for any other."""
        account = self.known.get(uuid)
        if account is None or time.monotonic() - account.read_at > _KNOWN_SECONDS:
            account = self._read(uuid)
        if account.name != name:
            abort(404)
        return account

    def _read(self, uuid: UUID) -> _Account:
        with self.database.reader() as db:
            row = db.execute(_ACCOUNT, {"uuid": uuid}).one_or_none()
        if row is None:
            self.known.pop(uuid, None)
            abort(404)
        account = _Account(
            id=row.id,
            provider=self.site.connect(row.provider, row.sealed_credentials),
            name=row.provider,
            hook_secret=self.site.credentials(row.sealed_credentials).hook_secret,
            read_at=time.monotonic(),
        )
        self.known[uuid] = account
        return account


@hooks.post("/stripe/<uuid:account>")
def stripe(account: UUID) -> tuple[dict[str, bool], int]:
    """Take a signed event."""
    return _receive(_doors().account(account, "stripe"))


@hooks.post("/mollie/<uuid:account>/<secret>")
def mollie(account: UUID, secret: str) -> tuple[dict[str, bool], int]:
    """Take a call that carries only an id; the unguessable address stands for the signature."""
    known = _doors().account(account, "mollie")
    if not hmac.compare_digest((known.hook_secret or "").encode(), secret.encode()):
        abort(404)
    return _receive(known)


def _receive(account: _Account) -> tuple[dict[str, bool], int]:
    if (request.content_length or 0) > _LONGEST_BODY:
        abort(413)
    body = request.get_data(cache=False)
    try:
        event = account.provider.read_event(body, dict(request.headers))
    except BadSignature:
        return {"received": False}, 400
    doors = _doors()
    with doors.database.single() as db:
        events.receive(db, account.id, event, payload=body.decode(), now=doors.site.clock.now())
    doors.nudge()
    return {"received": True}, 200


def _doors() -> Doors:
    doors: Doors = current_app.extensions["doors"]
    return doors


def install(flask_app: Flask) -> None:
    """Open the doors; without a queue what they store waits for the sweep."""
    site: Site = flask_app.extensions["site"]
    nudge: Callable[[], None] = _nothing
    if site.config.QUEUE != "none":
        from app import jobs

        nudge = jobs.nudge
    flask_app.extensions["doors"] = Doors(flask_app.extensions["database"], site, nudge)
    flask_app.extensions["csrf"].exempt(hooks)
    flask_app.register_blueprint(hooks)


def _nothing() -> None:
    pass
