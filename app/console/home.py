"""An app's first page: what waits for a person, what came last, and a box to find anything with."""

from __future__ import annotations

from flask import Blueprint, render_template

from app.billing.operations import homes
from app.console import guard
from app.models import AppMember
from app.web import sessions

home = Blueprint("home", __name__)


@home.get("/console/apps/<uuid:app>/")
@guard.of_app()
def show(member: AppMember) -> str:
    seen = homes.show(sessions.db(), member.app)
    return render_template("console/home/show.html", member=member, home=seen)
