"""Accepting an invitation: opening the link only asks; going on joins."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, InputRequired

from app.billing.errors import Conflict, Invalid, NotAllowed, NotFound
from app.billing.people import accounts
from app.billing.people import invitations as asked
from app.billing.tenants import tenants
from app.models import Invitation
from app.web import errors, filters, forms, guards, sessions, visits

invitations = Blueprint("invitations", __name__)


class BeginForm(forms.Form):
    """Who joins, where they have no account yet."""

    name = StringField(
        lazy_gettext("Your name"),
        [DataRequired(lazy_gettext("Enter your name."))],
        filters=[forms.squeezed],
        render_kw={"data-testid": "accept-name", "autocomplete": "name", "maxlength": "200"},
    )
    password = PasswordField(
        lazy_gettext("Password"),
        [InputRequired(lazy_gettext("Choose a password."))],
        render_kw={"data-testid": "new-password", "autocomplete": "new-password"},
    )


@invitations.get("/invitations/<token>")
def show(token: str) -> Response | str:
    try:
        invitation = asked.peek(sessions.db(), token)
    except NotFound as error:
        return _spent(error)
    return _page(invitation, BeginForm())


@invitations.post("/invitations/<token>")
def accept(token: str) -> Response | tuple[str, int]:
    try:
        invitation = asked.peek(sessions.db(), token)
        if asked.has_account(sessions.db(), invitation):
            return _join(token, invitation)
        return _begin(token, invitation)
    except NotFound as error:
        sessions.db().rollback()
        return _spent(error)


def _join(token: str, invitation: Invitation) -> Response | tuple[str, int]:
    if not _is_signed_in():
        return redirect(url_for("entrance.sign_in", next=f"/invitations/{token}"), 303)
    try:
        joined = asked.join(sessions.db(), token, visits.visitor_id())
    except NotAllowed:
        return _page(invitation, BeginForm()), 403
    visits.remember_several(len(tenants.memberships(sessions.db(), visits.visitor_id())) > 1)
    return _welcome(joined)


def _begin(token: str, invitation: Invitation) -> Response | tuple[str, int]:
    form = BeginForm.posted()
    if not form.validate():
        return _page(invitation, form), 422
    try:
        joined, user = asked.begin(
            sessions.db(), token, name=form.name.data, password=form.password.data
        )
    except (Invalid, Conflict) as error:
        form.blame(error)
        return _page(invitation, form), errors.status_of(error)
    visits.begin(user, several=len(tenants.memberships(sessions.db(), user.id)) > 1)
    return _welcome(joined)


def _welcome(invitation: Invitation) -> Response:
    flash(gettext("You belong to %(tenant)s now.", tenant=invitation.tenant.name))
    return redirect(url_for("overview.show", tenant=invitation.tenant.uuid), 303)


def _is_signed_in() -> bool:
    """By password: a portal link's visit is for one tenant and joins no other."""
    if not current_user.is_authenticated or visits.link() is not None:
        return False
    guards.require_present()
    return True


def _page(invitation: Invitation, form: BeginForm) -> str:
    db = sessions.db()
    reader = accounts.email(db, visits.visitor_id()) if _is_signed_in() else None
    return render_template(
        "portal/invitations/show.html",
        invitation=invitation,
        form=form,
        reader=reader,
        has_account=asked.has_account(db, invitation),
        shortest=accounts.SHORTEST_PASSWORD,
    )


def _spent(error: NotFound) -> Response:
    problem = errors.Problem(
        gettext("This invitation does not work"),
        filters.words(error.text),
        gettext("If you accepted it, sign in. If not, ask for a new one."),
    )
    return errors.page(problem, 404)
