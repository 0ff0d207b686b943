"""A sandbox, the official SDK beside it, and a check of every exchange against the contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from mollie.api.client import Client

from tests import contracts
from tests.sandbox_server import SandboxServer, serve_sandbox
from tests.waiting import PATIENCE_SECONDS

Json = dict[str, Any]
KEY = "test_sandboxmollie"
HOOK = "http://127.0.0.1:9/hooks/mollie"
RETURN = "https://app.example.com/return"


@dataclass
class Shop:
    """A shop that speaks to the sandbox; what it sends and gets must fit Mollie's contract."""

    sandbox: SandboxServer
    session: requests.Session
    sdk: Client
    unchecked: set[int] = field(default_factory=lambda: {501})

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Json]:
        """Call the API by hand, as no SDK would; only the answer is checked."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named = {"Authorization": f"Bearer {KEY}", **named}
        url = f"{self.sandbox.url}/mollie/v2/{path}"
        data = body if isinstance(body, str | bytes | None) else json.dumps(body)
        answer = self.session.request(
            method, url, data=data, headers=named, timeout=PATIENCE_SECONDS
        )
        if answer.status_code not in self.unchecked:
            content = answer.json() if answer.content else None
            contracts.check_response(
                "mollie", method, f"/mollie/v2/{path}", answer.status_code, content
            )
        return answer.status_code, answer.json() if answer.content else {}

    def customer(self) -> str:
        return str(self.sdk.customers.create({"name": "Globex"})["id"])

    def payment(self, **changes: Any) -> Json:
        """Make a payment by card of 34.51 EUR, but for `changes`."""
        body = {
            "amount": {"currency": "EUR", "value": "34.51"},
            "description": "Team",
            "redirectUrl": RETURN,
            "webhookUrl": HOOK,
            "method": "creditcard",
            **changes,
        }
        return dict(self.sdk.payments.create({k: v for k, v in body.items() if v is not None}))

    def first_payment(self, customer_id: str, **changes: Any) -> Json:
        return self.payment(sequenceType="first", customerId=customer_id, **changes)

    def act(self, payment: Json, act: str, page: str = "", **form: str) -> requests.Response:
        """Press a button on the payment's page."""
        url = f"{self.sandbox.url}/mollie/checkout/{payment['id']}{page}"
        card = {"card_number": "4242 4242 4242 4242"}
        return self.session.post(
            url, {**card, **form, "act": act}, allow_redirects=False, timeout=PATIENCE_SECONDS
        )

    def page(self, payment: Json, page: str = "") -> requests.Response:
        url = f"{self.sandbox.url}/mollie/checkout/{payment['id']}{page}"
        return self.session.get(url, allow_redirects=False, timeout=PATIENCE_SECONDS)

    def look(self, payment: Json) -> Json:
        return dict(self.sdk.payments.get(payment["id"]))

    def subscriber(self, **form: str) -> tuple[str, Json]:
        """Make a customer with a mandate; answer its id and the first payment."""
        customer_id = self.customer()
        payment = self.first_payment(customer_id, method=form.pop("with_method", "creditcard"))
        self.act(payment, "pay", **form)
        return customer_id, self.look(payment)

    def subscription(self, customer_id: str, **changes: Any) -> Json:
        body = {
            "amount": {"currency": "EUR", "value": "34.51"},
            "interval": "1 month",
            "description": "Team, monthly",
            "webhookUrl": HOOK,
            **changes,
        }
        status, made = self.call("POST", f"customers/{customer_id}/subscriptions", body)
        assert status == 201, made
        return made


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with serve_sandbox() as server:
        yield server


@pytest.fixture
def shop(server: SandboxServer) -> Iterator[Shop]:
    server.reset()
    server.clear_faults()
    with requests.Session() as session:
        session.trust_env = False
        sdk = Client(api_endpoint=f"{server.url}/mollie", retry=0)
        sdk.set_api_key(KEY)
        sdk._client = _CheckedSession()
        with sdk._client:
            yield Shop(server, session, sdk)


class _CheckedSession(requests.Session):
    """Sends the SDK's calls and checks both directions."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        path = "/mollie" + str(url).partition("/mollie")[2]
        kwargs.setdefault("timeout", PATIENCE_SECONDS)
        response = super().request(method, url, *args, **kwargs)
        if response.status_code < 300:
            contracts.check_request("mollie", str(method), path, kwargs.get("data") or "")
        content = response.json() if response.content else None
        contracts.check_response("mollie", str(method), path, response.status_code, content)
        return response
