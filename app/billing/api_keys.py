"""API keys: how an app's servers show who they are."""

from __future__ import annotations

import secrets
from hashlib import sha256
from hmac import compare_digest

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, contains_eager

from app.billing.errors import Invalid
from app.models import ApiKey, App

TYPES = ("read", "write")

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
    db: Session, app: App, name: str, type: str, secret: str | None = None
) -> tuple[ApiKey, str]:
    """Make a key and answer it with its secret, which is shown only now.

    `secret` is for the demo's known keys. Raises Invalid for a type that is none.
    """
    if type not in TYPES:
        raise Invalid("A key is for read or for write.", field="type")
    secret = secret or f"portico_{type}_{secrets.token_urlsafe(32)}"
    key = ApiKey(app=app, name=name, type=type, digest=digest_of(secret), hint=secret[-4:])
    db.add(key)
    db.flush()
    return key, secret


def find(db: Session, secret: str) -> ApiKey | None:
    """Answer the key with this secret, with its app; None for an unknown or revoked one."""
    digest = digest_of(secret)
    key = db.scalars(_FOUND, {"digest": digest}).one_or_none()
    return key if key is not None and compare_digest(key.digest, digest) else None


def digest_of(secret: str) -> str:
    """Answer a secret as it is stored; its 256 random bits need no slow hash."""
    return sha256(secret.encode()).hexdigest()
