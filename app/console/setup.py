"""The set-up of an empty installation: its first owner and app, once."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.billing.apps import first_runs
from app.billing.errors import Conflict, Invalid, NotFound
from app.billing.people import accounts
from app.console.setup_form import SetupForm
from app.web import filters, forms, sessions, visits

setup = Blueprint("setup", __name__)


@setup.get("/setup")
def show() -> str:
    _require_open()
    return _page(SetupForm(code=forms.squeezed(request.args.get("code"))))


@setup.post("/setup")
def begin() -> Response | tuple[str, int]:
    _require_open()
    form = SetupForm.posted()
    if not form.validate():
        return _page(form), 422
    try:
        member = first_runs.begin(
            sessions.db(),
            sessions.site(),
            name=form.owner_name.data,
            email=form.email.data,
            password=form.password.data,
            settings=form.settings(),
            given_code=form.code.data or "",
        )
    except Invalid as error:
        sessions.db().rollback()
        form.blame(error)
        return _page(form), 422
    except Conflict as error:
        flash(filters.words(error.text))
        return redirect(url_for("entrance.sign_in"), 303)
    visits.begin(member.user, several=False)
    flash(gettext("Portico is set up. What is left until the first sale stands below."))
    return redirect(url_for("home.show", app=member.app.uuid), 303)


def _require_open() -> None:
    if not first_runs.is_open(sessions.db()):
        raise NotFound("This installation has been set up.")


def _page(form: SetupForm) -> str:
    site = sessions.site()
    return render_template(
        "console/setup/show.html",
        form=form,
        needs_code=first_runs.needs_code(site),
        has_sandbox=site.config.brings_sandbox,
        shortest=accounts.SHORTEST_PASSWORD,
    )
