"""The looks of an app: its colour, with the contrast that comes of it, and its logo."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import ColorField, FileField
from wtforms.validators import Regexp

from app import brand, clock
from app.billing.apps import app_settings, logos
from app.billing.errors import Invalid
from app.console import guard
from app.models import AppMember
from app.web import forms, sessions

branding = Blueprint("branding", __name__)


class ColourForm(forms.Form):
    """The brand colour."""

    colour = ColorField(
        lazy_gettext("Brand colour"),
        [Regexp("^#[0-9a-fA-F]{6}$", message=lazy_gettext("Enter a colour such as #5254d4."))],
        render_kw={"data-testid": "console-branding-colour"},
    )


class LogoForm(forms.Form):
    """The logo, a file."""

    logo = FileField(
        lazy_gettext("Picture"),
        render_kw={
            "accept": "image/png,image/jpeg,image/webp",
            "data-testid": "console-branding-logo",
        },
    )


@branding.get("/console/apps/<uuid:app>/settings/branding")
@guard.of_app()
def show(member: AppMember) -> str:
    return _page(member)


@branding.post("/console/apps/<uuid:app>/settings/branding")
@guard.of_app(owner=True)
def save(member: AppMember) -> Response | tuple[str, int]:
    form = ColourForm.posted()
    if not form.validate():
        return _page(member, colour_form=form), 422
    app_settings.colour(sessions.db(), member, form.colour.data, now=clock.wall())
    flash(gettext("The colour is saved."))
    return _back(member)


@branding.post("/console/apps/<uuid:app>/settings/branding/logo")
@guard.of_app(owner=True)
def upload(member: AppMember) -> Response | tuple[str, int]:
    form = LogoForm(request.files)
    file = request.files.get("logo")
    try:
        if file is None or not file.filename:
            raise Invalid("Choose a file first.", field="logo")
        # One byte more than may be tells that it is too large.
        picture = file.stream.read(logos.MOST_BYTES + 1)
        logos.put(sessions.db(), member, picture, now=clock.wall())
    except Invalid as error:
        sessions.db().rollback()
        form.blame(error)
        return _page(member, logo_form=form), 422
    flash(gettext("The logo is saved."))
    return _back(member)


@branding.post("/console/apps/<uuid:app>/settings/branding/logo/remove")
@guard.of_app(owner=True)
def remove(member: AppMember) -> Response:
    logos.remove(sessions.db(), member, now=clock.wall())
    flash(gettext("The logo is removed."))
    return _back(member)


def _back(member: AppMember) -> Response:
    return redirect(url_for("branding.show", app=member.app.uuid), 303)


def _page(
    member: AppMember,
    *,
    colour_form: ColourForm | None = None,
    logo_form: LogoForm | None = None,
) -> str:
    colour = brand.digits(member.app.brand_color)
    return render_template(
        "console/branding/show.html",
        member=member,
        form=colour_form or logo_form or forms.Form(),
        colour_form=colour_form or ColourForm(colour=f"#{colour}"),
        logo_form=logo_form or LogoForm(),
        uses=brand.uses(colour),
    )
