"""A whole life of a plan: people act, time passes, news of the provider comes or does not, the
worker sweeps, and any of it may meet trouble."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing import events, sweep
from app.billing.errors import BillingError, ProviderUnavailable
from app.db.base import Base
from app.models import ProviderAccount
from app.sandbox.deliveries import SENDERS
from tests import cast
from tests.billing.purchases import Buyer
from tests.property import acts
from tests.property.acts import Act, Press
from tests.property.conftest import Stage
from tests.property.rows import Rows, read
from tests.property.trouble import Crash, Trouble

# What becomes of the news of one step.
News = Literal["in time", "dropped", "doubled", "reversed", "late"]
NEWS: tuple[News, ...] = ("in time", "dropped", "doubled", "reversed", "late")
PLACES = ("act", "news", "sweep")
_TRIES = 3


@dataclass(frozen=True)
class Weather:
    """What goes wrong in one step: the trouble met in the act itself, while its news is looked at
    or in the sweep after it, and what becomes of the news."""

    place: Literal["act", "news", "sweep"] = "act"
    trouble: Trouble | None = None
    news: News = "in time"


FAIR = Weather()


def live(
    stage: Stage, moment: datetime, course: Sequence[Act], weather: Sequence[Weather] = ()
) -> Rows:
    """Live a life from a day on and answer its rows; beyond `weather` nothing goes wrong."""
    stage.begin(moment)
    life = _Life(stage)
    for number, act in enumerate(course):
        life.step(act, weather[number] if number < len(weather) else FAIR)
    return life.settle()


class _Life:
    def __init__(self, stage: Stage) -> None:
        self._stage, self._site = stage, stage.watched()
        self._known = 0
        self._late: list[dict[str, Any]] = []
        self._refused: list[str] = []

    def step(self, act: Act, weather: Weather) -> None:
        """Do an act, hear of it, and let the worker come twice, a little later each time."""
        with self._trouble("act", weather):
            self._do(act)
        self._hear(weather)
        self._stage.sandbox.advance(_pause_after(act))
        self._hear(weather)
        with self._trouble("sweep", weather):
            self._sweep()
        self._stage.sandbox.advance("2 minutes")
        self._hear(FAIR)
        if weather != FAIR:
            self._sweep()

    def settle(self) -> Rows:
        """Let two days pass, and one sweep come."""
        self._stage.sandbox.advance("2 days")
        self._sweep()
        with self._stage.database.reader() as db:
            return read(db, self._stage.sandbox.app.world, self._refused)

    def _do(self, act: Act) -> None:
        with self._buyer() as buyer:
            presses = act.steps(buyer)
            answer = None
            try:
                while True:
                    answer = self._press(presses.send(answer))
            except StopIteration:
                pass
            except BillingError as refusal:
                self._refused.append(f"{type(act).__name__}: {type(refusal).__name__}")

    def _press(self, press: Press) -> Any:
        """Press until there is an answer; whoever does so waits for what died meanwhile."""
        for _ in range(_TRIES - 1):
            try:
                with self._buyer() as buyer:
                    return press(buyer)
            except (Crash, ProviderUnavailable):
                self._forget_claims()
        with self._buyer() as buyer:
            return press(buyer)

    def _hear(self, weather: Weather) -> None:
        rows = self._stage.sandbox.app.world.outbox.all()
        fresh, self._known = rows[self._known :], len(rows)
        arriving = self._late
        self._late = fresh if weather.news == "late" else []
        if weather.news not in ("late", "dropped"):
            arriving = [*arriving, *fresh]
        if weather.news == "doubled":
            arriving = [row for row in arriving for _ in range(2)]
        if weather.news == "reversed":
            arriving = arriving[::-1]
        with self._database() as db:
            self._receive(db, arriving)
        with self._trouble("news", weather):
            self._work(sweep.process_events)

    def _receive(self, db: Session, rows: Sequence[dict[str, Any]]) -> None:
        accounts = {account.provider: account for account in db.scalars(select(ProviderAccount))}
        db.commit()
        for row in rows:
            account, now = accounts[row["provider"]], self._site.clock.now()
            headers = SENDERS[row["provider"]].headers(row)
            event = self._stage.site.provider(account).read_event(row["body"].encode(), headers)
            events.receive(db, account.id, event, payload=row["body"], now=now)

    def _sweep(self) -> None:
        self._work(sweep.run)

    def _work(self, job: Any) -> None:
        try:
            with self._database() as db:
                job(db, self._site)
        except Crash:
            self._forget_claims()

    @contextmanager
    def _trouble(self, place: str, weather: Weather) -> Iterator[None]:
        watch = self._site.watch
        watch.calls, watch.trouble = 0, weather.trouble if weather.place == place else None
        yield
        watch.trouble = None

    @contextmanager
    def _buyer(self) -> Iterator[Buyer]:
        with self._database() as db:
            world = cast.look_around(db)
            db.commit()
            yield Buyer(world, self._site, self._stage.sandbox, world.tara)

    @contextmanager
    def _database(self) -> Iterator[Session]:
        with self._stage.database.writer() as db:
            yield db

    def _forget_claims(self) -> None:
        """Half a minute later nobody believes that who died still works."""
        past = clock.wall() - timedelta(seconds=1)
        with self._stage.database.transaction() as db:
            for table in Base.metadata.sorted_tables:
                if "claimed_until" in table.c:
                    claimed = table.c.claimed_until.is_not(None)
                    db.execute(update(table).where(claimed).values(claimed_until=past))


def _pause_after(act: Act) -> str:
    """Until the news of what was done at the provider is found even where it was lost."""
    match act:
        case acts.GiveBack() | acts.ChargeBack():
            return "26 hours"
        case acts.Wait():
            return "2 hours"
        case _:
            return "2 minutes"
