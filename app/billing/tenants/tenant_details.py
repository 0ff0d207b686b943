"""Details: what a tenant's invoices carry."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.billing import typed
from app.billing.errors import Invalid
from app.billing.tax import countries
from app.billing.tenants import tenant_currencies
from app.billing.text import Text
from app.models import Tenant

_REQUIRED = {
    "legal_name": Text("Enter the legal name of your company."),
    "address_line1": Text("Enter the first line of the address."),
    "city": Text("Enter the town or city."),
    "country": Text("Choose a country from the list."),
}


@dataclass(frozen=True, slots=True)
class Details:
    """What a tenant's invoices carry; `country` is ISO 3166-1 alpha-2."""

    legal_name: str
    address_line1: str
    city: str
    country: str
    address_line2: str | None = None
    postal_code: str | None = None
    region: str | None = None
    invoice_email: str | None = None


def update(db: Session, tenant: Tenant, details: Details) -> None:
    """Store what invoices carry; what the tenant pays in stays once a purchase has fixed it.

    Raises Invalid naming the first field that is wrong; nothing is stored then.
    """
    names = Details.__dataclass_fields__
    stored = {name: typed.line(getattr(details, name), name) for name in names}
    for name, text in _REQUIRED.items():
        if not stored[name]:
            raise Invalid(text.sentence, field=name)
    if stored["country"] not in countries.CODES:
        raise Invalid("Choose a country from the list.", field="country")
    if stored["invoice_email"]:
        stored["invoice_email"] = typed.email(
            stored["invoice_email"], "invoice_email", example="invoices@example.com"
        )
    if tenant.country != stored["country"]:
        tenant_currencies.fix(db, tenant)
    for name, value in stored.items():
        setattr(tenant, name, value)
    db.flush()
