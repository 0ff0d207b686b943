"""Charge subscriptions on their dates, at 00:00 UTC, and end them."""

import re
from datetime import date, timedelta

from app.sandbox import clock
from app.sandbox.gateway import Refusal
from app.sandbox.mollie import charge, times
from app.sandbox.schedule import timed
from app.sandbox.store import Json
from app.sandbox.world import Account

INTERVAL = re.compile(r"(\d{1,3}) (day|week|month)s?", re.ASCII)
RUNNING = ("pending", "active", "suspended")


def begin_at(day: str) -> Json:
    """Give what makes dates count from a day: an anchor, so that a 31st comes back after a
    shorter month."""
    return {"anchor": day, "made": 0, "nextPaymentDate": day}


def plan(account: Account, subscription: Json) -> Json:
    """Keep a subscription and its next charge; a charge of a date that has moved does nothing."""
    day = subscription["nextPaymentDate"]
    moment = max(times.midnight(day), account.now())
    account.later(moment, "mollie.subscription.charge", id=subscription["id"], day=day)
    return account.save("subscriptions", subscription)


def end(account: Account, subscription: Json, status: str = "canceled") -> Json:
    """End a subscription that still runs, for good."""
    if subscription["status"] in RUNNING:
        canceled_at = times.moment(account) if status == "canceled" else None
        subscription.update(status=status, canceledAt=canceled_at, nextPaymentDate=None)
        account.save("subscriptions", subscription)
    return subscription


def wake(account: Account, mandate_id: str) -> None:
    """Make subscriptions active that waited for their mandate."""
    for waiting in account.find("subscriptions", lambda s: bool(s["mandateId"] == mandate_id)):
        if waiting["status"] == "pending":
            account.save("subscriptions", {**waiting, "status": "active"})


@timed("mollie.subscription.charge")
def charge_in_time(account: Account, id: str, day: str) -> None:
    subscription = account.load("subscriptions", id)
    if subscription is None or subscription["nextPaymentDate"] != day:
        return
    names = ("customerId", "mandateId", "amount", "description", "metadata", "webhookUrl")
    try:
        given = {name: subscription[name] for name in names}
        charge.mandate(account, given, subscription_id=id)
    except Refusal:
        # Its mandate is no more: it charges nothing until it gets another.
        plan(account, {**_next(subscription), "status": "suspended"})
        return
    _go_on(account, subscription)


def _go_on(account: Account, subscription: Json) -> None:
    left = subscription["timesRemaining"]
    if left is not None:
        subscription["timesRemaining"] = left - 1
    if left == 1:
        end(account, subscription, "completed")
    else:
        plan(account, _next(subscription))


def _next(subscription: Json) -> Json:
    made = subscription["made"] + 1
    match = INTERVAL.fullmatch(subscription["interval"])
    assert match is not None
    count, unit = made * int(match[1]), match[2]
    if unit == "month":
        day = clock.add_months(times.midnight(subscription["anchor"]), count).date()
    else:
        anchor = date.fromisoformat(subscription["anchor"])
        day = anchor + timedelta(days=count * (7 if unit == "week" else 1))
    return {**subscription, "made": made, "nextPaymentDate": day.isoformat()}
