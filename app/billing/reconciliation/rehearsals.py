"""Rehearsals: what a look would change, found out by looking and taking everything back.

A rehearsal runs the very verbs that apply the provider's truth, in a transaction that is rolled
back. The provider is asked outside of it: where a verb asks what has not been heard yet, the
rehearsal is broken off, the question is put, and it begins again knowing the answer. So no
transaction is open while the provider is asked, and nothing is written or done there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from sqlalchemy.orm import Session

from app.billing.site import Site
from app.db.engine import Database
from app.providers import errors
from app.providers.base import Provider

Answer = TypeVar("Answer")
Question = tuple[str, str, str, tuple[Any, ...], tuple[tuple[str, Any], ...]]

_READS = ("fetch_", "find_", "list_")
_MOST_QUESTIONS = 200


class _Unheard(BaseException):
    """A question whose answer is not known yet; not an Exception, so that no verb survives it."""

    def __init__(self, question: Question, ask: Callable[[], object]) -> None:
        super().__init__(question[2])
        self.question, self.ask = question, ask


class Memory:
    """What providers have answered, each question once."""

    def __init__(self) -> None:
        self._answers: dict[Question, object] = {}

    @property
    def answers(self) -> list[object]:
        """Every answer that was heard."""
        return [one for one in self._answers.values() if not isinstance(one, Exception)]

    def recall(self, question: Question, ask: Callable[[], object]) -> object:
        """Answer as the provider did, its errors too; raises _Unheard."""
        if question not in self._answers:
            raise _Unheard(question, ask)
        answer = self._answers[question]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def put(self, unheard: _Unheard) -> None:
        """Put a question. Raises `providers.errors.Unavailable` and `BadCredentials`: of an account
        that does not answer nothing can be said."""
        try:
            self._answers[unheard.question] = unheard.ask()
        except (errors.Unavailable, errors.BadCredentials):
            raise
        except errors.ProviderError as error:
            self._answers[unheard.question] = error


class _Remembering:
    """An adapter that answers from memory and does nothing."""

    def __init__(self, real: Provider, account: tuple[str, str], memory: Memory) -> None:
        self._real, self._account, self._memory = real, account, memory

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)
        if not callable(real):
            return real
        if not name.startswith(_READS):
            return _refuse

        def read(*given: Any, **named: Any) -> object:
            question = (*self._account, name, given, tuple(sorted(named.items())))
            return self._memory.recall(question, lambda: real(*given, **named))

        return read


def _refuse(*_given: Any, **_named: Any) -> Any:
    raise errors.Unavailable("nothing is done at the provider in a rehearsal")


@dataclass(frozen=True)
class _RehearsedSite(Site):
    memory: Memory = field(default_factory=Memory)
    real: Site | None = None

    def connect(self, provider: str, sealed_credentials: str) -> Provider:
        assert self.real is not None
        real = self.real.connect(provider, sealed_credentials)
        account = (provider, sealed_credentials)
        return cast(Provider, _Remembering(real, account, self.memory))


def rehearse(
    database: Database, site: Site, memory: Memory, act: Callable[[Session, Site], Answer]
) -> Answer:
    """Run verbs, take back what they did, and answer what `act` answers.

    Raises `providers.errors.Unavailable` and `BadCredentials`.
    """
    rehearsed = _RehearsedSite(
        config=site.config, clock=site.clock, _opened=site._opened, memory=memory, real=site
    )
    for _ in range(_MOST_QUESTIONS):
        try:
            with _taken_back(database) as db:
                return act(db, rehearsed)
        except _Unheard as unheard:
            memory.put(unheard)
    raise RuntimeError("a look asks the provider without end")


@contextmanager
def _taken_back(database: Database) -> Iterator[Session]:
    with (
        database.connection() as connection,
        connection.begin() as transaction,
        # A commit in a verb ends a savepoint only.
        Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as db,
    ):
        try:
            yield db
        finally:
            db.rollback()
            transaction.rollback()
