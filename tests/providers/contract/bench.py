"""A provider set up to be asked: its account at the sandbox, orders, payers, and what went over the
wire, each call held against the provider's own contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import uuid4

from flask import Response, request

from app.money import Money, zero
from app.providers import base
from app.providers.mollie.adapter import MollieProvider
from app.providers.stripe.adapter import StripeProvider
from tests import contracts, payer
from tests.sandbox_server import SandboxServer, serve_sandbox

NAMES = ("stripe", "mollie")
ADAPTERS: dict[str, type[StripeProvider] | type[MollieProvider]] = {
    "stripe": StripeProvider,
    "mollie": MollieProvider,
}
KEYS = {"stripe": "sk_test_sandbox_", "mollie": "test_sandbox"}
SHOP = "https://pay.example"
TAX = Decimal(19)
# Which of them change a running subscription at once.
CHANGE_NOW = [n for n in NAMES if "now" in ADAPTERS[n].capabilities.changes]
MODES: tuple[base.Mode, ...] = ("payment", "subscription", "setup")


@dataclass
class Exchange:
    """One call as it went over the wire; a dropped one has no answer."""

    provider: str
    method: str
    path: str
    body: str
    status: int
    answer: str | None


@dataclass
class Sandbox:
    """A served sandbox whose API calls are kept."""

    server: SandboxServer
    exchanges: list[Exchange] = field(default_factory=list)

    def check(self) -> None:
        """Hold every call and answer against the contracts; raises ContractBroken."""
        for call in self.exchanges:
            contracts.check_request(call.provider, call.method, call.path, call.body)
            if call.answer is not None:
                contracts.check_response(
                    call.provider, call.method, call.path, call.status, call.answer
                )


@contextmanager
def sandbox() -> Iterator[Sandbox]:
    """Serve a sandbox for the length of a `with` block."""
    with serve_sandbox() as server:
        kept = Sandbox(server)

        @server.app.after_request
        def keep(response: Response) -> Response:
            provider = request.path.split("/")[1]
            if provider in NAMES and request.path.split("/")[2] in ("v1", "v2"):
                kept.exchanges.append(_exchange(provider, response))
            return response

        yield kept


def _exchange(provider: str, response: Response) -> Exchange:
    query = request.query_string.decode()
    path = f"{request.path}?{query}" if query else request.path
    answer = None if response.is_streamed else response.get_data(as_text=True)
    body = request.environ["wsgi.input"].getvalue().decode()
    return Exchange(provider, request.method, path, body, response.status_code, answer)


class Bench:
    """One provider with an account of its own."""

    def __init__(
        self,
        name: str,
        sandbox: SandboxServer,
        adapter: Callable[..., base.Provider] | None = None,
    ) -> None:
        self.name = name
        self.sandbox = sandbox
        self.adapter = adapter or ADAPTERS[name]
        self.connection = base.Connection(KEYS[name] + uuid4().hex, f"{sandbox.url}/{name}")
        self._connected: list[base.Provider] = []
        self.provider = self.connect()

    def connect(
        self, *, timeouts: tuple[float, float] = (3.0, 15.0), **changes: Any
    ) -> base.Provider:
        """Answer the adapter, with something else about its connection."""
        provider = self.adapter(replace(self.connection, **changes), timeouts=timeouts)
        self._connected.append(provider)
        return provider

    def close(self) -> None:
        """Close every kept connection."""
        for provider in self._connected:
            close = getattr(provider, "close", None)
            if close is not None:
                close()

    @property
    def can(self) -> base.Capabilities:
        return self.provider.capabilities

    @cached_property
    def customer(self) -> str:
        return self.provider.ensure_customer(customer_request(), key=new_key())

    @cached_property
    def tax_rate(self) -> str | None:
        if not self.can.tax_rates:
            return None
        rate = base.TaxRateRequest(new_key(), "MwSt.", TAX, inclusive=False, country="DE")
        return self.provider.ensure_tax_rate(rate, key=new_key())

    def order(self, mode: base.Mode = "payment", **changes: Any) -> base.CheckoutRequest:
        """Answer an order of three at 29.00 and 19 %, or of a method to save."""
        uuid = new_key()
        line = base.Line(
            "Team",
            Money(2900, "EUR"),
            3,
            interval="month" if mode == "subscription" else None,
            provider_tax_rate_id=self.tax_rate,
            tax_percentage=TAX,
        )
        net = line.unit_amount * line.quantity
        tax = net.portion(TAX)
        is_sale = mode != "setup"
        made = base.CheckoutRequest(
            uuid=uuid,
            mode=mode,
            currency="EUR",
            total=net + tax if is_sale else Money(100, "EUR"),
            tax=tax if is_sale else zero("EUR"),
            description="Team, 3 seats",
            return_url=f"{SHOP}/return/{uuid}",
            left_url=f"{SHOP}/return/{uuid}/left",
            lines=(line,) if is_sale else (),
            customer_id=self.customer,
            method="card",
            locale="de_DE",
        )
        return replace(made, **changes)

    def open(
        self, mode: base.Mode = "payment", **changes: Any
    ) -> tuple[base.CheckoutRequest, base.OpenedCheckout]:
        order = self.order(mode, **changes)
        return order, self.provider.open_checkout(order, key=new_key())

    def look(self, opened: base.OpenedCheckout, mode: base.Mode = "payment") -> base.CheckoutState:
        return self.provider.fetch_checkout(opened.provider_id, mode=mode)

    def paid(self, mode: base.Mode = "payment", **changes: Any) -> base.CheckoutState:
        """Open an order, pay it and look."""
        _, opened = self.open(mode, **changes)
        payer.pays(page_of(opened))
        return self.look(opened, mode)

    def payment(self) -> base.PaymentState:
        """Answer a payment that has been paid."""
        return self.paid().payments[0]

    def method(self) -> base.MethodState:
        """Answer a saved card of the customer."""
        saved = self.paid("setup").method
        assert saved is not None
        return saved

    def subscription(self) -> base.SubscriptionState:
        """Answer a running monthly subscription, begun as this provider begins one."""
        state = self.paid("subscription")
        if state.subscription is not None:
            return state.subscription
        assert state.method is not None
        return self.provider.begin_subscription(
            self.subscription_request(state.method.provider_id), key=new_key()
        )

    def subscription_request(self, method_id: str | None) -> base.SubscriptionRequest:
        order = self.order("subscription")
        return base.SubscriptionRequest(
            uuid=order.uuid,
            customer_id=self.customer,
            method_id=method_id,
            total=order.total,
            interval="month",
            start_date=(self.now() + timedelta(days=31)).date(),
            description=order.description,
        )

    def subscription_now(self, state: base.SubscriptionState) -> base.SubscriptionState:
        return self.provider.fetch_subscription(state.provider_id, customer_id=self.customer)

    def refund(self, payment: base.PaymentState, amount: Money) -> base.RefundState:
        request = base.RefundRequest(new_key(), payment.provider_id, amount, "Paid twice")
        return self.provider.refund(request, key=new_key())

    def now(self) -> datetime:
        return datetime.fromisoformat(self.sandbox.now()).astimezone(UTC)

    def calls(self, method: str, path: str) -> list[dict[str, Any]]:
        return [c for c in self.sandbox.calls(method, path) if c["provider"] == self.name]

    def creates(self) -> str:
        """Answer the path a checkout is made at."""
        return "/v1/checkout/sessions" if self.name == "stripe" else "/v2/payments"


def customer_request() -> base.CustomerRequest:
    return base.CustomerRequest(new_key(), "Globex GmbH", "tara@globex.example")


def new_key() -> str:
    return str(uuid4())


def page_of(opened: base.OpenedCheckout) -> str:
    assert opened.url is not None
    return opened.url
