"""Plan deeds: what an admin asked for a running plan, done at the provider and kept here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.billing import timeline
from app.billing.plans import plan_switches, subscriptions
from app.billing.purchase import requests
from app.billing.site import Site
from app.db import lock
from app.models import Act, Subscription, SubscriptionChange, User
from app.providers import errors
from app.providers.base import Provider, SubscriptionRequest, SubscriptionState
from app.providers.base import SubscriptionChange as ChangeRequest

# Why a change was asked for: to have it, or to put back what was to come.
CHANGE, DROP = "plan_changed", "change_dropped"


class Change:
    """Another price or quantity; made again it leads to the same, so a lost answer does no harm."""

    def __init__(self, db: Session, site: Site, act: Act, provider: Provider) -> None:
        self._db, self._site, self._act, self._provider = db, site, act, provider
        self._request = requests.load(ChangeRequest, act.request)
        assert act.subscription_change_id is not None and act.subscription_id is not None
        self._change = db.get_one(SubscriptionChange, act.subscription_change_id)
        self._moment, self._at = self._change.moment, self._change.takes_effect_at
        self.window = provider.key_window

    def do(self, key: str) -> SubscriptionState:
        """Make it; raises Refused where its moment passed before it could be made."""
        if self._moment == "period_end" and self._site.clock.now() >= self._at:
            found = self.find()
            if found is None:
                # At Mollie it would charge a second time today, or count from a charge too late.
                raise errors.Refused("the next period has begun without the change")
            return found
        return self._provider.change_subscription(self._request, key=key)

    def find(self) -> SubscriptionState | None:
        """Answer the subscription where it is as it was to become."""
        asked = self._request
        state = self._provider.fetch_subscription(asked.provider_id, customer_id=asked.customer_id)
        if asked.line.provider_price_id is not None:
            is_made = (state.provider_price_id, state.quantity) == (
                asked.line.provider_price_id,
                asked.line.quantity,
            )
        else:
            same_interval = asked.line.interval in (None, state.interval)
            is_made = state.total == asked.total and same_interval
        return state if is_made else None

    def keep(self, result: object, *, now: datetime) -> str | None:
        """Switch the plan, or write that the change waits for its moment."""
        row, change = self._lock()
        cause = cause_of(self._db, self._act)
        row.version += 1
        row.next_check_at = now
        if self._act.reason == DROP:
            plan_switches.drop(self._db, row, change, cause=cause, now=now)
        else:
            plan_switches.make(self._db, row, change, cause=cause, now=now)
        return self._request.provider_id

    def fail(self, error: errors.ProviderError, *, now: datetime) -> None:
        """Write that nothing has changed, and why if it was the bank."""
        if self._act.reason == DROP:
            return
        _, change = self._lock()
        decline = error.reason if isinstance(error, errors.Declined) else None
        plan_switches.fail(change, decline=decline, now=now)

    def _lock(self) -> tuple[Subscription, SubscriptionChange]:
        assert self._act.subscription_id is not None
        row = lock.one(self._db, Subscription, self._act.subscription_id)
        return row, lock.one(self._db, SubscriptionChange, self._change.id)


class Resume:
    """A plan that was to end goes on: the end is taken back, or where the provider has ended it
    for good, a new one begins there when what is paid for is over."""

    def __init__(self, db: Session, site: Site, act: Act, provider: Provider) -> None:
        self._db, self._site, self._act, self._provider = db, site, act, provider
        assert act.subscription_id is not None
        row = db.get_one(Subscription, act.subscription_id)
        self._until, self._has_ended = row.period_end, row.ended_at is not None
        self._begins = not provider.capabilities.resumes
        self.window = provider.key_window

    def do(self, key: str) -> SubscriptionState:
        """Resume it; raises Refused where it has ended meanwhile."""
        if self._has_ended or (self._until and self._site.clock.now() >= self._until):
            raise errors.Refused("the plan has ended, so it cannot go on")
        if self._begins:
            return self._provider.begin_subscription(self._beginning, key=key)
        asked = requests.load(requests.Resumption, self._act.request)
        return self._provider.resume_subscription(
            asked.provider_id, customer_id=asked.customer_id, key=key
        )

    def find(self) -> SubscriptionState | None:
        """Look for the new subscription; taking back an end is simply done again."""
        if not self._begins:
            return None
        customer = self._beginning.customer_id
        found = self._provider.find_subscription(self._beginning.uuid, customer_id=customer)
        return self._provider.fetch_subscription(found, customer_id=customer) if found else None

    def keep(self, result: object, *, now: datetime) -> str | None:
        """Write that the plan goes on, under the same row whatever the provider calls it now."""
        assert isinstance(result, SubscriptionState) and self._act.subscription_id is not None
        row = lock.one(self._db, Subscription, self._act.subscription_id)
        subscriptions.go_on(self._db, row, result, cause=cause_of(self._db, self._act), now=now)
        return result.provider_id

    def fail(self, error: errors.ProviderError, *, now: datetime) -> None:
        """Do nothing: the plan ends as it was to."""

    @property
    def _beginning(self) -> SubscriptionRequest:
        return requests.load(SubscriptionRequest, self._act.request)


def cause_of(db: Session, act: Act) -> str:
    """Answer who asked for an act, as the timeline keeps it."""
    if act.user_id is None:
        return "act"
    return timeline.by_user(db.get_one(User, act.user_id).uuid)
