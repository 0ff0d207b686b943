"""The form of a price, new or in place of another one."""

from __future__ import annotations

from functools import cache

from babel import Locale
from flask_babel import lazy_gettext
from wtforms import StringField
from wtforms.validators import DataRequired

from app.billing.catalogue.price_settings import PriceSettings
from app.money import EXPONENTS
from app.web import forms, languages

INTERVALS = {
    "month": lazy_gettext("Every month"),
    "year": lazy_gettext("Every year"),
    "once": lazy_gettext("Once"),
}
BEHAVIORS = {
    "exclusive": lazy_gettext("Net: tax is added to it"),
    "inclusive": lazy_gettext("Gross: tax is inside it"),
}


class PriceForm(forms.Form):
    """What an owner asks for a product; numbers are read by billing, in the person's language."""

    amount = forms.short_text(
        lazy_gettext("Amount"), lazy_gettext("Enter an amount."), autocomplete="off"
    )
    currency = StringField(
        lazy_gettext("Currency"), [DataRequired(lazy_gettext("Choose a currency."))]
    )
    interval = StringField(
        lazy_gettext("How often"), [DataRequired(lazy_gettext("Choose how often it is charged."))]
    )
    tax_behavior = StringField(lazy_gettext("The amount is"), default="exclusive")
    trial_days = forms.short_text(lazy_gettext("Days free at the beginning"), autocomplete="off")
    max_quantity = forms.short_text(
        lazy_gettext("Most seats, or pieces, in one order"), autocomplete="off"
    )
    first_ids = {"interval": "interval-month", "tax_behavior": "tax_behavior-exclusive"}

    def settings(self) -> PriceSettings:
        """Answer what was entered."""
        return PriceSettings(
            amount=self.amount.data or "",
            currency=self.currency.data or "",
            interval=self.interval.data or "",
            tax_behavior=self.tax_behavior.data or "",
            trial_days=self.trial_days.data,
            max_quantity=self.max_quantity.data,
            language=languages.tag(),
        )


class ChangedPriceForm(PriceForm):
    """What a price shall become: its currency and period stay."""

    currency = StringField()
    interval = StringField()


@cache
def currencies(language: str) -> dict[str, str]:
    """Answer every currency by its code, as it is listed."""
    names = Locale.parse(language).currencies
    return {code: f"{code} – {names.get(code, code)}" for code in sorted(EXPONENTS)}
