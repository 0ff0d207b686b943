"""Upkeep: everything that is due, done once, for a terminal or an installation without worker."""

from __future__ import annotations

from dataclasses import dataclass

from app import mails
from app.billing.reconciliation import sweep
from app.billing.reconciliation.sweep import Swept
from app.billing.site import Site
from app.billing.webhooks import deliveries
from app.db.engine import Database


@dataclass(frozen=True, slots=True)
class Done:
    """What was looked at, and what was sent: mails to people, deliveries to programs."""

    swept: Swept
    mails: int
    deliveries: int

    @property
    def sentence(self) -> str:
        """What was done, in words."""
        swept = self.swept
        said = (
            f"Looked at {_count(swept.events, 'event')}, {_count(swept.checkouts, 'purchase')},"
            f" {_count(swept.acts, 'act')} and {_count(swept.subscriptions, 'plan')};"
            f" sent {_count(self.mails, 'mail')}, made {_count(self.deliveries, 'delivery')}."
        )
        if swept.failures:
            said += f" {swept.failures} could not be done now and will be tried again."
        return said


def run(database: Database, site: Site) -> Done:
    """Do everything that is due, until nothing is. Safe beside a worker: they share the work."""
    swept = sweep.everywhere(database, site)
    with database.writer() as db:
        delivered = deliveries.deliver_due(db, site)
    # Last, since a delivery that fails for good writes a mail.
    with database.writer() as db:
        return Done(swept, mails.send_due(db, site), delivered)


def _count(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1] + 'ies' if noun.endswith('y') else noun + 's'}"
