"""Measures CPU per right answer, one server after the other, again and again."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.bench import load, meter
from tests.bench.load import Answer, Request
from tests.bench.servers import Server


@dataclass(frozen=True, slots=True)
class Sample:
    """One burst of requests: CPU in seconds, of the server's processes and of the database's."""

    sent: int
    right: int
    server: float
    database: float


@dataclass(frozen=True)
class Work:
    """Something to measure. `requests` makes that many new ones; `database` is the first process
    of PostgreSQL, None where the work uses none. `samples` fill up as it is measured."""

    name: str
    server: Server
    requests: Callable[[int], Sequence[Request]]
    is_right: Callable[[Answer], bool]
    database: int | None = None
    samples: list[Sample] = field(default_factory=list)

    @property
    def sent(self) -> int:
        return sum(sample.sent for sample in self.samples)

    @property
    def wrong(self) -> int:
        return self.sent - sum(sample.right for sample in self.samples)

    @property
    def server_ms(self) -> float:
        """CPU of the server's processes per right answer, median of the bursts."""
        return _median([sample.server / sample.right for sample in self.samples])

    @property
    def database_ms(self) -> float:
        """CPU of PostgreSQL per right answer, median of the bursts."""
        return _median([sample.database / sample.right for sample in self.samples])

    @property
    def total_ms(self) -> float:
        """Both together, median of the bursts."""
        return _median(
            [(sample.server + sample.database) / sample.right for sample in self.samples]
        )

    def measure(self, count: int) -> Sample:
        """Send that many requests and note what they cost; making them is not counted."""
        requests = self.requests(count)
        server, database = meter.cpu(self.server.pid), self._database_cpu()
        answers = load.send(self.server.port, requests)
        return Sample(
            sent=count,
            right=sum(self.is_right(answer) for answer in answers),
            server=meter.spent(server, meter.cpu(self.server.pid)),
            database=meter.spent(database, self._database_cpu()),
        )

    def _database_cpu(self) -> dict[int, float]:
        return {} if self.database is None else meter.cpu(self.database)


def alternate(works: Sequence[Work], *, bursts: int, count: int, warm: int) -> None:
    """Warm each up, then measure them in turn, so that a slow minute hits all of them."""
    for work in works:
        _refuse_wrong(work, work.measure(warm))
    for _ in range(bursts):
        for work in works:
            sample = work.measure(count)
            _refuse_wrong(work, sample)
            work.samples.append(sample)


def _refuse_wrong(work: Work, sample: Sample) -> None:
    if sample.right == 0:
        raise RuntimeError(f"{work.name}: none of {sample.sent} answers was right")


def _median(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1000
