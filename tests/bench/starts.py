"""Checkout starts: each by another tenant, with the form the portal itself gave it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from urllib.parse import urlencode

from flask import Flask

from tests.bench import load, visitors
from tests.bench.forms import PayForm
from tests.bench.load import Answer, Request
from tests.bench.servers import Server
from tests.bench.world import PRICE_ID, Buyer

_ASKED = urlencode({"price": PRICE_ID, "quantity": 3})
_PROVIDER_PAGE = "https://checkout.stripe.com/c/pay/cs_test_bench"


class Starts:
    """Presses `pay` for one buyer after the other; no buyer comes twice."""

    def __init__(self, portal: Flask, server: Server, buyers: Iterable[Buyer]) -> None:
        self._portal = portal
        self._server = server
        self._buyers = iter(buyers)

    def requests(self, count: int) -> list[Request]:
        """Sign buyers in, open the checkout page of each, and answer the forms filled in."""
        buyers = list(islice(self._buyers, count))
        if len(buyers) < count:
            raise RuntimeError("there are fewer buyers in the world than starts to measure")
        cookies = [visitors.cookie(self._portal, buyer.user_id) for buyer in buyers]
        pages = load.send(
            self._server.port,
            [
                Request.get(f"{_path(buyer)}?{_ASKED}", {"Cookie": cookie})
                for buyer, cookie in zip(buyers, cookies, strict=True)
            ],
        )
        return [
            _press(buyer, page, cookie)
            for buyer, page, cookie in zip(buyers, pages, cookies, strict=True)
        ]


def is_right(answer: Answer) -> bool:
    """Answer whether the payer was sent on to the provider's page."""
    return answer.status == 303 and answer.location.startswith(_PROVIDER_PAGE)


def floor_requests(count: int) -> list[Request]:
    """Answer requests to the bare call."""
    return [Request.post("/", b"act=pay")] * count


def _press(buyer: Buyer, page: Answer, cookie: str) -> Request:
    form = PayForm(page.body.decode())
    headers = {
        "Cookie": visitors.renewed(page, cookie),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return Request.post(_path(buyer), form.body(method="stripe-card"), headers)


def _path(buyer: Buyer) -> str:
    return f"/t/{buyer.tenant}/checkout"
