"""The first page of an app: what waits for a person, and how it goes."""

from __future__ import annotations

from flask import Blueprint, render_template

from app.billing.apps import apps, checklists
from app.console import guard
from app.models import AppMember
from app.web import sessions

home = Blueprint("home", __name__)


@home.get("/console/apps/<uuid:app>/")
@guard.of_app()
def show(member: AppMember) -> str:
    waiting = apps.attention(sessions.db(), [member.app])
    steps = checklists.of(sessions.db(), member.app)
    return render_template("console/home/show.html", member=member, waiting=waiting, steps=steps)
