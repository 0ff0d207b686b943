"""The status of a checkout as a caller's software knows it: open, complete or expired."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from app.models import CheckoutSession

Status = Literal["open", "complete", "expired"]


def read(checkout: CheckoutSession, *, now: datetime) -> Status:
    """Answer the status of a checkout now, also where nobody has looked since it ended.

    Complete means that the money is there: while a bank still has it, or a person has to look, the
    checkout is open. Money that came after the end does not take the end back.
    """
    if checkout.state == "complete":
        return "complete"
    if checkout.state == "processing":
        return "open"
    if checkout.state == "needs_review":
        return "expired" if checkout.review == "late" else "open"
    is_late = checkout.expires_at is not None and checkout.expires_at <= now
    is_pending = checkout.state in ("starting", "open")
    return "open" if is_pending and not is_late else "expired"
