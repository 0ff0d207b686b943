"""The plans page, as a signed-in admin opens it."""

from __future__ import annotations

from flask import Flask

from tests.bench import load, visitors
from tests.bench.load import Answer, Request
from tests.bench.servers import Server
from tests.bench.world import Buyer


class Pages:
    """Opens the plans page of each buyer in turn, with the cookie it got on its first visit."""

    def __init__(self, portal: Flask, server: Server, buyers: list[Buyer]) -> None:
        cookies = [visitors.cookie(portal, buyer.user_id) for buyer in buyers]
        first = [_open(*visit) for visit in zip(buyers, cookies, strict=True)]
        self._requests = [
            _open(buyer, visitors.renewed(answer, cookie))
            for buyer, cookie, answer in zip(
                buyers, cookies, load.send(server.port, first), strict=True
            )
        ]

    def requests(self, count: int) -> list[Request]:
        """Answer that many openings."""
        return [self._requests[place % len(self._requests)] for place in range(count)]


def _open(buyer: Buyer, cookie: str) -> Request:
    return Request.get(f"/t/{buyer.tenant}/plans", {"Cookie": cookie})


def is_right(answer: Answer) -> bool:
    """Answer whether the page shows every plan."""
    shown = (b'data-testid="plan-%s"' % slug for slug in (b"starter", b"team", b"business"))
    return answer.status == 200 and all(plan in answer.body for plan in shown)


def floor_requests(count: int) -> list[Request]:
    """Answer openings of the bare page."""
    return [Request.get("/plans")] * count


def is_right_floor(answer: Answer) -> bool:
    """Answer whether the bare page shows its last row."""
    return answer.status == 200 and b"Plan 20" in answer.body
