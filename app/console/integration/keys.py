"""API keys: made, shown once, and revoked."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import AnyOf, DataRequired, Length

from app.billing.access import api_keys
from app.console import guard
from app.console.integration.area import PATH, integration
from app.models import AppMember
from app.web import forms, sessions, shown_once

_KEYS = f"{PATH}/keys"
_SECRET = "api_key"


class KeyForm(forms.Form):
    """What a key is called, and what it may do."""

    first_ids = {"type": "type-read"}

    name = StringField(
        lazy_gettext("Name"),
        [
            DataRequired(lazy_gettext("Enter a name that tells you where the key is used.")),
            Length(max=80, message=lazy_gettext("Use at most 80 characters.")),
        ],
        filters=[forms.squeezed],
        render_kw={"data-testid": "console-key-name", "autocomplete": "off"},
    )
    type = StringField(
        lazy_gettext("What it may do"),
        [AnyOf(api_keys.TYPES, lazy_gettext("Choose whether the key reads or writes."))],
    )


@integration.get(_KEYS)
@guard.of_app()
def keys(member: AppMember) -> str:
    return _page(member, KeyForm())


@integration.post(_KEYS)
@guard.of_app(owner=True)
def make_key(member: AppMember) -> Response | tuple[str, int]:
    form = KeyForm.posted()
    if not form.validate():
        return _page(member, form), 422
    _, secret = api_keys.issue(sessions.db(), member.app, form.name.data, form.type.data, by=member)
    shown_once.put(_SECRET, secret)
    return redirect(url_for("integration.keys", app=member.app.uuid), 303)


@integration.get(f"{_KEYS}/<uuid:key>/revoke")
@guard.of_app(owner=True)
def ask_revoke_key(member: AppMember, key: UUID) -> str:
    found = api_keys.named(sessions.db(), member.app, key)
    return render_template("console/integration/revoke_key.html", member=member, key=found)


@integration.post(f"{_KEYS}/<uuid:key>/revoke")
@guard.of_app(owner=True)
def revoke_key(member: AppMember, key: UUID) -> Response:
    revoked = api_keys.revoke(sessions.db(), member, key)
    flash(gettext("%(name)s is revoked: calls with it are refused from now on.", name=revoked.name))
    return redirect(url_for("integration.keys", app=member.app.uuid), 303)


def _page(member: AppMember, form: KeyForm) -> str:
    return render_template(
        "console/integration/keys.html",
        member=member,
        form=form,
        keys=api_keys.listed(sessions.db(), member.app),
        secret=shown_once.take(_SECRET),
    )
