"""Passwords, and signing in with them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.errors import NotAuthenticated, TooOften
from app.billing.people import accounts
from app.billing.site import Site
from app.db.engine import Database
from app.models import FailedSignIn, User
from tests import together
from tests.cast import PASSWORDS, World

HOME = "192.0.2.7"


def sign_in(
    db: Session,
    site: Site,
    *,
    email: str = "tara@globex.example",
    password: str = PASSWORDS["tara@globex.example"],
    address: str | None = HOME,
) -> User:
    return accounts.sign_in(db, site, email=email, password=password, address=address)


def fail(db: Session, site: Site, times: int, **who: str) -> None:
    for _ in range(times):
        with pytest.raises(NotAuthenticated):
            sign_in(db, site, password="a guess", **who)


@pytest.fixture
def few_tries(site: Site) -> Site:
    return Site(config=site.config.model_copy(update={"SIGN_IN_TRIES": 3}), clock=site.clock)


class TestSignIn:
    def test_answers_the_user_of_an_email_and_password(
        self, world: World, db: Session, site: Site
    ) -> None:
        assert sign_in(db, site).uuid == world.tara.uuid

    def test_does_not_mind_capitals_and_blanks_around_an_email(
        self, world: World, db: Session, site: Site
    ) -> None:
        assert sign_in(db, site, email=" Tara@Globex.Example ").uuid == world.tara.uuid

    @pytest.mark.parametrize(
        ("email", "password"),
        [
            ("tara@globex.example", "wrong"),
            ("tara@globex.example", ""),
            ("nobody@globex.example", PASSWORDS["tara@globex.example"]),
            ("milo@globex.example", PASSWORDS["tara@globex.example"]),
            ("", ""),
            ("tara\x00@globex.example", "\x00"),
            ("x" * 5000, "y" * 5000),
        ],
    )
    def test_says_the_same_of_every_wrong_pair(
        self, world: World, db: Session, site: Site, email: str, password: str
    ) -> None:
        with pytest.raises(NotAuthenticated) as refusal:
            sign_in(db, site, email=email, password=password)

        assert str(refusal.value) == ("This e-mail and password do not belong together. Try again.")

    def test_knows_nobody_who_was_removed_or_has_no_password(
        self, world: World, db: Session, site: Site
    ) -> None:
        world.tara.deleted_at = clock.wall()
        world.milo.password_digest = None
        db.commit()

        fail(db, site, 1)
        with pytest.raises(NotAuthenticated):
            sign_in(db, site, email=world.milo.email, password=PASSWORDS[world.milo.email])

    def test_renews_a_digest_that_was_made_with_weaker_settings(
        self, world: World, db: Session, site: Site
    ) -> None:
        weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        world.tara.password_digest = weak.hash(PASSWORDS[world.tara.email])
        db.commit()

        sign_in(db, site)

        digest = db.scalars(select(User.password_digest).where(User.id == world.tara.id)).one()
        assert digest is not None
        assert "m=19456" in digest
        assert sign_in(db, site).uuid == world.tara.uuid


class TestThrottle:
    def test_stops_guesses_at_one_email_even_with_the_right_password(
        self, world: World, db: Session, few_tries: Site
    ) -> None:
        fail(db, few_tries, 3)

        with pytest.raises(TooOften, match=r"in \d+ minutes\.$"):
            sign_in(db, few_tries, address="198.51.100.9")

    def test_lets_others_sign_in_meanwhile(
        self, world: World, db: Session, few_tries: Site
    ) -> None:
        fail(db, few_tries, 3)

        peter = sign_in(
            db, few_tries, email=world.peter.email, password=PASSWORDS[world.peter.email]
        )

        assert peter.uuid == world.peter.uuid

    def test_stops_guesses_from_one_address_at_many_emails(
        self, world: World, db: Session, few_tries: Site
    ) -> None:
        for number in range(15):
            fail(db, few_tries, 1, email=f"guess{number}@globex.example")

        with pytest.raises(TooOften):
            sign_in(db, few_tries)
        assert sign_in(db, few_tries, address="198.51.100.9").uuid == world.tara.uuid

    def test_is_over_after_fifteen_minutes(
        self, world: World, db: Session, few_tries: Site
    ) -> None:
        fail(db, few_tries, 3)
        db.execute(update(FailedSignIn).values(at=clock.wall() - timedelta(minutes=16)))
        db.commit()

        assert sign_in(db, few_tries).uuid == world.tara.uuid
        assert db.scalars(select(FailedSignIn)).all() == []

    def test_does_not_grow_longer_by_trying_on(
        self, world: World, db: Session, few_tries: Site
    ) -> None:
        fail(db, few_tries, 3)
        before = len(db.scalars(select(FailedSignIn)).all())
        db.commit()

        for _ in range(3):
            with pytest.raises(TooOften):
                sign_in(db, few_tries)

        assert len(db.scalars(select(FailedSignIn)).all()) == before

    def test_starts_anew_once_the_password_was_right(
        self, world: World, db: Session, few_tries: Site
    ) -> None:
        fail(db, few_tries, 2)

        sign_in(db, few_tries)

        fail(db, few_tries, 3)

    def test_counts_guesses_made_at_the_same_time(
        self, world: World, database: Database, few_tries: Site
    ) -> None:
        def guess(_: int) -> type[Exception]:
            with database.writer() as db:
                try:
                    sign_in(db, few_tries, password="a guess")
                except (TooOften, NotAuthenticated) as refusal:
                    return type(refusal)
            raise AssertionError("a guess was right")

        answers = together.each(guess, range(16))

        assert answers.count(NotAuthenticated) <= 3
        assert TooOften in answers


class TestFind:
    def test_answers_a_user_by_uuid_until_removed(self, world: World, db: Session) -> None:
        assert accounts.find(db, world.tara.uuid) is world.tara

        world.tara.deleted_at = clock.wall()
        db.flush()

        assert accounts.find(db, world.tara.uuid) is None
