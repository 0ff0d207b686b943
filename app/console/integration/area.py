"""The first page of the integration: what there is, and where to begin."""

from __future__ import annotations

from flask import Blueprint, render_template

from app.billing.access import api_keys, origins, signing_keys
from app.billing.webhooks import endpoints as told
from app.console import guard
from app.models import AppMember
from app.web import sessions

integration = Blueprint("integration", __name__)

PATH = "/console/apps/<uuid:app>/integration"


@integration.get(PATH)
@guard.of_app()
def show(member: AppMember) -> str:
    db = sessions.db()
    return render_template(
        "console/integration/show.html",
        member=member,
        keys=len(api_keys.listed(db, member.app)),
        origins=len(origins.listed(db, member.app)),
        endpoints=len(told.listed(db, member.app)),
        issuers=sum(not key.is_ours for key in signing_keys.listed(db, member.app)),
    )
