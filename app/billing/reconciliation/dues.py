"""Dues: a row that is due is taken and put off in one statement, so that sweeps share the work."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from sqlalchemy import Update, bindparam, select, update
from sqlalchemy.orm import Session

from app.db.base import table
from app.models import Act, CheckoutSession, Subscription

Looked = type[Act] | type[CheckoutSession] | type[Subscription]

# A look that fails, or a process that dies of it, leaves its row to the sweep after the next.
PAUSE = timedelta(minutes=1)


class Due(NamedTuple):
    """A row whose time has come, and the account it is at."""

    id: int
    account_id: int


def take(
    db: Session,
    model: Looked,
    *,
    due: datetime,
    now: datetime,
    account_id: int | None = None,
    skip: Collection[int] = (),
) -> Due | None:
    """Take the row that has been due longest at `due`, and commit; None where none is left.

    The row is due again a minute from `now` unless a look says otherwise. `account_id` keeps to one
    account, `skip` leaves accounts out.
    """
    asked = {"due": due, "again": now + PAUSE, "skip": list(skip)}
    if account_id is not None:
        asked["account_id"] = account_id
    found = db.connection().execute(_take(model, account_id is not None), asked).first()
    db.commit()
    return None if found is None else Due(*found)


@cache
def _take(model: Looked, of_one_account: bool) -> Update:
    rows = table(model)
    moment = rows.c.next_try_at if model is Act else rows.c.next_check_at
    account = rows.c.provider_account_id
    first = (
        select(rows.c.id)
        .where(
            moment <= bindparam("due"),
            *([rows.c.state == "waiting"] if model is Act else []),
            *([account == bindparam("account_id")] if of_one_account else []),
            account.not_in(bindparam("skip", expanding=True)),
        )
        .order_by(moment)
        .limit(1)
        # What another sweep is taking at this moment is not waited for.
        .with_for_update(skip_locked=True)
    )
    return (
        update(rows)
        .where(rows.c.id == first.scalar_subquery())
        .values({moment.name: bindparam("again")})
        .returning(rows.c.id, rows.c.provider_account_id)
    )
