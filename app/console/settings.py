"""The settings of an app, and adding another app."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app import clock
from app.billing.apps import app_settings, apps
from app.billing.errors import Invalid, NotFound
from app.console import guard
from app.console.settings_form import SellerForm, SettingsForm
from app.models import AppMember
from app.web import guards, sessions, visits

settings = Blueprint("settings", __name__)


@settings.get("/console/apps/<uuid:app>/settings")
@guard.of_app()
def show(member: AppMember) -> str:
    return _page(member, SettingsForm(obj=app_settings.of(member.app)))


@settings.post("/console/apps/<uuid:app>/settings")
@guard.of_app(owner=True)
def save(member: AppMember) -> Response | tuple[str, int]:
    form = SettingsForm.posted()
    if not form.validate():
        return _page(member, form), 422
    try:
        changed = app_settings.save(sessions.db(), member, form.settings(), now=clock.wall())
    except Invalid as error:
        sessions.db().rollback()
        form.blame(error)
        return _page(member, form), 422
    flash(gettext("The settings are saved.") if changed else gettext("Nothing was changed."))
    return redirect(url_for("settings.show", app=member.app.uuid), 303)


@settings.get("/console/apps")
@guards.signed_in
def listed() -> str:
    owned = apps.of(sessions.db(), visits.visitor_id())
    if not owned:
        raise NotFound("You run no app here.")
    is_owner = apps.owned(sessions.db(), visits.visitor_id())
    return render_template("console/start.html", apps=owned, may_add=is_owner)


@settings.get("/console/apps/new")
@guards.signed_in
def ask() -> str:
    _require_owner()
    return render_template("console/settings/new.html", form=SellerForm())


@settings.post("/console/apps/new")
@guards.signed_in
def add() -> Response | tuple[str, int]:
    _require_owner()
    form = SellerForm.posted()
    if not form.validate():
        return render_template("console/settings/new.html", form=form), 422
    try:
        member = app_settings.begin_another(
            sessions.db(), visits.visitor_id(), form.settings(), now=clock.wall()
        )
    except Invalid as error:
        sessions.db().rollback()
        form.blame(error)
        return render_template("console/settings/new.html", form=form), 422
    flash(gettext("%(app)s is there, in test mode.", app=member.app.name))
    return redirect(url_for("home.show", app=member.app.uuid), 303)


def _require_owner() -> None:
    if not apps.owned(sessions.db(), visits.visitor_id()):
        raise NotFound("Only an owner of an app adds another one.")


def _page(member: AppMember, form: SettingsForm) -> str:
    return render_template("console/settings/show.html", member=member, form=form)
