"""How often an API may be called, and where it is counted."""

from __future__ import annotations

import time

import pytest
from flask import Flask

from app import create_app
from app.api.counters import Counters
from app.billing.site import Site
from app.db.engine import Database
from tests.api.conftest import Caller
from tests.cast import World

PATH = "/api/v1/apps/x/tenants/x/payment-providers/stripe/checkout-sessions"


@pytest.fixture
def flask_app(config: object, site: Site, database: Database) -> Flask:
    """Answer a program that takes three calls a minute."""
    few = site.config.model_copy(update={"API_CALLS_PER_MINUTE": 3, "STARTS_PER_MINUTE": 2})
    return create_app(few, site=Site(config=few, clock=site.clock), database=database)


class TestLimit:
    def test_holds_for_one_key_and_not_for_another(self, server: Caller, world: World) -> None:
        one = [server.posts(PATH, {}) for _ in range(4)]
        other = server.posts(PATH, {}, x_api_key="another")

        assert [answer.status_code for answer in one] == [401, 401, 401, 429]
        assert one[-1].get_json()["errors"][0]["code"] == "[E4290]"
        assert 1 <= int(one[-1].headers["Retry-After"]) <= 60
        assert other.status_code == 401

    def test_counts_the_calls_of_all_dialects_together(self, server: Caller, world: World) -> None:
        paths = ["/api/v2/checkout-sessions", "/payment/stripe/v1/checkout", PATH, PATH]

        assert server.posts(paths[-1], {}).status_code == 401
        assert [server.posts(path, {}).status_code for path in paths][-1] == 429


class TestCallId:
    def test_is_the_callers_where_it_is_sound(self, server: Caller, world: World) -> None:
        assert server.posts(PATH, {}, X_Request_Id="call-1").headers["X-Request-Id"] == "call-1"
        ours = server.posts(PATH, {}, X_Request_Id="no\ttabs").headers["X-Request-Id"]
        assert len(ours) == 16


class TestCounters:
    def test_count_in_windows(self) -> None:
        counters = Counters()

        assert [counters.incr("key", 60) for _ in range(3)] == [1, 2, 3]
        assert counters.incr("other", 60) == 1
        assert counters.get("key") == 3
        assert 0 < counters.get_expiry("key") - time.time() <= 60

    def test_begin_anew_when_a_window_has_ended(self) -> None:
        counters = Counters()
        counters.incr("key", -1)

        assert counters.get("key") == 0
        assert counters.incr("key", 60) == 1

    def test_forget(self) -> None:
        counters = Counters()
        counters.incr("one", 60)
        counters.incr("two", 60)
        counters.clear("one")

        assert counters.get("one") == 0
        assert counters.reset() == 1
        assert counters.check()
