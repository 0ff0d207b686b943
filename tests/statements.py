"""Counts what is asked of a database."""

from __future__ import annotations

from sqlalchemy import Connection, event

from app.db.engine import Database


class Statements:
    """The statements a database is asked from now on, without the beginnings of transactions, and
    how many transactions were committed."""

    def __init__(self, database: Database) -> None:
        self.said: list[str] = []
        self.commits = 0
        event.listen(database.engine, "before_cursor_execute", self._note)
        event.listen(database.engine, "commit", self._commit)

    def _note(self, _connection: Connection, _cursor: object, said: str, *_rest: object) -> None:
        if not said.startswith("BEGIN"):
            self.said.append(said)

    def _commit(self, _connection: Connection) -> None:
        self.commits += 1
