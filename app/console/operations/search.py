"""The search: whatever is in hand leads to its page."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.billing.operations import reviews, searches
from app.console import guard
from app.console.operations.area import operations
from app.models import AppMember
from app.web import sessions

_LONGEST = 300
_FIRST = 5
_PAGES = {
    "tenants": ("operations.tenant", "tenant"),
    "checkouts": ("operations.checkout", "checkout"),
    "subscriptions": ("operations.subscription", "subscription"),
    "payments": ("operations.payment", "payment"),
    "invoices": ("operations.invoice", "invoice"),
    "events": ("operations.event", "event"),
    "deliveries": ("operations.delivery", "delivery"),
}


@operations.get("/console/apps/<uuid:app>/operations")
@guard.of_app()
def show(member: AppMember) -> str:
    waiting = reviews.waiting(sessions.db(), member.app, limit=_FIRST)
    return render_template("console/operations/show.html", member=member, waiting=waiting)


@operations.get("/console/apps/<uuid:app>/operations/search")
@guard.of_app()
def search(member: AppMember) -> Response | str:
    text = request.args.get("q", "").strip()[:_LONGEST]
    hits = searches.find(sessions.db(), member.app, text)
    if hits.only is not None:
        kind, uuid = hits.only
        page, name = _PAGES[kind]
        places: dict[str, Any] = {"app": member.app.uuid, name: uuid}
        return redirect(url_for(page, **places), 303)
    return render_template("console/operations/search.html", member=member, text=text, hits=hits)
