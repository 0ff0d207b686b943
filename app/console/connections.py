"""Connecting an account, replacing its key, and disconnecting it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from app.billing.connecting import connections as accounts
from app.billing.connecting import (
    disconnections,
    key_replacements,
    provider_accounts,
    provider_keys,
    provider_pages,
)
from app.billing.errors import BillingError, Conflict, Invalid, ProviderUnavailable
from app.console import guard
from app.console.provider_forms import KeyForm
from app.console.providers import PATH
from app.models import AppMember
from app.web import errors, sessions

connections = Blueprint("connections", __name__)

_CONNECT = f"{PATH}/<any(test, live):mode>/<any(stripe, mollie):provider>"
_REFUSALS = (Invalid, Conflict, ProviderUnavailable)


@connections.get(_CONNECT)
@guard.of_app(owner=True)
def ask(member: AppMember, mode: str, provider: str) -> Response | str:
    db, is_live = sessions.db(), mode == "live"
    there = provider_accounts.connected(db, member.app, provider, livemode=is_live)
    if there is not None:
        return _to_account(member, there.uuid)
    return _connect_page(member, KeyForm(), mode, provider)


@connections.post(_CONNECT)
@guard.of_app(owner=True)
def connect(member: AppMember, mode: str, provider: str) -> Response | tuple[str, int]:
    form = KeyForm.posted()
    if not form.validate():
        return _connect_page(member, form, mode, provider), 422
    try:
        made = accounts.connect(
            sessions.db(),
            sessions.site(),
            member,
            provider=provider,
            secret_key=form.secret_key.data,
            livemode=mode == "live",
        )
    except _REFUSALS as error:
        return _refused(form, error, lambda: _connect_page(member, form, mode, provider))
    _tell(made)
    if made.account.webhook == "missing":
        return redirect(
            url_for("provider_webhooks.show", app=member.app.uuid, account=made.account.uuid), 303
        )
    return _to_account(member, made.account.uuid)


@connections.get(f"{PATH}/<uuid:account>/key")
@guard.of_app(owner=True)
def ask_for_key(member: AppMember, account: UUID) -> str:
    return _key_page(member, account, KeyForm())


@connections.post(f"{PATH}/<uuid:account>/key")
@guard.of_app(owner=True)
def replace_key(member: AppMember, account: UUID) -> Response | tuple[str, int]:
    form = KeyForm.posted()
    if not form.validate():
        return _key_page(member, account, form), 422
    db, site = sessions.db(), sessions.site()
    found = provider_accounts.find(db, member.app, account)
    try:
        key_replacements.replace(db, site, member, found, secret_key=form.secret_key.data)
    except _REFUSALS as error:
        return _refused(form, error, lambda: _key_page(member, account, form))
    flash(
        gettext(
            "The new key is used from now on. Now revoke the old one at %(provider)s.",
            provider=site.capabilities(found.provider).name,
        )
    )
    return _to_account(member, account)


@connections.get(f"{PATH}/<uuid:account>/disconnect")
@guard.of_app(owner=True)
def consider(member: AppMember, account: UUID) -> Response | str:
    found = provider_accounts.find(sessions.db(), member.app, account)
    if found.disconnected_at is not None:
        return _to_account(member, account)
    page = provider_pages.one(sessions.db(), sessions.site(), found)
    return render_template("console/providers/disconnect.html", member=member, page=page)


@connections.post(f"{PATH}/<uuid:account>/disconnect")
@guard.of_app(owner=True)
def disconnect(member: AppMember, account: UUID) -> Response:
    db, site = sessions.db(), sessions.site()
    found = provider_accounts.find(db, member.app, account)
    name = site.capabilities(found.provider).name
    if disconnections.disconnect(db, site, member, found):
        flash(gettext("The account is disconnected, and its key is forgotten."))
    else:
        flash(
            gettext(
                "The account is disconnected, and its key is forgotten. Its webhook could not be"
                " removed: delete it in the dashboard of %(provider)s.",
                provider=name,
            )
        )
    return redirect(url_for("providers.show", app=member.app.uuid), 303)


def _refused(form: KeyForm, error: BillingError, page: Callable[[], str]) -> Response:
    sessions.db().rollback()
    form.blame(error)
    return errors.mark(make_response(page()), error)


def _tell(made: accounts.Connected) -> None:
    if not made.is_new:
        flash(gettext("This account is connected already, by the same key."))
        return
    flash(gettext("The account is connected."))
    if made.replaced:
        flash(
            ngettext(
                "A webhook for our address was there already; it was replaced by a new one.",
                "%(num)s webhooks for our address were there already; they were replaced by a new"
                " one.",
                made.replaced,
            )
        )


def _connect_page(member: AppMember, form: KeyForm, mode: str, provider: str) -> str:
    site = sessions.site()
    return render_template(
        "console/providers/connect.html",
        member=member,
        form=form,
        mode=mode,
        provider=provider,
        capabilities=site.capabilities(provider),
        is_play=provider_keys.plays(site),
    )


def _key_page(member: AppMember, account: UUID, form: KeyForm) -> str:
    db, site = sessions.db(), sessions.site()
    found = provider_accounts.find(db, member.app, account)
    provider_accounts.require_connected(found)
    page = provider_pages.one(db, site, found)
    return render_template("console/providers/key.html", member=member, form=form, page=page)


def _to_account(member: AppMember, account: UUID) -> Response:
    return redirect(url_for("providers.one", app=member.app.uuid, account=account), 303)
