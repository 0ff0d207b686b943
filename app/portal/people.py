"""People: who belongs to the tenant and who is invited; admins invite, change and remove."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import EmailField, StringField
from wtforms.validators import AnyOf, DataRequired, Length

from app.billing.errors import Invalid, NotAllowed
from app.billing.people import invitations, memberships
from app.billing.tenants import tenants
from app.models import Membership
from app.models.user import ROLES
from app.web import errors, forms, guards, sessions

people = Blueprint("people", __name__)


class InviteForm(forms.Form):
    """Whom to ask, and what they may do."""

    email = EmailField(
        lazy_gettext("E-mail address"),
        [DataRequired(lazy_gettext("Enter an e-mail address.")), Length(max=254)],
        filters=[forms.squeezed],
        render_kw={"data-testid": "invite-email", "autocomplete": "off"},
    )
    role = StringField(
        lazy_gettext("What they may do"),
        [AnyOf(ROLES, lazy_gettext("Choose what they may do."))],
        default="member",
    )


@people.get("/t/<uuid:tenant>/people")
@guards.of_tenant("people")
def show(membership: Membership) -> str:
    return _page(membership, InviteForm())


@people.post("/t/<uuid:tenant>/people")
@guards.of_tenant("people")
def invite(membership: Membership) -> Response | tuple[str, int]:
    form = InviteForm.posted()
    if not form.validate():
        return _page(membership, form), 422
    try:
        invitation = invitations.invite(
            sessions.db(),
            sessions.site(),
            membership=membership,
            email=form.email.data,
            role=form.role.data,
        )
    except (Invalid, NotAllowed) as error:
        sessions.db().rollback()
        return _refused(membership, form, error)
    flash(
        gettext(
            "%(email)s is invited. The mail has a link that lives seven days.",
            email=invitation.email,
        )
    )
    return _back(membership)


@people.post("/t/<uuid:tenant>/people/invitations/<uuid:invitation>/resend")
@guards.of_tenant("people")
def resend(membership: Membership, invitation: UUID) -> Response:
    sent = invitations.resend(
        sessions.db(), sessions.site(), membership=membership, uuid=invitation
    )
    flash(gettext("%(email)s gets the mail again. Only its newest link works.", email=sent.email))
    return _back(membership)


@people.post("/t/<uuid:tenant>/people/invitations/<uuid:invitation>/revoke")
@guards.of_tenant("people")
def revoke(membership: Membership, invitation: UUID) -> Response:
    invitations.revoke(sessions.db(), membership=membership, uuid=invitation, now=_now())
    flash(gettext("The invitation is withdrawn."))
    return _back(membership)


@people.post("/t/<uuid:tenant>/people/<uuid:person>/role")
@guards.of_tenant("people")
def change_role(membership: Membership, person: UUID) -> Response:
    role = request.form.get("role", "")
    changed = memberships.change_role(
        sessions.db(), membership=membership, uuid=person, role=role, now=_now()
    )
    name = changed.user.name or changed.user.email
    if role == "admin":
        flash(gettext("%(name)s is an admin now.", name=name))
    else:
        flash(gettext("%(name)s is a member now, who sees and changes nothing.", name=name))
    return _back(membership)


@people.get("/t/<uuid:tenant>/people/<uuid:person>/remove")
@guards.of_tenant("people")
def ask(membership: Membership, person: UUID) -> str:
    memberships.require_admin(membership)
    found = memberships.find(sessions.db(), membership=membership, uuid=person)
    return render_template("portal/people/remove.html", membership=membership, person=found)


@people.post("/t/<uuid:tenant>/people/<uuid:person>/remove")
@guards.of_tenant("people")
def remove(membership: Membership, person: UUID) -> Response:
    removed = memberships.remove(sessions.db(), membership=membership, uuid=person, now=_now())
    name = removed.user.name or removed.user.email
    flash(gettext("%(name)s has no access any more.", name=name))
    if removed.user_id == membership.user_id:
        return redirect(url_for("entrance.start"), 303)
    return _back(membership)


def _refused(membership: Membership, form: InviteForm, error: Invalid | NotAllowed) -> Response:
    form.blame(error)
    return errors.mark(make_response(_page(membership, form)), error)


def _now() -> datetime:
    return sessions.site().clock.now()


def _back(membership: Membership) -> Response:
    return redirect(url_for("people.show", tenant=membership.tenant.uuid), 303)


def _page(membership: Membership, form: InviteForm) -> str:
    db = sessions.db()
    return render_template(
        "portal/people/show.html",
        membership=membership,
        form=form,
        people=tenants.people(db, membership.tenant),
        invitations=invitations.listed(db, membership.tenant) if membership.may_buy else [],
    )
