"""Origins: where payers may be sent back to, and which pages may show the portal in a frame."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import BooleanField, StringField
from wtforms.validators import DataRequired, Length

from app.billing.access import origins as registered
from app.billing.access import portal_link_calls
from app.billing.errors import Invalid
from app.console import guard
from app.console.integration.area import PATH, integration
from app.models import AppMember
from app.web import forms, sessions

_ORIGINS = f"{PATH}/origins"


class OriginForm(forms.Form):
    """An origin, and whether its pages may show the portal."""

    origin = StringField(
        lazy_gettext("Origin"),
        [DataRequired(lazy_gettext("Enter an origin.")), Length(max=300)],
        filters=[forms.squeezed],
        render_kw={
            "data-testid": "console-origin",
            "autocomplete": "off",
            "inputmode": "url",
            "spellcheck": "false",
        },
    )
    may_embed = BooleanField(
        lazy_gettext("Its pages may show the portal in a frame"),
        render_kw={"data-testid": "console-origin-may-embed"},
    )


@integration.get(_ORIGINS)
@guard.of_app()
def origins(member: AppMember) -> str:
    return _page(member, OriginForm())


@integration.post(_ORIGINS)
@guard.of_app(owner=True)
def add_origin(member: AppMember) -> Response | tuple[str, int]:
    form = OriginForm.posted()
    if not form.validate():
        return _page(member, form), 422
    try:
        _register(member, form.origin.data, form.may_embed.data)
    except Invalid as error:
        form.blame(error)
        return _page(member, form), 422
    flash(gettext("%(origin)s is registered.", origin=form.origin.data))
    return _back(member)


@integration.post(f"{_ORIGINS}/<uuid:origin>/embedding")
@guard.of_app(owner=True)
def switch_embedding(member: AppMember, origin: UUID) -> Response:
    found = registered.named(sessions.db(), member.app, origin)
    may_embed = request.form.get("may_embed") == "1"
    _register(member, found.origin, may_embed)
    if may_embed:
        flash(gettext("Pages of %(origin)s may show the portal now.", origin=found.origin))
    else:
        flash(gettext("Pages of %(origin)s show the portal no more.", origin=found.origin))
    return _back(member)


@integration.get(f"{_ORIGINS}/<uuid:origin>/remove")
@guard.of_app(owner=True)
def ask_remove_origin(member: AppMember, origin: UUID) -> str:
    found = registered.named(sessions.db(), member.app, origin)
    return render_template("console/integration/remove_origin.html", member=member, origin=found)


@integration.post(f"{_ORIGINS}/<uuid:origin>/remove")
@guard.of_app(owner=True)
def remove_origin(member: AppMember, origin: UUID) -> Response:
    found = registered.named(sessions.db(), member.app, origin)
    registered.withdraw(sessions.db(), member.app, found.origin, by=member)
    flash(gettext("%(origin)s is not registered any more.", origin=found.origin))
    return _back(member)


def _register(member: AppMember, origin: str, may_embed: bool) -> None:
    registered.register(sessions.db(), member.app, origin, may_embed=may_embed, by=member)


def _back(member: AppMember) -> Response:
    return redirect(url_for("integration.origins", app=member.app.uuid), 303)


def _page(member: AppMember, form: OriginForm) -> str:
    return render_template(
        "console/integration/origins.html",
        member=member,
        form=form,
        origins=registered.listed(sessions.db(), member.app),
        portal=sessions.site().config.PUBLIC_URL,
        snippet=_snippet(member),
    )


def _snippet(member: AppMember) -> str:
    """A page of the app's own that shows the portal; `docs/embedding.md` explains it."""
    return render_template(
        "console/integration/snippet.txt",
        app=member.app,
        portal=sessions.site().config.PUBLIC_URL,
        key=portal_link_calls.KEY,
    )
