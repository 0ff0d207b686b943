"""Seeing a tenant's portal as the tenant does: begun and ended here, read-only in between."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from app.billing.people import viewings as seen
from app.billing.tenants import deputies
from app.console import guard
from app.models import AppMember
from app.web import sessions, viewings

customer_views = Blueprint("customer_views", __name__)

_VIEW = "/console/apps/<uuid:app>/customers/<uuid:tenant>/view"


@customer_views.post(_VIEW)
@guard.of_app()
def enter(member: AppMember, tenant: UUID) -> Response:
    deputy = deputies.of(sessions.db(), member, tenant)
    seen.begin(sessions.db(), sessions.site(), deputy)
    viewings.begin(deputy.tenant)
    return redirect(url_for("overview.show", tenant=tenant), 303)


@customer_views.post(f"{_VIEW}/end")
@guard.of_app()
def leave(member: AppMember, tenant: UUID) -> Response:
    viewings.end()
    return redirect(url_for("customers.show", app=member.app.uuid, tenant=tenant), 303)
