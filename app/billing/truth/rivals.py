"""Rivals of a checkout: other orders by which the same thing was, or could be, paid again."""

from __future__ import annotations

from sqlalchemy import Select, bindparam, select

from app.billing.truth import acts
from app.billing.truth.findings import Finding
from app.db import lock
from app.db.base import table
from app.models import CheckoutSession, Tenant

_ROW = table(CheckoutSession)


def _replaced() -> Select[int]:
    """The orders whose place a checkout took, or that took its place, however far apart."""
    seen = (
        select(_ROW.c.id, _ROW.c.superseded_by_id)
        .where(_ROW.c.id == bindparam("checkout_id"))
        .cte("replaced", recursive=True)
    )
    linked = (_ROW.c.superseded_by_id == seen.c.id) | (_ROW.c.id == seen.c.superseded_by_id)
    mine = _ROW.c.tenant_id == bindparam("tenant_id")
    chain = seen.union(select(_ROW.c.id, _ROW.c.superseded_by_id).where(mine, linked))
    return select(chain.c.id).where(chain.c.id != bindparam("checkout_id"))


# Built once: every purchase asks them, and building them costs more than running them.
_PAID_TOO = select(_ROW.c.id).where(_ROW.c.id.in_(_replaced()), _ROW.c.state == "complete").limit(1)
_OPEN = select(_ROW.c.id, _ROW.c.provider_account_id).where(
    _ROW.c.tenant_id == bindparam("tenant_id"),
    _ROW.c.livemode == bindparam("livemode"),
    _ROW.c.mode == bindparam("mode"),
    _ROW.c.state.in_(("starting", "open")),
    _ROW.c.id != bindparam("checkout_id"),
)
_OPEN_OF_FAMILY = _OPEN.where(_ROW.c.family.is_not_distinct_from(bindparam("family")))
_OPEN_REPLACED = _OPEN.where(_ROW.c.id.in_(_replaced()))


def was_paid_too(finding: Finding) -> bool:
    """Of the orders that took each other's place another one was paid. Of two that are paid at the
    same moment one is judged after the other."""
    checkout = finding.checkout
    if checkout.slot is None and checkout.payable is None:
        return False
    assert checkout.tenant_id is not None
    lock.hold(finding.db, Tenant, checkout.tenant_id)
    asked = {"checkout_id": checkout.id, "tenant_id": checkout.tenant_id}
    return finding.db.connection().execute(_PAID_TOO, asked).first() is not None


def close(finding: Finding) -> None:
    """Have every other page on which the same thing could be paid again closed at the provider."""
    checkout = finding.checkout
    if checkout.tenant_id is None:
        return
    asked = {
        "tenant_id": checkout.tenant_id,
        "livemode": checkout.livemode,
        "mode": checkout.mode,
        "checkout_id": checkout.id,
    }
    if checkout.mode == "subscription":
        found = finding.db.connection().execute(
            _OPEN_OF_FAMILY, asked | {"family": checkout.family}
        )
    else:
        found = finding.db.connection().execute(_OPEN_REPLACED, asked)
    for row in found.all():
        acts.expire(finding.db, row.id, account_id=row.provider_account_id, now=finding.now)
