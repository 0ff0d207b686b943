"""Who runs an app: owners and support; owners invite, change and remove."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import EmailField, StringField
from wtforms.validators import AnyOf, DataRequired, Length

from app.billing.errors import Invalid, NotAllowed
from app.billing.people import app_invitations, app_members
from app.console import guard
from app.models import AppMember
from app.models.user import APP_ROLES
from app.web import errors, forms, sessions

members = Blueprint("members", __name__)


class InviteForm(forms.Form):
    """Whom to ask, and what they may do."""

    email = EmailField(
        lazy_gettext("E-mail address"),
        [DataRequired(lazy_gettext("Enter an e-mail address.")), Length(max=254)],
        filters=[forms.squeezed],
        render_kw={"data-testid": "console-member-email", "autocomplete": "off"},
    )
    role = StringField(
        lazy_gettext("What they may do"),
        [AnyOf(APP_ROLES, lazy_gettext("Choose what they may do."))],
        default="support",
    )


@members.get("/console/apps/<uuid:app>/settings/members")
@guard.of_app()
def show(member: AppMember) -> str:
    return _page(member, InviteForm())


@members.post("/console/apps/<uuid:app>/settings/members")
@guard.of_app(owner=True)
def invite(member: AppMember) -> Response | tuple[str, int]:
    form = InviteForm.posted()
    if not form.validate():
        return _page(member, form), 422
    try:
        invitation = app_invitations.invite(
            sessions.db(),
            sessions.site(),
            member,
            email=form.email.data,
            role=form.role.data,
        )
    except (Invalid, NotAllowed) as error:
        sessions.db().rollback()
        form.blame(error)
        return errors.mark(make_response(_page(member, form)), error)
    flash(
        gettext(
            "%(email)s is invited. The mail has a link that lives seven days.",
            email=invitation.email,
        )
    )
    return _back(member)


@members.post("/console/apps/<uuid:app>/settings/members/invitations/<uuid:invitation>/withdraw")
@guard.of_app(owner=True)
def withdraw(member: AppMember, invitation: UUID) -> Response:
    app_invitations.revoke(sessions.db(), member, invitation)
    flash(gettext("The invitation is withdrawn."))
    return _back(member)


@members.post("/console/apps/<uuid:app>/settings/members/<uuid:person>/role")
@guard.of_app(owner=True)
def change_role(member: AppMember, person: UUID) -> Response:
    role = request.form.get("role", "")
    changed = app_members.change_role(sessions.db(), member, person, role)
    name = changed.user.name or changed.user.email
    if role == "owner":
        flash(gettext("%(name)s is an owner now.", name=name))
    else:
        flash(gettext("%(name)s is support now, who sees and helps.", name=name))
    return _back(member)


@members.get("/console/apps/<uuid:app>/settings/members/<uuid:person>/remove")
@guard.of_app(owner=True)
def ask(member: AppMember, person: UUID) -> str:
    found = app_members.other(sessions.db(), member, person)
    return render_template("console/members/remove.html", member=member, person=found)


@members.post("/console/apps/<uuid:app>/settings/members/<uuid:person>/remove")
@guard.of_app(owner=True)
def remove(member: AppMember, person: UUID) -> Response:
    removed = app_members.remove(sessions.db(), member, person)
    name = removed.user.name or removed.user.email
    flash(gettext("%(name)s does not run the app any more.", name=name))
    if removed.user_id == member.user_id:
        return redirect(url_for("entrance.start"), 303)
    return _back(member)


def _back(member: AppMember) -> Response:
    return redirect(url_for("members.show", app=member.app.uuid), 303)


def _page(member: AppMember, form: InviteForm) -> str:
    db = sessions.db()
    return render_template(
        "console/members/show.html",
        member=member,
        form=form,
        people=app_members.listed(db, member.app),
        invitations=app_invitations.listed(db, member.app) if member.role == "owner" else [],
    )
