"""The form of the payment page: what the provider's own page would not ask for."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, lazy_gettext
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, StringField
from wtforms.validators import DataRequired, ValidationError

from app.billing.purchase.payment_pages import Entered, PaymentPage
from app.billing.tax import countries, vat_numbers
from app.web import filters, forms

# HTML, "Autofill detail tokens".
_AUTOCOMPLETE = {
    "name": "name",
    "line1": "address-line1",
    "line2": "address-line2",
    "postal_code": "postal-code",
    "city": "address-level2",
    "region": "address-level1",
}


class AddressForm(forms.Form):
    """A name and a postal address; with `only` it is in that country."""

    name = forms.short_text(lazy_gettext("Name or company"), lazy_gettext("Enter a name."))
    line1 = forms.short_text(
        lazy_gettext("Address line 1"), lazy_gettext("Enter the first line of the address.")
    )
    line2 = forms.short_text(lazy_gettext("Address line 2"))
    postal_code = forms.short_text(lazy_gettext("Postal code"))
    city = forms.short_text(lazy_gettext("Town or city"), lazy_gettext("Enter the town or city."))
    region = forms.short_text(lazy_gettext("State or region"))
    country = StringField(
        lazy_gettext("Country"), [DataRequired(lazy_gettext("Choose a country."))]
    )

    def __init__(
        self,
        kind: str,
        sent: MultiDict[str, str] | None,
        *,
        only: str | None = None,
        known: dict[str, Any] | None = None,
    ) -> None:
        # What is known is where a payer begins; what is sent counts as it is.
        super().__init__(sent, prefix=f"{kind}-", data=None if sent is not None else known)
        self.only = only
        if only is not None and sent is None:
            self.country.data = only
        for name, token in _AUTOCOMPLETE.items():
            self[name].render_kw = {"autocomplete": f"{kind} {token}"}

    def validate_country(self, field: StringField) -> None:
        """Take the country the order is for, or any there is."""
        if self.only is not None and field.data != self.only:
            only = filters.country(self.only)
            raise ValidationError(
                gettext("The address must be in this country: %(only)s.", only=only)
            )
        if field.data not in countries.CODES:
            raise ValidationError(gettext("Choose a country from the list."))

    def address(self) -> dict[str, Any]:
        """Answer what was entered, without the name."""
        return {name: value for name, value in self.data.items() if name != "name"}


class PayForm(forms.Form):
    """What the payer enters before going on; only what is asked is there."""

    tax_id = forms.short_text(lazy_gettext("VAT or tax number"))
    terms = BooleanField(lazy_gettext("I agree to the terms of service"))

    def __init__(self, page: PaymentPage, sent: MultiDict[str, str] | None = None) -> None:
        super().__init__(sent)
        self.page = page
        asks = page.asks
        self.billing = self._billing(sent) if asks.billing_address else None
        self.shipping = AddressForm("shipping", sent) if asks.shipping_address else None
        if asks.tax_id == "no":
            del self.tax_id
        if not asks.terms:
            del self.terms

    @property
    def addresses(self) -> list[AddressForm]:
        """The addresses that are asked for."""
        return [form for form in (self.billing, self.shipping) if form is not None]

    @property
    def problems(self) -> list[tuple[str | None, str]]:
        """Every error, in the order of the page."""
        found = [problem for form in self.addresses for problem in form.problems]
        own = super().problems
        return [p for p in own if p[0] is None] + found + [p for p in own if p[0] is not None]

    def validate(self, extra_validators: Any = None) -> bool:
        """Say beside each field what is missing or wrong."""
        checked = [form.validate() for form in self.addresses]
        return bool(super().validate(extra_validators)) and all(checked)

    def validate_tax_id(self, field: StringField) -> None:
        """Take a number that can be one of the payer's country."""
        if field.data is None:
            if self.page.asks.tax_id == "required":
                raise ValidationError(gettext("Enter your VAT or tax number."))
            return
        country = self._tax_country()
        if country and vat_numbers.check(field.data, country).status == "invalid":
            named = filters.country(country)
            raise ValidationError(
                gettext("This is not a tax number of this country: %(c)s.", c=named)
            )

    def validate_terms(self, field: BooleanField) -> None:
        """Go on only with consent."""
        if not field.data:
            raise ValidationError(gettext("Agree to the terms of service to go on."))

    def entered(self) -> Entered:
        """Answer what was entered; empty where nothing was asked."""
        return Entered(
            name=self.billing.name.data if self.billing else None,
            billing_address=self.billing.address() if self.billing else None,
            shipping_name=self.shipping.name.data if self.shipping else None,
            shipping_address=self.shipping.address() if self.shipping else None,
            tax_id=self.tax_id.data if self.page.asks.tax_id != "no" else None,
            terms_accepted=self.page.asks.terms,
        )

    def _billing(self, sent: MultiDict[str, str] | None) -> AddressForm:
        return AddressForm("billing", sent, only=self.page.country, known=self._known())

    def _known(self) -> dict[str, Any]:
        buyer = self.page.checkout.buyer or {}
        address = buyer.get("address") or {}
        if self.page.country not in (None, address.get("country")):
            address = {}
        return {**address, "name": buyer.get("name")}

    def _tax_country(self) -> str | None:
        if self.billing is not None:
            entered = self.billing.country.data
            return entered if entered in countries.CODES else None
        return self.page.checkout.tax_country
