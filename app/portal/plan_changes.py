"""Changing the plan: choose, see what it costs today and from then on, confirm, or drop it."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.billing.catalogue import products
from app.billing.errors import (
    BillingError,
    Conflict,
    Invalid,
    NotFound,
    ProviderUnavailable,
    Unsupported,
)
from app.billing.plans import plan_changes as billing
from app.billing.plans import plan_figures, plan_rules, plan_switches, plans
from app.billing.plans.plan_changes import PlanChoice
from app.billing.plans.plan_figures import Moment
from app.billing.purchase import receipts
from app.billing.text import Text
from app.models import Membership, Subscription, SubscriptionChange
from app.portal import chooser
from app.portal.change_form import ChangeForm
from app.web import errors, guards, headers, sessions

plan_changes = Blueprint("plan_changes", __name__)


@plan_changes.get("/t/<uuid:tenant>/subscription/change")
@guards.of_tenant("subscription")
def choose(membership: Membership) -> Response:
    plan = plans.shown(sessions.db(), membership.tenant)
    if plan is None or not plan.is_running:
        return redirect(url_for("subscription.show", tenant=membership.tenant.uuid), 303)
    return make_response(_choice_page(membership, plan, _form(membership, plan, request.args)))


@plan_changes.post("/t/<uuid:tenant>/subscription/change")
@guards.of_tenant("subscription")
def preview(membership: Membership) -> Response:
    db = sessions.db()
    plan = plans.to_change(db, membership)
    form = _form(membership, plan, request.form)
    if not form.validate():
        return make_response(_choice_page(membership, plan, form), 422)
    choice = form.choice(is_asked="moment" in request.form)
    try:
        change = billing.preview(db, sessions.site(), membership=membership, choice=choice)
    except (Invalid, NotFound, Conflict, Unsupported, ProviderUnavailable) as error:
        db.rollback()
        form.blame(error)
        return errors.mark(make_response(_choice_page(membership, plan, form)), error)
    return redirect(_address(membership, change), 303)


@plan_changes.get("/t/<uuid:tenant>/subscription/change/<uuid:change>")
@guards.of_tenant("subscription")
def show(membership: Membership, change: UUID) -> Response:
    found = billing.find(sessions.db(), membership=membership, change_uuid=change)
    page = make_response(_preview_page(membership, found, stale=_staleness(found)))
    if found.state == "confirmed":
        headers.refresh(page)
    return page


@plan_changes.post("/t/<uuid:tenant>/subscription/change/<uuid:change>")
@guards.of_tenant("subscription")
def confirm(membership: Membership, change: UUID) -> Response:
    db, site = sessions.db(), sessions.site()
    try:
        made = billing.confirm(db, site, membership=membership, change_uuid=change)
    except billing.Stale as error:
        db.rollback()
        return _shown_again(membership, change, error)
    return redirect(_address(membership, made), 303)


@plan_changes.post("/t/<uuid:tenant>/subscription/drop-change")
@guards.of_tenant("subscription")
def drop(membership: Membership) -> Response:
    billing.drop(sessions.db(), sessions.site(), membership=membership)
    return redirect(url_for("subscription.show", tenant=membership.tenant.uuid), 303)


def _form(membership: Membership, plan: Subscription, chosen: MultiDict[str, str]) -> ChangeForm:
    offer = products.offer(sessions.db(), membership.tenant, plan.currency)
    return ChangeForm(offer, plan, chosen)


def _address(membership: Membership, change: SubscriptionChange) -> str:
    tenant = membership.tenant.uuid
    return url_for("plan_changes.show", tenant=tenant, change=change.uuid)


def _choice_page(membership: Membership, plan: Subscription, form: ChangeForm) -> str:
    site = sessions.site()
    fixed = plan_rules.why_fixed(plan)
    price, quantity = form.price, form.whole_quantity
    figures = None
    if price is not None and quantity is not None:
        figures = plan_figures.per_period(site, plan, price, quantity)
    return render_template(
        "portal/subscription/change.html",
        membership=membership,
        plan=plan,
        form=form,
        chooser=chooser.make(form.offer, form, may_buy=membership.may_buy),
        price=price,
        quantity=quantity,
        figures=figures,
        moments=plan_rules.moments(site, plan, plan.price),
        provider_name=site.capabilities(plan.provider_account.provider).name,
        fixed=fixed,
        change=plan_switches.on_its_way(sessions.db(), plan.id),
    )


def _preview_page(
    membership: Membership,
    change: SubscriptionChange,
    *,
    stale: Text | None = None,
    news: Text | None = None,
) -> str:
    plan = change.subscription
    return render_template(
        "portal/subscription/preview.html",
        membership=membership,
        change=change,
        plan=plan,
        stale=stale,
        news=news,
        decline=receipts.decline_words(change.decline) if change.decline else None,
        renews_at=plan_figures.renews_at(plan, change),
        provider_name=sessions.site().capabilities(plan.provider_account.provider).name,
    )


def _staleness(change: SubscriptionChange) -> Text | None:
    if change.state != "previewed":
        return None
    try:
        plan_rules.require_fresh(sessions.db(), sessions.site(), change.subscription, change)
    except Conflict as error:
        return error.text
    return None


def _shown_again(membership: Membership, uuid: UUID, error: BillingError) -> Response:
    """The same change with the figures of now, to be confirmed anew; where it cannot be had any
    more, the reason."""
    db, site = sessions.db(), sessions.site()
    old = billing.find(db, membership=membership, change_uuid=uuid)
    choice = PlanChoice(old.price.price_id, old.quantity, cast(Moment, old.moment))
    try:
        change = billing.preview(db, site, membership=membership, choice=choice)
    except (Invalid, NotFound):
        db.rollback()
        raise Conflict(error.text.sentence, **error.text.values) from error
    found = billing.find(db, membership=membership, change_uuid=change.uuid)
    return make_response(_preview_page(membership, found, news=error.text), 409)
