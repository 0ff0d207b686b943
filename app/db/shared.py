"""Questions that are asked so often that many are on their way at once: these share round trips.

As `app.db.intake` does with rows: those that come while one is on its way wait for it and are then
asked together, by one statement on one connection. Each sees what was committed when it came.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Engine, Select, bindparam, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from app.db.direct import Question, Words

Values = Mapping[str, Any]
Statement = Callable[[Mapping[str, ColumnElement[Any]]], Select[Any]]
_PLACE = "asked_place"


class SharedQuestion(Question):
    """A question that differs by `keys`, each with its type. `statement` makes the SELECT of what
    stands for each key: one value, or a column of all that are asked for."""

    def __init__(self, statement: Statement, keys: Mapping[str, TypeEngine[Any]]) -> None:
        super().__init__(statement({name: bindparam(name, type_=keys[name]) for name in keys}))
        lists = [bindparam(name, type_=ARRAY(keys[name])) for name in keys]
        asked = (
            func.unnest(*lists)
            .table_valued(*keys, with_ordinality=_PLACE)
            .render_derived(name="asked")
        )
        self._for_many = statement({name: asked.c[name] for name in keys}).add_columns(
            asked.c[_PLACE]
        )
        self._desks: WeakKeyDictionary[Engine, _Desk] = WeakKeyDictionary()

    def ask(self, db: Session, values: Values) -> Any:
        """Answer as `Question.ask` does. On SQLite there is no round trip to share."""
        engine = db.get_bind().engine
        if db.in_transaction() or engine.dialect.name != "postgresql":
            return super().ask(db, values)
        desk = self._desks.get(engine)
        if desk is None:
            desk = self._desks[engine] = _Desk(Words(self._for_many, engine.dialect))
        slip = desk.put(engine, values, lambda: super(SharedQuestion, self).ask(db, values))
        return slip.row if slip.is_answered else super().ask(db, values)

    @property
    def waiting(self) -> int:
        """How many wait until those before them have their answer."""
        return sum(len(desk.waiting) for desk in self._desks.values())


class _Slip:
    """Values that wait for their row."""

    __slots__ = ("is_answered", "is_taken", "row", "values")

    def __init__(self, values: Values) -> None:
        self.values = values
        self.is_taken = self.is_answered = False
        self.row: Any = None

    def answer(self, row: Any) -> None:
        """Say which row it is, None where there is none."""
        self.row, self.is_answered = row, True


class _Desk:
    """Where a question is asked of one database, once at a time. It does not hold the engine, which
    would keep both for ever."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self.waiting: deque[_Slip] = deque()
        self._turn = threading.Lock()

    def put(self, engine: Engine, values: Values, ask_alone: Callable[[], Any]) -> _Slip:
        """Answer the slip of some values, once it has its row or can have none from here."""
        slip = _Slip(values)
        self.waiting.append(slip)
        with self._turn:
            if not slip.is_taken:
                slips = [self.waiting.popleft() for _ in range(len(self.waiting))]
                for taken in slips:
                    taken.is_taken = True
                if len(slips) == 1:
                    slip.answer(ask_alone())
                else:
                    self._ask(engine, slips)
        return slip

    def _ask(self, engine: Engine, slips: list[_Slip]) -> None:
        lists = {name: [slip.values[name] for slip in slips] for name in slips[0].values}
        connection = engine.raw_connection()
        try:
            rows = self._words.ask(engine, connection, lists)
        except engine.dialect.loaded_dbapi.Error as error:
            # Each asks for itself then, and hears what is wrong.
            connection.invalidate(error)
            return
        finally:
            connection.close()
        found = {getattr(row, _PLACE): row for row in rows}
        for place, slip in enumerate(slips, start=1):
            slip.answer(found.get(place))
