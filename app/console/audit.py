"""The audit log of an app."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from app.billing.apps import audits
from app.console import guard
from app.models import AppMember
from app.web import forms, sessions

audit = Blueprint("audit", __name__)

_AT_ONCE = 50


@audit.get("/console/apps/<uuid:app>/audit")
@guard.of_app()
def show(member: AppMember) -> str:
    before = forms.whole_number(request.args.get("before"))
    lines = audits.listed(sessions.db(), member.app_id, before=before, limit=_AT_ONCE + 1)
    return render_template(
        "console/audit/show.html",
        member=member,
        lines=lines[:_AT_ONCE],
        older=lines[_AT_ONCE - 1][0].id if len(lines) > _AT_ONCE else None,
    )
