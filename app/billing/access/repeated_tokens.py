"""Repeated tokens: a call with an idempotency key answers the bearer token it was issued before."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.billing.access import tokens
from app.billing.access.repeated_links import Call
from app.billing.purchase import idempotency_keys
from app.billing.site import Site
from app.billing.vault import Unreadable
from app.models import App, IdempotencyKey, User


def issue(db: Session, site: Site, call: Call, *, app: App, user: User) -> str:
    """Issue a token as `tokens.issue` does, or answer the one an earlier call with the same key was
    issued, run out or withdrawn as it may be by now. It is kept sealed, and as long as the key.

    One that no key of ours opens any more is issued anew. Raises InFlight, and Invalid for a key
    that is none or was used with another body.
    """
    key = call.key
    if key is None:
        return tokens.issue(db, site, app, user)

    def make() -> str:
        return site.vault.seal(tokens.issue(db, site, app, user))

    def sealed() -> str:
        return idempotency_keys.once_only(
            db, IdempotencyKey.sealed_token, make, scope=call.scope, key=key, body=call.body
        )

    try:
        return site.vault.open(sealed())
    except Unreadable:
        idempotency_keys.forget(db, scope=call.scope, key=key)
        return site.vault.open(sealed())
