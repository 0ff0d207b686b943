"""The form of the details page."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext
from wtforms import EmailField, HiddenField, StringField
from wtforms.validators import DataRequired, Length

from app.billing.tenants import Details
from app.web import forms

_SHORT = Length(max=200, message=lazy_gettext("Use at most 200 characters."))


def _text(label: Any, autocomplete: str, *, required: Any = None) -> Any:
    validators = [_SHORT] if required is None else [DataRequired(required), _SHORT]
    return StringField(
        label,
        validators,
        filters=[forms.squeezed],
        render_kw={"autocomplete": autocomplete},
    )


class DetailsForm(forms.Form):
    """Legal name, address and where invoices go; `next` is the page that asked for them."""

    legal_name = _text(
        lazy_gettext("Legal name"),
        "organization",
        required=lazy_gettext("Enter the legal name of your company."),
    )
    address_line1 = _text(
        lazy_gettext("Address line 1"),
        "address-line1",
        required=lazy_gettext("Enter the first line of the address."),
    )
    address_line2 = _text(lazy_gettext("Address line 2"), "address-line2")
    postal_code = _text(lazy_gettext("Postal code"), "postal-code")
    city = _text(
        lazy_gettext("Town or city"),
        "address-level2",
        required=lazy_gettext("Enter the town or city."),
    )
    region = _text(lazy_gettext("State or region"), "address-level1")
    country = StringField(
        lazy_gettext("Country"), [DataRequired(lazy_gettext("Choose a country."))]
    )
    invoice_email = EmailField(
        lazy_gettext("E-mail address for invoices"),
        [Length(max=254)],
        filters=[forms.squeezed],
        render_kw={"autocomplete": "email"},
    )
    next = HiddenField()

    def details(self) -> Details:
        """Answer what was entered."""
        return Details(**{name: self[name].data for name in Details.__dataclass_fields__})
