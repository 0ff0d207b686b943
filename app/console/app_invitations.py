"""Accepting an invitation to run an app."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.billing.people import app_invitations as verbs
from app.models import AppMember
from app.web import joining

app_invitations = Blueprint("app_invitations", __name__)


@app_invitations.get("/console/invitations/<token>")
def show(token: str) -> Response | str:
    return _JOINING.show(token)


@app_invitations.post("/console/invitations/<token>")
def accept(token: str) -> Response | tuple[str, int]:
    return _JOINING.accept(token)


def _welcome(member: AppMember) -> Response:
    flash(gettext("You run %(app)s now.", app=member.app.name))
    return redirect(url_for("home.show", app=member.app.uuid), 303)


_JOINING = joining.Joining(verbs, "console/members/join.html", _welcome)
