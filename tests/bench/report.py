"""Prints what was measured, as a table and as ratios against their goals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.bench.measure import Work


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure and what it may be at most; None where it is only told."""

    what: str
    figure: float
    at_most: float | None
    unit: str = "×"

    @property
    def is_reached(self) -> bool:
        return self.at_most is None or self.figure <= self.at_most

    @property
    def line(self) -> str:
        verdict = ""
        if self.at_most is not None:
            verdict = f"at most {self.at_most:g}  {'reached' if self.is_reached else 'MISSED'}"
        return f"{self.what:<58}{self.figure:>8.2f} {self.unit:<3}{verdict}".rstrip()


def ratio(work: Work, floor: Work, at_most: float | None) -> Goal:
    """Answer how many times the floor's CPU the work needs."""
    return Goal(f"{work.name} : {floor.name}", work.total_ms / floor.total_ms, at_most)


def works(measured: Iterable[Work]) -> str:
    """Answer the table of what each costs, in milliseconds of CPU per right answer."""
    head = f"{'':<46}{'requests':>9}{'wrong':>7}{'server':>9}{'database':>10}{'total ms':>10}"
    return "\n".join([head, *map(_row, measured)])


def goals(reached: Sequence[Goal]) -> str:
    """Answer the figures with their goals."""
    return "\n".join(goal.line for goal in reached)


def _row(work: Work) -> str:
    costs = f"{work.server_ms:>9.3f}{work.database_ms:>10.3f}{work.total_ms:>10.3f}"
    return f"{work.name:<46}{work.sent:>9}{work.wrong:>7}{costs}"
