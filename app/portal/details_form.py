"""The form of the details page."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import EmailField, HiddenField, StringField
from wtforms.validators import DataRequired, Length

from app.billing.tenants.tenant_details import Details
from app.web import forms


class DetailsForm(forms.Form):
    """Legal name, address and where invoices go; `next` is the page that asked for them."""

    legal_name = forms.short_text(
        lazy_gettext("Legal name"),
        lazy_gettext("Enter the legal name of your company."),
        autocomplete="organization",
    )
    address_line1 = forms.short_text(
        lazy_gettext("Address line 1"),
        lazy_gettext("Enter the first line of the address."),
        autocomplete="address-line1",
    )
    address_line2 = forms.short_text(lazy_gettext("Address line 2"), autocomplete="address-line2")
    postal_code = forms.short_text(lazy_gettext("Postal code"), autocomplete="postal-code")
    city = forms.short_text(
        lazy_gettext("Town or city"),
        lazy_gettext("Enter the town or city."),
        autocomplete="address-level2",
    )
    region = forms.short_text(lazy_gettext("State or region"), autocomplete="address-level1")
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
