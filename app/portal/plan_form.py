"""The form of the plans page: what can be chosen is what is offered."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, lazy_gettext
from werkzeug.datastructures import MultiDict
from wtforms import StringField

from app.billing.catalogue.products import Offer, OfferedPlan
from app.models import Price
from app.web import filters, forms


class PlanForm(forms.Form):
    """Period, plan, currency and quantity; nothing is chosen before the payer chooses."""

    interval = StringField(lazy_gettext("Billing period"))
    plan = StringField(lazy_gettext("Plan"))
    currency = StringField(lazy_gettext("Currency"))
    quantity = StringField(lazy_gettext("Seats"), default="1", filters=[forms.squeezed])

    def __init__(self, offer: Offer, chosen: MultiDict[str, str]) -> None:
        super().__init__(chosen)
        self._offer = offer
        sold = () if offer.running else offer.plans
        self._plans = {plan.product.slug: plan for plan in (*sold, *offer.one_time)}
        self.first_ids = {
            "plan": f"plan-{next(iter(self._plans), '')}",
            "interval": f"interval-{next(iter(offer.intervals), '')}",
        }

    @property
    def chosen(self) -> OfferedPlan | None:
        """The plan the payer chose, if it is offered."""
        return self._plans.get(self.plan.data or "")

    @property
    def price(self) -> Price | None:
        """The price of what was chosen, once plan and period are."""
        plan = self.chosen
        if plan is None:
            return None
        return plan.once or {"month": plan.month, "year": plan.year}.get(self.interval.data or "")

    @property
    def whole_quantity(self) -> int | None:
        """The quantity, if it is a whole number that the price allows."""
        most = self.price.max_quantity if self.price else None
        return forms.whole_number(self.quantity.data, most=most)

    def validate(self, extra_validators: Any = None) -> bool:
        """Say beside each field what is missing or wrong."""
        self.plan.errors = [] if self.chosen else [gettext("Choose a plan.")]
        self.interval.errors = self._interval_problems()
        self.quantity.errors = [] if self.whole_quantity else [self._quantity_problem()]
        return not self.problems

    def _interval_problems(self) -> list[str]:
        if self.chosen is None:
            needed = bool(self._offer.intervals) and not self._offer.running
            return [] if self.interval.data or not needed else [self._ask_for_interval()]
        if self.price:
            return []
        if self.interval.data in self._offer.intervals:
            return [gettext("This plan is not sold for this period. Choose the other one.")]
        return [self._ask_for_interval()]

    def _ask_for_interval(self) -> str:
        return str(gettext("Choose whether to pay monthly or yearly."))

    def _quantity_problem(self) -> str:
        most = self.price.max_quantity if self.price else 1000
        return str(gettext("Enter a whole number from 1 to %(most)s.", most=filters.number(most)))
