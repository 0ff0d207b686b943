"""The page a payer returns to, and the lasting receipt."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, make_response, render_template, url_for
from werkzeug.wrappers import Response

from app.billing.purchase import receipts
from app.billing.purchase.receipts import Receipt
from app.models import Membership
from app.web import guards, headers, sessions, visits

checkouts = Blueprint("checkouts", __name__)


@checkouts.get("/t/<uuid:tenant>/checkouts/<uuid:checkout>")
@guards.of_tenant("checkouts", may_write=True)
def show(membership: Membership, checkout: UUID) -> Response:
    receipt = receipts.show(
        sessions.db(), sessions.site(), membership=membership, checkout_uuid=checkout
    )
    visit = visits.link()
    page = render_template(
        "portal/checkouts/show.html",
        membership=membership,
        receipt=receipt,
        try_again=_try_again(membership, receipt),
        return_url=visit.return_url if visit else None,
    )
    response = make_response(page)
    if receipt.status == "confirming":
        headers.refresh(response)
    return response


def _try_again(membership: Membership, receipt: Receipt) -> str:
    """The page to begin again on, with the choices kept."""
    tenant = membership.tenant.uuid
    if receipt.mode == "setup":
        return url_for("payment_methods.new", tenant=tenant)
    if receipt.try_again is None or not visits.sells(receipt.try_again.price_id):
        visit = visits.link()
        is_chosen = visit is not None and not visits.opens("plans")
        return visit.start if visit and is_chosen else url_for("plans.show", tenant=tenant)
    return url_for(
        "checkout.show",
        tenant=tenant,
        price=receipt.try_again.price_id,
        quantity=receipt.try_again.quantity,
        country=receipt.try_again.country,
        vat_number=receipt.try_again.vat_number or "",
        method=receipt.try_again.method,
    )
