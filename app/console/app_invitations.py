"""Accepting an invitation to run an app: opening the link only asks; going on joins."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from app.billing.errors import Conflict, Invalid, NotAllowed, NotFound
from app.billing.people import accounts
from app.billing.people import app_invitations as asked
from app.billing.tenants import tenants
from app.models import AppInvitation, AppMember
from app.web import errors, filters, forms, guards, sessions, visits

app_invitations = Blueprint("app_invitations", __name__)


class JoinForm(forms.Form):
    """Who joins, where they have no account yet."""

    name = StringField(
        lazy_gettext("Your name"),
        [DataRequired(lazy_gettext("Enter your name.")), Length(max=200)],
        filters=[forms.squeezed],
        render_kw={"data-testid": "accept-name", "autocomplete": "name"},
    )
    password = PasswordField(
        lazy_gettext("Password"),
        [InputRequired(lazy_gettext("Choose a password."))],
        render_kw={"data-testid": "new-password", "autocomplete": "new-password"},
    )


@app_invitations.get("/console/invitations/<token>")
def show(token: str) -> Response | str:
    try:
        return _page(asked.peek(sessions.db(), token), JoinForm())
    except NotFound as error:
        return _spent(error)


@app_invitations.post("/console/invitations/<token>")
def accept(token: str) -> Response | tuple[str, int]:
    try:
        invitation = asked.peek(sessions.db(), token)
        if asked.has_account(sessions.db(), invitation):
            return _join(token, invitation)
        return _begin(token, invitation)
    except NotFound as error:
        sessions.db().rollback()
        return _spent(error)


def _join(token: str, invitation: AppInvitation) -> Response | tuple[str, int]:
    if not _is_signed_in():
        wanted = url_for("app_invitations.show", token=token)
        return redirect(url_for("entrance.sign_in", next=wanted), 303)
    try:
        return _welcome(asked.join(sessions.db(), token, visits.visitor_id()))
    except NotAllowed:
        return _page(invitation, JoinForm()), 403


def _begin(token: str, invitation: AppInvitation) -> Response | tuple[str, int]:
    form = JoinForm.posted()
    if not form.validate():
        return _page(invitation, form), 422
    try:
        member = asked.begin(sessions.db(), token, name=form.name.data, password=form.password.data)
    except (Invalid, Conflict) as error:
        form.blame(error)
        return _page(invitation, form), errors.status_of(error)
    belongs = tenants.memberships(sessions.db(), member.user_id)
    visits.begin(member.user, several=len(belongs) > 1)
    return _welcome(member)


def _welcome(member: AppMember) -> Response:
    flash(gettext("You run %(app)s now.", app=member.app.name))
    return redirect(url_for("home.show", app=member.app.uuid), 303)


def _is_signed_in() -> bool:
    """By password: a portal link's visit is for one tenant and runs no app."""
    if not current_user.is_authenticated or visits.link() is not None:
        return False
    guards.require_present()
    return True


def _page(invitation: AppInvitation, form: JoinForm) -> str:
    db = sessions.db()
    return render_template(
        "console/members/join.html",
        invitation=invitation,
        form=form,
        reader=accounts.email(db, visits.visitor_id()) if _is_signed_in() else None,
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
