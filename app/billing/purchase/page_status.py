"""The status of a checkout as its payer's page says it."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.models import CheckoutSession

_RETURN_PATIENCE = timedelta(minutes=2)


def read(checkout: CheckoutSession, *, now: datetime) -> str:
    """Answer what the page says: confirming, action_needed, active, processing, not_charged,
    expired or needs_review. Never active without the provider's word, never not_charged while
    money may have moved."""
    if checkout.state in ("starting", "open"):
        return _open_status(checkout, now=now)
    return {
        "processing": "processing",
        "complete": "active",
        "not_charged": "not_charged",
        "canceled": "not_charged",
        "expired": "expired",
        "needs_review": "needs_review",
        "refunded": "needs_review",
    }[checkout.state]


def _open_status(checkout: CheckoutSession, *, now: datetime) -> str:
    if checkout.payments and checkout.payments[-1].status == "action_needed":
        return "action_needed"
    if checkout.left_at is not None:
        return "not_charged"
    waited = checkout.returned_at is not None and (
        checkout.checked_at is not None
        and checkout.checked_at - checkout.returned_at > _RETURN_PATIENCE
    )
    return "not_charged" if waited else "confirming"
