"""A tenant's people, looked after from the console: invited, changed, removed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.billing.errors import Invalid, NotAllowed
from app.billing.people import memberships
from app.billing.tenants import deputies, tenant_pages, tenant_people
from app.billing.tenants.deputies import Deputy
from app.console import guard
from app.console.invite_form import InviteForm
from app.models import AppMember
from app.web import errors, sessions

customer_people = Blueprint("customer_people", __name__)

_PEOPLE = "/console/apps/<uuid:app>/customers/<uuid:tenant>/people"


@customer_people.post(_PEOPLE)
@guard.of_app()
def invite(member: AppMember, tenant: UUID) -> Response:
    db, site = sessions.db(), sessions.site()
    deputy, form = deputies.of(db, member, tenant), InviteForm.posted()
    if not form.validate():
        return _shown_again(deputy, form)
    email, role = form.email.data, form.role.data
    try:
        invitation = tenant_people.invite(db, site, deputy, email=email, role=role)
    except (Invalid, NotAllowed) as error:
        db.rollback()
        form.blame(error)
        return errors.mark(_shown_again(deputies.of(db, member, tenant), form), error)
    flash(
        gettext(
            "%(email)s is invited. The mail has a link that lives seven days.",
            email=invitation.email,
        )
    )
    return _back(deputy)


@customer_people.post(f"{_PEOPLE}/invitations/<uuid:invitation>/resend")
@guard.of_app()
def resend(member: AppMember, tenant: UUID, invitation: UUID) -> Response:
    db = sessions.db()
    deputy = deputies.of(db, member, tenant)
    sent = tenant_people.resend(db, sessions.site(), deputy, invitation)
    flash(gettext("%(email)s gets the mail again. Only its newest link works.", email=sent.email))
    return _back(deputy)


@customer_people.post(f"{_PEOPLE}/invitations/<uuid:invitation>/revoke")
@guard.of_app()
def revoke(member: AppMember, tenant: UUID, invitation: UUID) -> Response:
    deputy = deputies.of(sessions.db(), member, tenant)
    tenant_people.revoke(sessions.db(), deputy, invitation, now=_now())
    flash(gettext("The invitation is withdrawn."))
    return _back(deputy)


@customer_people.post(f"{_PEOPLE}/<uuid:person>/role")
@guard.of_app()
def change_role(member: AppMember, tenant: UUID, person: UUID) -> Response:
    deputy, role = deputies.of(sessions.db(), member, tenant), request.form.get("role", "")
    changed = tenant_people.change_role(sessions.db(), deputy, person, role, now=_now())
    name = changed.user.name or changed.user.email
    if role == "admin":
        flash(gettext("%(name)s is an admin now.", name=name))
    else:
        flash(gettext("%(name)s is a member now, who sees and changes nothing.", name=name))
    return _back(deputy)


@customer_people.get(f"{_PEOPLE}/<uuid:person>/remove")
@guard.of_app()
def ask(member: AppMember, tenant: UUID, person: UUID) -> str:
    deputy = deputies.of(sessions.db(), member, tenant)
    found = memberships.find(sessions.db(), membership=deputy, uuid=person)
    return render_template(
        "console/customers/remove.html", member=member, tenant=deputy.tenant, person=found
    )


@customer_people.post(f"{_PEOPLE}/<uuid:person>/remove")
@guard.of_app()
def remove(member: AppMember, tenant: UUID, person: UUID) -> Response:
    deputy = deputies.of(sessions.db(), member, tenant)
    removed = tenant_people.remove(sessions.db(), deputy, person, now=_now())
    name = removed.user.name or removed.user.email
    flash(gettext("%(name)s has no access any more.", name=name))
    return _back(deputy)


def _now() -> datetime:
    return sessions.site().clock.now()


def _back(deputy: Deputy) -> Response:
    app, tenant = deputy.member.app.uuid, deputy.tenant.uuid
    return redirect(url_for("customers.show", app=app, tenant=tenant), 303)


def _shown_again(deputy: Deputy, form: InviteForm) -> Response:
    page = render_template(
        "console/customers/show.html",
        member=deputy.member,
        tenant=deputy.tenant,
        page=tenant_pages.show(sessions.db(), sessions.site(), deputy),
        form=form,
    )
    return make_response(page, 422)
