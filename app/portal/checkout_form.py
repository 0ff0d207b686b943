"""The form of the checkout page, and its address with every choice in it."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_babel import lazy_gettext
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired

from app.billing.errors import Invalid
from app.billing.ordering import orders
from app.billing.ordering.buyers import Buyer
from app.models import Membership, Tenant
from app.web import forms, languages


class CheckoutForm(forms.Form):
    """Where the buyer is taxed and how it pays; price, quantity and quote go along unseen."""

    price_id = HiddenField(name="price")
    quantity = HiddenField(default="1")
    quote = HiddenField()
    country = StringField(
        lazy_gettext("Tax country"), [InputRequired(lazy_gettext("Choose a country."))]
    )
    vat_number = StringField(lazy_gettext("VAT number"), filters=[forms.squeezed])
    method = StringField(
        lazy_gettext("Payment method"), [InputRequired(lazy_gettext("Choose a payment method."))]
    )

    @classmethod
    def asked(cls, tenant: Tenant) -> CheckoutForm:
        """Answer the form with what the address says, else with what the tenant's details say."""
        form = cls(request.args)
        if not form.country.data:
            form.country.data = tenant.country
            if "vat_number" not in request.args:
                form.vat_number.data = tenant.vat_number
        return form

    @property
    def wants_update(self) -> bool:
        """The payer asked for new figures, not to pay."""
        return request.form.get("act") != "pay"

    def choice(self) -> orders.Choice:
        """Answer the order as chosen; raises Invalid for a quantity that is none."""
        quantity = forms.whole_number(self.quantity.data)
        if quantity is None:
            raise Invalid("Enter a whole number from 1 upwards.", field="quantity")
        return orders.Choice(
            price_id=self.price_id.data or "",
            quantity=quantity,
            country=self.country.data or "",
            vat_number=self.vat_number.data or "",
            method=self.method.data or None,
            quote=self.quote.data or None,
            language=languages.asked_for(),
        )

    def address(self, membership: Membership | Buyer) -> str:
        """Answer the address of the page with these choices."""
        chosen: dict[str, Any] = {
            "price": self.price_id.data,
            "quantity": self.quantity.data,
            "country": self.country.data,
            "vat_number": self.vat_number.data or "",
            "method": self.method.data or None,
        }
        return url_for("checkout.show", tenant=membership.tenant.uuid, **chosen)

    def blame_review(self, review: orders.Review) -> None:
        """Show what is wrong with the order beside the fields."""
        for field, text in review.problems.items():
            self.blame(Invalid(text.sentence, field=field, **text.values))
