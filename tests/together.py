"""Work in threads, one beside the test or many at the same moment, that a test waits for but never
for ever."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from functools import partial
from typing import Generic, TypeVar

from tests.waiting import PATIENCE_SECONDS

Given = TypeVar("Given")
Answer = TypeVar("Answer")


class Started(Generic[Answer]):
    """Work that goes on in a thread of its own."""

    def __init__(self, work: Callable[[], Answer]) -> None:
        self._work = work
        self._answers: list[Answer] = []
        self._error: BaseException | None = None
        # What is stuck must not keep the process from its end.
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def goes_on(self) -> bool:
        """It has not come to its end."""
        return self._thread.is_alive()

    def answer(self) -> Answer:
        """Wait for the end, and answer what the work answered or raise what it raised. Where it
        does not end, AssertionError says at which line every thread stands."""
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive(), f"it does not end\n{lines()}"
        if self._error is not None:
            raise self._error
        return self._answers[0]

    def _run(self) -> None:
        try:
            self._answers.append(self._work())
        except BaseException as error:
            self._error = error


def start(work: Callable[[], Answer]) -> Started[Answer]:
    """Begin work beside the test."""
    return Started(work)


def each(verb: Callable[[Given], Answer], given: Iterable[Given]) -> list[Answer]:
    """Call a verb with each of these at the same moment, and answer what the calls answered, in
    this order."""
    values = list(given)
    at_once = threading.Barrier(len(values))

    def call(value: Given) -> Answer:
        at_once.wait(PATIENCE_SECONDS)
        return verb(value)

    return [one.answer() for one in [start(partial(call, value)) for value in values]]


def lines() -> str:
    """Answer where each thread stands."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return "\n".join(
        f"{names.get(ident)}:\n{''.join(traceback.format_stack(frame))}"
        for ident, frame in sys._current_frames().items()
    )
