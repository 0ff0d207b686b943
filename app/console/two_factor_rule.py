"""Whether everybody who runs an app needs two-factor sign-in."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.billing.people import app_members, two_factors
from app.console import guard
from app.models import AppMember
from app.web import sessions

two_factor_rule = Blueprint("two_factor_rule", __name__)


@two_factor_rule.get("/console/apps/<uuid:app>/settings/two-factor")
@guard.of_app()
def show(member: AppMember) -> str:
    people = app_members.listed(sessions.db(), member.app)
    return render_template(
        "console/members/two_factor.html",
        member=member,
        without=[one.user for one in people if one.user.two_factor_at is None],
    )


@two_factor_rule.post("/console/apps/<uuid:app>/settings/two-factor")
@guard.of_app(owner=True)
def change(member: AppMember) -> Response:
    is_required = request.form.get("required") == "1"
    two_factors.require(sessions.db(), member, is_required)
    if is_required:
        flash(gettext("Only people with two-factor sign-in run %(app)s now.", app=member.app.name))
    else:
        flash(gettext("Two-factor sign-in is up to each person now."))
    return redirect(url_for("two_factor_rule.show", app=member.app.uuid), 303)
