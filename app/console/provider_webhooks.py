"""The webhook of an account: how it stands, registering it anew, and setting it up by hand."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.billing.connecting import provider_accounts, provider_pages
from app.billing.connecting import provider_webhooks as webhooks
from app.billing.errors import Conflict, Invalid, ProviderUnavailable
from app.console import guard
from app.console.provider_forms import WebhookSecretForm
from app.console.providers import PATH
from app.models import AppMember, ProviderAccount
from app.web import errors, sessions

provider_webhooks = Blueprint("provider_webhooks", __name__)


@provider_webhooks.get(f"{PATH}/<uuid:account>/webhook")
@guard.of_app(owner=True)
def show(member: AppMember, account: UUID) -> str:
    return _page(member, _account(member, account), WebhookSecretForm())


@provider_webhooks.post(f"{PATH}/<uuid:account>/webhook")
@guard.of_app(owner=True)
def keep(member: AppMember, account: UUID) -> Response | tuple[str, int]:
    form, found = WebhookSecretForm.posted(), _account(member, account)
    if not form.validate():
        return _page(member, found, form), 422
    try:
        webhooks.keep_secret(
            sessions.db(), sessions.site(), member, found, form.webhook_secret.data
        )
    except (Invalid, Conflict) as error:
        return _refused(member, account, form, error)
    flash(gettext("The signing secret is kept. Events are believed from now on."))
    return _to(member, account)


@provider_webhooks.post(f"{PATH}/<uuid:account>/webhook/register")
@guard.of_app(owner=True)
def register(member: AppMember, account: UUID) -> Response:
    found, form = _account(member, account), WebhookSecretForm()
    try:
        door = webhooks.renew(sessions.db(), sessions.site(), member, found)
    except (Invalid, Conflict, ProviderUnavailable) as error:
        return _refused(member, account, form, error)
    if door.state == "private":
        flash(gettext("Nothing was registered: the address of this installation is private."))
    else:
        flash(gettext("The webhook is registered anew, with a new signing secret."))
    return _to(member, account)


def _account(member: AppMember, account: UUID) -> ProviderAccount:
    found = provider_accounts.find(sessions.db(), member.app, account)
    return provider_accounts.require_connected(found)


def _refused(
    member: AppMember,
    account: UUID,
    form: WebhookSecretForm,
    error: Invalid | Conflict | ProviderUnavailable,
) -> Response:
    sessions.db().rollback()
    form.blame(error)
    return errors.mark(make_response(_page(member, _account(member, account), form)), error)


def _page(member: AppMember, account: ProviderAccount, form: WebhookSecretForm) -> str:
    page = provider_pages.one(sessions.db(), sessions.site(), account)
    return render_template("console/providers/webhook.html", member=member, form=form, page=page)


def _to(member: AppMember, account: UUID) -> Response:
    return redirect(url_for("providers.one", app=member.app.uuid, account=account), 303)
