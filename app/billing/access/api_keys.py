"""API keys: how an app's servers show who they are."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from uuid import UUID

from sqlalchemy import Select, bindparam, or_, select, update
from sqlalchemy.orm import Session, contains_eager, joinedload

from app import clock
from app.billing.apps import audits
from app.billing.errors import Invalid, NotFound
from app.models import ApiKey, App, AppMember

TYPES = ("read", "write")
# How exactly we know when a key was last used; more often would cost each call a write.
USED_EVERY = timedelta(minutes=1)

# Built once: every call of an API asks it, and building it costs more than running it.
_FOUND = (
    select(ApiKey)
    .join(ApiKey.app)
    .options(contains_eager(ApiKey.app))
    .where(
        ApiKey.digest == bindparam("digest"),
        ApiKey.revoked_at.is_(None),
        ApiKey.deleted_at.is_(None),
        App.deleted_at.is_(None),
    )
)


def issue(
    db: Session,
    app: App,
    name: str,
    type: str,
    secret: str | None = None,
    *,
    by: AppMember | None = None,
) -> tuple[ApiKey, str]:
    """Make a key and answer it with its secret, which is shown only now.

    `secret` is for the demo's known keys; `by` is who the audit log names. Raises Invalid for a
    type that is none.
    """
    if type not in TYPES:
        raise Invalid("A key is for read or for write.", field="type")
    secret = secret or f"portico_{type}_{secrets.token_urlsafe(32)}"
    key = ApiKey(app=app, name=name, type=type, digest=digest_of(secret), hint=secret[-4:])
    key.created_by_id = by.user_id if by else None
    db.add(key)
    db.flush()
    if by is not None:
        details = {"type": type, "hint": key.hint}
        audits.note(db, by, "api_key.created", name, now=clock.wall(), details=details)
    return key, secret


def listed(db: Session, app: App) -> list[ApiKey]:
    """Answer the keys that work, the newest first, each with who made it."""
    return list(db.scalars(_of(app).order_by(ApiKey.id.desc())))


def named(db: Session, app: App, uuid: UUID) -> ApiKey:
    """Answer a key that works; raises NotFound, also for another app's."""
    key = db.scalars(_of(app).where(ApiKey.uuid == uuid)).one_or_none()
    if key is None:
        raise NotFound("There is no such key.")
    return key


def revoke(db: Session, by: AppMember, uuid: UUID) -> ApiKey:
    """Refuse a key from now on, and answer it; raises NotFound."""
    key = named(db, by.app, uuid)
    key.revoked_at = clock.wall()
    details = {"type": key.type, "hint": key.hint}
    audits.note(db, by, "api_key.revoked", key.name, now=clock.wall(), details=details)
    db.flush()
    return key


def is_use_known(last_used_at: datetime | None) -> bool:
    """Answer whether it was written down lately that a key is in use."""
    return last_used_at is not None and last_used_at > clock.wall() - USED_EVERY


def note_use(db: Session, key_id: int) -> None:
    """Write down that a key is in use, once a minute however often this is asked for."""
    now = clock.wall()
    db.execute(
        update(ApiKey)
        .where(
            ApiKey.id == key_id,
            or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at <= now - USED_EVERY),
        )
        .values(last_used_at=now)
        .execution_options(synchronize_session=False)
    )


def find(db: Session, secret: str) -> ApiKey | None:
    """Answer the key with this secret, with its app; None for an unknown or revoked one."""
    digest = digest_of(secret)
    key = db.scalars(_FOUND, {"digest": digest}).one_or_none()
    return key if key is not None and compare_digest(key.digest, digest) else None


def digest_of(secret: str) -> str:
    """Answer a secret as it is stored; its 256 random bits need no slow hash."""
    return sha256(secret.encode()).hexdigest()


def _of(app: App) -> Select[ApiKey]:
    return (
        select(ApiKey)
        .options(joinedload(ApiKey.created_by))
        .where(ApiKey.app_id == app.id, ApiKey.revoked_at.is_(None), ApiKey.deleted_at.is_(None))
    )
