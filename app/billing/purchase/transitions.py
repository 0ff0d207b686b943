"""Moves a checkout from state to state, and writes down each move once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.billing import timeline
from app.billing.errors import Conflict
from app.billing.mail import mails
from app.billing.mail.mail_kinds import NeedsReview
from app.billing.webhooks import webhooks
from app.models import CheckoutSession

_ENDS = ("complete", "not_charged", "expired", "canceled", "refunded")


def move(
    db: Session,
    checkout: CheckoutSession,
    state: str,
    *,
    cause: str,
    now: datetime,
    reason: str | None = None,
) -> bool:
    """Move a checkout to a state; False where it is there already.

    `reason` is one word of ours for the timeline and, for needs_review, for the page. The app is
    told in the same transaction. Raises Conflict where the state may not follow.
    """
    before = checkout.state
    if before == state:
        return False
    if not checkout.may_become(state):
        raise Conflict(
            "A checkout that is %(before)s cannot become %(after)s.", before=before, after=state
        )
    checkout.state = state
    if state in _ENDS:
        checkout.ended_at = now
    if state == "needs_review":
        checkout.review = reason
        _ask_for_review(db, checkout, reason or "", now=now)
    timeline.note(
        db,
        checkout,
        f"checkout.{state}",
        cause=cause,
        now=now,
        before=before,
        after=state,
        details={"reason": reason} if reason else None,
    )
    webhooks.publish(
        db,
        checkout,
        "checkout.completed" if state == "complete" else f"checkout.{state}",
        effect=f"checkout:{checkout.id}:{state}",
        now=now,
    )
    return True


def _ask_for_review(db: Session, checkout: CheckoutSession, reason: str, *, now: datetime) -> None:
    mails.write(
        db,
        NeedsReview(
            plan=checkout.price.product.name if checkout.price else checkout.description,
            reason=reason,
            checkout_uuid=str(checkout.uuid),
            amount=checkout.due_today,
        ),
        f"checkout:{checkout.id}",
        app_id=checkout.app_id,
        tenant_id=checkout.tenant_id,
        livemode=checkout.livemode,
        now=now,
    )
