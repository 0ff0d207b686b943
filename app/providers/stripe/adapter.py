"""Stripe behind the verbs of a payment provider."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from app.providers import base, errors
from app.providers.stripe import (
    account,
    catalogue,
    checkouts,
    customers,
    endpoint,
    events,
    methods,
    payments,
    states,
    subscriptions,
    wire,
)
from app.providers.stripe.client import API_VERSION, TIMEOUTS, Client

_CARD = (base.Method("card"), None)
# Stripe, "SEPA Direct Debit": a payment is settled or refused within 14 days.
_SEPA = (base.Method("sepa", settle_days=14), frozenset({"EUR"}))
_KLARNA = (base.Method("klarna"), wire.KLARNA_CURRENCIES)

CAPABILITIES = base.Capabilities(
    name="Stripe",
    methods={
        "payment": (_CARD, _SEPA, _KLARNA),
        "subscription": (_CARD, _SEPA),
        "setup": (_CARD, _SEPA),
    },
    currencies=wire.CURRENCIES,
    changes=frozenset({"now", "period_end"}),
    tax_rounding="line",
    tax_rates=True,
    hosted_invoices=True,
    own_retries=True,
    resumes=True,
    embedded=True,
    collects=frozenset({"billing_address", "shipping_address", "terms", "tax_id"}),
    aliases={"sofort": "klarna"},
    events=events.WANTED,
    events_version=API_VERSION,
    least=wire.LEAST,
    steps=wire.STEPS,
)


class StripeProvider(base.Provider):
    """One Stripe account.

    A checkout is a Checkout Session, which also begins subscriptions; a payment is a
    PaymentIntent: a refused attempt and the next one at the same session are the same payment.
    """

    capabilities = CAPABILITIES
    # Stripe remembers a key for 24 hours (Stripe, "Idempotent requests").
    key_window = 23 * 60 * 60

    def __init__(
        self, connection: base.Connection, *, timeouts: tuple[float, float] = TIMEOUTS
    ) -> None:
        self._connection = connection
        self._client = Client(connection, timeouts)

    def close(self) -> None:
        """Close the kept connections; the next call opens new ones."""
        self._client.close()

    def ensure_customer(self, request: base.CustomerRequest, *, key: str) -> str:
        return customers.ensure(self._client, request, key=key)

    def find_customer(self, uuid: str) -> str | None:
        return customers.find(self._client, uuid)

    def delete_customer(self, customer_id: str, *, key: str) -> None:
        customers.delete(self._client, customer_id)

    def ensure_tax_rate(self, request: base.TaxRateRequest, *, key: str) -> str:
        return catalogue.ensure_tax_rate(self._client, request, key=key)

    def find_tax_rate(self, uuid: str) -> str | None:
        return catalogue.find_tax_rate(self._client, uuid)

    def open_checkout(self, request: base.CheckoutRequest, *, key: str) -> base.OpenedCheckout:
        return checkouts.start(self._client, request, key=key)

    def find_checkout(self, uuid: str, *, customer_id: str | None) -> str | None:
        return checkouts.find(self._client, uuid, customer_id=customer_id)

    def fetch_checkout(self, provider_id: str, *, mode: base.Mode) -> base.CheckoutState:
        return checkouts.fetch(self._client, provider_id, mode)

    def expire_checkout(self, provider_id: str, *, mode: base.Mode) -> base.CheckoutState:
        return checkouts.expire(self._client, provider_id, mode)

    def fetch_payment(self, provider_id: str) -> base.PaymentState:
        return payments.fetch(self._client, provider_id)

    def begin_subscription(
        self, request: base.SubscriptionRequest, *, key: str
    ) -> base.SubscriptionState:
        raise errors.Unsupported("Stripe begins a subscription by its checkout")

    def find_subscription(self, uuid: str, *, customer_id: str) -> str | None:
        return subscriptions.find(self._client, uuid, customer_id=customer_id)

    def fetch_subscription(
        self, provider_id: str, *, customer_id: str | None
    ) -> base.SubscriptionState:
        return subscriptions.fetch(self._client, provider_id)

    def list_subscriptions(self) -> tuple[base.SubscriptionState, ...]:
        return subscriptions.fetch_all(self._client)

    def preview_change(self, change: base.SubscriptionChange) -> base.ChangePreview:
        return subscriptions.preview(self._client, change)

    def change_subscription(
        self, change: base.SubscriptionChange, *, key: str
    ) -> base.SubscriptionState:
        return subscriptions.change(self._client, change, key=key)

    def cancel_subscription(
        self,
        provider_id: str,
        *,
        customer_id: str | None,
        when: Literal["now", "period_end"],
        key: str,
        comment: str | None = None,
    ) -> base.SubscriptionState:
        return subscriptions.cancel(self._client, provider_id, when=when, key=key, comment=comment)

    def resume_subscription(
        self, provider_id: str, *, customer_id: str | None, key: str
    ) -> base.SubscriptionState:
        return subscriptions.resume(self._client, provider_id, key=key)

    def collect(self, provider_id: str, *, key: str) -> base.SubscriptionState:
        return subscriptions.collect(self._client, provider_id, key=key)

    def find_payment(self, uuid: str, *, customer_id: str) -> base.PaymentState | None:
        return payments.find(self._client, uuid, customer_id=customer_id)

    def list_payments(self, since: datetime) -> tuple[base.PaymentState, ...]:
        return payments.fetch_all(self._client, since)

    def charge(self, request: base.ChargeRequest, *, key: str) -> base.PaymentState:
        return payments.charge(self._client, request, key=key)

    def list_payment_methods(self, customer_id: str) -> tuple[base.MethodState, ...]:
        return methods.fetch(self._client, customer_id)

    def set_default_method(
        self, method_id: str, *, customer_id: str, subscription_id: str | None, key: str
    ) -> None:
        methods.set_default(
            self._client,
            method_id,
            customer_id=customer_id,
            subscription_id=subscription_id,
            key=key,
        )

    def forget_payment_method(self, method_id: str, *, customer_id: str) -> None:
        methods.forget(self._client, method_id, customer_id=customer_id)

    def refund(self, request: base.RefundRequest, *, key: str) -> base.RefundState:
        return payments.refund(self._client, request, key=key)

    def find_refund(self, uuid: str, *, payment_id: str) -> base.RefundState | None:
        found = payments.fetch_refunds(self._client, payment_id)
        return next((refund for refund in found if refund.uuid == uuid), None)

    def fetch_refunds(self, payment_id: str) -> tuple[base.RefundState, ...]:
        return payments.fetch_refunds(self._client, payment_id)

    def fetch_invoices(self, customer_id: str, *, limit: int) -> tuple[base.InvoiceState, ...]:
        query = {"customer": customer_id, "expand": ("data.payments",)}
        found = self._client.each("invoices", params=query, most=limit)
        return tuple(states.invoice(invoice) for invoice in found)

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> base.ProviderEvent:
        return events.read(body, headers, self._connection.webhook_secret)

    def identify(self) -> base.Identity:
        return account.identify(self._client)

    def check(self, *, webhook_url: str | None) -> tuple[base.Check, ...]:
        return account.check(self._client, self._connection, webhook_url=webhook_url)

    def install_webhook(self, url: str) -> base.Webhook | None:
        return endpoint.install(self._client, url)

    def remove_webhooks(self, url: str, *, but: str | None = None) -> int:
        return endpoint.remove(self._client, url, but=but)

    def push_catalogue(self, price: base.CataloguePrice, *, key: str) -> base.CataloguePrice:
        return catalogue.push(self._client, price, key=key)

    def describe_product(self, product: base.CatalogueProduct, *, key: str) -> str:
        return catalogue.describe(self._client, product, key=key)

    def find_price(self, price: base.CataloguePrice) -> base.CataloguePrice | None:
        return catalogue.find(self._client, price)

    def import_catalogue(self) -> tuple[base.ListedPrice, ...]:
        return catalogue.fetch(self._client)
