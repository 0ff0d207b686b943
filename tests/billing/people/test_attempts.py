"""Attempts that are too many are refused, and whoever is refused is told when to go on."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from app import clock
from app.billing.errors import TooOften
from app.billing.people import attempts
from app.billing.text import Text
from app.models import FailedSignIn

REFUSAL = Text("Too often. Go on %(when)s.")


def tried(db: Session, subject: str, *minutes_ago: int) -> datetime:
    """Note attempts, and answer the time they were counted from."""
    now = clock.wall()
    for minutes in minutes_ago:
        db.add(FailedSignIn(subject=subject, at=now - timedelta(minutes=minutes)))
    db.commit()
    return now


def refused(db: Session, **limits: int) -> TooOften:
    with pytest.raises(TooOften) as no:
        attempts.count(db, limits, refusal=REFUSAL)
    return no.value


class TestRefusal:
    def test_lasts_until_the_oldest_attempt_that_counts_is_forgotten(
        self, world: object, db: Session
    ) -> None:
        # Two more than three, as happens when many come at once: the first two do not matter.
        before = tried(db, "email", 14, 12, 9, 5, 1)

        refusal = refused(db, email=3)

        left = timedelta(minutes=15 - 9) - (clock.wall() - before)
        assert left.total_seconds() <= refusal.retry_after <= 6 * 60 + 1

    def test_lasts_until_every_subject_has_room(self, world: object, db: Session) -> None:
        tried(db, "email", 10, 9)
        before = tried(db, "address", 2, 1)
        tried(db, "other", 1)

        refusal = refused(db, email=2, address=2, other=2)

        left = timedelta(minutes=15 - 2) - (clock.wall() - before)
        assert left.total_seconds() <= refusal.retry_after <= 13 * 60 + 1

    @pytest.mark.parametrize(
        ("seconds", "retry_after", "words"),
        [
            (899.2, 900, "in 15 minutes"),
            (60, 61, "in 2 minutes"),
            (59.9, 60, "in a minute"),
            (0, 1, "in a minute"),
            (-3, 1, "in a minute"),
        ],
    )
    def test_is_told_in_seconds_and_in_words(
        self, seconds: float, retry_after: int, words: str
    ) -> None:
        refusal = attempts._refusal(REFUSAL, timedelta(seconds=seconds))

        assert refusal.retry_after == retry_after
        assert str(refusal.text) == f"Too often. Go on {words}."
