"""Doors: a provider's call is verified and stored; what it is about is looked at afterwards."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select

from app import models
from app.billing.errors import Invalid, NotFound
from app.billing.site import Site
from app.billing.truth import events
from app.db.engine import Database
from app.db.intake import Intake
from app.models import ProviderAccount
from app.providers.base import Provider, ProviderEvent
from app.providers.errors import BadSignature

_KNOWN_SECONDS = 30.0
# A call that is not signed may make us read the account anew, but not more often.
_ANEW_SECONDS = 1.0
_ACCOUNT = select(
    ProviderAccount.id, ProviderAccount.provider, ProviderAccount.sealed_credentials
).where(ProviderAccount.uuid == bindparam("uuid"), ProviderAccount.disconnected_at.is_(None))


class _Account(NamedTuple):
    id: int
    name: str
    provider: Provider
    hook_secret: str | None
    read_at: float


class Doors:
    """The doors of every connected account; an account is known for half a minute, so that storing
    an event needs one statement."""

    def __init__(self, database: Database, site: Site) -> None:
        self._database = database
        self._site = site
        self._known: dict[UUID, _Account] = {}
        self._intake = Intake(database, models.ProviderEvent, order=events.ORDER)

    def receive(
        self,
        provider: str,
        account: UUID,
        *,
        body: bytes,
        headers: Mapping[str, str],
        secret: str | None = None,
    ) -> None:
        """Verify a call and store its event, once each.

        `secret` is the unguessable end of an unsigned provider's address, which stands for the
        signature. Raises NotFound for an unknown account or a wrong secret, Invalid for a call that
        is not the provider's.
        """
        known = self._account(account)
        if known.name != provider or not _is_right(known, secret):
            raise NotFound("There is no such door.")
        try:
            event = self._event(account, known, body, headers)
        except BadSignature as error:
            raise Invalid("The call is not signed by the provider.") from error
        self._store(known.id, event, body.decode())

    def _store(self, account_id: int, event: ProviderEvent, payload: str) -> None:
        now = self._site.clock.now()
        if self._database.is_sqlite:
            with self._database.single() as db:
                events.receive(db, account_id, event, payload=payload, now=now)
        else:
            self._intake.put(events.row_of(account_id, event, payload=payload, now=now))

    def _event(
        self, uuid: UUID, known: _Account, body: bytes, headers: Mapping[str, str]
    ) -> ProviderEvent:
        try:
            return known.provider.read_event(body, headers)
        except BadSignature:
            # The signing secret may have been replaced in another process just now.
            if time.monotonic() - known.read_at < _ANEW_SECONDS:
                raise
        self._known[uuid] = self._read(uuid)
        return self._known[uuid].provider.read_event(body, headers)

    def _account(self, uuid: UUID) -> _Account:
        known = self._known.get(uuid)
        if known is None or time.monotonic() - known.read_at > _KNOWN_SECONDS:
            known = self._known[uuid] = self._read(uuid)
        return known

    def _read(self, uuid: UUID) -> _Account:
        with self._database.reader() as db:
            row = db.execute(_ACCOUNT, {"uuid": uuid}).one_or_none()
        if row is None:
            self._known.pop(uuid, None)
            raise NotFound("There is no such door.")
        return _Account(
            id=row.id,
            name=row.provider,
            provider=self._site.connect(row.provider, row.sealed_credentials),
            hook_secret=self._site.credentials(row.sealed_credentials).hook_secret,
            read_at=time.monotonic(),
        )


def _is_right(account: _Account, secret: str | None) -> bool:
    # A signed provider's address carries no secret, and none may be given.
    if account.name != "mollie":
        return secret is None
    return hmac.compare_digest((account.hook_secret or "").encode(), (secret or "").encode())
