"""Invoice parties: who sells and who buys, as they are when an invoice is issued."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.billing.purchase import customers
from app.models import App, CheckoutSession, Membership, Tenant, User

# Built once: every first invoice of a plan asks it.
_ADMIN = (
    select(User.locale)
    .join(Membership, Membership.user_id == User.id)
    .where(
        Membership.tenant_id == bindparam("tenant_id"),
        Membership.role == "admin",
        Membership.deleted_at.is_(None),
        User.deleted_at.is_(None),
    )
    .order_by(Membership.id)
    .limit(1)
)


def seller(app: App) -> dict[str, Any]:
    """Answer who sells; the address is one text of several lines."""
    return {
        "name": app.seller_name,
        "address": app.seller_address,
        "country": app.seller_country,
        "vat_number": app.seller_vat_number,
        "email": app.support_email,
        "website": app.website,
        "app": app.name,
    }


def buyer(tenant: Tenant | None, checkout: CheckoutSession | None) -> dict[str, Any]:
    """Answer the buyer's name, address, e-mail and VAT number with its status.

    A tenant's own details count, and what was entered at the checkout fills what they leave open;
    without a tenant only the checkout knows. The VAT number is the one the tax was decided by.
    """
    entered = (checkout.collected if checkout else None) or {}
    address = customers.address_of(tenant) if tenant else None
    number, status = _vat(tenant, checkout, entered)
    return {
        "name": _name(tenant) or entered.get("name"),
        "email": (tenant.invoice_email if tenant else None) or _email(checkout, entered),
        "address": asdict(address) if address else entered.get("billing_address"),
        "vat_number": number,
        "vat_status": status,
    }


def locale(db: Session, tenant: Tenant | None, checkout: CheckoutSession | None) -> str | None:
    """Answer the payer's language: the one that the user who bought has chosen, else, where
    nobody in particular did, the tenant's oldest admin; else the one the order was made in."""
    asked = _ordered_in(checkout)
    payer = db.get(User, checkout.user_id) if checkout and checkout.user_id else None
    if payer is not None:
        return payer.locale or asked
    admin = _admins_locale(db, tenant) if tenant is not None else None
    return admin or asked


def _ordered_in(checkout: CheckoutSession | None) -> str | None:
    kept = ((checkout.details, checkout.buyer) if checkout else None) or ()
    return next((found for each in kept if each and (found := each.get("locale"))), None)


def _admins_locale(db: Session, tenant: Tenant) -> str | None:
    return db.connection().execute(_ADMIN, {"tenant_id": tenant.id}).scalar()


def tenant_of(db: Session, tenant_id: int | None) -> Tenant | None:
    """Answer a tenant; None where nobody in particular bought."""
    return db.get_one(Tenant, tenant_id) if tenant_id is not None else None


def _name(tenant: Tenant | None) -> str | None:
    return (tenant.legal_name or tenant.name) if tenant else None


def _email(checkout: CheckoutSession | None, entered: dict[str, Any]) -> str | None:
    email: str | None = entered.get("email") or (checkout.email if checkout else None)
    return email


def _vat(
    tenant: Tenant | None, checkout: CheckoutSession | None, entered: dict[str, Any]
) -> tuple[str | None, str | None]:
    if checkout and checkout.vat_number:
        return checkout.vat_number, checkout.vat_status
    if entered.get("tax_id"):
        return entered["tax_id"], None
    return (tenant.vat_number if tenant else None), None
