"""Checkout sessions as seeds 001 and 002 have them in common: asked, made, answered."""

from __future__ import annotations

from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel

from app.api import bodies, calls, envelope
from app.api.credentials import TokenHolder
from app.api.sessions_bodies import PurchaseBody
from app.billing.access.callers import Caller
from app.billing.ordering import instructions, named
from app.billing.ordering.buyers import BuyingTenant, BuyingUser, SellingApp
from app.billing.ordering.checkout_orders import CheckoutOrder
from app.billing.purchase import (
    checkouts,
    idempotency_keys,
    made_checkouts,
    payment_links,
    payment_pages,
)
from app.billing.purchase.made_checkouts import MadeCheckout
from app.billing.site import Site
from app.models import App, CheckoutSession, Tenant, User

# The dialects' words for the fields that billing names.
NAMES = {
    "price": "priceId",
    "rate": "taxRateId",
    "method": "paymentMethod",
    "provider": "paymentProvider",
    "success_url": "successUrl",
    "cancel_url": "cancelUrl",
}
Purchase = TypeVar("Purchase", bound=PurchaseBody)


class _Mode(BaseModel):
    mode: Any = None


def read(purchase: type[Purchase], setup: type[Purchase]) -> Purchase:
    """Answer the body of this call, by its mode; raises BadBody."""
    text = bodies.json_text()
    mode = bodies.parse_json(_Mode, text).mode
    return bodies.parse_json(setup if mode == "setup" else purchase, text)


def start(
    holder: Caller | TokenHolder,
    body: PurchaseBody,
    *,
    tenant: Tenant | BuyingTenant,
    user: User | BuyingUser | None,
    provider: str,
    origin: instructions.Origin,
) -> MadeCheckout:
    """Make the checkout session a caller asks for, or answer the one its idempotency key made."""
    db, site = calls.db(), calls.site()
    key = request.headers.get(idempotency_keys.FIELD)

    def create(also: idempotency_keys.Also | None) -> int:
        order = _order(holder.app, body, tenant, user, provider, origin, is_kept=key is not None)
        return checkouts.create(db, site, order, cause=holder.cause, also=also)

    row = idempotency_keys.once(
        db,
        site,
        scope=f"{holder.scope} {request.method} {request.path}",
        key=key,
        body=body.model_dump(mode="json") if key else None,
        create=create,
    )
    return made_checkouts.find(db, row)


def item(site: Site, checkout: CheckoutSession | MadeCheckout) -> dict[str, Any]:
    """Answer a checkout session as one item of the list."""
    url = payment_pages.next_url(site, checkout) or payment_links.keyed(site, checkout)
    created = {
        "id": checkout.id,
        "uuid": str(checkout.uuid),
        "appUuid": str(checkout.app.uuid),
        "paymentProviderUuid": str(checkout.provider_account.uuid),
        "sessionId": checkout.provider_id,
        "nextActionUrl": url,
        "userUuid": str(checkout.user.uuid) if checkout.user else None,
        "tenantUuid": str(checkout.tenant.uuid) if checkout.tenant else None,
        "createdAt": envelope.moment(checkout.created_at),
        "updatedAt": envelope.moment(checkout.updated_at),
        "deletedAt": envelope.moment(checkout.deleted_at),
    }
    return {"createdCheckoutSession": created, "nextAction": {"url": url}}


def _order(
    app: App | SellingApp,
    body: PurchaseBody,
    tenant: Tenant | BuyingTenant,
    user: User | BuyingUser | None,
    provider: str,
    origin: instructions.Origin,
    *,
    is_kept: bool,
) -> CheckoutOrder:
    found = named.find(
        calls.db(),
        app=app,
        tenant=tenant,
        provider=provider,
        livemode=app.livemode,
        price=body.price,
        rate=body.rate,
    )
    return instructions.order(
        calls.site(),
        found,
        body.asked,
        app=app,
        tenant=tenant,
        user=user,
        origin=origin,
        is_kept=is_kept,
    )
