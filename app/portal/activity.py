"""The activity page: everything that happened to a tenant's billing, and who or what caused it."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, render_template, request

from app.billing import timeline
from app.models import Membership
from app.web import guards, sessions

activity = Blueprint("activity", __name__)


@activity.get("/t/<uuid:tenant>/activity")
@guards.of_tenant("activity")
def show(membership: Membership) -> str:
    before = request.args.get("before", type=UUID)
    return render_template(
        "portal/activity/show.html",
        membership=membership,
        page=timeline.of_tenant(
            sessions.db(),
            membership.tenant,
            before=before,
            for_admin=membership.role == "admin",
        ),
        is_newest=before is None,
    )
