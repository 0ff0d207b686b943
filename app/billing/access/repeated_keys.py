"""Repeated keys: a call with an idempotency key answers the signing key it added before."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from app.billing.access.repeated_links import Call
from app.billing.purchase import idempotency_keys
from app.models import IdempotencyKey, SigningKey


def add(db: Session, call: Call, make: Callable[[], SigningKey]) -> SigningKey:
    """Answer the key that `make` adds, or that an earlier call with the same idempotency key has
    added, retired as it may be by now.

    Raises what `make` does, InFlight, and Invalid for an idempotency key that is none or was used
    with another body.
    """
    if call.key is None:
        return make()
    row_id = idempotency_keys.once_only(
        db,
        IdempotencyKey.signing_key_id,
        lambda: make().id,
        scope=call.scope,
        key=call.key,
        body=call.body,
    )
    return db.get_one(SigningKey, row_id)
