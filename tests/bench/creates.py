"""Session creates by an app's server, through the API of seed 001."""

from __future__ import annotations

import json
from collections.abc import Sequence

from app.billing.demo.demo_world import API_KEYS, APP, uuid_of
from tests.bench.load import Answer, Request
from tests.bench.world import PRICE_ID, Buyer

_APP = uuid_of(f"app {APP['name']}")
_HEADERS = {
    "x-api-key": API_KEYS["write"],
    "x-client-id": str(_APP),
    "x-api-key-type": "write",
    "Content-Type": "application/json",
}
_BODY = json.dumps(
    {
        "priceId": PRICE_ID,
        "taxRateId": "txr_demoDE19",
        "quantity": 3,
        "mode": "subscription",
        "currency": "EUR",
        "successUrl": "https://app.example.com/success",
        "cancelUrl": "https://app.example.com/cancel",
    }
).encode()


class Creates:
    """Creates a session for one tenant after the other; a tenant may have several."""

    def __init__(self, buyers: Sequence[Buyer]) -> None:
        self._requests = [Request.post(_path(buyer), _BODY, _HEADERS) for buyer in buyers]
        self._next = 0

    def requests(self, count: int) -> list[Request]:
        """Answer that many requests."""
        places = range(self._next, self._next + count)
        self._next += count
        return [self._requests[place % len(self._requests)] for place in places]


def is_right(answer: Answer) -> bool:
    """Answer whether a session was made and its payer is sent somewhere."""
    return answer.status == 200 and b'"nextAction": {"url": "https://checkout.' in answer.body


def _path(buyer: Buyer) -> str:
    tenant = f"/api/v1/apps/{_APP}/tenants/{buyer.tenant}"
    return f"{tenant}/payment-providers/stripe/checkout-sessions"
