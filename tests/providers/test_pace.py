"""Background work asks each account at its pace, and a payer waits for nothing."""

from __future__ import annotations

import pytest

from app.billing.site import Site
from app.providers import errors, pace
from app.providers.pace import Pace
from tests import together
from tests.cast import World
from tests.sandbox_server import SandboxServer


class Time:
    """Passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def paced(per_second: float) -> tuple[Pace, Time]:
    time = Time()
    return Pace(per_second, clock=lambda: time.now, sleep=time.sleep), time


class TestPace:
    def test_spreads_turns_evenly(self) -> None:
        pace_, time = paced(25)
        turns = []

        for _ in range(60):
            pace_.wait("a")
            turns.append(time.now)

        assert turns[0] == 100.0
        assert max(sum(t <= turn < t + 1 for turn in turns) for t in turns) <= 25
        assert turns[-1] == pytest.approx(100 + 59 / 25, rel=0.1)

    def test_of_one_account_holds_up_no_other(self) -> None:
        pace_, time = paced(1)
        pace_.wait("a")
        pace_.rest("a", 5)

        pace_.wait("b")

        assert time.now == 100.0
        pace_.wait("a")
        assert time.now == pytest.approx(105.0)

    def test_saves_no_turns_up(self) -> None:
        pace_, time = paced(2)
        pace_.wait("a")
        time.now += 60
        before = time.now

        for _ in range(3):
            pace_.wait("a")

        assert time.now == pytest.approx(before + 1.0, abs=0.1)

    def test_is_kept_by_the_thread_that_wants_it(self) -> None:
        pace_, _ = paced(1)
        with pace.keeping(pace_):
            together.start(lambda: pace.wait("a")).answer()
            assert pace_.turns == 0
            pace.wait("a")
        pace.wait("a")

        assert pace_.turns == 1


class TestAdapters:
    @pytest.mark.parametrize("provider", ["stripe", "mollie"])
    def test_take_a_turn_for_every_request(
        self, world: World, site: Site, sandbox: SandboxServer, provider: str
    ) -> None:
        adapter = site.provider(world.account(provider))
        world.db.commit()
        before = len(sandbox.calls())
        pace_, _ = paced(1000)

        with pace.keeping(pace_):
            adapter.check(webhook_url=None)

        assert pace_.turns == len(sandbox.calls()) - before > 0

    @pytest.mark.parametrize("provider", ["stripe", "mollie"])
    def test_rest_when_they_are_asked_to(
        self, world: World, site: Site, sandbox: SandboxServer, provider: str
    ) -> None:
        adapter = site.provider(world.account(provider))
        world.db.commit()
        sandbox.fault("429", provider=provider, times=3)
        pace_, time = paced(1000)

        with pace.keeping(pace_):
            with pytest.raises(errors.Unavailable):
                adapter.find_customer("nobody")
            begun = time.now
            adapter.find_customer("nobody")

        assert time.now - begun >= 0.9
