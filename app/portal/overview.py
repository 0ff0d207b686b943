"""The overview: what runs, what it costs next, and what happens if nobody does anything."""

from __future__ import annotations

from flask import Blueprint, render_template

from app.billing.plans import overviews
from app.models import Membership
from app.web import guards, sessions

overview = Blueprint("overview", __name__)


@overview.get("/t/<uuid:tenant>/")
@guards.of_tenant("overview")
def show(membership: Membership) -> str:
    now = sessions.site().clock.now()
    is_admin = membership.role == "admin"
    seen = overviews.show(sessions.db(), membership.tenant, now=now, for_admin=is_admin)
    return render_template("portal/overview/show.html", membership=membership, overview=seen)
