"""The sandbox's clock and the work it does on the way."""

from __future__ import annotations

import json
import threading
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from app.sandbox import clock
from app.sandbox.schedule import timed
from app.sandbox.world import Account, World
from tests import together
from tests.sandbox.receiver import Receiver
from tests.sandbox_server import OPENER, SandboxServer
from tests.waiting import PATIENCE_SECONDS

DONE: list[tuple[str, datetime]] = []


@timed("test.note")
def note(account: Account, word: str, again: int | None = None) -> None:
    DONE.append((word, account.now()))
    if again:
        account.later(timedelta(days=again), "test.note", word="again")


@timed("test.break")
def break_down(account: Account) -> None:
    raise RuntimeError("this work fails")


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        ("2026-01-31", "1 month", "2026-02-28"),
        ("2028-01-31", "1 month", "2028-02-29"),
        ("2026-11-30", "3 months", "2027-02-28"),
        ("2028-02-29", "1 year", "2029-02-28"),
        ("2026-12-31", "2 weeks", "2027-01-14"),
        ("2026-03-01", "90 minutes", "2026-03-01T01:30"),
        ("2026-03-01", "26 hours", "2026-03-02T02:00"),
    ],
)
def test_spans_follow_the_calendar(start: str, span: str, end: str) -> None:
    assert clock.add(clock.read_iso(start), span) == clock.read_iso(end)


@pytest.mark.parametrize("span", ["", "month", "-1 day", "1.5 days", "999999 years", "1 fortnight"])
def test_other_spans_are_refused(span: str) -> None:
    with pytest.raises(ValueError, match=r"span|9999"):
        clock.add(datetime(2026, 1, 1, tzinfo=UTC), span)


class TestAdvance:
    def test_does_each_thing_at_its_own_time_and_in_order(self, sandbox: SandboxServer) -> None:
        DONE.clear()
        account = sandbox.app.world.account("stripe", "sk_test_sandbox_time")
        start = account.now()
        with account.transaction():
            account.later(timedelta(days=9), "test.note", word="late")
            account.later(timedelta(days=2), "test.note", word="early", again=3)

        sandbox.advance("2 weeks")

        assert [word for word, _ in DONE] == ["early", "again", "late"]
        for (_, at), days in zip(DONE, (2, 5, 9), strict=True):
            assert abs(at - start - timedelta(days=days)) < timedelta(minutes=1)

    def test_answers_calls_while_it_is_on_the_way(
        self, sandbox: SandboxServer, receiver: Receiver
    ) -> None:
        heard: list[str] = []

        def ask(_: object) -> None:
            with OPENER.open(f"{sandbox.url}/control/clock", timeout=PATIENCE_SECONDS) as answer:
                heard.append(json.load(answer)["now"])

        receiver.on_delivery = ask
        account = sandbox.app.world.account("stripe", "sk_test_sandbox_time")

        @timed("test.deliver")
        def deliver(account: Account) -> None:
            account.deliver(
                url=receiver.url, body="{}", event_id="evt_1", type="x", object_id="y", secret="s"
            )

        # The control door tells milliseconds.
        before = account.now().replace(microsecond=0)
        with account.transaction():
            account.later(timedelta(days=1), "test.deliver")
        sandbox.advance("1 month")

        assert len(heard) == 1
        passed = clock.read_iso(heard[0]) - before
        assert timedelta(days=1) <= passed < timedelta(days=1, minutes=1)

    def test_reset_puts_it_back_and_forgets_the_work(self, sandbox: SandboxServer) -> None:
        DONE.clear()
        account = sandbox.app.world.account("stripe", "sk_test_sandbox_time")
        with account.transaction():
            account.later(timedelta(days=40), "test.note", word="forgotten")
        sandbox.advance("1 month")

        sandbox.reset()

        assert clock.read_iso(sandbox.now()) - datetime.now(UTC) < timedelta(seconds=5)
        sandbox.advance("2 months")
        assert DONE == []

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"advance": "soon"}, "advance"),
            ({"advance": 3}, "advance"),
            ({"to": "2001-01-01T00:00:00Z"}, "to"),
            ({"to": "tomorrow"}, "to"),
            ({}, "advance"),
            ({"advance": "1 day", "to": "2030-01-01"}, "advance"),
            ({"forward": "1 day"}, "forward"),
            ([], "body"),
        ],
    )
    def test_refuses_what_it_cannot_read(
        self, sandbox: SandboxServer, body: object, field: str
    ) -> None:
        request = urllib.request.Request(
            f"{sandbox.url}/control/clock", json.dumps(body).encode(), method="POST"
        )

        with pytest.raises(urllib.error.HTTPError) as refused:
            OPENER.open(request, timeout=PATIENCE_SECONDS)

        with refused.value as answer:
            assert answer.code == 400
            assert json.load(answer)["error"]["field"] == field


def test_work_falls_due_as_wall_time_passes() -> None:
    done = threading.Event()

    @timed("test.wake")
    def wake(account: Account) -> None:
        done.set()

    world = World(seed="wall")
    world.start()
    account = world.account("stripe", "sk_test_sandbox_wall")
    with account.transaction():
        account.later(timedelta(0), "test.break")
        account.later(timedelta(milliseconds=50), "test.wake")

    assert done.wait(PATIENCE_SECONDS), "the ticker never did the work"
    together.start(world.close).answer()
