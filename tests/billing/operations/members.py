"""Who runs the app, and what they do most often."""

from __future__ import annotations

from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.billing.operations import owner_refunds
from app.billing.operations.owner_refunds import State
from app.models import AppMember, Payment
from app.money import Money
from tests.billing.purchases import Buyer

WHY = "They asked for it."


def alice(buyer: Buyer, *, role: str = "owner") -> AppMember:
    """Answer the owner of the app, or the same person as its support."""
    member = buyer.db.scalars(
        select(AppMember).options(joinedload(AppMember.app), joinedload(AppMember.user))
    ).one()
    member.role = role
    buyer.db.commit()
    return member


def refunds(
    buyer: Buyer, minor: int, *, request: UUID | None = None, payment: UUID | None = None
) -> State:
    """Give back so much of the only payment, unless another is named."""
    row = buyer.rows(Payment)[0]
    return owner_refunds.give(
        buyer.db,
        buyer.site,
        alice(buyer),
        payment or row.uuid,
        amount=Money(minor, row.currency),
        reason=WHY,
        request_uuid=request or uuid4(),
    )
