"""Set-ups: a payment method saved without buying anything."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.billing import timeline
from app.billing.errors import Invalid
from app.billing.ordering import basis, offers, orders
from app.billing.ordering.checkout_orders import VERIFICATION_MINOR, CheckoutOrder
from app.billing.ordering.offers import OfferedMethod
from app.billing.ordering.orders import Placed
from app.billing.purchase import checkouts
from app.billing.site import Site
from app.billing.tenants import tenant_currencies
from app.models import Membership


def methods(db: Session, site: Site, *, membership: Membership) -> list[OfferedMethod]:
    """Answer the ways to pay that can be saved without buying."""
    tenant = membership.tenant
    currency = tenant_currencies.of(tenant)
    return offers.methods(db, site, tenant, mode="setup", currency=currency)


def place(db: Session, site: Site, *, membership: Membership, method: str) -> Placed:
    """Start saving a payment method, or join the set-up that is pending. Commits. Raises as
    `orders.place` does."""
    orders.require_buyer(membership)
    tenant = membership.tenant
    currency = tenant_currencies.of(tenant)
    offered = offers.methods(db, site, tenant, mode="setup", currency=currency)
    chosen = next((one for one in offered if one.id == method), None)
    if chosen is None:
        raise Invalid("Choose how to pay.", field="method")
    at = basis.of_account(db, tenant, chosen.provider)
    assert at is not None
    verification = VERIFICATION_MINOR if chosen.provider == "mollie" else 0
    order = CheckoutOrder(
        app_id=tenant.app_id,
        livemode=tenant.app.livemode,
        account=at.account,
        mode="setup",
        currency=currency,
        net=verification,
        tax_amount=0,
        total=verification,
        description=f"{tenant.app.name}: payment method",
        origin="portal",
        tenant=tenant,
        user_id=membership.user_id,
        asked_by=timeline.by_user(membership.user.uuid),
        method=chosen.method,
        slot=f"setup:{at.account.id}",
        locale=membership.user.locale,
        customer_id=at.customer_id,
    )
    opened = checkouts.start(db, site, order)
    return Placed(opened.uuid, opened.url)
