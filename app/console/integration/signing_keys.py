"""Signing keys: what bearer tokens are checked with, ours and those of the app's own issuer."""

from __future__ import annotations

from uuid import UUID

from flask import Response as File
from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import DataRequired, Length

from app.billing.access import signing_keys as keys
from app.billing.errors import Conflict, Invalid, NotFound
from app.console import guard
from app.console.integration.area import PATH, integration
from app.models import AppMember, SigningKey
from app.web import errors, forms, sessions

_KEYS = f"{PATH}/signing-keys"
_WORDS = {
    "issuer": lazy_gettext("This issuer is ours. Name your own, as its tokens do in “iss”."),
    "kid": lazy_gettext("Another key of this app has this key id."),
    "value": lazy_gettext(
        "Paste an RSA public key of 2048 bits or more as PEM, and no private key."
    ),
}


class IssuerForm(forms.Form):
    """A public key of the app's own issuer."""

    issuer = forms.short_text(
        lazy_gettext("Issuer"), lazy_gettext("Enter what its tokens name in “iss”.")
    )
    kid = forms.short_text(
        lazy_gettext("Key id"), lazy_gettext("Enter what its tokens name in “kid”.")
    )
    value = TextAreaField(
        lazy_gettext("Public key"),
        [DataRequired(lazy_gettext("Paste the public key.")), Length(max=10_000)],
        render_kw={"rows": "6", "spellcheck": "false", "data-testid": "console-issuer-pem"},
    )


@integration.get(_KEYS)
@guard.of_app()
def signing_keys(member: AppMember) -> str:
    return _page(member, IssuerForm())


@integration.post(_KEYS)
@guard.of_app(owner=True)
def add_issuer(member: AppMember) -> Response | tuple[str, int]:
    form = IssuerForm.posted()
    if not form.validate():
        return _page(member, form), 422
    try:
        keys.register(
            sessions.db(),
            sessions.site(),
            member.app,
            issuer=form.issuer.data,
            kid=form.kid.data,
            pem=form.value.data,
            by=member,
        )
    except (Invalid, Conflict) as error:
        sessions.db().rollback()
        _blame(form, error)
        return _page(member, form), errors.status_of(error)
    flash(gettext("Tokens of %(issuer)s are believed now.", issuer=form.issuer.data))
    return _back(member)


@integration.get(f"{_KEYS}/rotate")
@guard.of_app(owner=True)
def ask_rotate_key(member: AppMember) -> str:
    return render_template("console/integration/rotate_key.html", member=member)


@integration.post(f"{_KEYS}/rotate")
@guard.of_app(owner=True)
def rotate_key(member: AppMember) -> Response:
    keys.rotate(sessions.db(), sessions.site(), member.app, by=member)
    flash(gettext("A new key signs from now on. The earlier one is believed for an hour more."))
    return _back(member)


@integration.get(f"{_KEYS}/<uuid:key>.pem")
@guard.of_app()
def key_pem(member: AppMember, key: UUID) -> File:
    found = _found(member, key)
    named = {"Content-Disposition": f'attachment; filename="{found.uuid}.pem"'}
    return File(found.public_pem, mimetype="application/x-pem-file", headers=named)


@integration.get(f"{_KEYS}/<uuid:key>/retire")
@guard.of_app(owner=True)
def ask_retire_key(member: AppMember, key: UUID) -> str:
    found = _found(member, key)
    return render_template("console/integration/retire_key.html", member=member, key=found)


@integration.post(f"{_KEYS}/<uuid:key>/retire")
@guard.of_app(owner=True)
def retire_key(member: AppMember, key: UUID) -> Response:
    keys.retire(sessions.db(), member.app, key, by=member)
    flash(gettext("The key is believed no more, nor any token it signed."))
    return _back(member)


def _found(member: AppMember, uuid: UUID) -> SigningKey:
    for key in keys.listed(sessions.db(), member.app):
        if key.uuid == uuid:
            return key
    raise NotFound("There is no such key.")


def _blame(form: IssuerForm, error: Invalid | Conflict) -> None:
    said = _WORDS.get(error.field or "")
    if said is None:
        form.blame(error)
    else:
        form[str(error.field)].errors = [said]


def _back(member: AppMember) -> Response:
    return redirect(url_for("integration.signing_keys", app=member.app.uuid), 303)


def _page(member: AppMember, form: IssuerForm) -> str:
    return render_template(
        "console/integration/signing_keys.html",
        member=member,
        form=form,
        keys=keys.listed(sessions.db(), member.app),
        key_set=sessions.site().url(f"/api/v1/apps/{member.app.uuid}/jwks.json"),
    )
