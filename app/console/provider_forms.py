"""The forms for provider accounts; a secret that was typed is never shown again."""

from __future__ import annotations

from typing import Any

import wtforms
from flask_babel import lazy_gettext
from wtforms.validators import DataRequired, Length

from app.web import forms


def _trimmed(text: str | None) -> str:
    return (text or "").strip()


def _secret(label: Any, required: Any, testid: str) -> Any:
    return wtforms.PasswordField(
        label,
        [DataRequired(required), Length(max=300, message=lazy_gettext("This is too long."))],
        filters=[_trimmed],
        render_kw={"autocomplete": "off", "spellcheck": "false", "data-testid": testid},
    )


class KeyForm(forms.Form):
    """The key of an account."""

    secret_key = _secret(
        lazy_gettext("API key"), lazy_gettext("Paste the key."), "console-providers-key"
    )


class WebhookSecretForm(forms.Form):
    """The signing secret of a webhook that was set up by hand."""

    webhook_secret = _secret(
        lazy_gettext("Signing secret"),
        lazy_gettext("Paste the signing secret."),
        "console-providers-webhook-secret",
    )


class GoLiveForm(forms.Form):
    """The app's name, typed by whoever means it."""

    typed_name = wtforms.StringField(
        lazy_gettext("Name of the app"),
        [DataRequired(lazy_gettext("Type the name of the app."))],
        render_kw={"autocomplete": "off", "data-testid": "console-providers-live-name"},
    )
