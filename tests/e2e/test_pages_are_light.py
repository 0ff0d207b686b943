"""The plans page loads quickly over a slow line: few requests, few bytes."""

from __future__ import annotations

from typing import Any

from tests.e2e.actors import Payer

MOST_BYTES = 60_000
MOST_REQUESTS = 5


class TestPlansPage:
    def test_is_small_on_the_first_visit(self, tara: Payer) -> None:
        devtools = tara.context.new_cdp_session(tara.page)
        devtools.send("Network.enable")
        devtools.send("Network.clearBrowserCache")
        asked: dict[str, str] = {}
        loaded: dict[str, int] = {}
        devtools.on("Network.requestWillBeSent", lambda event: _ask(event, asked))
        devtools.on("Network.loadingFinished", lambda event: _load(event, loaded))

        tara.page.goto(f"{tara.home}/plans", wait_until="networkidle")

        weight = {asked[id]: size for id, size in loaded.items() if asked[id] != "Image"}
        total = sum(size for id, size in loaded.items() if asked[id] != "Image")
        assert 0 < len(asked) <= MOST_REQUESTS, asked
        assert 0 < total <= MOST_BYTES, weight


def _ask(event: dict[str, Any], asked: dict[str, str]) -> None:
    asked[event["requestId"]] = event["type"]


def _load(event: dict[str, Any], loaded: dict[str, int]) -> None:
    loaded[event["requestId"]] = event["encodedDataLength"]
