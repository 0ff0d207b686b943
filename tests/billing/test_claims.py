"""Claims: one worker at a time goes to the provider, and a dead one's work is taken over."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from sqlalchemy import update

from app import clock
from app.billing import claims
from app.db.engine import Database
from app.models import CheckoutSession
from tests import together
from tests.billing.purchases import Buyer


def row_of(buyer: Buyer) -> int:
    row_id: int = buyer.checkout(buyer.buys()).id
    return row_id


class TestTake:
    def test_gives_a_row_to_one_of_many_at_once(self, tara: Buyer, database: Database) -> None:
        row_id = row_of(tara)

        def take(_: int) -> bool:
            with database.writer() as db:
                return claims.take(db, CheckoutSession, row_id)

        taken = together.each(take, range(8))

        assert sorted(taken) == [False] * 7 + [True]

    def test_gives_it_again_once_it_was_given_back(self, tara: Buyer) -> None:
        row_id = row_of(tara)

        assert claims.take(tara.db, CheckoutSession, row_id)
        assert not claims.take(tara.db, CheckoutSession, row_id)
        claims.release(tara.db, CheckoutSession, row_id)
        assert claims.take(tara.db, CheckoutSession, row_id)

    def test_gives_a_dead_workers_row_away_after_thirty_seconds(self, tara: Buyer) -> None:
        row_id = row_of(tara)
        before = clock.wall()
        for minutes, given in ((1, False), (-1, True)):
            left = clock.wall() + timedelta(minutes=minutes)
            tara.db.execute(update(CheckoutSession).values(claimed_until=left))
            tara.db.commit()

            assert claims.take(tara.db, CheckoutSession, row_id) is given

        held = tara.rows(CheckoutSession)[0].claimed_until
        assert before + claims.HOLD <= held <= clock.wall() + claims.HOLD


class TestWait:
    def test_answers_as_soon_as_there_is_an_answer(self, tara: Buyer) -> None:
        answers = iter([None, None, "found"])

        assert claims.wait(tara.db, lambda: next(answers)) == "found"

    def test_holds_no_transaction_between_two_askings(
        self, tara: Buyer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row_id = row_of(tara)
        open_between: list[bool] = []
        monkeypatch.setattr(time, "sleep", lambda _: open_between.append(tara.db.in_transaction()))
        answers = iter([None, None, 1])

        def ask() -> int | None:
            tara.db.get_one(CheckoutSession, row_id)
            return next(answers)

        assert claims.wait(tara.db, ask) == 1
        assert open_between == [False, False]

    def test_gives_up_after_fifteen_seconds(
        self, tara: Buyer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        passed = [0.0]

        def sleep(seconds: float) -> None:
            passed[0] += seconds

        monkeypatch.setattr(time, "sleep", sleep)
        monkeypatch.setattr(time, "monotonic", lambda: passed[0])

        assert claims.wait(tara.db, lambda: None) is None
        assert claims.WAIT_SECONDS < passed[0] < claims.WAIT_SECONDS + 1
