"""The form of a new tenant: its name, its first admin, and details where they are known."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from flask_babel import lazy_gettext
from wtforms import EmailField, HiddenField, StringField
from wtforms.validators import DataRequired, Length

from app.billing.tenants.tenant_details import Details
from app.web import forms


class TenantForm(forms.Form):
    """A new tenant; `key` tells a form that is sent twice."""

    name = forms.short_text(lazy_gettext("Name"), lazy_gettext("Enter the name of the company."))
    email = EmailField(
        lazy_gettext("E-mail address of its first admin"),
        [DataRequired(lazy_gettext("Enter an e-mail address.")), Length(max=254)],
        filters=[forms.squeezed],
        render_kw={"data-testid": "console-customers-email", "autocomplete": "off"},
    )
    legal_name = forms.short_text(lazy_gettext("Legal name"))
    address_line1 = forms.short_text(lazy_gettext("Address line 1"))
    address_line2 = forms.short_text(lazy_gettext("Address line 2"))
    postal_code = forms.short_text(lazy_gettext("Postal code"))
    city = forms.short_text(lazy_gettext("Town or city"))
    region = forms.short_text(lazy_gettext("State or region"))
    country = StringField(lazy_gettext("Country"))
    invoice_email = EmailField(
        lazy_gettext("E-mail address for invoices"), [Length(max=254)], filters=[forms.squeezed]
    )
    key = HiddenField(default=lambda: str(uuid4()))

    def details(self) -> Details | None:
        """Answer the details, None where nothing was entered."""
        entered: dict[str, Any] = {
            name: self[name].data or None for name in Details.__dataclass_fields__
        }
        return Details(**entered) if any(entered.values()) else None
