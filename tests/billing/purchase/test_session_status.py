"""The status a caller's software is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.billing.purchase import session_status
from app.models import CheckoutSession

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(seconds=1), NOW - timedelta(seconds=1)


class TestRead:
    @pytest.mark.parametrize(
        ("state", "expires_at", "review", "status"),
        [
            ("starting", None, None, "open"),
            ("starting", LATER, None, "open"),
            ("starting", NOW, None, "expired"),
            ("open", LATER, None, "open"),
            ("open", NOW, None, "expired"),
            ("open", EARLIER, None, "expired"),
            ("complete", EARLIER, None, "complete"),
            # The bank has it: it may end either way, whatever the clock says.
            ("processing", EARLIER, None, "open"),
            ("needs_review", EARLIER, "amount", "open"),
            # Money that came after the end is for a person to see, not for a program to ship on.
            ("needs_review", EARLIER, "late", "expired"),
            ("not_charged", LATER, None, "expired"),
            ("expired", EARLIER, None, "expired"),
            ("canceled", LATER, None, "expired"),
            ("refunded", EARLIER, None, "expired"),
        ],
    )
    def test_tells_open_complete_or_expired(
        self,
        state: str,
        expires_at: datetime | None,
        review: str | None,
        status: str,
    ) -> None:
        checkout = CheckoutSession(state=state, expires_at=expires_at, review=review)

        assert session_status.read(checkout, now=NOW) == status
