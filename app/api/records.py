"""Records: what came of a checkout session, what runs, and what a tenant was invoiced."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response

from app.api import calls, envelope, records_operations, resources, sessions_v1
from app.api.credentials import KeyHolder
from app.api.dialects import Dialect
from app.billing.invoicing import records
from app.billing.invoicing.records import PaidInvoice
from app.billing.purchase import checkouts, session_status
from app.models import CheckoutSession, ProviderAccount, Subscription, Tenant

_TENANT = "/api/v1/apps/<app_uuid>/tenants/<tenant_uuid>"

blueprint = Blueprint("records", __name__)


@blueprint.get(f"{_TENANT}/checkout-sessions/<checkout_uuid>")
def checkout_session(app_uuid: str, tenant_uuid: str, checkout_uuid: str) -> Response:
    """Answer a checkout session of a tenant."""
    tenant = _tenant(app_uuid, tenant_uuid)
    found = checkouts.find(calls.db(), tenant.id, resources.uuid(checkout_uuid))
    return envelope.items("checkoutSessions", [write(found)])


@blueprint.get(f"{_TENANT}/subscriptions")
def subscriptions(app_uuid: str, tenant_uuid: str) -> Response:
    """List a tenant's subscriptions."""
    tenant, page = _tenant(app_uuid, tenant_uuid), resources.page()
    found, total = records.subscriptions(calls.db(), tenant, page=page.page, limit=page.limit)
    items = [_subscription(tenant, each) for each in found]
    return envelope.items("subscriptions", items, total=total)


@blueprint.get(f"{_TENANT}/payment-providers/<provider>/invoices")
def invoices(app_uuid: str, tenant_uuid: str, provider: str) -> Response:
    """List a tenant's paid invoices at a provider."""
    tenant, page = _tenant(app_uuid, tenant_uuid), resources.page()
    account = resources.account(tenant.app, provider)
    found, total = records.paid(calls.db(), tenant, account, page=page.page, limit=page.limit)
    items = [_invoice(tenant, account, each) for each in found]
    return envelope.items("invoices", items, total=total)


def who(app_uuid: str) -> KeyHolder:
    """Answer whose read key the three headers show."""
    return resources.reader(app_uuid)


def write(checkout: CheckoutSession) -> dict[str, Any]:
    """Answer a checkout session as one item."""
    created = sessions_v1.item(calls.site(), checkout)["createdCheckoutSession"]
    is_open = checkout.state in ("starting", "open")
    url = created["nextActionUrl"] if is_open else None
    return {
        **created,
        "nextActionUrl": url,
        "status": session_status.read(checkout, now=calls.site().clock.now()),
        "state": checkout.state,
        "mode": checkout.mode,
        "priceId": checkout.price.price_id if checkout.price else None,
        "quantity": checkout.quantity,
        "currency": checkout.currency,
        "net": checkout.net,
        "tax": checkout.tax,
        "total": checkout.total,
        "paidAt": envelope.moment(checkout.paid_at),
        "expiresAt": envelope.moment(checkout.expires_at),
        "nextAction": {"url": url},
    }


def refuse(error: Exception) -> Response:
    """Say a failure with its E-code."""
    return resources.refuse(error)


def _tenant(app_uuid: str, tenant_uuid: str) -> Tenant:
    return resources.tenant(who(app_uuid).app, tenant_uuid)


def _subscription(tenant: Tenant, subscription: Subscription) -> dict[str, Any]:
    return {
        **resources.row(subscription),
        "appUuid": str(tenant.app.uuid),
        "tenantUuid": str(tenant.uuid),
        "paymentProviderUuid": str(subscription.provider_account.uuid),
        "productUuid": str(subscription.price.product.uuid),
        "productPriceUuid": str(subscription.price.uuid),
        "priceId": subscription.price.price_id,
        "subscriptionId": subscription.provider_id,
        "status": subscription.shown_status,
        "quantity": subscription.quantity,
        "currency": subscription.currency,
        "net": subscription.net,
        "tax": subscription.tax,
        "total": subscription.total,
        "startedAt": envelope.moment(subscription.started_at),
        "periodStart": envelope.moment(subscription.period_start),
        "periodEnd": envelope.moment(subscription.period_end),
        "trialEnd": envelope.moment(subscription.trial_end),
        "canceledAt": envelope.moment(subscription.canceled_at),
        "endedAt": envelope.moment(subscription.ended_at),
    }


def _invoice(tenant: Tenant, account: ProviderAccount, paid: PaidInvoice) -> dict[str, Any]:
    invoice, price, payment = paid.invoice, paid.price, paid.payment
    page = f"/t/{tenant.uuid}/invoices/{invoice.uuid}"
    return {
        **resources.row(invoice),
        "type": "subscription" if paid.subscription else "oneTimePayment",
        "tenantUuid": str(tenant.uuid),
        "paymentProviderUuid": str(account.uuid),
        "productUuid": str(price.product.uuid) if price else None,
        "productPriceUuid": str(price.uuid) if price else None,
        "taxRateUuid": str(paid.rate.uuid) if paid.rate else None,
        "invoiceId": invoice.provider_id or invoice.document_number,
        "invoiceUrl": invoice.hosted_url or calls.site().url(page),
        "paymentId": payment.provider_id if payment else None,
        "paymentUrl": None,
        "subscriptionId": paid.subscription.provider_id if paid.subscription else None,
        "paidFrom": envelope.moment(invoice.period_start),
        "paidUntil": envelope.moment(invoice.period_end),
        "units": paid.units,
        "isPromotion": False,
        "currency": invoice.currency,
        "amount": invoice.total,
        "refunded": payment.refunded if payment else 0,
        "chargedBack": payment.charged_back if payment else 0,
        "status": invoice.standing,
        "number": invoice.shown_number,
        "net": invoice.net,
        "tax": invoice.tax,
        "issuedAt": envelope.moment(invoice.issued_at),
        "pdfUrl": invoice.pdf_url or (calls.site().url(f"{page}.pdf") if invoice.is_ours else None),
    }


dialect = Dialect(
    name="records",
    title="Records: checkout sessions, subscriptions and invoices of a tenant",
    owns=re.compile(
        r"/api/v1/apps/[^/]+/tenants/[^/]+/"
        r"(checkout-sessions|subscriptions|payment-providers/[^/]+/invoices)(/|$)"
    ),
    refuse=refuse,
    operations=records_operations.OPERATIONS,
)
