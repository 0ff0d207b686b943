"""Attempts: counted in the database, so that guessing and pestering are slow everywhere at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.billing.errors import TooOften
from app.billing.text import Text
from app.models import FailedSignIn

WINDOW = timedelta(minutes=15)


def count(db: Session, limits: Mapping[str, int], *, refusal: Text) -> list[int]:
    """Count one attempt for each subject and answer what `forgive` takes back; commits.

    `limits` names how many attempts each subject has in 15 minutes. It is counted before anything
    else is done, so that attempts made at the same time all count. Raises TooOften where it is one
    too many, which does not count, with the sentence `refusal`, whose `when` says when to go on.
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
        raise _refusal(refusal, _opens_at(db, limits) - now)
    return [row.id for row in tries]


def forgive(db: Session, subject: str, tries: Sequence[int] = ()) -> None:
    """Forget the attempts of a subject, and single ones of others."""
    db.execute(
        delete(FailedSignIn).where(or_(FailedSignIn.id.in_(tries), FailedSignIn.subject == subject))
    )


def _opens_at(db: Session, limits: Mapping[str, int]) -> datetime:
    """When so many attempts of each subject are forgotten that there is room for one more."""
    found = select(FailedSignIn.subject, FailedSignIn.at).where(FailedSignIn.subject.in_(limits))
    times: dict[str, list[datetime]] = {subject: [] for subject in limits}
    for subject, at in db.execute(found.order_by(FailedSignIn.at)):
        times[subject].append(at)
    last = [times[subject][-limit:] for subject, limit in limits.items()]
    full = [at[0] for at, limit in zip(last, limits.values(), strict=True) if len(at) == limit]
    # None is full where somebody was right meanwhile.
    return max(full, default=clock.wall() - WINDOW) + WINDOW


def _refusal(refusal: Text, wait: timedelta) -> TooOften:
    # An attempt is forgotten when it is older than the window, not when it is as old.
    seconds = max(0, math.floor(wait.total_seconds())) + 1
    minutes = math.ceil(seconds / 60)
    when = Text("in %(minutes)s minutes", {"minutes": minutes})
    return TooOften(
        refusal.sentence,
        retry_after=seconds,
        when=when if minutes > 1 else Text("in a minute"),
    )
