"""What a session adds is told after its commit, and only then."""

from __future__ import annotations

from app import clock
from app.db import once
from app.db.base import Base
from app.db.engine import Database
from app.models import Lease, User


def heard(database: Database) -> list[frozenset[type[Base]]]:
    kinds: list[frozenset[type[Base]]] = []
    database.listeners.append(kinds.append)
    return kinds


class TestAdded:
    def test_is_told_after_the_commit(self, database: Database) -> None:
        kinds = heard(database)

        with database.writer() as db:
            once.insert(db, Lease, {"name": "sweep", "created_at": clock.wall()})
            db.add(User(email="a@example.com"))
            db.flush()
            before = list(kinds)
            db.commit()
            db.commit()

        assert before == []
        assert kinds == [frozenset({Lease, User})]

    def test_is_not_told_of_what_was_there_or_was_taken_back(self, database: Database) -> None:
        with database.writer() as db:
            once.insert(db, Lease, {"name": "sweep"})
            db.commit()
            kinds = heard(database)
            once.insert(db, Lease, {"name": "sweep"})
            db.commit()
            once.insert(db, Lease, {"name": "daily"})
            db.rollback()
            db.commit()

        assert kinds == []
