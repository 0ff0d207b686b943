"""The plans page: choose period, plan and seats, with the order always in sight."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.billing import products, tenants
from app.billing.errors import Invalid
from app.billing.products import Offer
from app.models import Membership, Price
from app.money import Money
from app.portal import plan_cards
from app.portal.plan_form import PlanForm
from app.web import guards, languages, sessions

plans = Blueprint("plans", __name__)


@dataclass(frozen=True, slots=True)
class Draft:
    """The order as chosen so far; tax comes with the next step."""

    price: Price
    quantity: int

    @property
    def amount(self) -> Money:
        """The unit price times the quantity."""
        return self.price.amount * self.quantity


@plans.get("/t/<uuid:tenant>/plans")
@guards.of_tenant("plans")
def show(membership: Membership) -> str:
    offer = products.offer(sessions.db(), membership.tenant, request.args.get("currency"))
    return _page(membership, offer, PlanForm(offer, request.args))


@plans.post("/t/<uuid:tenant>/plans")
@guards.of_tenant("plans")
def choose(membership: Membership) -> Response | tuple[str, int]:
    tenant = membership.tenant
    offer = products.offer(sessions.db(), tenant, request.form.get("currency"))
    form = PlanForm(offer, request.form)
    draft = _draft(form)
    if not form.validate() or draft is None:
        return _page(membership, offer, form), 422
    try:
        tenants.choose_currency(sessions.db(), tenant, draft.price.currency)
    except Invalid as error:
        form.blame(error)
        return _page(membership, offer, form), 422
    price_id, quantity = draft.price.price_id, draft.quantity
    address = url_for("checkout.show", tenant=tenant.uuid, price=price_id, quantity=quantity)
    return redirect(address, 303)


def _draft(form: PlanForm) -> Draft | None:
    price, quantity = form.price, form.whole_quantity
    return Draft(price, quantity) if price and quantity else None


def _page(membership: Membership, offer: Offer, form: PlanForm) -> str:
    buys, chosen, language = membership.may_buy, form.plan.data, languages.tag()
    return render_template(
        "portal/plans/show.html",
        membership=membership,
        offer=offer,
        form=form,
        draft=_draft(form),
        saving=_saving(offer),
        includes_tax=_includes_tax(offer),
        plan_cards=plan_cards.draw(
            offer.plans, is_sold=buys and not offer.running, chosen=chosen, language=language
        ),
        one_time_cards=plan_cards.draw(
            offer.one_time, is_sold=buys, chosen=chosen, language=language
        ),
    )


def _saving(offer: Offer) -> int | None:
    """How many months are free for a yearly payer, where every plan agrees on it."""
    savings = {plan.saving for plan in offer.plans if plan.year}
    return savings.pop() if len(savings) == 1 else None


def _includes_tax(offer: Offer) -> bool:
    offered = (*offer.plans, *offer.one_time)
    prices = [price for plan in offered for price in (plan.month, plan.year, plan.once) if price]
    return any(price.tax_behavior == "inclusive" for price in prices)
