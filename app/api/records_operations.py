"""The operations of the records, as /openapi.json tells of them."""

from __future__ import annotations

from app.api import resources, sessions_bodies
from app.api.dialects import Operation
from app.api.records_bodies import CheckoutSessionList, InvoiceList, SubscriptionList

_TENANT_UUID = "55555555-5555-4555-8555-555555555555"
_URL = "https://checkout.stripe.com/pay/cs_test_12345"
_CHECKOUT = {
    **sessions_bodies.EXAMPLE["items"][0]["createdCheckoutSession"],
    "status": "open",
    "state": "open",
    "mode": "subscription",
    "priceId": "price_12345",
    "quantity": 1,
    "currency": "EUR",
    "net": 999,
    "tax": 190,
    "total": 1189,
    "paidAt": None,
    "expiresAt": "2026-01-02T00:00:00.000Z",
    "nextAction": {"url": _URL},
}
_SUBSCRIPTION = {
    **resources.A_ROW,
    "appUuid": "22222222-2222-4222-8222-222222222222",
    "tenantUuid": _TENANT_UUID,
    "paymentProviderUuid": "33333333-3333-4333-8333-333333333333",
    "productUuid": resources.AN_UUID,
    "productPriceUuid": resources.AN_UUID,
    "priceId": "price_12345",
    "subscriptionId": "sub_12345",
    "status": "active",
    "quantity": 1,
    "currency": "EUR",
    "net": 999,
    "tax": 190,
    "total": 1189,
    "startedAt": resources.A_MOMENT,
    "periodStart": resources.A_MOMENT,
    "periodEnd": "2026-02-01T00:00:00.000Z",
    "trialEnd": None,
    "canceledAt": None,
    "endedAt": None,
}
_INVOICE = {
    **resources.A_ROW,
    "type": "subscription",
    "tenantUuid": _TENANT_UUID,
    "paymentProviderUuid": "33333333-3333-4333-8333-333333333333",
    "productUuid": resources.AN_UUID,
    "productPriceUuid": resources.AN_UUID,
    "taxRateUuid": resources.AN_UUID,
    "invoiceId": "in_12345",
    "invoiceUrl": "https://invoice.stripe.com/i/12345",
    "paymentId": "pi_12345",
    "paymentUrl": None,
    "subscriptionId": "sub_12345",
    "paidFrom": resources.A_MOMENT,
    "paidUntil": "2026-02-01T00:00:00.000Z",
    "units": 1,
    "isPromotion": False,
    "currency": "EUR",
    "amount": 1189,
    "refunded": 0,
    "chargedBack": 0,
    "status": "paid",
    "number": "ABCD1234-0001",
    "net": 999,
    "tax": 190,
    "issuedAt": resources.A_MOMENT,
    "pdfUrl": "https://pay.stripe.com/invoice/12345/pdf",
}
_PATH = "/api/v1/apps/{appUuid}/tenants/{tenantUuid}"

OPERATIONS = (
    Operation(
        method="GET",
        path=f"{_PATH}/checkout-sessions/{{checkoutSessionUuid}}",
        summary="Read a checkout session",
        description="As it is known here: providers tell us of every change, and the sweep asks"
        " where they do not.",
        security=resources.BY_KEY,
        answers=resources.answers(
            "The session.", CheckoutSessionList, resources.listed("checkoutSessions", _CHECKOUT)
        ),
    ),
    Operation(
        method="GET",
        path=f"{_PATH}/subscriptions",
        summary="List a tenant's subscriptions",
        security=resources.BY_KEY,
        query=resources.Page,
        answers=resources.answers(
            "The newest first.",
            SubscriptionList,
            resources.listed("subscriptions", _SUBSCRIPTION),
        ),
    ),
    Operation(
        method="GET",
        path=f"{_PATH}/payment-providers/{{paymentProvider}}/invoices",
        summary="List a tenant's paid invoices at a provider",
        description="Ours, and those the provider issued, from our own records.",
        security=resources.BY_KEY,
        query=resources.Page,
        answers=resources.answers(
            "The newest first.", InvoiceList, resources.listed("invoices", _INVOICE)
        ),
    ),
)
