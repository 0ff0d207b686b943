"""Two factors, where several sign in at the same time with the same code."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.errors import NotAuthenticated
from app.billing.people import accounts, two_factors
from app.billing.site import Site
from app.db.engine import Database
from app.models import FailedSignIn
from tests import together
from tests.cast import World
from tests.web.signing_in import code_of, fresh_code

Try = Callable[[str], bool]


@pytest.fixture
def secret(world: World, db: Session, site: Site) -> str:
    """Answer the secret that Tara's app has."""
    return two_factors.new_secret()


@pytest.fixture
def codes(world: World, db: Session, site: Site, secret: str) -> list[str]:
    """Switch Tara's second factor on and answer her recovery codes."""
    code = code_of(secret)
    return two_factors.enable(db, site, world.tara, secret=secret, code=code)


@pytest.fixture
def tries(world: World, site: Site, database: Database, codes: list[str]) -> Try:
    """Answer a way to try a code in a session of one's own."""

    def tries(code: str) -> bool:
        with database.writer() as db:
            epoch = accounts.session_epoch(db, world.tara.id) or 0
            db.commit()
            try:
                two_factors.sign_in(
                    db, site, user_id=world.tara.id, epoch=epoch, code=code, address=None
                )
            except NotAuthenticated:
                return False
            return True

    return tries


class TestACode:
    def test_that_comes_from_four_at_once_lets_one_in(self, tries: Try, secret: str) -> None:
        let_in = together.each(tries, [fresh_code(secret)] * 4)

        assert sorted(let_in) == [False, False, False, True]

    def test_that_is_right_takes_the_wrong_ones_back(
        self, tries: Try, secret: str, db: Session
    ) -> None:
        assert [tries("000000"), tries(fresh_code(secret))] == [False, True]

        assert db.scalars(select(FailedSignIn)).all() == []

    def test_of_two_steps_away_is_too_old_or_too_new(self, tries: Try, secret: str) -> None:
        assert [tries(code_of(secret, steps=away)) for away in (-3, 3)] == [False, False]


class TestARecoveryCode:
    def test_that_comes_from_four_at_once_lets_one_in(self, tries: Try, codes: list[str]) -> None:
        let_in = together.each(tries, codes[:1] * 4)

        assert sorted(let_in) == [False, False, False, True]

    def test_of_somebody_else_lets_nobody_in(
        self, tries: Try, world: World, db: Session, site: Site
    ) -> None:
        secret = two_factors.new_secret()
        code = code_of(secret)
        others = two_factors.enable(db, site, world.peter, secret=secret, code=code)

        assert not tries(others[0])
