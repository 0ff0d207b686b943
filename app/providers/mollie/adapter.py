"""Mollie behind the verbs of a payment provider."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import takewhile
from typing import Any, Literal

from app import money
from app.providers import base, errors
from app.providers.mollie import client, events, wire, words

_LATEST_PAYMENTS = 25
_EVERY_PAGE = 10_000


class MollieProvider(base.Provider):
    """One Mollie account.

    A checkout is a payment; a subscription and a set-up begin with a first payment, of which a
    mandate comes (Mollie, "Recurring payments"). A subscription knows no period and no proration.
    """

    capabilities = words.CAPABILITIES
    # Mollie remembers a key for one hour (Mollie, "API idempotency").
    key_window = 50 * 60

    def __init__(
        self, connection: base.Connection, *, timeouts: tuple[float, float] = client.TIMEOUTS
    ) -> None:
        self._api_url = connection.api_url
        self._account = client.Account(connection, timeouts=timeouts)

    def close(self) -> None:
        """Close the kept connections; the next call opens new ones."""
        self._account.close()

    def ensure_customer(self, request: base.CustomerRequest, *, key: str) -> str:
        customer = self._account.create_customer(wire.customer_out(request), key=key)
        return str(customer["id"])

    def find_customer(self, uuid: str) -> str | None:
        """Look through the newest thousand customers: Mollie cannot search."""
        return _id_of(uuid, self._account.customers())

    def delete_customer(self, customer_id: str, *, key: str) -> None:
        """Delete a customer, and with them their mandates (Mollie, "Delete customer")."""
        try:
            self._account.delete_customer(customer_id, key=key)
        except errors.Missing:
            return

    def ensure_tax_rate(self, request: base.TaxRateRequest, *, key: str) -> str:
        raise errors.Unsupported("Mollie keeps no tax rates: tax goes with each line")

    def find_tax_rate(self, uuid: str) -> str | None:
        raise errors.Unsupported("Mollie keeps no tax rates: tax goes with each line")

    def open_checkout(self, request: base.CheckoutRequest, *, key: str) -> base.OpenedCheckout:
        if request.embedded:
            raise errors.Unsupported("Mollie's page cannot be embedded")
        body = wire.checkout_out(request, api_url=self._api_url)
        return wire.opened_in(self._account.create_payment(body, key=key))

    def find_checkout(self, uuid: str, *, customer_id: str | None) -> str | None:
        """Look through the newest thousand payments, of the customer if one is named."""
        return _id_of(uuid, self._account.payments(customer_id))

    def fetch_checkout(self, provider_id: str, *, mode: base.Mode) -> base.CheckoutState:
        return self._checkout(self._account.payment(provider_id))

    def expire_checkout(self, provider_id: str, *, mode: base.Mode) -> base.CheckoutState:
        payment = self._account.payment(provider_id)
        if not payment.get("isCancelable"):
            return self._checkout(payment)
        try:
            return self._checkout(self._account.cancel_payment(provider_id))
        except (errors.Refused, errors.Missing):
            # It was paid, or ended by itself, meanwhile.
            return self.fetch_checkout(provider_id, mode=mode)

    def fetch_payment(self, provider_id: str) -> base.PaymentState:
        return wire.payment_in(self._account.payment(provider_id))

    def begin_subscription(
        self, request: base.SubscriptionRequest, *, key: str
    ) -> base.SubscriptionState:
        body = wire.subscription_out(request, api_url=self._api_url)
        subscription = self._account.create_subscription(request.customer_id, body, key=key)
        return wire.subscription_in(subscription)

    def find_subscription(self, uuid: str, *, customer_id: str) -> str | None:
        return _id_of(uuid, self._account.subscriptions(customer_id))

    def fetch_subscription(
        self, provider_id: str, *, customer_id: str | None
    ) -> base.SubscriptionState:
        """Answer a subscription with its newest 25 payments and its mandate.

        Without a customer it is first looked for among the account's newest thousand.
        """
        customer_id = customer_id or self._customer_of(provider_id)
        subscription = self._account.subscription(customer_id, provider_id)
        payments = self._account.subscription_payments(
            customer_id, provider_id, limit=_LATEST_PAYMENTS
        )
        return wire.subscription_in(
            subscription,
            payments=tuple(wire.payment_in(payment) for payment in payments),
            method=self._mandate(customer_id, subscription.get("mandateId")),
        )

    def list_subscriptions(self) -> tuple[base.SubscriptionState, ...]:
        found = self._account.subscriptions(None, pages=_EVERY_PAGE)
        states = (wire.subscription_in(subscription) for subscription in found)
        return tuple(state for state in states if state.status != "canceled")

    def preview_change(self, change: base.SubscriptionChange) -> base.ChangePreview:
        _refuse_now(change)
        state = wire.subscription_in(
            self._account.subscription(change.customer_id, change.provider_id)
        )
        at = wire.midnight(change.start_date) if change.start_date else state.period_end
        if at is None:
            raise errors.Refused("the subscription charges no more, so it cannot change")
        wire.amount_out(change.total)
        return base.ChangePreview(
            due_now=money.zero(change.total.currency), renewal=change.total, at=at
        )

    def change_subscription(
        self, change: base.SubscriptionChange, *, key: str
    ) -> base.SubscriptionState:
        _refuse_now(change)
        body = wire.change_out(change)
        subscription = self._account.update_subscription(
            change.customer_id, change.provider_id, body, key=key
        )
        return wire.subscription_in(subscription)

    def cancel_subscription(
        self,
        provider_id: str,
        *,
        customer_id: str | None,
        when: Literal["now", "period_end"],
        key: str,
        comment: str | None = None,
    ) -> base.SubscriptionState:
        """End a subscription. Mollie has no end of period: it charges no more from now on, and
        what was paid for stays paid. It keeps no word about why."""
        customer_id = customer_id or self._customer_of(provider_id)
        try:
            ended = self._account.cancel_subscription(customer_id, provider_id, key=key)
        except (errors.Refused, errors.Missing):
            state = self.fetch_subscription(provider_id, customer_id=customer_id)
            if state.status != "canceled":
                raise
            return state
        return wire.subscription_in(ended)

    def resume_subscription(
        self, provider_id: str, *, customer_id: str | None, key: str
    ) -> base.SubscriptionState:
        raise errors.Unsupported("Mollie ends a subscription for good: begin a new one")

    def collect(self, provider_id: str, *, key: str) -> base.SubscriptionState:
        raise errors.Unsupported("Mollie keeps no open invoice: charge the mandate")

    def find_payment(self, uuid: str, *, customer_id: str) -> base.PaymentState | None:
        """Look through the customer's newest thousand payments."""
        payments = self._account.payments(customer_id)
        found = next((p for p in payments if wire.uuid_in(p) == uuid), None)
        return wire.payment_in(found) if found else None

    def list_payments(self, since: datetime) -> tuple[base.PaymentState, ...]:
        found = self._account.payments(None, pages=_EVERY_PAGE)
        states = (wire.payment_in(payment) for payment in found)
        return tuple(takewhile(lambda state: state.created_at >= since, states))

    def charge(self, request: base.ChargeRequest, *, key: str) -> base.PaymentState:
        body = wire.charge_out(request, api_url=self._api_url)
        payment = self._account.charge_customer(request.customer_id, body, key=key)
        state = wire.payment_in(payment)
        if state.status == "failed":
            raise errors.Declined(
                "the bank refused the charge", code=state.provider_id, reason=str(state.decline)
            )
        return state

    def list_payment_methods(self, customer_id: str) -> tuple[base.MethodState, ...]:
        return tuple(wire.mandate_in(mandate) for mandate in self._account.mandates(customer_id))

    def set_default_method(
        self, method_id: str, *, customer_id: str, subscription_id: str | None, key: str
    ) -> None:
        """Charge this mandate for the subscription; Mollie's customers have no default."""
        client.check_id("mdt", method_id)
        if subscription_id is not None:
            self._account.update_subscription(
                customer_id, subscription_id, {"mandateId": method_id}, key=key
            )

    def forget_payment_method(self, method_id: str, *, customer_id: str) -> None:
        """Revoke a mandate, which ends the subscriptions that charge it."""
        try:
            self._account.revoke_mandate(customer_id, method_id)
        except errors.Missing:
            return

    def refund(self, request: base.RefundRequest, *, key: str) -> base.RefundState:
        refund = self._account.create_refund(request.payment_id, wire.refund_out(request), key=key)
        return wire.refund_in(refund)

    def find_refund(self, uuid: str, *, payment_id: str) -> base.RefundState | None:
        found = self.fetch_refunds(payment_id)
        return next((refund for refund in found if refund.uuid == uuid), None)

    def fetch_refunds(self, payment_id: str) -> tuple[base.RefundState, ...]:
        return tuple(wire.refund_in(refund) for refund in self._account.refunds(payment_id))[::-1]

    def fetch_invoices(self, customer_id: str, *, limit: int) -> tuple[base.InvoiceState, ...]:
        """Answer none: Mollie issues no invoices for payments."""
        client.check_id("cst", customer_id)
        return ()

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> base.ProviderEvent:
        return events.read(body, headers)

    def identify(self) -> base.Identity:
        profile = self._account.profile()
        return base.Identity(str(profile["id"]), str(profile["name"]))

    def check(self, *, webhook_url: str | None) -> tuple[base.Check, ...]:
        try:
            profile = self._account.profile()
            active = self._account.methods(sequence_type="first")
        except errors.BadCredentials:
            return (base.Check("key", "key_refused", "bad"),)
        except errors.ProviderError:
            return (base.Check("key", "key_silent", "bad"),)
        is_live = self._account.is_live
        return (
            base.Check("key", "key_good"),
            base.Check("mode", "mode_live" if is_live else "mode_test"),
            _check_profile(profile, is_live=is_live),
            _check_methods(active),
            _check_webhook(webhook_url, api_url=self._api_url),
            base.Check("terms", "terms_ours"),
        )

    def install_webhook(self, url: str) -> base.Webhook | None:
        """Do nothing: Mollie is told the address with each payment and signs nothing."""
        return None

    def remove_webhooks(self, url: str, *, but: str | None = None) -> int:
        """Do nothing: Mollie keeps no address of ours but with payments."""
        return 0

    def push_catalogue(self, price: base.CataloguePrice, *, key: str) -> base.CataloguePrice:
        raise errors.Unsupported("Mollie keeps no catalogue")

    def describe_product(self, product: base.CatalogueProduct, *, key: str) -> str:
        raise errors.Unsupported("Mollie keeps no catalogue")

    def find_price(self, price: base.CataloguePrice) -> base.CataloguePrice | None:
        raise errors.Unsupported("Mollie keeps no catalogue")

    def import_catalogue(self) -> tuple[base.ListedPrice, ...]:
        raise errors.Unsupported("Mollie keeps no catalogue")

    def _checkout(self, payment: client.Json) -> base.CheckoutState:
        makes_mandate = payment.get("sequenceType") == "first" and payment.get("status") == "paid"
        mandate_id = payment.get("mandateId") if makes_mandate else None
        return wire.checkout_in(payment, self._mandate(payment.get("customerId"), mandate_id))

    def _mandate(self, customer_id: str | None, mandate_id: str | None) -> base.MethodState | None:
        if not customer_id or not mandate_id:
            return None
        try:
            return wire.mandate_in(self._account.mandate(customer_id, mandate_id))
        except errors.Missing:
            # A revoked mandate is gone for good.
            return None

    def _customer_of(self, subscription_id: str) -> str:
        client.check_id("sub", subscription_id)
        subscriptions = self._account.subscriptions(None)
        found = next((s for s in subscriptions if s["id"] == subscription_id), None)
        if found is None:
            raise errors.Missing("Mollie does not know the subscription")
        return str(found["customerId"])


def _id_of(uuid: str, resources: Any) -> str | None:
    return next((str(r["id"]) for r in resources if wire.uuid_in(r) == uuid), None)


def _refuse_now(change: base.SubscriptionChange) -> None:
    if change.when == "now":
        raise errors.Unsupported("Mollie changes a subscription from its next charge on")


def _check_profile(profile: client.Json, *, is_live: bool) -> base.Check:
    if profile.get("status") == "verified":
        return base.Check("account", "profile_verified")
    # Test payments work before Mollie has verified the profile.
    return base.Check("account", "profile_unverified", "bad" if is_live else "note")


def _check_methods(active: list[client.Json]) -> base.Check:
    known = [words.method_in(method["id"]) for method in active]
    ours = [method.slug for method in words.CAPABILITIES.offers("subscription", "EUR")]
    found = [slug for slug in ours if slug in known]
    if not found:
        return base.Check("methods", "methods_off", "bad")
    return base.Check("methods", "methods_on", values={"methods": ",".join(found)})


def _check_webhook(url: str | None, *, api_url: str) -> base.Check:
    if wire.webhook_out(url, api_url=api_url):
        return base.Check("webhook", "webhook_told")
    return base.Check("webhook", "webhook_private", "note")
