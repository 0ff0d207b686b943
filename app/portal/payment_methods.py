"""Payment methods: what is on file, and adding a card."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import InputRequired

from app.billing import payment_methods as on_file
from app.billing import setups
from app.billing.errors import Conflict, Invalid, ProviderUnavailable
from app.models import Membership
from app.portal import departures
from app.web import errors, forms, guards, headers, sessions

payment_methods = Blueprint("payment_methods", __name__)


class MethodForm(forms.Form):
    """Which provider keeps the new card."""

    method = StringField(
        lazy_gettext("Where to save it"),
        [InputRequired(lazy_gettext("Choose where to save it."))],
    )


@payment_methods.get("/t/<uuid:tenant>/payment-methods")
@guards.of_tenant("payment-methods")
def show(membership: Membership) -> str:
    methods = on_file.listed(sessions.db(), membership.tenant)
    return render_template(
        "portal/payment_methods/show.html", membership=membership, methods=methods
    )


@payment_methods.get("/t/<uuid:tenant>/payment-methods/new")
@guards.of_tenant("payment-methods")
def new(membership: Membership) -> str:
    return _page(membership, MethodForm())


@payment_methods.post("/t/<uuid:tenant>/payment-methods/new")
@guards.of_tenant("payment-methods")
def add(membership: Membership) -> Response | tuple[str, int]:
    form = MethodForm.posted()
    if not form.validate():
        return _page(membership, form), 422
    try:
        placed = setups.place(
            sessions.db(), sessions.site(), membership=membership, method=form.method.data
        )
    except (Invalid, Conflict, ProviderUnavailable) as error:
        sessions.db().rollback()
        form.blame(error)
        return errors.mark(make_response(_page(membership, form)), error)
    return departures.leave(membership, placed, method=form.method.data)


def _page(membership: Membership, form: MethodForm) -> str:
    headers.leads_to_provider()
    offered = setups.methods(sessions.db(), sessions.site(), membership=membership)
    if offered:
        form.first_ids = {"method": f"method-{offered[0].id}"}
    return render_template(
        "portal/payment_methods/new.html", membership=membership, form=form, methods=offered
    )
