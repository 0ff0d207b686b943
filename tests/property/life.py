"""A whole life of a plan: people act, time passes, news of the provider comes or does not, the
worker sweeps, and any of it may meet trouble."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.errors import BillingError, ProviderUnavailable
from app.billing.reconciliation import sweep
from app.billing.truth import events
from app.db.base import Base
from app.models import ProviderAccount, Subscription
from app.models.subscription import RUNNING
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


@dataclass(frozen=True)
class Weather:
    """What goes wrong in one step: the trouble that is met in the act, while its news is looked at
    or in the sweep after it, and what becomes of the news."""

    trouble: Trouble | None = None
    news: News = "in time"


FAIR = Weather()


@dataclass(frozen=True)
class Lived:
    """The rows a life ended in, and how often a provider was called in each of its steps."""

    rows: Rows
    calls: Sequence[int]


def live(stage: Stage, moment: datetime, course: Sequence[Act]) -> Lived:
    """Live a life from a day on in which nothing goes wrong."""
    stage.begin(moment)
    life = _Life(stage)
    calls = [life.step(act, FAIR) for act in course]
    return Lived(life.settle(), calls)


def live_through(
    stage: Stage,
    moment: datetime,
    course: Sequence[Act],
    weather: Sequence[Weather],
    calls: Sequence[int],
) -> Rows:
    """Live it again and answer its rows. Beyond `weather` nothing goes wrong; a step's trouble
    meets one of the `calls` that were made in it when nothing did."""
    stage.begin(moment)
    life = _Life(stage)
    for number, act in enumerate(course):
        met = weather[number] if number < len(weather) else FAIR
        if met.trouble is not None:
            met = replace(met, trouble=met.trouble.among(calls[number]))
        life.step(act, met)
    return life.settle()


class _Life:
    def __init__(self, stage: Stage) -> None:
        self._stage, self._site = stage, stage.watched()
        self._known = 0
        self._late: list[dict[str, Any]] = []
        self._refused: list[str] = []

    def step(self, act: Act, weather: Weather) -> int:
        """Do an act, hear of it, and let the worker come, and once more a little later where it
        met trouble; answers how often a provider was called."""
        watch = self._site.watch
        watch.calls, watch.trouble = 0, weather.trouble
        news = weather.news
        if news == "dropped" and isinstance(act, acts.GiveBack | acts.ChargeBack):
            # Where no plan runs any more nobody looks by himself, so `flask verify` finds it.
            news = news if self._runs() else "late"
        self._do(act)
        self._hear(news)
        self._stage.sandbox.advance(_pause_after(act))
        self._hear(news)
        self._sweep()
        watch.trouble = None
        self._stage.sandbox.advance("2 minutes")
        if weather != FAIR:
            self._hear("in time")
            self._sweep()
        return watch.calls

    def settle(self) -> Rows:
        """Let two days pass, and one sweep come, which hears what was late."""
        self._stage.sandbox.advance("2 days")
        self._hear("in time")
        self._sweep()
        with self._stage.database.reader() as db:
            return read(db, self._stage.sandbox.app.world, self._refused)

    def _do(self, act: Act) -> None:
        with self._buyer() as buyer:
            presses = act.steps(buyer)
            answer = None
            try:
                while True:
                    answer = self._press(presses.send(answer), buyer)
            except StopIteration:
                pass
            except BillingError as refusal:
                self._refused.append(f"{type(act).__name__}: {type(refusal).__name__}")

    def _press(self, press: Press, buyer: Buyer) -> Any:
        """Press, and once more where nobody answered: what died meanwhile is waited for."""
        try:
            return press(buyer)
        except (Crash, ProviderUnavailable):
            buyer.db.rollback()
        self._forget_claims()
        with self._buyer() as again:
            return press(again)

    def _hear(self, news: News) -> None:
        rows = self._stage.sandbox.app.world.outbox.all()
        fresh, self._known = rows[self._known :], len(rows)
        arriving = self._late
        self._late = fresh if news == "late" else []
        if news not in ("late", "dropped"):
            arriving = [*arriving, *fresh]
        if news == "doubled":
            arriving = [row for row in arriving for _ in range(2)]
        if news == "reversed":
            arriving = arriving[::-1]
        if arriving:
            with self._database() as db:
                self._receive(db, arriving)
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

    def _runs(self) -> bool:
        with self._stage.database.reader() as db:
            running = select(Subscription.id).where(Subscription.status.in_(RUNNING))
            return db.scalars(running).first() is not None

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
