"""The checkout page: tax country, VAT number, payment method, and one button that names the act."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.billing.errors import BillingError, Invalid, NotFound, ProviderUnavailable
from app.billing.ordering import buyers, orders
from app.billing.ordering.buyers import Buyer
from app.billing.ordering.offers import OfferedMethod
from app.billing.plans import periods
from app.billing.tax import vat_numbers
from app.billing.tenants import tenants
from app.models import Membership
from app.portal import departures
from app.portal.checkout_form import CheckoutForm
from app.web import errors, guards, headers, sessions, visits

checkout = Blueprint("checkout", __name__)


@checkout.get("/t/<uuid:tenant>/checkout")
@guards.of_tenant("checkout")
def show(membership: Membership) -> Response:
    if "price" not in request.args:
        return redirect(_choice_page(membership), 303)
    form = CheckoutForm.asked(membership.tenant)
    _refuse_other_price(form)
    if not membership.tenant.has_details and membership.may_buy:
        return _ask_for_details(membership, form)
    return _page(membership, form)


@checkout.post("/t/<uuid:tenant>/checkout")
@guards.of_tenant("checkout", find=buyers.find)
def place(buyer: Buyer) -> Response:
    form = CheckoutForm.posted()
    _refuse_other_price(form)
    if not buyer.tenant.has_details:
        return _ask_for_details(buyer, form)
    if form.wants_update:
        return redirect(form.address(buyer), 303)
    if not form.validate():
        return _page(_membership(buyer), form)
    try:
        placed = orders.place(
            sessions.db(), sessions.site(), membership=buyer, choice=form.choice()
        )
    except (orders.OrderChanged, Invalid, ProviderUnavailable) as error:
        sessions.db().rollback()
        form.blame(error)
        return _page(_membership(buyer), form, error)
    return departures.leave(buyer, placed, method=form.method.data)


def _membership(buyer: Buyer) -> Membership:
    """A page shows more of its reader than an order rests on."""
    return tenants.find(sessions.db(), user_id=buyer.user_id, tenant_uuid=buyer.tenant.uuid)


def _choice_page(membership: Membership) -> str:
    visit = visits.link()
    is_chosen = visit is not None and visit.price is not None
    return (
        visit.start if visit and is_chosen else url_for("plans.show", tenant=membership.tenant.uuid)
    )


def _refuse_other_price(form: CheckoutForm) -> None:
    if not visits.sells(form.price_id.data):
        raise NotFound("The portal link is for another price.")


def _ask_for_details(membership: Membership | Buyer, form: CheckoutForm) -> Response:
    wanted = form.address(membership)
    return redirect(url_for("details.show", tenant=membership.tenant.uuid, next=wanted), 303)


def _page(
    membership: Membership, form: CheckoutForm, refusal: BillingError | None = None
) -> Response:
    review = orders.review(
        sessions.db(), sessions.site(), membership=membership, choice=form.choice()
    )
    if not form.problems:
        form.blame_review(review)
    if review.methods:
        form.first_ids = {"method": f"method-{review.methods[0].id}"}
    method = next((m for m in review.methods if m.id == form.method.data), None)
    headers.leads_to_provider()
    page = render_template(
        "portal/checkout/show.html",
        membership=membership,
        form=form,
        review=review,
        method=method,
        example=vat_numbers.example(form.country.data or ""),
        change=_plans_address(membership, review),
        renews_at=_renews_at(review, method),
    )
    response = make_response(page, 422 if form.problems else 200)
    if isinstance(refusal, ProviderUnavailable):
        errors.mark(response, refusal)
    return response


def _plans_address(membership: Membership, review: orders.Review) -> str:
    """The plans page with this order chosen."""
    price = review.price
    return url_for(
        "plans.show",
        tenant=membership.tenant.uuid,
        plan=price.product.slug,
        interval=price.interval,
        quantity=review.quantity,
        currency=price.currency,
    )


def _renews_at(review: orders.Review, method: OfferedMethod | None) -> datetime | None:
    """When the plan is charged next, or first where it begins with a trial."""
    if review.quote and review.quote.trial_days:
        likely = method or next(iter(review.methods), None)
        return likely.charged_from if likely else None
    interval = review.price.interval
    return periods.after(sessions.site().clock.now(), interval) if interval else None
