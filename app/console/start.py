"""The owner's page: the apps, how to send a portal link, and what waits for a person."""

from __future__ import annotations

from flask import Blueprint, render_template

from app.billing import apps
from app.billing.errors import NotFound
from app.web import guards, sessions, visits

console = Blueprint("console", __name__)


@console.get("/console/")
@guards.signed_in
def start() -> str:
    db = sessions.db()
    owned = apps.of(db, visits.visitor_id())
    if not owned:
        raise NotFound("You run no app here.")
    return render_template("console/start.html", apps=owned, waiting=apps.attention(db, owned))
