"""When to look again, so that nothing waits for ever and nothing relies on a provider's calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate

from app.models import App, CheckoutSession, Subscription

# Open: the payer is at the provider's page. The gaps grow; a known expiry is looked at when due.
_OPEN = (
    timedelta(minutes=2),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
)
# Processing: the bank has it. SEPA Direct Debit may take 14 days (Stripe: "SEPA Direct Debit";
# Mollie: "SEPA Direct Debit"); a mandate may stay pending for 72 hours (Mollie: "Mandates").
_PROCESSING = (
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
)
SETTLING = timedelta(days=14)
MANDATE = timedelta(hours=72)
# Card networks take disputes for 120 days, banks refused debits for eight weeks, and refunds are
# possible for 180 days and more (Stripe: "How disputes work"; Mollie: "Chargebacks").
MAY_GO_BACK = timedelta(days=180)
# What a person decided to give back is looked after until it is done.
GIVING_BACK = timedelta(hours=6)
AFTER_AN_END = timedelta(days=1)
AFTER_A_PLAN = timedelta(days=7)
UNCLAIMED = timedelta(minutes=10)
# Between the tries of what failed at a provider.
_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 60, 240))
# A checkout whose payer has not come yet lives as long as a provider's page would (Stripe: 24 h).
DEFERRED = timedelta(hours=24)


def next_look(checkout: CheckoutSession, *, now: datetime) -> datetime | None:
    """Answer when a checkout is looked at next; None where no look can change it any more.

    An end without payment is looked at for a few days more, since money may still come late.
    """
    age = now - checkout.created_at
    if checkout.state in ("starting", "open"):
        return next_look_at_open(age, checkout.deadline, checkout.expires_at, now=now)
    if checkout.state == "processing":
        return now + _gap(_PROCESSING, age)
    if checkout.state == "needs_review" and checkout.verdict == "given_back":
        return now + GIVING_BACK
    if checkout.is_over and age < timedelta(days=3):
        return now + AFTER_AN_END
    return None


def next_look_at_open(
    age: timedelta, deadline: datetime | None, expires_at: datetime | None, *, now: datetime
) -> datetime:
    """Answer when a checkout of that age is looked at next while its payer may still pay."""
    soon = now + _gap(_OPEN, age)
    if deadline:
        return min(soon, max(deadline, now))
    if expires_at and now < expires_at:
        return min(soon, expires_at + timedelta(minutes=1))
    return soon


def next_look_at_subscription(subscription: Subscription, *, now: datetime) -> datetime | None:
    """Answer when a subscription is looked at next: daily, soon after each renewal, when it is to
    end, and when what failed is charged again. One that has ended is looked at each week while its
    payments may still go back."""
    if subscription.status == "canceled":
        ended = subscription.ended_at or now
        return now + AFTER_A_PLAN if now < ended + MAY_GO_BACK else None
    moments = [now + timedelta(days=1)]
    if subscription.period_end and subscription.period_end <= now:
        moments.append(now + timedelta(hours=1))
    elif subscription.period_end:
        ends = subscription.canceled_at is not None
        moments.append(subscription.period_end + timedelta(hours=0 if ends else 1))
    for moment in (subscription.next_retry_at, subscription.pay_by, subscription.settling_until):
        if moment and moment > now:
            moments.append(moment)
    return min(moments)


def retries(app: App, since: datetime) -> Sequence[datetime]:
    """Answer when a charge that failed at `since` is tried again; with the last the plan ends."""
    return [since + timedelta(days=days) for days in accumulate(app.dunning_days)] or [since]


def pause(tries: int) -> timedelta:
    """Answer how long to wait after so many failed tries, at least one."""
    return _PAUSES[min(tries, len(_PAUSES)) - 1]


def _gap(gaps: tuple[timedelta, ...], age: timedelta) -> timedelta:
    return next((gap for gap in gaps if age < gap * 2), gaps[-1])
