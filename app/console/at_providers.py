"""The catalogue at the providers: what is there already, what is made there, and what it has."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from app import clock
from app.billing.catalogue import import_previews, imports, outlets, pushes
from app.billing.catalogue.imports import Chosen
from app.billing.catalogue.pushes import PushLine
from app.billing.errors import BillingError, Conflict, Invalid, ProviderUnavailable
from app.console import guard
from app.models import AppMember, ProviderAccount
from app.web import errors, filters, sessions

at_providers = Blueprint("at_providers", __name__)

_HOME = "/console/apps/<uuid:app>/catalogue/providers"


@at_providers.get(_HOME)
@guard.of_app()
def index(member: AppMember) -> str:
    site = sessions.site()
    return render_template(
        "console/catalogue/providers.html",
        member=member,
        accounts=[
            (account, site.capabilities(account.provider))
            for account in outlets.accounts(sessions.db(), member.app)
        ],
    )


@at_providers.get(f"{_HOME}/<uuid:account>/push")
@guard.of_app()
def look(member: AppMember, account: UUID) -> str:
    db, site = sessions.db(), sessions.site()
    at = pushes.account(db, site, member.app, account)
    return _push_page(member, at, pushes.lines(db, site, member.app, at))


@at_providers.post(f"{_HOME}/<uuid:account>/push")
@guard.of_app(owner=True)
def push(member: AppMember, account: UUID) -> Response | tuple[str, int]:
    db, site = sessions.db(), sessions.site()
    at = pushes.account(db, site, member.app, account)
    lines = pushes.run(db, site, member, account, now=clock.wall())
    if any(line.problem and line.can_be_made for line in lines):
        return _push_page(member, at, lines), 409
    left = sum(line.provider_id is None and line.can_be_made for line in lines)
    if left:
        flash(ngettext("%(num)s is left. Go on.", "%(num)s are left. Go on.", left))
    else:
        name = site.capabilities(at.provider).name
        flash(gettext("Everything that can be sold there is at %(provider)s now.", provider=name))
    return redirect(url_for("at_providers.look", app=member.app.uuid, account=account), 303)


@at_providers.get(f"{_HOME}/<uuid:account>/import")
@guard.of_app(owner=True)
def preview(member: AppMember, account: UUID) -> str:
    at = pushes.account(sessions.db(), sessions.site(), member.app, account)
    return _import_page(member, at, None)


@at_providers.post(f"{_HOME}/<uuid:account>/import")
@guard.of_app(owner=True)
def take(member: AppMember, account: UUID) -> Response | tuple[str, int]:
    db, site = sessions.db(), sessions.site()
    try:
        made = imports.take(db, site, member, account, _chosen(), now=clock.wall())
    except (Invalid, Conflict, ProviderUnavailable) as error:
        db.rollback()
        if isinstance(error, ProviderUnavailable):
            raise
        at = pushes.account(db, site, member.app, account)
        return _import_page(member, at, error), errors.status_of(error)
    if made.prices:
        flash(
            ngettext(
                "%(num)s price was taken over.", "%(num)s prices were taken over.", made.prices
            )
        )
    else:
        flash(gettext("All of these were here already. Nothing was changed."))
    return redirect(url_for("catalogue.index", app=member.app.uuid), 303)


def _chosen() -> Chosen:
    sent = request.form
    return Chosen(
        prices=sent.getlist("prices"),
        names={key[5:]: value for key, value in sent.items() if key.startswith("name-")},
        slugs={key[5:]: value for key, value in sent.items() if key.startswith("slug-")},
    )


def _push_page(member: AppMember, at: ProviderAccount, lines: list[PushLine]) -> str:
    return render_template(
        "console/catalogue/push.html",
        member=member,
        account=at,
        provider=sessions.site().capabilities(at.provider).name,
        lines=lines,
        missing=sum(line.provider_id is None and line.can_be_made for line in lines),
        failed=any(line.problem and line.can_be_made for line in lines),
    )


def _import_page(member: AppMember, at: ProviderAccount, error: BillingError | None) -> str:
    site = sessions.site()
    return render_template(
        "console/catalogue/import.html",
        member=member,
        account=at,
        provider=site.capabilities(at.provider).name,
        preview=import_previews.show(sessions.db(), site, member.app, at),
        chosen=_chosen(),
        problem=filters.words(error.text) if error else None,
        wrong=error.field if error else None,
    )
