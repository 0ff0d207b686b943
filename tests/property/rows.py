"""What is remembered of a life in the end, without ids: here and at the provider."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import (
    Act,
    CheckoutSession,
    Invoice,
    Mail,
    Payment,
    PaymentMethod,
    Refund,
    Subscription,
    SubscriptionChange,
    WebhookEvent,
)
from app.sandbox.world import World

Rows = dict[str, Any]
_FIGURES = "currency net tax total"
_PERIOD = "period_start period_end"
_COLUMNS: dict[Any, str] = {
    CheckoutSession: "mode state review",
    Subscription: f"status price_id quantity {_FIGURES} credit is_duplicate {_PERIOD} end_reason"
    " overdue_since pay_by trial_end",
    SubscriptionChange: f"state price_id quantity moment {_FIGURES} due_now decline",
    Payment: f"status amount currency refunded charged_back method last4 {_PERIOD}",
    PaymentMethod: "type last4 status is_default",
    Invoice: f"kind number status listed_as {_FIGURES} tax_rule lines {_PERIOD}",
    Refund: "status amount reason",
    Act: "kind state reason",
    Mail: "kind recipient",
}
_AT_PROVIDER = ("payment_intents", "payments", "subscriptions", "refunds", "mandates")


def read(db: Session, world: World, refused: Sequence[str]) -> Rows:
    """Answer the rows of every kind, how often each thing is at the provider, and which acts were
    refused."""
    rows: Rows = {model.__name__: _rows(db, model, names) for model, names in _COLUMNS.items()}
    # A state on the way is told of only if somebody looked while it lasted.
    told = (kind for kind in db.scalars(select(WebhookEvent.type)) if "processing" not in kind)
    rows["told"] = sorted(Counter(told).items())
    rows["removed"] = db.query(PaymentMethod).filter(PaymentMethod.removed_at.is_not(None)).count()
    rows["at the provider"] = _at_provider(world)
    rows["refused"] = list(refused)
    rows["gapless"] = _gapless(db)
    return rows


def differences(expected: Rows, found: Rows) -> dict[str, tuple[Any, Any]]:
    """Answer what is not as it should be, by kind: what is missing, and what should not be."""
    return {
        kind: (_without(expected[kind], found[kind]), _without(found[kind], expected[kind]))
        for kind in expected
        if expected[kind] != found[kind]
    }


def _without(some: Any, others: Any) -> Any:
    return [one for one in some if one not in others] or some if isinstance(some, list) else some


def _rows(db: Session, model: Any, names: str) -> list[tuple[Any, ...]]:
    found = [
        tuple(getattr(row, name) for name in names.split()) for row in db.scalars(select(model))
    ]
    return sorted(found, key=repr)


def _gapless(db: Session) -> bool:
    numbers = sorted(number for number in db.scalars(select(Invoice.number)) if number is not None)
    return numbers == list(range(1, len(numbers) + 1))


def _at_provider(world: World) -> list[tuple[str, int]]:
    counted: Counter[str] = Counter()
    for opened in world.store.find("", "accounts"):
        account = world.account(opened["provider"], opened["key"])
        for kind in _AT_PROVIDER:
            counted.update(f"{kind} {one.get('status')}" for one in account.find(kind))
    return sorted(counted.items())
