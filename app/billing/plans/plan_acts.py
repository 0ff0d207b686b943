"""Plan acts: what an admin asked of a plan is done by one of all who press, and the rest wait."""

from __future__ import annotations

import logging

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.billing import claims, timeline
from app.billing.errors import BillingError, ProviderUnavailable, Unsupported
from app.billing.plans import subscriptions
from app.billing.site import Site
from app.billing.truth import deeds
from app.db.base import table
from app.models import Act, User
from app.providers import errors

log = logging.getLogger(__name__)

_ACT = table(Act)


def perform(db: Session, site: Site, effect: str) -> str | None:
    """Do the act of this effect, or wait until whoever is at it has done it, at most 15 s, and
    answer its state: `waiting` is left for the sweep. None where it was never asked for. Commits.
    """
    asked = select(_ACT.c.id, _ACT.c.state).where(_ACT.c.effect == effect)
    found = db.execute(asked).one_or_none()
    db.commit()
    if found is None or found.state != "waiting":
        return found.state if found else None
    deeds.perform(db, site, found.id)
    return claims.wait(db, lambda: _came_to(db, found.id)) or "waiting"


def look(db: Session, site: Site, subscription_id: int, user: User) -> None:
    """Look at a plan after something was done to it: a charge, an invoice or a credit may have
    come of it. What cannot be seen now is left for the sweep."""
    try:
        subscriptions.sync(db, site, subscription_id, cause=timeline.by_user(user.uuid))
    except errors.ProviderError as error:
        db.rollback()
        log.warning("subscription %s was not looked at: %s", subscription_id, error)


def said(error: errors.ProviderError) -> BillingError:
    """Answer what a person is told where the provider did not do what was asked."""
    if not error.permanent or error.spends_key:
        return ProviderUnavailable(
            "The payment provider does not answer at the moment. Nothing has changed. Try again in"
            " a minute.",
            retry_after=getattr(error, "retry_after", None) or 30,
        )
    log.warning("a plan's change was refused: %s", error)
    return Unsupported(
        "The payment provider did not accept this. Nothing has changed. Look at the plan again, or"
        " write to us if that does not help."
    )


def not_done(state: str | None) -> BillingError:
    """Answer what a person is told where an act was stored and has not been done."""
    if state == "failed":
        return said(errors.Refused("the act was refused"))
    return ProviderUnavailable(
        "The payment provider does not answer at the moment. What you asked for is kept and done"
        " once, as soon as it answers. You need not ask again."
    )


def _came_to(db: Session, act_id: int) -> str | None:
    """The act's state; None while somebody is at it."""
    row = db.execute(select(_ACT.c.state, _ACT.c.claimed_until).where(_ACT.c.id == act_id)).one()
    is_claimed = row.claimed_until is not None and row.claimed_until > clock.wall()
    return None if row.state == "waiting" and is_claimed else str(row.state)
