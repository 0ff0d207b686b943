"""An admin with a plan that runs: bought at either provider, changed, ended, and let go on."""

from __future__ import annotations

from typing import Any

from app.billing.plans import cancelations, plan_changes
from app.billing.plans.plan_changes import PlanChoice
from app.billing.plans.plan_figures import Moment
from app.models import Subscription, SubscriptionChange, TimelineEntry
from tests import payer
from tests.billing.purchases import Buyer

CARDS = ["stripe-card", "mollie-card"]


def bought(buyer: Buyer, method: str, **order: Any) -> Subscription:
    """Buy Team for two seats a month, unless said otherwise, and answer the plan; `pays` is what
    the payer does at the provider."""
    pays = order.pop("pays", payer.pays)
    fields = {name: order.pop(name) for name in list(order) if name == "card_number"}
    placed = buyer.buys(method=method, **order)
    assert placed.url is not None
    buyer.comes_back(pays(placed.url, **fields))
    return plan(buyer)


def plan(buyer: Buyer) -> Subscription:
    """Answer the only plan there is, as it is now."""
    (found,) = buyer.rows(Subscription)
    assert isinstance(found, Subscription)
    return found


def previews(
    buyer: Buyer,
    slug: str = "team",
    interval: str = "month",
    *,
    quantity: int = 2,
    moment: Moment | None = None,
) -> SubscriptionChange:
    """Look at what a change would cost."""
    price = buyer.world.price(slug, interval, plan(buyer).currency)
    choice = PlanChoice(price.price_id, quantity, moment)
    return plan_changes.preview(buyer.db, buyer.site, membership=buyer.membership, choice=choice)


def confirms(buyer: Buyer, change: SubscriptionChange) -> SubscriptionChange:
    """Press the button under the figures."""
    return plan_changes.confirm(
        buyer.db, buyer.site, membership=buyer.membership, change_uuid=change.uuid
    )


def changes(buyer: Buyer, *what: str, **how: Any) -> SubscriptionChange:
    """Look at what a change would cost, and make it."""
    return confirms(buyer, previews(buyer, *what, **how))


def drops(buyer: Buyer) -> None:
    """Drop the change that waits."""
    plan_changes.drop(buyer.db, buyer.site, membership=buyer.membership)


def cancels(buyer: Buyer, reason: str | None = None) -> Subscription:
    """End the plan with its period."""
    return cancelations.cancel(buyer.db, buyer.site, membership=buyer.membership, reason=reason)


def resumes(buyer: Buyer) -> Subscription:
    """Let the plan go on."""
    return cancelations.resume(buyer.db, buyer.site, membership=buyer.membership)


def entries(buyer: Buyer, kind: str) -> list[TimelineEntry]:
    """Answer what the timeline tells of one kind, oldest first."""
    return buyer.rows(TimelineEntry, TimelineEntry.kind == kind)


def lives_on(buyer: Buyer, span: str) -> None:
    """Let time pass and look at everything that is due, until nothing new comes."""
    buyer.waits(span)
    buyer.waits("2 hours")
    buyer.sweeps()
    buyer.sweeps()
