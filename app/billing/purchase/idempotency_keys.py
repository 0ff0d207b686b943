"""Idempotency keys: a create that is asked for again answers the checkout it made before."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple, TypeVar
from uuid import uuid4

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app import clock
from app.billing.errors import Conflict, Invalid, Unsupported
from app.billing.purchase import openings
from app.billing.site import Site
from app.db import once as at_most_once
from app.models import CheckoutSession, IdempotencyKey

KEPT = timedelta(hours=24)
FIELD = "Idempotency-Key"
_SOUND = re.compile(r"[\x20-\x7e]{1,255}")

Also = Callable[[int], None]
Made = TypeVar("Made")

_FOUND = (
    select(
        IdempotencyKey.id,
        IdempotencyKey.body_digest,
        IdempotencyKey.expires_at,
        CheckoutSession.id.label("checkout_id"),
        CheckoutSession.state,
        CheckoutSession.provider_id,
        CheckoutSession.is_deferred,
        CheckoutSession.claimed_until,
    )
    .join(CheckoutSession, CheckoutSession.id == IdempotencyKey.checkout_id)
    .where(IdempotencyKey.scope == bindparam("scope"), IdempotencyKey.key == bindparam("key"))
)


class InFlight(Conflict):
    """The first call with this key is not answered yet; `retry_after` is in seconds."""

    retry_after = 1

    def __init__(self) -> None:
        super().__init__(
            "A call with this idempotency key is being answered. Ask again shortly.", field=FIELD
        )


class _Taken(Exception):
    """Another call with the same key was first."""


class _Made(NamedTuple):
    id: int
    body_digest: str
    expires_at: datetime
    checkout_id: int
    state: str
    provider_id: str | None
    is_deferred: bool
    claimed_until: datetime | None


def once(
    db: Session,
    site: Site,
    *,
    scope: str,
    key: str | None,
    body: Any,
    create: Callable[[Also | None], int],
) -> int:
    """Answer the row of the checkout a call makes, or has made before with the same key. Commits.

    `scope` names credential and route; `body` is what was asked, as JSON values; `create` makes the
    checkout with `checkouts.create(..., also=also)`, its order kept (`is_kept`) or deferred, so
    that key and intent are one commit and a process that dies afterwards leaves both. A first
    attempt that failed on the way is finished with its stored request; keys live 24 hours of wall
    time.

    Raises Invalid for a key that is none or was used with another body, InFlight while the first
    call is not answered, Unsupported where the provider refused it for good, and what `create`
    raises.
    """
    if key is None:
        return create(None)
    asked = digest(key, body)
    made = _find(db, scope, key)
    if made is None:
        try:
            return create(lambda row_id: _link(db, scope, key, asked, row_id))
        except _Taken:
            db.rollback()
            made = _find(db, scope, key)
            if made is None:
                raise InFlight from None
    return _again(db, site, made, asked)


def once_only(
    db: Session,
    kept: InstrumentedAttribute[Made | None],
    make: Callable[[], Made],
    *,
    scope: str,
    key: str,
    body: Any,
) -> Made:
    """Answer what `make` makes, mostly the id of a row, or what a call with the same key has made
    before; it is remembered in the column `kept`, in the same commit.

    For what is made here alone, without a provider. Raises InFlight, what `make` does, and Invalid
    for a key that is none or was used with another body.
    """
    asked = digest(key, body)
    earlier = _earlier(db, scope, key)
    if earlier is None:
        linked = _insert(db, scope, key, asked)
        if linked is not None:
            new = make()
            setattr(db.get_one(IdempotencyKey, linked), kept.key, new)
            db.flush()
            return new
        earlier = _earlier(db, scope, key)
    made: Made | None = getattr(earlier, kept.key, None)
    if earlier is None or made is None:
        raise InFlight
    if earlier.body_digest != asked:
        raise Invalid("was used for another request; take a new key", field=FIELD)
    return made


def digest(key: str, body: Any) -> str:
    """Answer what tells this body from another one sent with the same key; raises Invalid for a key
    that is none."""
    if not _SOUND.fullmatch(key):
        raise Invalid("must be 1 to 255 printable ASCII characters", field=FIELD)
    return sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()


def forget(db: Session, *, scope: str, key: str) -> None:
    """Delete a key, so that a call that failed on the way can be made anew with it."""
    db.execute(
        delete(IdempotencyKey).where(IdempotencyKey.scope == scope, IdempotencyKey.key == key)
    )


def forget_expired(db: Session) -> None:
    """Delete the keys that are not kept any longer. Commits."""
    db.execute(delete(IdempotencyKey).where(IdempotencyKey.expires_at <= clock.wall()))
    db.commit()


def _find(db: Session, scope: str, key: str) -> _Made | None:
    row = db.execute(_FOUND, {"scope": scope, "key": key}).one_or_none()
    if row is not None and row.expires_at <= clock.wall():
        db.execute(delete(IdempotencyKey).where(IdempotencyKey.id == row.id))
        row = None
    return _Made(*row) if row else None


def _link(db: Session, scope: str, key: str, digest: str, checkout_id: int) -> None:
    if _insert(db, scope, key, digest, checkout_id=checkout_id) is None:
        raise _Taken


def _insert(db: Session, scope: str, key: str, digest: str, **made: int) -> int | None:
    return at_most_once.insert(
        db,
        IdempotencyKey,
        {
            "uuid": uuid4(),
            "scope": scope,
            "key": key,
            "body_digest": digest,
            "expires_at": clock.wall() + KEPT,
            **made,
        },
    )


def _earlier(db: Session, scope: str, key: str) -> IdempotencyKey | None:
    row = db.scalars(
        select(IdempotencyKey)
        .where(IdempotencyKey.scope == scope, IdempotencyKey.key == key)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is not None and row.expires_at <= clock.wall():
        db.delete(row)
        db.flush()
        row = None
    return row


def _again(db: Session, site: Site, made: _Made, digest: str) -> int:
    db.commit()
    if made.body_digest != digest:
        raise Invalid("was used for another request; take a new key", field=FIELD)
    if made.state == "starting" and not made.is_deferred:
        if made.claimed_until is not None and made.claimed_until > clock.wall():
            raise InFlight
        openings.resume(db, site, made.checkout_id)
    elif made.state == "not_charged" and made.provider_id is None:
        raise Unsupported("The payment provider did not accept this order. Nothing was charged.")
    return made.checkout_id
