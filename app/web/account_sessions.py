"""Where a person is signed in: ending one session, or all of them."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.billing.apps import audits
from app.billing.people import user_sessions
from app.web import account as accounts
from app.web import guards, sessions, visits

account_sessions = Blueprint("account_sessions", __name__)


@account_sessions.post("/account/sessions/<uuid:session>/end")
@guards.signed_in
def end(session: UUID) -> Response:
    user_sessions.end(sessions.db(), visits.visitor_id(), session)
    if str(session) == visits.session_uuid():
        return _leave(gettext("You are signed out here."))
    flash(gettext("That browser is signed out."))
    return redirect(url_for("account.show"), 303)


@account_sessions.get("/account/sessions/end")
@guards.signed_in
def ask() -> str:
    return render_template("web/account/end_sessions.html", user=accounts.person())


@account_sessions.post("/account/sessions/end")
@guards.signed_in
def end_all() -> Response:
    user = accounts.person()
    user_sessions.end_all(sessions.db(), user)
    audits.note_of_person(sessions.db(), user, "sessions.ended")
    return _leave(gettext("You are signed out everywhere."))


def _leave(said: str) -> Response:
    visits.end()
    flash(said)
    return redirect(url_for("entrance.sign_in"), 303)
