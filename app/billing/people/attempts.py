"""Attempts: counted in the database, so that guessing and pestering are slow everywhere at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.billing.errors import NotAllowed
from app.billing.text import Text
from app.models import FailedSignIn

WINDOW = timedelta(minutes=15)


def count(db: Session, limits: Mapping[str, int], *, refusal: Text) -> list[int]:
    """Count one attempt for each subject and answer what `forgive` takes back; commits.

    `limits` names how many attempts each subject has in 15 minutes. It is counted before anything
    else is done, so that attempts made at the same time all count. Raises NotAllowed with the
    sentence `refusal` where it is one too many; that one does not count.
    """
    now = clock.wall()
    db.execute(delete(FailedSignIn).where(FailedSignIn.at < now - WINDOW))
    tries = [FailedSignIn(subject=subject, at=now) for subject in limits]
    db.add_all(tries)
    db.commit()
    rows = db.execute(
        select(FailedSignIn.subject, func.count())
        .where(FailedSignIn.subject.in_(limits))
        .group_by(FailedSignIn.subject)
    )
    counted = dict(rows.all())
    # Somebody who was right meanwhile has had all of a subject forgotten, ours too.
    if any(counted.get(subject, 0) > limit for subject, limit in limits.items()):
        db.execute(delete(FailedSignIn).where(FailedSignIn.id.in_([row.id for row in tries])))
        db.commit()
        raise NotAllowed(refusal.sentence)
    return [row.id for row in tries]


def forgive(db: Session, subject: str, tries: Sequence[int] = ()) -> None:
    """Forget the attempts of a subject, and single ones of others."""
    db.execute(
        delete(FailedSignIn).where(or_(FailedSignIn.id.in_(tries), FailedSignIn.subject == subject))
    )
