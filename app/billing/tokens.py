"""Bearer tokens: RS256 JWTs that name a user to an app's APIs."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.billing.errors import NotAuthenticated
from app.billing.site import Site
from app.billing.vault import Unreadable
from app.models import App, SigningKey, User

LIFETIME = timedelta(hours=1)
# How far the clock of another issuer may be ahead of ours.
_AHEAD = timedelta(seconds=60)
_ALGORITHMS = ["RS256"]
_TIMES = ("iat", "exp")


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says: `subject` is a user's uuid, or the external id of the owner's own
    issuer."""

    subject: str
    issuer: str
    expires_at: datetime
    token_id: str | None


def ensure_key(db: Session, site: Site, app: App) -> SigningKey:
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
    return _make_key(db, site, app)


def issue(db: Session, site: Site, app: App, user: User, *, lifetime: timedelta = LIFETIME) -> str:
    """Answer a token for a user of an app, valid for an hour at most."""
    key = ensure_key(db, site, app)
    now = int(clock.wall().timestamp())
    claims = {
        "iss": key.issuer,
        "aud": str(app.uuid),
        "sub": str(user.uuid),
        "iat": now,
        "exp": now + int(min(lifetime, LIFETIME).total_seconds()),
        "jti": secrets.token_urlsafe(12),
    }
    private = _key(site.vault.open(key.sealed_private_pem or ""))
    header = {"alg": "RS256", "kid": key.kid}
    return jwt.encode(header, claims, private, algorithms=_ALGORITHMS)


def read(db: Session, site: Site, app: App, token: str) -> Claims:
    """Answer what a token for an app says, by wall time.

    Raises NotAuthenticated unless a key of the app that is not retired signed it with RS256, for
    this app and by this key's issuer, for an hour at most.
    """
    try:
        key = _key_named(db, app, jws.extract_compact(token.encode()).headers().get("kid"))
        claims = jwt.decode(token, _key(key.public_pem), algorithms=_ALGORITHMS).claims
        return _checked(claims, app.uuid, key.issuer)
    except (JoseError, ValueError, TypeError, KeyError, OverflowError, OSError) as error:
        raise _refusal() from error


@lru_cache(maxsize=64)
def _key(pem: str) -> RSAKey:
    # Reading a key checks its primes, which takes longer than signing with it.
    return RSAKey.import_key(pem)


def _opens(site: Site, key: SigningKey) -> bool:
    try:
        site.vault.open(key.sealed_private_pem or "")
    except Unreadable:
        return False
    return True


def _make_key(db: Session, site: Site, app: App) -> SigningKey:
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


def _key_named(db: Session, app: App, kid: object) -> SigningKey:
    key = db.scalars(
        select(SigningKey).where(
            SigningKey.app_id == app.id, SigningKey.kid == str(kid), SigningKey.retired_at.is_(None)
        )
    ).one_or_none()
    if key is None:
        raise _refusal()
    return key


def _checked(claims: dict[str, Any], audience: UUID, issuer: str) -> Claims:
    now = clock.wall()
    issued, expires = (datetime.fromtimestamp(claims[name], tz=now.tzinfo) for name in _TIMES)
    begins = datetime.fromtimestamp(claims.get("nbf", claims["iat"]), tz=now.tzinfo)
    named = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if not (
        claims["iss"] == issuer
        and str(audience) in named
        and isinstance(claims["sub"], str)
        and claims["sub"]
        and max(issued, begins) <= now + _AHEAD
        and now < expires <= issued + LIFETIME
    ):
        raise _refusal()
    return Claims(claims["sub"], issuer, expires, claims.get("jti"))


def _refusal() -> NotAuthenticated:
    return NotAuthenticated("This bearer token is not valid here, or it is no longer valid.")
