"""Work that is asked for often is done by few, and nothing that came late is left lying."""

from __future__ import annotations

import threading

import pytest

from app.gangs import Gang
from tests import together
from tests.waiting import PATIENCE_SECONDS


class TestGang:
    def test_runs_once_more_for_who_asked_meanwhile(self) -> None:
        runs: list[str] = []
        gang: Gang

        def work() -> None:
            runs.append("run")
            if len(runs) == 1:
                gang.run()
                gang.run()

        gang = Gang(work)
        gang.run()

        assert runs == ["run", "run"]

    def test_is_at_most_so_many_at_once(self) -> None:
        inside, most = 0, 0
        lock, is_held, go_on = threading.Lock(), threading.Event(), threading.Event()

        def work() -> None:
            nonlocal inside, most
            with lock:
                inside += 1
                most = max(most, inside)
            if not is_held.is_set():
                is_held.set()
                assert go_on.wait(PATIENCE_SECONDS)
            with lock:
                inside -= 1

        gang = Gang(work, most=2)
        holding = together.start(gang.run)
        assert is_held.wait(PATIENCE_SECONDS)
        together.each(lambda _: gang.run(), range(4))
        go_on.set()
        holding.answer()

        assert most == 2
        assert inside == 0

    def test_goes_on_after_a_failure(self) -> None:
        runs: list[str] = []

        def work() -> None:
            runs.append("run")
            if len(runs) == 1:
                raise RuntimeError("ours")

        gang = Gang(work)
        with pytest.raises(RuntimeError):
            gang.run()
        gang.run()

        assert runs == ["run", "run"]

    def test_says_each_failure_and_runs_once_more_for_who_asked_meanwhile(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        runs: list[str] = []
        gang: Gang

        def work() -> None:
            runs.append("run")
            if len(runs) < 3:
                gang.run()
            raise RuntimeError(f"ours, number {len(runs)}")

        gang = Gang(work)
        with pytest.raises(RuntimeError, match="number 3"):
            gang.run()

        assert runs == ["run", "run", "run"]
        assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == [
            "ours, number 1",
            "ours, number 2",
        ]
