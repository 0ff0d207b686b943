"""Password resets: the same answer for everybody, one use, and an end of every sign-in."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.errors import Invalid, NotAllowed, NotFound, TooOften
from app.billing.mail import mail_kinds
from app.billing.people import accounts, password_resets
from app.billing.site import Site
from app.db.engine import Database
from app.models import FailedSignIn, Mail, PasswordReset, User
from tests import together
from tests.cast import PASSWORDS, World
from tests.statements import Statements

TARA = "tara@globex.example"
NEW = "four words in a row"


def asks(db: Session, site: Site, email: str = TARA, address: str | None = "192.0.2.7") -> None:
    password_resets.ask(db, site, email=email, address=address)


def mails(db: Session) -> list[Mail]:
    rows = list(db.scalars(select(Mail).where(Mail.kind == "password_reset").order_by(Mail.id)))
    db.commit()
    return rows


def token(site: Site, mail: Mail) -> str:
    told = mail_kinds.load(mail.kind, mail.values)
    assert isinstance(told, mail_kinds.PasswordReset)
    found = re.fullmatch(re.escape(site.url("/reset/")) + "(.+)", site.vault.open(told.sealed_url))
    assert found is not None
    return found[1]


@pytest.fixture
def sent(world: World, db: Session, site: Site) -> str:
    """Answer the token in Tara's mail."""
    asks(db, site)
    return token(site, mails(db)[0])


class TestAsk:
    def test_mails_a_link_to_the_address_of_an_account(
        self, world: World, db: Session, site: Site
    ) -> None:
        asks(db, site, " Tara@Globex.Example ")

        (mail,) = mails(db)
        assert (mail.recipient, mail.app_id) == (TARA, world.app.id)
        reset = password_resets.peek(db, token(site, mail))
        assert reset.user is not None and reset.user.email == TARA

    def test_is_there_for_the_owner_and_for_who_belongs_to_nobody(
        self, world: World, db: Session, site: Site
    ) -> None:
        asks(db, site, world.alice.email)
        asks(db, site, world.charlie.email)

        assert [(mail.recipient, mail.app_id) for mail in mails(db)] == [
            (world.alice.email, world.app.id),
            (world.charlie.email, None),
        ]

    def test_keeps_neither_token_nor_address_readable(
        self, world: World, db: Session, site: Site, sent: str
    ) -> None:
        reset = db.scalars(select(PasswordReset)).one()

        assert sent not in reset.token_digest
        assert sent not in str(mails(db)[0].values)

    def test_sends_nothing_to_an_address_nobody_signs_in_with(
        self, world: World, db: Session, site: Site
    ) -> None:
        asks(db, site, "nobody@globex.example")
        world.milo.deleted_at = clock.wall()
        db.commit()
        asks(db, site, world.milo.email)

        assert mails(db) == []

    def test_asks_the_database_the_same_whoever_is_meant(
        self, world: World, db: Session, database: Database, site: Site
    ) -> None:
        asks(db, site, world.peter.email)
        db.expire_all()
        statements = Statements(database)

        asks(db, site, TARA)
        known = [said.split("(")[0] for said in statements.said], statements.commits
        statements.said.clear()
        statements.commits = 0
        asks(db, site, "nobody@globex.example")
        unknown = [said.split("(")[0] for said in statements.said], statements.commits

        assert len(unknown[0]) >= len(known[0])
        assert unknown[1] == known[1]
        assert [said for said in known[0] if said.startswith("INSERT")] == [
            said for said in unknown[0] if said.startswith("INSERT")
        ]

    @pytest.mark.parametrize("email", [TARA, "nobody@globex.example"])
    def test_is_slowed_down_for_one_address_known_or_not(
        self, world: World, db: Session, site: Site, email: str
    ) -> None:
        for _ in range(3):
            asks(db, site, email)

        with pytest.raises(TooOften, match=r"in \d+ minutes\.$"):
            asks(db, site, email, address="198.51.100.9")
        asks(db, site, world.peter.email)

    def test_is_slowed_down_for_one_caller(self, world: World, db: Session, site: Site) -> None:
        for number in range(20):
            asks(db, site, f"guess{number}@globex.example")

        with pytest.raises(NotAllowed):
            asks(db, site)
        asks(db, site, address="198.51.100.9")

    def test_does_not_lock_out_of_signing_in(self, world: World, db: Session, site: Site) -> None:
        for _ in range(3):
            asks(db, site)

        accounts.sign_in(db, site, email=TARA, password=PASSWORDS[TARA], address="192.0.2.7")


