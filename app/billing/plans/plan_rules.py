"""What a running plan may become, and from when; and when what was shown of it is stale."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.billing.catalogue import products
from app.billing.errors import Conflict, Invalid, NotFound
from app.billing.plans import plan_figures, plan_switches
from app.billing.plans.plan_figures import Moment
from app.billing.site import Site
from app.billing.text import Text
from app.models import Membership, Price, Subscription, SubscriptionChange


@dataclass(frozen=True, slots=True)
class PlanChoice:
    """What a plan shall become; `moment` None leaves it to what the provider does first."""

    price_id: str
    quantity: int
    moment: Moment | None = None


class Stale(Conflict):
    """What the payer saw is not so any more: show it again, with the figures of now."""


def why_fixed(subscription: Subscription) -> Text | None:
    """Answer why a plan cannot be changed now; None where it can."""
    if subscription.status in ("canceled", "incomplete"):
        return Text("Only a plan that runs can be changed.")
    if subscription.status == "canceling":
        return Text("The plan is set to end. Resume it first, then change it.")
    if subscription.status in ("past_due", "unpaid"):
        return Text("A charge is overdue. Pay it first, then change the plan.")
    if subscription.status == "paused":
        return Text("The plan is paused. It can be changed once it goes on.")
    if subscription.is_settling or subscription.provider_id is None:
        return Text(
            "The first payment is still on its way. The plan can be changed once it is confirmed."
        )
    return None


def moments(site: Site, subscription: Subscription, price: Price) -> tuple[Moment, ...]:
    """Answer from when a plan can become a price, the usual first; empty where it cannot yet.

    Another interval begins a new period, which Stripe charges at once, so there it cannot wait. A
    trial is not prorated and goes on as it is.
    """
    can = site.capabilities(subscription.provider_account.provider).changes
    other_interval = price.interval != subscription.price.interval
    if "now" not in can:
        return ("period_end",)
    if subscription.status == "trialing":
        return () if other_interval else ("period_end",)
    return ("now",) if other_interval else ("now", "period_end")


def price_of(
    db: Session, membership: Membership, subscription: Subscription, price_id: str
) -> Price:
    """Answer a price the plan may become; whoever has an older one keeps it for more seats, even
    where it is not sold any more. Raises Invalid for one that is not offered."""
    if price_id == subscription.price.price_id:
        return subscription.price
    try:
        return products.find_price(db, membership.tenant, price_id)
    except NotFound as error:
        raise Invalid("This plan is not sold any more. Choose another.", field="plan") from error


def check(
    db: Session, site: Site, subscription: Subscription, price: Price, choice: PlanChoice
) -> Moment:
    """Answer from when the change counts. Raises Conflict where the plan cannot be changed now,
    and Invalid naming the field."""
    require_changeable(subscription)
    if plan_switches.on_its_way(db, subscription.id) is not None:
        raise _taken()
    _refuse_unsold(subscription, price, choice.quantity)
    offered = moments(site, subscription, price)
    if not offered:
        raise Invalid(
            "The billing period stays as it is until the trial is over.", field="interval"
        )
    if choice.moment is not None and choice.moment not in offered:
        raise Invalid(
            "Another billing period cannot wait for the end of this one. Choose “Now”, or keep the"
            " period.",
            field="moment",
        )
    return choice.moment or offered[0]


def require_changeable(subscription: Subscription) -> None:
    """Raise Conflict where a plan cannot be changed now."""
    reason = why_fixed(subscription)
    if reason is not None:
        raise Conflict(reason.sentence, **reason.values)


def require_fresh(
    db: Session, site: Site, subscription: Subscription, change: SubscriptionChange
) -> None:
    """Raise Stale or another Conflict where what was shown may not be confirmed any more."""
    require_changeable(subscription)
    if change.state != "previewed" or change.basis != plan_figures.basis(subscription):
        raise moved()
    now = site.clock.now()
    if now > change.expires_at or (change.moment == "period_end" and now >= change.takes_effect_at):
        raise Stale("The figures were too old to be used. These are the figures of now.")
    if plan_switches.on_its_way(db, subscription.id) is not None:
        raise _taken()


def moved() -> Stale:
    """Answer what is said where the plan is not as it was when the figures were worked out."""
    return Stale("Your plan has changed since you looked. These are the figures of now.")


def _refuse_unsold(subscription: Subscription, price: Price, quantity: int) -> None:
    kept = (subscription.currency, subscription.family)
    if not price.is_recurring or (price.currency, price.product.family) != kept:
        raise Invalid("Your plan cannot become this one. Choose another.", field="plan")
    if not 1 <= quantity <= price.max_quantity:
        raise Invalid(
            "Enter a whole number from 1 to %(most)s.", field="quantity", most=price.max_quantity
        )
    if (price.id, quantity) == (subscription.price_id, subscription.quantity):
        raise Invalid("This is what you have now. Change something, then go on.", field="plan")


def _taken() -> Conflict:
    return Conflict("A change is on its way already. Drop it first, then choose another one.")
