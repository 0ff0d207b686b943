"""Signing keys: what an app's tokens are signed and checked with, ours and its own issuer's."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc.jwk import RSAKey
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.billing.apps import audits
from app.billing.errors import Conflict, Invalid, NotFound
from app.billing.site import Site
from app.billing.vault import Unreadable
from app.models import App, AppMember, SigningKey

# How long a key that no longer signs is still believed: as long as the longest-lived token.
OVERLAP = timedelta(hours=1)
_LEAST_BITS = 2048
_LONGEST = {"issuer": 500, "kid": 200, "value": 10_000}


def ensure(db: Session, site: Site, app: App) -> SigningKey:
    """Answer the key we sign an app's tokens with, making it if need be; it names our present
    address as the issuer."""
    found = select(SigningKey).where(
        SigningKey.app_id == app.id,
        SigningKey.sealed_private_pem.is_not(None),
        SigningKey.retired_at.is_(None),
    )
    for key in db.scalars(found.order_by(SigningKey.id.desc())):
        if _opens(site, key):
            key.issuer = site.config.PUBLIC_URL
            db.flush()
            return key
        key.retired_at = clock.wall()
    return _make(db, site, app)


def rotate(db: Session, site: Site, app: App, *, by: AppMember | None = None) -> SigningKey:
    """Make the key that signs from now on, and answer it; tokens signed with the earlier one are
    believed for an hour more, so that nobody is signed out, however often this is asked for. `by`
    is who the audit log names."""
    for key in listed(db, app):
        if key.is_ours and key.retired_at is None:
            key.retired_at = clock.wall() + OVERLAP
    made = _make(db, site, app)
    _log(db, by, "rotated", made)
    return made


def register(
    db: Session,
    site: Site,
    app: App,
    *,
    issuer: str,
    kid: str,
    pem: str,
    by: AppMember | None = None,
) -> SigningKey:
    """Believe the tokens of an app's own issuer that are signed with this RSA key, and answer it.

    Raises Invalid naming the field (issuer, kid, value), and Conflict for a `kid` that is taken.
    """
    for field, given in (("issuer", issuer), ("kid", kid), ("value", pem)):
        if not given.strip() or len(given) > _LONGEST[field] or "\x00" in given:
            raise Invalid("must be 1 to %(most)s characters", field=field, most=_LONGEST[field])
    if issuer == site.config.PUBLIC_URL:
        raise Invalid("is ours; name your own issuer as its tokens do in `iss`", field="issuer")
    public_pem = _public(pem)
    taken = select(SigningKey.id).where(SigningKey.app_id == app.id, SigningKey.kid == kid)
    if db.scalar(taken) is not None:
        raise Conflict("is taken by another key of this app", field="kid")
    key = SigningKey(app_id=app.id, kid=kid, issuer=issuer, public_pem=public_pem)
    db.add(key)
    db.flush()
    _log(db, by, "registered", key)
    return key


def retire(db: Session, app: App, uuid: UUID, *, by: AppMember | None = None) -> SigningKey:
    """Stop believing a key at once, with every token it signed, and answer it.

    Raises NotFound for another app's.
    """
    key = db.scalars(
        select(SigningKey).where(SigningKey.app_id == app.id, SigningKey.uuid == uuid)
    ).one_or_none()
    if key is None:
        raise NotFound("There is no such key.")
    if key.retired_at is None or key.retired_at > clock.wall():
        key.retired_at = clock.wall()
        db.flush()
        _log(db, by, "retired", key)
    return key


def listed(db: Session, app: App) -> list[SigningKey]:
    """Answer the keys an app's tokens are checked with: ours first, the newest of them on top."""
    found = select(SigningKey).where(SigningKey.app_id == app.id, *_believed())
    return list(
        db.scalars(found.order_by(SigningKey.sealed_private_pem.is_(None), SigningKey.id.desc()))
    )


def named(db: Session, app: App, kid: str) -> SigningKey | None:
    """Answer the key with this id, if it is believed."""
    return db.scalars(
        select(SigningKey).where(SigningKey.app_id == app.id, SigningKey.kid == kid, *_believed())
    ).one_or_none()


def jwk(key: SigningKey) -> dict[str, Any]:
    """Answer the public half of a key as a JSON Web Key (RFC 7517)."""
    found = read(key.public_pem).as_dict(private=False)
    return {**found, "kid": key.kid, "use": "sig", "alg": "RS256"}


@lru_cache(maxsize=64)
def read(pem: str) -> RSAKey:
    """Answer a PEM as a key; reading it checks its primes, which takes longer than signing."""
    return RSAKey.import_key(pem)


def _believed() -> tuple[ColumnElement[bool], ...]:
    return (or_(SigningKey.retired_at.is_(None), SigningKey.retired_at > clock.wall()),)


def _opens(site: Site, key: SigningKey) -> bool:
    try:
        site.vault.open(key.sealed_private_pem or "")
    except Unreadable:
        return False
    return True


def _log(db: Session, by: AppMember | None, what: str, key: SigningKey) -> None:
    if by is not None:
        details = {"issuer": key.issuer}
        audits.note(db, by, f"signing_key.{what}", key.kid, now=clock.wall(), details=details)


def _make(db: Session, site: Site, app: App) -> SigningKey:
    made = RSAKey.generate_key(2048)
    key = SigningKey(
        app_id=app.id,
        kid=made.thumbprint(),
        issuer=site.config.PUBLIC_URL,
        public_pem=made.as_pem(private=False).decode(),
        sealed_private_pem=site.vault.seal(made.as_pem(private=True).decode()),
    )
    db.add(key)
    db.flush()
    return key


def _public(pem: str) -> str:
    """The key as we keep it; a private one is refused, so that none is ever stored here."""
    if "PRIVATE" in pem:
        raise Invalid(
            "holds a private key: send the public one, and replace this pair", field="value"
        )
    try:
        key = serialization.load_pem_public_key(pem.strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey):
        raise Invalid("must be an RSA public key as PEM", field="value")
    if key.key_size < _LEAST_BITS:
        raise Invalid("must have at least %(least)s bits", field="value", least=_LEAST_BITS)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()