class TestPeek:
    def test_uses_nothing_up(self, db: Session, sent: str) -> None:
        for _ in range(3):
            password_resets.peek(db, sent)

    def test_knows_none_older_than_an_hour(self, db: Session, sent: str) -> None:
        db.execute(update(PasswordReset).values(expires_at=clock.wall() - timedelta(seconds=1)))
        db.commit()

        with pytest.raises(NotFound):
            password_resets.peek(db, sent)

    def test_knows_none_of_a_person_who_is_gone(self, world: World, db: Session, sent: str) -> None:
        world.tara.deleted_at = clock.wall()
        db.commit()

        with pytest.raises(NotFound):
            password_resets.peek(db, sent)

    def test_knows_none_by_guessing(self, db: Session, site: Site, world: World) -> None:
        asks(db, site, "nobody@globex.example")

        with pytest.raises(NotFound):
            password_resets.peek(db, "a" * 43)


class TestChoose:
    def test_gives_another_password(self, db: Session, site: Site, sent: str) -> None:
        user = password_resets.choose(db, sent, NEW)

        assert user.email == TARA
        assert accounts.sign_in(db, site, email=TARA, password=NEW, address=None).id == user.id
        assert user.password_digest is not None and NEW not in user.password_digest

    def test_ends_every_sign_in_and_every_other_link(
        self, world: World, db: Session, site: Site, sent: str
    ) -> None:
        asks(db, site)
        before = accounts.session_epoch(db, world.tara.id)

        password_resets.choose(db, sent, NEW)

        assert accounts.session_epoch(db, world.tara.id) != before
        for mail in mails(db):
            with pytest.raises(NotFound):
                password_resets.choose(db, token(site, mail), NEW)

    def test_leaves_the_links_of_others(
        self, world: World, db: Session, site: Site, sent: str
    ) -> None:
        asks(db, site, world.peter.email)

        password_resets.choose(db, sent, NEW)

        assert password_resets.peek(db, token(site, mails(db)[1])).user_id == world.peter.id

    def test_opens_the_door_to_who_guessed_too_often(
        self, db: Session, site: Site, sent: str
    ) -> None:
        db.add_all(
            FailedSignIn(subject=f"email:{TARA}", at=clock.wall())
            for _ in range(site.config.SIGN_IN_TRIES)
        )
        db.commit()

        password_resets.choose(db, sent, NEW)

        accounts.sign_in(db, site, email=TARA, password=NEW, address=None)

    @pytest.mark.parametrize(
        ("password", "sentence"),
        [
            ("eleven long", "at least 12"),
            ("x" * 1025, "at most 1024"),
            ("Tara@Globex.example", "something else than your e-mail"),
        ],
    )
    def test_refuses_a_weak_password_and_keeps_the_link(
        self, db: Session, sent: str, password: str, sentence: str
    ) -> None:
        with pytest.raises(Invalid, match=sentence) as refusal:
            password_resets.choose(db, sent, password)

        assert refusal.value.field == "password"
        password_resets.choose(db, sent, NEW)

    def test_works_once_of_many_at_the_same_time(self, database: Database, sent: str) -> None:
        def choose(number: int) -> str | None:
            with database.writer() as db:
                try:
                    password_resets.choose(db, sent, f"password number {number}")
                except NotFound:
                    return None
                return f"password number {number}"

        won = [password for password in together.each(choose, range(4)) if password]

        assert len(won) == 1
        with database.reader() as db:
            user = db.scalars(select(User).where(User.email == TARA)).one()
            assert user.session_epoch == 1
