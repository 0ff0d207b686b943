"""When to look again, so that nothing waits for ever and nothing relies on a provider's calls."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.models import CheckoutSession, Subscription

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
AFTER_AN_END = timedelta(days=1)
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
        soon = now + _gap(_OPEN, age)
        if checkout.deadline:
            return min(soon, max(checkout.deadline, now))
        if checkout.expires_at and now < checkout.expires_at:
            return min(soon, checkout.expires_at + timedelta(minutes=1))
        return soon
    if checkout.state == "processing":
        return now + _gap(_PROCESSING, age)
    if checkout.is_over and age < timedelta(days=3):
        return now + AFTER_AN_END
    return None


def next_look_at_subscription(subscription: Subscription, *, now: datetime) -> datetime | None:
    """Answer when a subscription is looked at next: daily, and soon after each renewal."""
    if subscription.status == "canceled":
        return None
    day = now + timedelta(days=1)
    if subscription.period_end and subscription.period_end > now:
        return min(day, subscription.period_end + timedelta(hours=1))
    return min(day, now + timedelta(hours=1))


def pause(tries: int) -> timedelta:
    """Answer how long to wait after so many failed tries, at least one."""
    return _PAUSES[min(tries, len(_PAUSES)) - 1]


def _gap(gaps: tuple[timedelta, ...], age: timedelta) -> timedelta:
    return next((gap for gap in gaps if age < gap * 2), gaps[-1])
