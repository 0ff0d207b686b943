"""Customers: the tenants of an app, found by name or e-mail, made, and each with its page."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.billing.errors import Invalid, NotAllowed
from app.billing.tenants import deputies, tenant_lists, tenant_pages, welcomes
from app.billing.tenants.tenant_lists import Place
from app.console import guard
from app.console.invite_form import InviteForm
from app.console.tenant_form import TenantForm
from app.models import AppMember
from app.web import errors, sessions

customers = Blueprint("customers", __name__)


@customers.get("/console/apps/<uuid:app>/customers")
@guard.of_app()
def index(member: AppMember) -> str:
    text = request.args.get("q", "").strip()
    page = tenant_lists.page(sessions.db(), member.app, text, after=_place())
    return render_template(
        "console/customers/index.html",
        member=member,
        text=text,
        page=page,
        is_first=_place() is None,
    )


@customers.get("/console/apps/<uuid:app>/customers/new")
@guard.of_app()
def new(member: AppMember) -> str:
    return render_template("console/customers/new.html", member=member, form=TenantForm())


@customers.post("/console/apps/<uuid:app>/customers/new")
@guard.of_app()
def create(member: AppMember) -> Response:
    form = TenantForm.posted()
    if not form.validate():
        return _shown_again(member, form)
    try:
        tenant = welcomes.welcome(
            sessions.db(),
            sessions.site(),
            member,
            name=form.name.data,
            email=form.email.data,
            details=form.details(),
            key=form.key.data,
        )
    except (Invalid, NotAllowed) as error:
        sessions.db().rollback()
        form.blame(error)
        return errors.mark(_shown_again(member, form), error)
    flash(gettext("%(tenant)s is there, and its first admin is invited.", tenant=tenant.name))
    return redirect(url_for("customers.show", app=member.app.uuid, tenant=tenant.uuid), 303)


@customers.get("/console/apps/<uuid:app>/customers/<uuid:tenant>")
@guard.of_app()
def show(member: AppMember, tenant: UUID) -> str:
    db = sessions.db()
    deputy = deputies.of(db, member, tenant)
    page = tenant_pages.show(db, sessions.site(), deputy)
    return render_template(
        "console/customers/show.html",
        member=member,
        tenant=deputy.tenant,
        page=page,
        form=InviteForm(),
    )


def _place() -> Place | None:
    """Answer where the page before ended, where the address says so."""
    key, tenant = request.args.get("after"), request.args.get("at", type=UUID)
    return Place(key, tenant) if key is not None and tenant is not None else None


def _shown_again(member: AppMember, form: TenantForm) -> Response:
    page = render_template("console/customers/new.html", member=member, form=form)
    return make_response(page, 422)
