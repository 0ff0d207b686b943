"""The subscription's page: the plan as it stands, and what to do about it."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template
from werkzeug.wrappers import Response

from app.billing.plans import plan_summaries
from app.models import Membership
from app.web import guards, headers, sessions

subscription = Blueprint("subscription", __name__)


@subscription.get("/t/<uuid:tenant>/subscription")
@guards.of_tenant("subscription")
def show(membership: Membership) -> Response:
    summary = plan_summaries.show(sessions.db(), sessions.site(), membership.tenant)
    page = make_response(
        render_template("portal/subscription/show.html", membership=membership, summary=summary)
    )
    if summary is not None and summary.is_waiting:
        headers.refresh(page)
    return page
