"""Portal links for a tenant: made in one click, shown once, withdrawn."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.billing.tenants import deputies, tenant_links
from app.console import guard
from app.models import AppMember
from app.web import sessions

customer_links = Blueprint("customer_links", __name__)

_LINKS = "/console/apps/<uuid:app>/customers/<uuid:tenant>/links"


@customer_links.post(_LINKS)
@guard.of_app()
def issue(member: AppMember, tenant: UUID) -> str:
    deputy = deputies.of(sessions.db(), member, tenant)
    link, address = tenant_links.issue(
        sessions.db(),
        sessions.site(),
        deputy,
        scope=request.form.get("scope", "portal"),
        person=request.form.get("person", type=UUID),
    )
    return render_template(
        "console/customers/link.html",
        member=member,
        tenant=deputy.tenant,
        link=link,
        address=address,
    )


@customer_links.post(f"{_LINKS}/<uuid:link>/revoke")
@guard.of_app()
def revoke(member: AppMember, tenant: UUID, link: UUID) -> Response:
    tenant_links.revoke(sessions.db(), deputies.of(sessions.db(), member, tenant), link)
    flash(gettext("The link is withdrawn: it opens nothing any more."))
    return redirect(url_for("customers.show", app=member.app.uuid, tenant=tenant), 303)
