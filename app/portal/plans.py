"""The plans page: choose period, plan and seats, with the order always in sight."""

from __future__ import annotations

from functools import lru_cache
from uuid import uuid4

from flask import Blueprint, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from app.billing.catalogue import products
from app.billing.catalogue.products import Offer
from app.billing.errors import Invalid
from app.billing.ordering import storefronts
from app.billing.ordering.storefronts import Company, Reader, Seller, Visit
from app.billing.tenants import tenant_currencies
from app.models import Membership
from app.portal import chooser
from app.portal.plan_form import PlanForm
from app.web import csrf, guards, languages, moulds, sessions, visits
from app.web.moulds import Mould

plans = Blueprint("plans", __name__)

# What stands for a visitor's own in a page that is drawn for all; nobody knows them.
_NAME, _PLACE, _EMAIL, _TOKEN = (uuid4() for _ in range(4))


@plans.get("/t/<uuid:tenant>/plans")
@guards.of_tenant("plans", find=storefronts.enter, view=storefronts.view)
def show(visit: Visit) -> str:
    offer = storefronts.offer(sessions.db(), visit, request.args.get("currency"))
    if request.args:
        return _page(visit, offer, PlanForm(offer, request.args))
    if visit.may_buy and offer.running is None and moulds.fits():
        return _filled(visit, offer)
    return _page(visit, offer, None)


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


def _filled(visit: Visit, offer: Offer) -> str:
    """The page of an admin who has chosen nothing yet."""
    mould = _mould(visit.tenant.app, offer, languages.tag(), visits.may_switch())
    return mould.fill(
        name=visit.tenant.name,
        place=visit.tenant.uuid,
        email=visit.user.email,
        token=csrf.token(),
    )


@lru_cache(maxsize=128)
def _mould(app: Seller, offer: Offer, _language: str, _may_switch: bool) -> Mould:
    """The same page for every admin who is offered the same, in a language, and who may or may not
    switch to another tenant; the last two the templates find out by themselves."""
    nobody = Visit(
        user=Reader(str(_EMAIL), locale=None, session_epoch=0, ended_sessions=[]),
        tenant=Company(0, _PLACE, str(_NAME), country=None, currency=None, app=app),
        role="admin",
        has_bought=False,
        catalogue="",
    )
    drawn = _page(nobody, offer, None, csrf_token=lambda: str(_TOKEN))
    marks = {"name": _NAME, "place": _PLACE, "email": _EMAIL, "token": _TOKEN}
    return Mould(drawn, {name: str(mark) for name, mark in marks.items()})


def _page(
    membership: Membership | Visit, offer: Offer, form: PlanForm | None, **others: object
) -> str:
    """The page of an offer and of a choice, if there is one."""
    return render_template(
        "portal/plans/show.html",
        **others,
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
