"""The forms about an app: who sells and, for its settings page, how."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext
from wtforms import EmailField, StringField, TextAreaField, URLField
from wtforms.validators import AnyOf, DataRequired, Length

from app.billing.apps.app_settings import SETTLING, VAT_POLICIES, Settings
from app.web import forms

_LONGEST_ADDRESS = 1000


class SellerForm(forms.Form):
    """What an app is called, and who sells it."""

    name = forms.short_text(
        lazy_gettext("Name of the app"), lazy_gettext("Enter the name of your app.")
    )
    seller_name = forms.short_text(
        lazy_gettext("Legal name of the seller"),
        lazy_gettext("Enter the legal name of the seller."),
        autocomplete="organization",
    )
    seller_address = TextAreaField(
        lazy_gettext("Address"),
        [
            DataRequired(lazy_gettext("Enter the seller's address.")),
            Length(max=_LONGEST_ADDRESS),
        ],
        render_kw={"rows": "3", "autocomplete": "street-address"},
    )
    seller_country = StringField(
        lazy_gettext("Country"), [DataRequired(lazy_gettext("Choose a country."))]
    )
    seller_vat_number = forms.short_text(lazy_gettext("VAT number"))

    def settings(self) -> Settings:
        """Answer what was entered."""
        entered: dict[str, Any] = {
            name: self[name].data for name in Settings.__dataclass_fields__ if name in self
        }
        return Settings(**entered)


class SettingsForm(SellerForm):
    """Everything an owner decides about an app, but its looks and its people."""

    support_email = EmailField(
        lazy_gettext("Support e-mail address"),
        [Length(max=254)],
        filters=[forms.squeezed],
        render_kw={"autocomplete": "off"},
    )
    website = URLField(
        lazy_gettext("Website"),
        [Length(max=500)],
        filters=[forms.squeezed],
        render_kw={"autocomplete": "url"},
    )
    invoice_prefix = StringField(
        lazy_gettext("Invoice prefix"),
        [Length(max=20)],
        filters=[forms.squeezed],
        render_kw={"autocomplete": "off"},
    )
    dunning_days = StringField(
        lazy_gettext("Days between tries to charge"),
        [DataRequired(lazy_gettext("Write at least one number of days.")), Length(max=60)],
        filters=[forms.squeezed],
        render_kw={"autocomplete": "off"},
    )
    vat_unknown_policy = StringField(
        lazy_gettext("VAT numbers nobody could check"),
        [AnyOf(VAT_POLICIES, lazy_gettext("Choose one of these."))],
    )
    settling_access = StringField(
        lazy_gettext("Access while a bank takes days"),
        [AnyOf(SETTLING, lazy_gettext("Choose one of these."))],
    )
