"""Payment providers: the accounts of both modes, one account, and what a check finds there."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.billing.connecting import provider_accounts, provider_checks, provider_pages
from app.console import findings, guard
from app.models import AppMember
from app.web import sessions

providers = Blueprint("providers", __name__)
PATH = "/console/apps/<uuid:app>/providers"


@providers.app_context_processor
def _words() -> dict[str, object]:
    return {"findings": findings}


@providers.get(PATH)
@guard.of_app()
def show(member: AppMember) -> str:
    overview = provider_pages.overview(sessions.db(), sessions.site(), member.app)
    return render_template("console/providers/show.html", member=member, overview=overview)


@providers.get(f"{PATH}/<uuid:account>")
@guard.of_app()
def one(member: AppMember, account: UUID) -> str:
    found = provider_accounts.find(sessions.db(), member.app, account)
    page = provider_pages.one(sessions.db(), sessions.site(), found)
    return render_template("console/providers/one.html", member=member, page=page)


@providers.post(f"{PATH}/<uuid:account>/check")
@guard.of_app(owner=True)
def check(member: AppMember, account: UUID) -> Response:
    found = provider_accounts.find(sessions.db(), member.app, account)
    checks = provider_checks.run(sessions.db(), sessions.site(), member, found)
    if all(line.is_fine for line in checks):
        flash(gettext("Checked just now: everything that is needed works."))
    return _to(member, account)


@providers.post(f"{PATH}/<uuid:account>/default")
@guard.of_app(owner=True)
def make_default(member: AppMember, account: UUID) -> Response:
    found = provider_accounts.find(sessions.db(), member.app, account)
    provider_accounts.make_default(sessions.db(), sessions.site(), member, found)
    flash(gettext("It is used first from now on, where nobody chooses another."))
    return _to(member, account)


def _to(member: AppMember, account: UUID) -> Response:
    return redirect(url_for("providers.one", app=member.app.uuid, account=account), 303)
