"""Jumps of a sandbox's clock are acted on once each."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app import clock
from app.jumps import Jumps


class Moved:
    """A clock that is ahead of wall time by as much as a test says."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)
        self.acted: list[int] = []

    def now(self) -> datetime:
        return clock.wall() + self.ahead

    def act(self) -> bool:
        self.acted.append(self.ahead.days)
        return True


@pytest.fixture
def moved() -> Moved:
    return Moved()


class TestLook:
    def test_acts_once_after_a_jump(self, moved: Moved) -> None:
        jumps = Jumps(moved, moved.act)

        for days in (0, 1, 31, 31, 62):
            moved.ahead = timedelta(days=days)
            jumps.look()

        assert moved.acted == [1, 31, 62]

    def test_acts_again_where_it_could_not(self, moved: Moved) -> None:
        answers = [False, True]
        jumps = Jumps(moved, lambda: answers.pop(0))

        moved.ahead = timedelta(days=1)
        for _ in range(3):
            jumps.look()

        assert answers == []

    def test_begins_anew_where_the_clock_went_back(self, moved: Moved) -> None:
        moved.ahead = timedelta(days=31)
        jumps = Jumps(moved, moved.act)

        for days in (0, 7):
            moved.ahead = timedelta(days=days)
            jumps.look()

        assert moved.acted == [7]
