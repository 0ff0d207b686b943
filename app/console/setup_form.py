"""The form of the set-up."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import EmailField, PasswordField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from app.console.settings_form import SellerForm
from app.web import forms


class SetupForm(SellerForm):
    """The first owner and the first app; `code` proves that somebody runs the installation."""

    code = StringField(
        lazy_gettext("Set-up code"),
        [Length(max=200)],
        filters=[forms.squeezed],
        render_kw={"data-testid": "setup-code", "autocomplete": "off"},
    )
    owner_name = StringField(
        lazy_gettext("Your name"),
        [DataRequired(lazy_gettext("Enter your name.")), Length(max=200)],
        filters=[forms.squeezed],
        render_kw={"data-testid": "setup-name", "autocomplete": "name"},
    )
    email = EmailField(
        lazy_gettext("E-mail address"),
        [DataRequired(lazy_gettext("Enter your e-mail address.")), Length(max=254)],
        filters=[forms.squeezed],
        render_kw={"data-testid": "setup-email", "autocomplete": "username"},
    )
    password = PasswordField(
        lazy_gettext("Password"),
        [InputRequired(lazy_gettext("Choose a password."))],
        render_kw={"data-testid": "setup-password", "autocomplete": "new-password"},
    )
