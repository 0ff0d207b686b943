"""Where an owner begins: the app they run, or a list of several."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.billing.apps import apps
from app.billing.errors import NotFound
from app.web import guards, sessions, visits

console = Blueprint("console", __name__)


@console.get("/console/")
@guards.signed_in
def start() -> Response | str:
    owned = apps.of(sessions.db(), visits.visitor_id())
    if not owned:
        raise NotFound("You run no app here.")
    if len(owned) == 1:
        return redirect(url_for("home.show", app=owned[0].uuid), 303)
    is_owner = apps.owned(sessions.db(), visits.visitor_id())
    return render_template("console/start.html", apps=owned, may_add=is_owner)
