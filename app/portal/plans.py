"""The plans page: choose period, plan and seats, with the order always in sight."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from app.billing.catalogue import products
from app.billing.catalogue.products import Offer
from app.billing.errors import Invalid
from app.billing.ordering import storefronts
from app.billing.ordering.storefronts import Visit
from app.billing.tenants import tenant_currencies
from app.models import Membership
from app.portal import chooser
from app.portal.plan_form import PlanForm
from app.web import guards, languages, sessions, visits

plans = Blueprint("plans", __name__)


@plans.get("/t/<uuid:tenant>/plans")
@guards.of_tenant("plans", find=storefronts.enter, view=storefronts.view)
def show(visit: Visit) -> str:
    offer = storefronts.offer(sessions.db(), visit, request.args.get("currency"))
    return _page(visit, offer, PlanForm(offer, request.args) if request.args else None)


@plans.post("/t/<uuid:tenant>/plans")
@guards.of_tenant("plans")
def choose(membership: Membership) -> Response | tuple[str, int]:
    tenant = membership.tenant
    offer = products.offer(sessions.db(), tenant, request.form.get("currency"))
    form = PlanForm(offer, request.form)
    price, quantity = form.price, form.whole_quantity
    if not form.validate() or price is None or quantity is None:
        return _page(membership, offer, form), 422
    try:
        tenant_currencies.choose(sessions.db(), tenant, price.currency)
    except Invalid as error:
        form.blame(error)
        return _page(membership, offer, form), 422
    address = url_for("checkout.show", tenant=tenant.uuid, price=price.price_id, quantity=quantity)
    return redirect(address, 303)


def _page(membership: Membership | Visit, offer: Offer, form: PlanForm | None) -> str:
    """The page of an offer and of a choice, if there is one."""
    return render_template(
        "portal/plans/show.html",
        membership=membership,
        form=form,
        is_running=offer.running is not None,
        includes_tax=_includes_tax(offer),
        chooser=_chooser(membership, offer, form),
    )


def _chooser(membership: Membership | Visit, offer: Offer, form: PlanForm | None) -> Markup:
    may_buy = membership.may_buy
    if form is None and offer.running is None:
        return chooser.draw_untouched(offer, languages.tag(), may_buy=may_buy)
    form = form or PlanForm(offer, request.args)
    may_change = may_buy and visits.opens("subscription")
    return chooser.draw(offer, form, may_buy=may_buy, may_change=may_change)


def _includes_tax(offer: Offer) -> bool:
    offered = (*offer.plans, *offer.one_time)
    prices = [price for plan in offered for price in (plan.month, plan.year, plan.once) if price]
    return any(price.tax_behavior == "inclusive" for price in prices)
