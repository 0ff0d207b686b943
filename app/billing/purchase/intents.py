"""Intents: the row that says what is about to be asked of a provider, committed before it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from app import clock
from app.billing import claims
from app.billing.ordering import checkout_orders
from app.billing.ordering.checkout_orders import CheckoutOrder
from app.billing.purchase import customers, requests
from app.billing.site import Site
from app.billing.truth import deadlines
from app.db import once
from app.models import CheckoutSession
from app.providers.base import CheckoutRequest, Collect


@dataclass(frozen=True, slots=True)
class Intent:
    """A checkout as it was written, as far as its opening needs it, and what is asked of the
    provider with which key; `request` is None where something has to be made there first."""

    id: int
    uuid: UUID
    app_id: int
    tenant_id: int | None
    livemode: bool
    created_at: datetime
    deadline: datetime | None
    key: str
    request: CheckoutRequest | None


def write(
    db: Session,
    site: Site,
    order: CheckoutOrder,
    *,
    also: Callable[[int], None] | None = None,
) -> Intent | None:
    """Write a checkout as starting and claimed by us, and commit; None where the slot is held by
    another one.

    A deferred one is claimed by nobody. Where the provider knows customer and tax rate already, the
    request is stored with it. `also` writes what belongs to the checkout into the same commit.
    """
    now, uuid, key = order.created_at or site.clock.now(), uuid4(), str(uuid4())
    request = _request(site, order, uuid, now)
    values = {
        **_values(site, order, uuid, now),
        "idempotency_key": key,
        "request": site.vault.seal(requests.dump(request)) if request else None,
        "first_tried_at": now if request else None,
    }
    # What is not named is NULL as well, and each place costs; above 50 psycopg reads the statement
    # anew each time.
    named = {name: value for name, value in values.items() if value is not None}
    row_id = once.insert(db, CheckoutSession, named, is_all=also is None)
    if row_id is not None and also is not None:
        also(row_id)
    db.commit()
    if row_id is None:
        return None
    return Intent(
        id=row_id,
        uuid=uuid,
        app_id=order.app_id,
        tenant_id=values["tenant_id"],
        livemode=order.livemode,
        created_at=now,
        deadline=order.deadline,
        key=key,
        request=request,
    )


def is_ready(site: Site, order: CheckoutOrder) -> bool:
    """Customer and tax rate are known at the provider, so that the request can be made."""
    has_customer = order.customer_id is not None or not order.needs_customer
    has_rate = order.provider_tax_rate_id is not None or not needs_rate(site, order)
    return has_customer and has_rate


def needs_rate(site: Site, order: CheckoutOrder) -> bool:
    """The provider adds the tax itself, by a rate it has to know."""
    if order.tax.rate is None or order.mode == "setup":
        return False
    return site.capabilities(order.account.provider).tax_rates


def _values(site: Site, order: CheckoutOrder, uuid: UUID, now: datetime) -> dict[str, Any]:
    tax, trial = order.tax, order.trial
    return {
        "uuid": uuid,
        "created_at": now,
        "app_id": order.app_id,
        "tenant_id": order.tenant.id if order.tenant else None,
        "user_id": order.user_id,
        "provider_account_id": order.account.id,
        "price_id": order.price_row,
        "tax_rate_id": tax.rate.id if tax.rate else None,
        "livemode": order.livemode,
        "origin": order.origin,
        "mode": order.mode,
        "family": order.family,
        "slot": order.slot,
        "order_digest": order.digest,
        "state": "starting",
        "method": order.method,
        "quantity": order.quantity,
        "currency": order.currency,
        "net": order.net,
        "tax": order.tax_amount,
        "total": order.total,
        "trial_days": trial.days if trial else 0,
        "renewal_net": trial.net if trial else None,
        "renewal_tax": trial.tax if trial else None,
        "renewal_total": trial.total if trial else None,
        "tax_rule": tax.rule,
        "tax_country": tax.country,
        "tax_percentage": tax.percentage,
        "vat_number": tax.vat_number,
        "vat_status": tax.vat_status,
        "description": order.description,
        "buyer": _buyer(order),
        "success_url": order.success_url,
        "cancel_url": order.cancel_url,
        "return_key": checkout_orders.return_url(site, uuid)[0],
        "is_deferred": order.is_deferred,
        "is_kept": order.is_kept,
        "details": checkout_orders.details(order) if _is_read_later(order) else None,
        "deadline": order.deadline,
        "expires_at": order.deadline,
        "payable": order.payable,
        "reference": order.reference,
        "state_digest": order.state_digest,
        "email": order.email,
        "caller_metadata": order.caller_metadata,
        "claimed_until": None if order.is_deferred else clock.wall() + claims.HOLD,
        "next_check_at": _first_look(order, now),
    }


def _request(site: Site, order: CheckoutOrder, uuid: UUID, now: datetime) -> CheckoutRequest | None:
    if order.is_deferred or not is_ready(site, order):
        return None
    return checkout_orders.request(
        site,
        order,
        uuid,
        customer_id=order.customer_id,
        provider_tax_rate_id=order.provider_tax_rate_id,
        now=now,
    )


def _is_read_later(order: CheckoutOrder) -> bool:
    """It is opened later, or our page asks for what the provider's does not."""
    return order.is_deferred or order.is_kept or order.collect != Collect()


def _first_look(order: CheckoutOrder, now: datetime) -> datetime:
    soon = now + (deadlines.DEFERRED if order.is_deferred else timedelta(minutes=1))
    return min(soon, order.deadline) if order.deadline else soon


def _buyer(order: CheckoutOrder) -> dict[str, Any] | None:
    if order.tenant is None:
        return None
    address = customers.address_of(order.tenant)
    return {
        "name": order.tenant.legal_name or order.tenant.name,
        "email": order.tenant.invoice_email,
        "address": asdict(address) if address else None,
        "locale": order.locale,
    }
