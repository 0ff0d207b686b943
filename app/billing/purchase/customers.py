"""The provider customer of a tenant: made once, before any session exists."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.billing.ordering.buyers import BuyingTenant
from app.billing.purchase import made_once, requests
from app.billing.site import Account, Site
from app.db import once
from app.models import CheckoutSession, Customer, Tenant
from app.providers.base import Address, CustomerRequest, Provider


def ensure(db: Session, site: Site, tenant: Tenant | BuyingTenant, account: Account) -> str:
    """Answer the provider id of a tenant at an account, making the customer if need be.

    Commits. Of many at once one asks the provider and the others wait for its answer. Raises
    ProviderUnavailable, and `providers.errors.ProviderError` where the provider refuses.
    """
    row_id = _row(db, tenant, account)
    return made_once.ensure(db, site, Customer, row_id, _Maker(site.provider(account)))


class _Maker:
    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.window = provider.key_window

    def make(self, request: str, key: str) -> str:
        return self._provider.ensure_customer(requests.load(CustomerRequest, request), key=key)

    def find(self, request: str) -> str | None:
        return self._provider.find_customer(requests.load(CustomerRequest, request).uuid)


def forget(db: Session, checkout_id: int) -> None:
    """Let go of the customer of a checkout, which the provider has deleted, so that the next start
    makes a new one."""
    checkout = db.get_one(CheckoutSession, checkout_id)
    db.execute(
        update(Customer)
        .where(
            Customer.tenant_id == checkout.tenant_id,
            Customer.provider_account_id == checkout.provider_account_id,
        )
        .values(provider_id=None, idempotency_key=str(uuid4()), first_tried_at=None)
    )


def address_of(tenant: Tenant | BuyingTenant) -> Address | None:
    """Answer a tenant's address, where it is known."""
    if not (tenant.address_line1 and tenant.city and tenant.country):
        return None
    return Address(
        line1=tenant.address_line1,
        line2=tenant.address_line2,
        postal_code=tenant.postal_code,
        city=tenant.city,
        region=tenant.region,
        country=tenant.country,
    )


def _row(db: Session, tenant: Tenant | BuyingTenant, account: Account) -> int:
    request = CustomerRequest(
        uuid=str(tenant.uuid),
        name=tenant.legal_name or tenant.name,
        email=tenant.invoice_email,
        address=address_of(tenant),
    )
    made = once.insert(
        db,
        Customer,
        {
            "tenant_id": tenant.id,
            "provider_account_id": account.id,
            "idempotency_key": str(uuid4()),
            "request": requests.dump(request),
        },
    )
    db.commit()
    if made is not None:
        return made
    return db.scalars(
        select(Customer.id).where(
            Customer.tenant_id == tenant.id, Customer.provider_account_id == account.id
        )
    ).one()
