"""What the app is told: written in the same commit as the change it tells of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.db import once
from app.models import CheckoutSession, Subscription, WebhookEvent


def publish(
    db: Session,
    subject: CheckoutSession | Subscription,
    type_: str,
    *,
    effect: str,
    payload: dict[str, Any],
    now: datetime,
) -> None:
    """Write an event once; `effect` names the transition, such as `checkout:12:complete`."""
    once.insert(
        db,
        WebhookEvent,
        {
            "effect": effect,
            "app_id": subject.app_id,
            "tenant_id": subject.tenant_id,
            "livemode": subject.livemode,
            "type": type_,
            "payload": payload,
            "at": now,
        },
    )
