"""Measures what a checkout start, a webhook and the plans page cost, and how much memory it takes.

What it costs is a ratio within this run: against the barest programs that do the same (floors.py)
on the same server, with PostgreSQL and a provider that answers at once. Then, how fast events are
to be seen, how a sweep of many plans keeps its pace, what a million rows change, and what drawing
an invoice takes.
"""

from __future__ import annotations

import argparse
import logging
import os
import platform
import statistics
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.bench import (
    creates,
    events,
    happenings,
    installation,
    lists,
    load,
    measure,
    meter,
    pages,
    papers,
    report,
    scale,
    starts,
    sweeps,
)
from tests.bench.creates import Creates
from tests.bench.installation import Installation
from tests.bench.measure import Work
from tests.bench.pages import Pages
from tests.bench.report import Goal
from tests.bench.servers import Server
from tests.bench.starts import Starts

_LATENCY_MS = 100
_STRIPES_LATENCY_MS = 400
_TIMED_CONNECTIONS = 8
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: `bursts` of each work, of `count` requests (`first` of first
    purchases), after `warm` that are not counted; `timed` starts at a slow provider. The events
    of `purchases` at once, then evenly for `steady` seconds; a `sweep`; a database of `rows`;
    `papers` to draw."""

    bursts: int
    count: int
    first: int
    warm: int
    timed: int
    purchases: int
    steady: int
    sweep: sweeps.Plan
    rows: int
    papers: int

    @property
    def known(self) -> int:
        """How many buyers the provider knows already."""
        return self.bursts * self.count + 2 * self.warm + self.timed

    @property
    def new(self) -> int:
        """How many buyers it does not know."""
        return self.bursts * self.first + self.warm


FULL = Plan(
    bursts=7,
    count=300,
    first=80,
    warm=64,
    timed=400,
    purchases=200,
    steady=20,
    sweep=sweeps.Plan(plans=10_000, seconds=20, last=1000),
    rows=1_000_000,
    papers=papers.COUNT,
)
QUICK = Plan(
    bursts=3,
    count=80,
    first=32,
    warm=40,
    timed=64,
    purchases=40,
    steady=6,
    sweep=sweeps.Plan(plans=400, seconds=6, last=100),
    rows=20_000,
    papers=100,
)


class Bench:
    """The measurements of one run, printed as they are made."""

    def __init__(self, here: Installation, plan: Plan) -> None:
        self._here = here
        self._plan = plan
        self._known = Starts(here.portal, here.server, here.world.known)
        self._new = Starts(here.portal, here.server, here.world.new)
        self._creates = Creates(here.world.known)
        self._goals: list[Goal] = []

    def run(self) -> None:
        """Measure everything, then print the figures with their goals."""
        print(_header(self._plan))
        for part in self._parts():
            print(report.works(part()), flush=True)
        self._time()
        self._time_creates()
        self._memory()
        self._reconcile()
        self._draw()
        print(f"\n{report.goals(self._goals)}")

    def _parts(self) -> list[Callable[[], list[Work]]]:
        return [
            self._starts,
            self._first_purchases,
            self._session_creates,
            self._webhooks,
            self._pages,
        ]

    def _starts(self) -> list[Work]:
        with (
            self._floor("start_by_default_client", factory=True) as default_client,
            self._floor("start_by_kept_client", factory=True) as kept_client,
        ):
            default = self._bare_start("bare SDK call, its own client", default_client)
            kept = self._bare_start("bare SDK call, kept connections", kept_client)
            start = self._start("checkout start", self._known)
            self._here.calls()
            self._alternate([default, kept, start], count=self._plan.count)
        self._goals += [report.ratio(start, default, 2.5), report.ratio(start, kept, None)]
        self._count_calls(start)
        return [default, kept, start]

    def _first_purchases(self) -> list[Work]:
        first = self._start("first purchase, which makes the customer", self._new)
        self._alternate([first], count=self._plan.first)
        return [first]

    def _session_creates(self) -> list[Work]:
        here = self._here
        with self._floor("start_by_default_client", factory=True) as server:
            bare = self._bare_start("bare SDK call, its own client", server)
            create = Work(
                "session create by API 001",
                here.server,
                self._creates.requests,
                creates.is_right,
                here.postgres.pid,
            )
            self._alternate([bare, create], count=self._plan.count)
        self._goals.append(report.ratio(create, bare, 2.5))
        return [bare, create]

    def _webhooks(self) -> list[Work]:
        with (
            self._floor("store") as bare_server,
            self._floor("construct_and_store") as usual_server,
        ):
            bare = self._webhook("bare verify and insert", bare_server, "/")
            usual = self._webhook("bare construct_event and insert", usual_server, "/")
            hook = self._webhook("webhook", self._here.server, self._here.world.hook)
            self._alternate([bare, usual, hook], count=self._plan.count)
        self._goals += [report.ratio(hook, bare, 1.4), report.ratio(hook, usual, None)]
        return [bare, usual, hook]

    def _pages(self) -> list[Work]:
        here = self._here
        opened = Pages(here.portal, here.server, here.world.known[:50])
        with self._floor("page", factory=True) as server:
            bare = Work(
                "bare Flask page of 20 rows", server, pages.floor_requests, pages.is_right_floor
            )
            page = Work(
                "plans page", here.server, opened.requests, pages.is_right, here.postgres.pid
            )
            self._alternate([bare, page], count=self._plan.count)
        self._goals.append(report.ratio(page, bare, 3.5))
        return [bare, page]

    def _time(self) -> None:
        """Measure how long a payer waits for the URL beyond what the provider takes."""
        self._here.delay(_LATENCY_MS)
        requests = self._known.requests(self._plan.timed)
        answers = load.send(self._here.server.port, requests, _TIMED_CONNECTIONS)
        self._here.delay(0)
        own = sorted(
            answer.seconds * 1000 - _LATENCY_MS for answer in answers if starts.is_right(answer)
        )
        centiles = statistics.quantiles(own, n=100)
        said = f"own time to the URL at {_LATENCY_MS} ms latency"
        self._goals += [
            Goal(f"{said}, p50", centiles[49], 8, "ms"),
            Goal(f"{said}, p99", centiles[98], 20, "ms"),
            Goal("  of these starts, wrong answers", len(answers) - len(own), 0, ""),
        ]

    def _time_creates(self) -> None:
        """Measure how long an API's caller waits beyond what the provider takes. The provider is
        as slow as Stripe itself, so that 32 connections do not ask for more than two cores do."""
        self._here.delay(_STRIPES_LATENCY_MS)
        requests = self._creates.requests(self._plan.timed)
        answers = load.send(self._here.server.port, requests, load.CONNECTIONS)
        self._here.delay(0)
        own = [
            answer.seconds * 1000 - _STRIPES_LATENCY_MS
            for answer in answers
            if creates.is_right(answer)
        ]
        said = f"own time of API 001 at {load.CONNECTIONS} connections"
        self._goals += [
            Goal(f"{said}, p95", statistics.quantiles(own, n=20)[-1], 20, "ms"),
            Goal("  of these creates, wrong answers", len(answers) - len(own), 0, ""),
        ]

    def _memory(self) -> None:
        """Measure the worker that did all this, and a fresh pair of workers doing a little."""
        (worker,) = self._here.server.workers
        rss, _ = meter.memory(worker)
        requests = self._known.requests(self._plan.warm)
        with self._here.serve("wsgi:application", workers=2) as pair:
            load.send(pair.port, requests, _TIMED_CONNECTIONS)
            shares = [meter.memory(pid)[1] for pid in pair.workers]
        self._goals += [
            Goal("memory of one worker, resident", rss / _MEGABYTE, 130, "MB"),
            Goal(
                f"memory of {len(shares)} workers, proportional", sum(shares) / _MEGABYTE, 150, "MB"
            ),
        ]

    def _reconcile(self) -> None:
        """Measure events from the hook to the row, a sweep of many plans, and a large database."""
        here, plan = self._here, self._plan
        self._goals += happenings.measure(here, count=plan.purchases, steady_seconds=plan.steady)
        self._goals += sweeps.measure(here, plan.sweep)
        self._goals += scale.measure(here, small=1000, large=plan.rows, openings=plan.count)
        self._goals += lists.measure(here, count=plan.rows, openings=plan.count // 10)

    def _draw(self) -> None:
        cost = papers.measure(self._plan.papers)
        print(cost, flush=True)
        self._goals.append(cost.goal)

    def _count_calls(self, start: Work) -> None:
        calls = self._here.calls()
        sessions = calls.get("portal POST checkout/sessions", 0)
        started = start.sent - start.wrong + self._plan.warm
        others = {
            call: count
            for call, count in calls.items()
            if call.startswith("portal") and call != "portal POST checkout/sessions"
        }
        stored = self._here.count("checkout_session", "state = 'open' AND url IS NOT NULL")
        self._goals += [
            Goal("  provider calls that make a session, per start", sessions / started, 1, ""),
            Goal("  starts without a durable open checkout", started - stored, 0, ""),
        ]
        print(f"  other calls meanwhile: {others or 'none'}")

    def _floor(self, name: str, *, factory: bool = False) -> AbstractContextManager[Server]:
        return self._here.serve(f"tests.bench.floors:{name}", factory=factory)

    def _bare_start(self, name: str, server: Server) -> Work:
        return Work(name, server, starts.floor_requests, starts.is_right)

    def _webhook(self, name: str, server: Server, path: str) -> Work:
        return Work(name, server, events.to(path), events.is_right, self._here.postgres.pid)

    def _start(self, name: str, these: Starts) -> Work:
        here = self._here
        return Work(name, here.server, these.requests, starts.is_right, here.postgres.pid)

    def _alternate(self, works: Sequence[Work], *, count: int) -> None:
        measure.alternate(works, bursts=self._plan.bursts, count=count, warm=self._plan.warm)


def _header(plan: Plan) -> str:
    return (
        f"Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"{load.CONNECTIONS} connections, medians of {plan.bursts} bursts\n"
        "CPU in ms per right answer, of the server's processes and of PostgreSQL's"
    )


def main() -> None:
    """Measure, in about ten minutes or with --quick in two."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer requests, wider noise")
    plan = QUICK if parser.parse_args().quick else FULL
    # The requests this process makes of itself would bury the figures.
    logging.disable(logging.INFO)
    with installation.run(known=plan.known, new=plan.new) as here:
        Bench(here, plan).run()


if __name__ == "__main__":
    main()
