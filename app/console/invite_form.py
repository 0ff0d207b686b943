"""The form that asks somebody to join a tenant."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import EmailField, StringField
from wtforms.validators import AnyOf, DataRequired, Length

from app.models.user import ROLES
from app.web import forms


class InviteForm(forms.Form):
    """Whom to ask, and what they may do."""

    email = EmailField(
        lazy_gettext("E-mail address"),
        [DataRequired(lazy_gettext("Enter an e-mail address.")), Length(max=254)],
        filters=[forms.squeezed],
        render_kw={"data-testid": "console-customers-invite-email", "autocomplete": "off"},
    )
    role = StringField(
        lazy_gettext("What they may do"),
        [AnyOf(ROLES, lazy_gettext("Choose what they may do."))],
        default="admin",
    )
