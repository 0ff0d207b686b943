"""A tenant's details: what its invoices carry."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.billing.errors import Invalid
from app.billing.tenants import tenant_details
from app.models import Membership
from app.portal.details_form import DetailsForm
from app.web import addresses, guards, sessions, visits

details = Blueprint("details", __name__)


@details.get("/t/<uuid:tenant>/details")
@guards.of_tenant("details")
def show(membership: Membership) -> str:
    wanted = addresses.own_path(request.args.get("next"))
    form = DetailsForm(obj=membership.tenant, next=wanted or "")
    return _page(membership, form)


@details.post("/t/<uuid:tenant>/details")
@guards.of_tenant("details")
def save(membership: Membership) -> Response | tuple[str, int]:
    form = DetailsForm.posted()
    if not form.validate():
        return _page(membership, form), 422
    try:
        tenant_details.update(sessions.db(), membership.tenant, form.details())
    except Invalid as error:
        form.blame(error)
        return _page(membership, form), 422
    wanted = addresses.own_path(form.next.data)
    if wanted is None:
        flash(gettext("The details are saved."))
    overview = url_for("overview.show", tenant=membership.tenant.uuid)
    visit = visits.link()
    home = overview if visit is None or visits.opens("overview") else visit.start
    return redirect(wanted or home, 303)


def _page(membership: Membership, form: DetailsForm) -> str:
    return render_template("portal/details/show.html", membership=membership, form=form)
