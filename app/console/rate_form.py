"""The forms of a tax rate, and of the question what a buyer would be charged."""

from __future__ import annotations

from uuid import UUID

from flask_babel import lazy_gettext
from wtforms import HiddenField, StringField
from wtforms.validators import DataRequired

from app.billing.tax.tax_settings import RateSettings
from app.web import forms, languages


class RateForm(forms.Form):
    """What an owner says about a rate; `replaces` names the rate it takes the place of."""

    kind = StringField(
        lazy_gettext("What it is for"), [DataRequired(lazy_gettext("Choose what it is for."))]
    )
    country = StringField(lazy_gettext("Country"))
    percentage = forms.short_text(lazy_gettext("Percentage"), autocomplete="off")
    name = forms.short_text(lazy_gettext("Name"), autocomplete="off")
    replaces = HiddenField()
    first_ids = {"kind": "kind-country"}

    def settings(self) -> RateSettings:
        """Answer what was entered."""
        return RateSettings(
            kind=self.kind.data or "",
            country=self.country.data or None,
            name=self.name.data,
            percentage=self.percentage.data,
            replaces=_uuid(self.replaces.data),
            language=languages.tag(),
        )


class BuyerForm(forms.Form):
    """A buyer one asks about."""

    country = StringField(
        lazy_gettext("Tax country"), [DataRequired(lazy_gettext("Choose a country."))]
    )
    vat_number = forms.short_text(lazy_gettext("VAT number"), autocomplete="off")


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
