"""A sandbox, a shop that uses it, and a receiver for its webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
import requests
import stripe

from tests.sandbox.receiver import Receiver
from tests.sandbox.shop import Shop
from tests.sandbox_server import SandboxServer, serve_sandbox

NUMBERS = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    """Serve a sandbox for this module that checks each exchange against the contracts."""
    with serve_sandbox(check_contracts=True) as server:
        yield server


@pytest.fixture
def sandbox(server: SandboxServer) -> SandboxServer:
    """Answer a sandbox in which nothing has happened yet."""
    server.clear_faults()
    server.reset()
    return server


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def shop(sandbox: SandboxServer) -> Iterator[Shop]:
    """Give a shop with an account of its own."""
    key = f"sk_test_sandbox_shop{next(NUMBERS)}"
    with requests.Session() as http, requests.Session() as kept:
        http.trust_env = kept.trust_env = False
        client = stripe.StripeClient(
            key,
            base_addresses={"api": f"{sandbox.url}/stripe"},
            http_client=stripe.RequestsClient(session=kept),
            max_network_retries=0,
        )
        yield Shop(sandbox, key, client.v1, http)
