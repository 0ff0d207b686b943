"""What the app is told: written in the same commit as the change it tells of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from app.billing.webhooks import webhook_types
from app.db import once
from app.models import CheckoutSession, Subscription, WebhookEvent


class Subject(Protocol):
    """What an event is about: of an app, mostly of a tenant, in one mode."""

    id: Any
    app_id: Any
    tenant_id: Any
    livemode: Any


def publish(
    db: Session,
    subject: Subject,
    type_: str,
    *,
    effect: str,
    payload: Mapping[str, Any] | None = None,
    now: datetime,
) -> None:
    """Write an event once, by one statement; `effect` names the transition, such as
    `checkout:12:complete`.

    A checkout or subscription brings its own facts, as they are at this moment; `payload` adds to
    them (JSON values, amounts in minor units). Types are those of `webhook_types.TYPES`; steps that
    nobody is told of are left out.
    """
    if type_ in webhook_types.NOT_TOLD:
        return
    once.insert(
        db,
        WebhookEvent,
        {
            "effect": effect,
            "app_id": subject.app_id,
            "tenant_id": subject.tenant_id,
            "price_id": _price_id(subject),
            "lane": subject.tenant_id or -subject.id,
            "livemode": subject.livemode,
            "type": type_,
            "payload": {**_facts(subject, type_), **(payload or {})},
            "at": now,
        },
    )


def moment(at: datetime | None) -> str | None:
    """Answer a moment as payloads carry it: ISO 8601, UTC, seconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def _facts(subject: Subject, type_: str) -> dict[str, Any]:
    if isinstance(subject, CheckoutSession):
        if type_.startswith("checkout."):
            return _checkout(subject)
        return {"checkout": str(subject.uuid), "quantity": subject.quantity}
    if isinstance(subject, Subscription):
        if type_.startswith("subscription."):
            return _subscription(subject)
        return {"subscription": str(subject.uuid), "quantity": subject.quantity}
    return {}


def _checkout(checkout: CheckoutSession) -> dict[str, Any]:
    return {
        "checkout": str(checkout.uuid),
        "payment": str(checkout.payment_uuid),
        "mode": checkout.mode,
        "status": checkout.state,
        "quantity": checkout.quantity,
        **_figures(checkout),
        "method": checkout.method,
        "decline": checkout.decline,
        "review": checkout.review,
        "reference": checkout.reference,
        "metadata": checkout.caller_metadata,
    }


def _subscription(subscription: Subscription) -> dict[str, Any]:
    return {
        "subscription": str(subscription.uuid),
        "status": subscription.shown_status,
        "quantity": subscription.quantity,
        **_figures(subscription),
        "period_start": moment(subscription.period_start),
        "period_end": moment(subscription.period_end),
        "trial_end": moment(subscription.trial_end),
        "pay_by": moment(subscription.pay_by),
        "canceled_at": moment(subscription.canceled_at),
        "ended_at": moment(subscription.ended_at),
        "end_reason": subscription.end_reason,
    }


def _figures(subject: CheckoutSession | Subscription) -> dict[str, Any]:
    return {
        "net": subject.net,
        "tax": subject.tax,
        "total": subject.total,
        "currency": subject.currency,
    }


def _price_id(subject: Subject) -> int | None:
    if not isinstance(subject, CheckoutSession | Subscription):
        return None
    # A price that was given to it a moment ago counts before it is flushed; one that is not loaded
    # is not asked for.
    price = vars(subject).get("price")
    return price.id if price is not None else subject.price_id
