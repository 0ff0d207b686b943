"""Billing time: wall time, or what the sandbox's clock says."""

from __future__ import annotations

import logging
import socket
import time
from datetime import UTC, datetime, timedelta

import pytest

from app import clock
from app.billing.site import Site
from config import Config
from tests import ports, together
from tests.cast import World
from tests.sandbox_server import SandboxServer

SECOND = timedelta(seconds=1)


class TestWall:
    def test_is_utc(self) -> None:
        assert clock.wall().tzinfo is UTC


class TestClockAt:
    @pytest.mark.parametrize("url", [None, ""])
    def test_is_wall_time_where_no_clock_is_set(self, url: str | None) -> None:
        billing = clock.clock_at(url)

        assert clock.wall() <= billing.now() <= clock.wall()

    def test_follows_the_sandbox(self, sandbox: SandboxServer) -> None:
        sandbox.advance("3 months")
        billing = clock.clock_at(f"{sandbox.url}/control/clock")

        before = datetime.fromisoformat(sandbox.now())
        now = billing.now()
        after = datetime.fromisoformat(sandbox.now())

        assert before - SECOND < now < after + SECOND
        assert billing.now() - clock.wall() > timedelta(days=80)

    def test_goes_on_by_itself_while_the_sandbox_does_not_answer(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        port = ports.free()
        billing = clock.clock_at(f"http://127.0.0.1:{port}/control/clock")

        with caplog.at_level(logging.WARNING):
            before, now = clock.wall(), billing.now()

        assert before <= now <= clock.wall()
        assert "does not answer" in caplog.text

    def test_goes_on_by_itself_where_no_web_server_answers(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as door:

            def greet() -> None:
                caller, _ = door.accept()
                with caller:
                    caller.sendall(b"220 mail.example\r\n")

            greeting = together.start(greet)
            billing = clock.clock_at(f"http://127.0.0.1:{door.getsockname()[1]}/control/clock")
            with caplog.at_level(logging.WARNING):
                before, now = clock.wall(), billing.now()
            greeting.answer()

        assert before <= now <= clock.wall()
        assert "does not answer" in caplog.text

    def test_asks_the_sandbox_at_most_once_a_second(
        self, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        billing = clock.clock_at(f"{sandbox.url}/control/clock")
        begun, before = time.monotonic(), billing.now()
        sandbox.advance("1 year")

        monkeypatch.setattr(time, "monotonic", lambda: begun)
        directly_after = billing.now()
        monkeypatch.setattr(time, "monotonic", lambda: begun + 60)
        a_minute_later = billing.now()

        assert directly_after - before < timedelta(days=1)
        assert a_minute_later - before > timedelta(days=364)

    @pytest.mark.parametrize("provider", ["stripe", "mollie"])
    def test_hears_a_jump_from_the_next_answer_of_the_sandbox(
        self, config: Config, world: World, sandbox: SandboxServer, provider: str
    ) -> None:
        site = Site(config=config, clock=clock.clock_at(f"{sandbox.url}/control/clock"))
        before = site.clock.now()
        account = world.account(provider)

        sandbox.advance("1 year")
        site.provider(account).find_customer(str(account.uuid))

        assert site.clock.now() - before > timedelta(days=364)

    @pytest.mark.parametrize("told", ["", "soon", "2026-01-01T00:00:00", "1999-01-01T00:00:00Z"])
    def test_hears_no_nonsense_and_nothing_earlier(self, sandbox: SandboxServer, told: str) -> None:
        billing = clock.SandboxClock(f"{sandbox.url}/control/clock")
        before = billing.now()

        billing.hear(told)

        assert before <= billing.now() < before + 2 * SECOND
