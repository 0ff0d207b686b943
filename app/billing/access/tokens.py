"""Bearer tokens: RS256 JWTs that name a user to an app's APIs."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from joserfc import jws, jwt
from joserfc.errors import JoseError
from sqlalchemy.orm import Session

from app import clock
from app.billing.access import signing_keys
from app.billing.errors import NotAuthenticated
from app.billing.site import Site
from app.models import App, SigningKey, User

LIFETIME = timedelta(hours=1)
# How far the clock of another issuer may be ahead of ours.
_AHEAD = timedelta(seconds=60)
_ALGORITHMS = ["RS256"]
_TIMES = ("iat", "exp")
_UNREADABLE = (
    *(JoseError, ValueError, TypeError, KeyError),
    *(OverflowError, OSError, RecursionError),
)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says: `subject` is a user's uuid or, where the owner's own issuer signed it
    (`is_ours` is False), the external id of one."""

    subject: str
    issuer: str
    is_ours: bool
    expires_at: datetime
    token_id: str | None


def issue(db: Session, site: Site, app: App, user: User, *, lifetime: timedelta = LIFETIME) -> str:
    """Answer a token for a user of an app, valid for an hour at most."""
    key = signing_keys.ensure(db, site, app)
    now = int(clock.wall().timestamp())
    claims = {
        "iss": key.issuer,
        "aud": str(app.uuid),
        "sub": str(user.uuid),
        "iat": now,
        "exp": now + int(min(lifetime, LIFETIME).total_seconds()),
        "jti": secrets.token_urlsafe(12),
    }
    private = signing_keys.read(site.vault.open(key.sealed_private_pem or ""))
    header = {"alg": "RS256", "kid": key.kid}
    return jwt.encode(header, claims, private, algorithms=_ALGORITHMS)


def read(db: Session, site: Site, app: App, token: str) -> Claims:
    """Answer what a token for an app says, by wall time.

    Raises NotAuthenticated unless a key of the app that is believed signed it with RS256, for
    this app and by this key's issuer, for an hour at most.
    """
    try:
        kid = str(jws.extract_compact(token.encode()).headers().get("kid"))
        key = signing_keys.named(db, app, kid) if "\x00" not in kid else None
        if key is None:
            raise _refusal()
        public = signing_keys.read(key.public_pem)
        claims = jwt.decode(token, public, algorithms=_ALGORITHMS).claims
        return _checked(claims, app.uuid, key)
    except _UNREADABLE as error:
        raise _refusal() from error


def expires_at(token: str) -> datetime:
    """Answer when a token that we issued runs out; it is read, not checked."""
    said = json.loads(jws.extract_compact(token.encode()).payload)["exp"]
    return datetime.fromtimestamp(said, tz=clock.wall().tzinfo)


def audience(token: str) -> str:
    """Answer the app a token says it is for, unproven: it only names whose keys are to be asked.
    Empty where it says none."""
    try:
        said = json.loads(jws.extract_compact(token.encode()).payload)["aud"]
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        return ""
    named = said[0] if isinstance(said, list) and said else said
    return named if isinstance(named, str) else ""


def _checked(claims: dict[str, Any], audience: UUID, key: SigningKey) -> Claims:
    now = clock.wall()
    issued, expires = (datetime.fromtimestamp(claims[name], tz=now.tzinfo) for name in _TIMES)
    begins = datetime.fromtimestamp(claims.get("nbf", claims["iat"]), tz=now.tzinfo)
    named = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if not (
        claims["iss"] == key.issuer
        and str(audience) in named
        and isinstance(claims["sub"], str)
        and claims["sub"]
        and max(issued, begins) <= now + _AHEAD
        and now < expires <= issued + LIFETIME
    ):
        raise _refusal()
    return Claims(claims["sub"], key.issuer, key.is_ours, expires, claims.get("jti"))


def _refusal() -> NotAuthenticated:
    return NotAuthenticated("This bearer token is not valid here, or it is no longer valid.")
