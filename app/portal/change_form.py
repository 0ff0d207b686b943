"""The form that changes a running plan: what can be chosen is what it may become."""

from __future__ import annotations

from dataclasses import replace

from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict
from wtforms import StringField

from app.billing.catalogue.products import Offer, OfferedPlan
from app.billing.errors import Invalid
from app.billing.plans.plan_changes import PlanChoice
from app.billing.plans.plan_figures import Moment
from app.models import Subscription
from app.portal.plan_form import PlanForm

_MOMENTS: dict[str, Moment] = {"now": "now", "period_end": "period_end"}


class ChangeForm(PlanForm):
    """Plan, period, seats, and from when; as it is now before the payer chooses."""

    moment = StringField(lazy_gettext("From when"))

    def __init__(
        self, offer: Offer, subscription: Subscription, chosen: MultiDict[str, str]
    ) -> None:
        now = {
            "plan": subscription.price.product.slug,
            "interval": subscription.price.interval or "",
            "quantity": str(subscription.quantity),
            "moment": "now",
        }
        shown = MultiDict({name: chosen.get(name, value) for name, value in now.items()})
        super().__init__(what_it_may_become(offer, subscription), shown)
        self.first_ids = {**self.first_ids, "moment": "moment-now"}

    @property
    def offer(self) -> Offer:
        """What the plan may become."""
        return self._offer

    def choice(self, *, is_asked: bool) -> PlanChoice:
        """Answer what was chosen in a valid form; `is_asked` says that the payer was asked from
        when. Raises Invalid for a form that was not valid."""
        price, quantity = self.price, self.whole_quantity
        if price is None or quantity is None:
            raise Invalid("Choose a plan.", field="plan")
        moment = _MOMENTS.get(self.moment.data or "") if is_asked else None
        return PlanChoice(price.price_id, quantity, moment)


def what_it_may_become(offer: Offer, subscription: Subscription) -> Offer:
    """Answer the plans of the same family, the present one at the price it has, also where that is
    sold to nobody else any more."""
    family, own = subscription.family, subscription.price
    plans = [plan for plan in offer.plans if plan.product.family == family]
    if all(plan.product.id != own.product_id for plan in plans):
        plans.insert(0, OfferedPlan(own.product, is_current=True))
    kept = tuple(
        _at_own_price(plan, subscription) if plan.product.id == own.product_id else plan
        for plan in plans
    )
    intervals = tuple(i for i in ("month", "year") if any(getattr(plan, i) for plan in kept))
    return replace(offer, running=None, one_time=(), currencies=(), plans=kept, intervals=intervals)


def _at_own_price(plan: OfferedPlan, subscription: Subscription) -> OfferedPlan:
    price = subscription.price
    if price.interval == "year":
        return replace(plan, year=price, is_current=True)
    return replace(plan, month=price, is_current=True)
