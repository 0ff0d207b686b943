"""Lists of checkouts, subscriptions, payments and invoices, narrowed by state, provider, mode, day
and tenant."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import render_template, request

from app.billing.operations import listings
from app.billing.operations.lines import Kind
from app.billing.operations.listings import Wanted
from app.billing.tenants import tenants
from app.console import guard
from app.console.operations.area import operations
from app.models import AppMember, Tenant
from app.web import sessions


@operations.get("/console/apps/<uuid:app>/operations/checkouts")
@guard.of_app()
def checkouts(member: AppMember) -> str:
    listed = _listed(member, "checkouts")
    return render_template("console/operations/checkouts.html", member=member, **listed)


@operations.get("/console/apps/<uuid:app>/operations/subscriptions")
@guard.of_app()
def subscriptions(member: AppMember) -> str:
    listed = _listed(member, "subscriptions")
    return render_template("console/operations/subscriptions.html", member=member, **listed)


@operations.get("/console/apps/<uuid:app>/operations/payments")
@guard.of_app()
def payments(member: AppMember) -> str:
    listed = _listed(member, "payments")
    return render_template("console/operations/payments.html", member=member, **listed)


@operations.get("/console/apps/<uuid:app>/operations/invoices")
@guard.of_app()
def invoices(member: AppMember) -> str:
    listed = _listed(member, "invoices")
    return render_template("console/operations/invoices.html", member=member, **listed)


def _listed(member: AppMember, kind: Kind) -> dict[str, Any]:
    tenant = _tenant(member)
    wanted = _wanted(member, kind, tenant)
    before = request.args.get("before", type=UUID)
    page = listings.page(sessions.db(), member.app, kind, wanted, before=before)
    return {
        "kind": kind,
        "wanted": wanted,
        "tenant": tenant,
        "page": page,
        "states": listings.states(kind),
        "providers": listings.PROVIDERS,
        "older": _older(page.older),
    }


def _wanted(member: AppMember, kind: Kind, tenant: Tenant | None) -> Wanted:
    asked = request.args
    state, provider, mode = asked.get("state"), asked.get("provider"), asked.get("mode")
    return Wanted(
        livemode={"live": True, "test": False}.get(mode or "", member.app.livemode),
        state=state if state in listings.states(kind) else None,
        provider=provider if provider in listings.PROVIDERS else None,
        tenant_id=tenant.id if tenant else None,
        since=_day("since"),
        until=_day("until"),
    )


def _tenant(member: AppMember) -> Tenant | None:
    uuid = request.args.get("tenant", type=UUID)
    return tenants.of_app(sessions.db(), member.app, uuid) if uuid else None


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


def _older(uuid: UUID | None) -> dict[str, str] | None:
    """Answer what the link to the next part of a list asks for."""
    if uuid is None:
        return None
    return {**request.args.to_dict(), "before": str(uuid)}
