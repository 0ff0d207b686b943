"""What is said about checkout sessions, subscriptions and invoices."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from app.api.resources import NextAction, Row, Shape


class CheckoutSessionItem(Row):
    """A checkout session as it stands; amounts are in minor units. `state` is ours and precise,
    `status` what most programs need."""

    app_uuid: UUID
    payment_provider_uuid: UUID
    session_id: str | None
    next_action_url: str | None
    user_uuid: UUID | None
    tenant_uuid: UUID | None
    status: Literal["open", "complete", "expired"]
    state: str
    mode: Literal["payment", "subscription", "setup"]
    price_id: str | None
    quantity: int
    currency: str
    net: int
    tax: int
    total: int
    paid_at: str | None
    expires_at: str | None
    next_action: NextAction


class CheckoutSessionList(Shape):
    """Always one checkout session."""

    kind: Literal["checkoutSessions"]
    total_items: int
    items_length: int
    items: list[CheckoutSessionItem]


class SubscriptionItem(Row):
    """A subscription; amounts are in minor units and per period."""

    app_uuid: UUID
    tenant_uuid: UUID
    payment_provider_uuid: UUID
    product_uuid: UUID
    product_price_uuid: UUID
    price_id: str
    subscription_id: str | None
    status: str
    quantity: int
    currency: str
    net: int
    tax: int
    total: int
    started_at: str
    period_start: str | None
    period_end: str | None
    trial_end: str | None
    canceled_at: str | None
    ended_at: str | None


class SubscriptionList(Shape):
    """Subscriptions, the newest first."""

    kind: Literal["subscriptions"]
    total_items: int
    items_length: int
    items: list[SubscriptionItem]


class InvoiceItem(Row):
    """An invoice that was paid; amounts are in minor units, `amount` with tax. `number` is the one
    it carries; `invoiceId` is the provider's id of an invoice it issued, else our number. `status`
    says what became of the money since; what a bank took back is owed again."""

    type: Literal["oneTimePayment", "subscription"]
    tenant_uuid: UUID
    payment_provider_uuid: UUID
    product_uuid: UUID | None
    product_price_uuid: UUID | None
    tax_rate_uuid: UUID | None
    invoice_id: str | None
    invoice_url: str | None
    payment_id: str | None
    payment_url: str | None
    subscription_id: str | None
    paid_from: str | None
    paid_until: str | None
    units: int
    is_promotion: bool
    currency: str
    amount: int
    refunded: int
    charged_back: int
    status: Literal["paid", "partly_refunded", "refunded", "charged_back"]
    number: str
    net: int
    tax: int
    issued_at: str
    pdf_url: str | None


class InvoiceList(Shape):
    """Invoices that were paid, the newest first."""

    kind: Literal["invoices"]
    total_items: int
    items_length: int
    items: list[InvoiceItem]
