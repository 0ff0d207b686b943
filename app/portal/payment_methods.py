"""Payment methods: what is on file, adding, choosing and removing one, and paying what is due."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import InputRequired

from app.billing.errors import Conflict, Invalid, ProviderUnavailable
from app.billing.methods import method_changes, wallets
from app.billing.methods import payment_methods as on_file
from app.billing.ordering import setups
from app.models import Membership
from app.portal import departures
from app.web import errors, forms, guards, headers, sessions, words

payment_methods = Blueprint("payment_methods", __name__)


class MethodForm(forms.Form):
    """Which provider keeps the new card."""

    method = StringField(
        lazy_gettext("Where to save it"),
        [InputRequired(lazy_gettext("Choose where to save it."))],
    )


@payment_methods.get("/t/<uuid:tenant>/payment-methods")
@guards.of_tenant("payment-methods")
def show(membership: Membership) -> Response:
    wallet = wallets.show(sessions.db(), sessions.site(), membership.tenant)
    page = make_response(
        render_template("portal/payment_methods/show.html", membership=membership, wallet=wallet)
    )
    if wallet.is_waiting:
        headers.refresh(page)
    return page


@payment_methods.post("/t/<uuid:tenant>/payment-methods/<uuid:method>/default")
@guards.of_tenant("payment-methods")
def make_default(membership: Membership, method: UUID) -> Response:
    try:
        chosen = method_changes.make_default(
            sessions.db(), sessions.site(), membership=membership, method_uuid=method
        )
        flash(gettext("%(method)s is charged from now on.", method=words.on_file(chosen)))
    except ProviderUnavailable:
        # It is stored, and the page says so until it is done.
        sessions.db().rollback()
    return _back(membership)


@payment_methods.get("/t/<uuid:tenant>/payment-methods/<uuid:method>/remove")
@guards.of_tenant("payment-methods")
def ask(membership: Membership, method: UUID) -> Response | str:
    if on_file.find(sessions.db(), membership.tenant, method).removed_at is not None:
        return _back(membership)
    removal = method_changes.consider(
        sessions.db(), sessions.site(), membership=membership, method_uuid=method
    )
    return render_template(
        "portal/payment_methods/remove.html", membership=membership, removal=removal
    )


@payment_methods.post("/t/<uuid:tenant>/payment-methods/<uuid:method>/remove")
@guards.of_tenant("payment-methods")
def remove(membership: Membership, method: UUID) -> Response:
    try:
        method_changes.remove(
            sessions.db(), sessions.site(), membership=membership, method_uuid=method
        )
        flash(gettext("The payment method is removed."))
    except ProviderUnavailable:
        # It is stored, and the page says so until it is done.
        sessions.db().rollback()
    return _back(membership)


@payment_methods.post("/t/<uuid:tenant>/payment-methods/retry")
@guards.of_tenant("payment-methods")
def retry(membership: Membership) -> Response:
    result = method_changes.retry(
        sessions.db(), sessions.site(), membership=membership, seen=request.form.get("seen")
    )
    # What is not paid is said on the page itself, for as long as it is so.
    if result == "paid":
        flash(gettext("It is paid. Your plan goes on."))
    return _back(membership)


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


def _back(membership: Membership) -> Response:
    return redirect(url_for("payment_methods.show", tenant=membership.tenant.uuid), 303)


def _page(membership: Membership, form: MethodForm) -> str:
    headers.leads_to_provider()
    offered = setups.methods(sessions.db(), sessions.site(), membership=membership)
    if offered:
        form.first_ids = {"method": f"method-{offered[0].id}"}
    return render_template(
        "portal/payment_methods/new.html", membership=membership, form=form, methods=offered
    )
