"""The outbox loses no mail and sends none twice by itself, whatever dies in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.mail import mail_kinds, mails, outbox
from app.billing.mail.outbox import Letter, NotSent, Post, ServerAway, Undeliverable
from app.billing.site import Site
from app.db.engine import Database
from app.models import Mail
from app.money import Money
from tests import together
from tests.cast import World
from tests.sandbox_server import SandboxServer

RECEIPT = mail_kinds.Receipt(plan="Team", amount=Money(9000, "EUR"))


class Killed(BaseException):
    """The process ends here."""


class Carrier:
    """Takes letters, and does with each what the test says."""

    def __init__(self, *outcomes: BaseException | None) -> None:
        self.outcomes = list(outcomes)
        self.letters: list[Letter] = []

    def __call__(self, letter: Letter) -> None:
        self.letters.append(letter)
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if outcome is not None:
            raise outcome


@pytest.fixture
def writes(db: Session, world: World, site: Site) -> Writes:
    return Writes(db, world, site)


class Writes:
    """Writes mails of the demo world, sends them, and reads them again."""

    def __init__(self, db: Session, world: World, site: Site) -> None:
        self.db, self.world, self.site = db, world, site

    def mail(self, effect: str = "1", told: mail_kinds.Mailable = RECEIPT) -> None:
        now = self.site.clock.now()
        app, tenant = self.world.app.id, self.world.globex.id
        mails.write(self.db, told, effect, app_id=app, tenant_id=tenant, now=now)
        self.db.commit()

    def send(self, post: Post) -> int:
        return outbox.send_due(self.db, self.site, post)

    def rows(self) -> list[Mail]:
        found = select(Mail).order_by(Mail.id).execution_options(populate_existing=True)
        rows = list(self.db.scalars(found))
        self.db.commit()
        return rows

    def states(self) -> list[tuple[str, int]]:
        return [(row.state, row.tries) for row in self.rows()]

    def end_claims(self) -> None:
        """Let the time pass in which a claim is another process's."""
        self.db.execute(update(Mail).values(claimed_until=clock.wall() - timedelta(seconds=1)))
        self.db.commit()


class TestSendDue:
    def test_sends_each_mail_once(self, writes: Writes) -> None:
        for effect in "123":
            writes.mail(effect)
        carrier = Carrier()

        assert writes.send(carrier) == 3
        assert writes.send(carrier) == 0
        assert len({letter.mail_uuid for letter in carrier.letters}) == 3
        assert writes.states() == [("sent", 1)] * 3

    def test_does_not_ask_what_time_it_was_where_a_mail_was_written(self, writes: Writes) -> None:
        writes.mail()
        # Who wrote it has heard already that the sandbox's clock was moved on.
        later = writes.site.clock.now() + timedelta(days=31)
        writes.db.execute(update(Mail).values(next_try_at=later))
        writes.db.commit()

        assert writes.send(Carrier()) == 1

    def test_knows_whom_it_writes_to_and_about(self, writes: Writes) -> None:
        writes.mail()
        carrier = Carrier()

        writes.send(carrier)

        (letter,) = carrier.letters
        assert (letter.kind, letter.told) == ("receipt", RECEIPT)
        assert letter.app is not None and letter.tenant is not None
        assert (letter.app.name, letter.tenant.name) == ("Acme Notes", "Globex")

    def test_holds_no_transaction_while_the_server_is_spoken_to(
        self, writes: Writes, database: Database
    ) -> None:
        writes.mail()
        seen = []

        def post(_: Letter) -> None:
            with database.transaction() as other:
                other.execute(update(Mail).values(error="written meanwhile"))
            seen.append(writes.db.in_transaction())

        writes.send(post)

        assert seen == [False]

    def test_counts_a_try_before_it_is_made(self, writes: Writes, database: Database) -> None:
        writes.mail()
        seen = []

        def post(_: Letter) -> None:
            with database.reader() as other:
                seen.append(other.scalar(select(Mail.tries)))

        writes.send(post)

        assert seen == [1]

    def test_of_a_process_that_dies_the_mail_is_sent_by_another(
        self, writes: Writes, sandbox: SandboxServer
    ) -> None:
        writes.mail()
        dying, other = Carrier(Killed()), Carrier()

        with pytest.raises(Killed):
            writes.send(dying)
        writes.db.rollback()
        at_once = writes.send(other)
        sandbox.advance("1 minutes")
        while_claimed = writes.send(other)
        writes.end_claims()
        later = writes.send(other)

        assert (at_once, while_claimed, later) == (0, 0, 1)
        assert dying.letters[0].mail_uuid == other.letters[0].mail_uuid
        assert writes.states() == [("sent", 2)]

    def test_a_mail_that_kills_whoever_sends_it_is_given_up(
        self, writes: Writes, sandbox: SandboxServer
    ) -> None:
        writes.mail()
        deaths = 0
        for _ in range(20):
            try:
                writes.send(Carrier(Killed()))
            except Killed:
                deaths += 1
                writes.db.rollback()
            writes.end_claims()
            sandbox.advance("1 days")

        assert deaths == len(outbox.WAITS) + 1
        assert [row.state for row in writes.rows()] == ["failed"]

    def test_tries_again_later_and_later_for_three_days(
        self, writes: Writes, sandbox: SandboxServer
    ) -> None:
        writes.mail()
        carrier = Carrier(*[NotSent("450 busy")] * 99)
        for wait in outbox.WAITS:
            writes.send(carrier)
            (row,) = writes.rows()
            ahead = row.next_try_at - writes.site.clock.now()
            assert wait - timedelta(minutes=1) < ahead <= wait
            sandbox.advance(f"{wait // timedelta(minutes=1)} minutes")
        before_the_last = writes.states()
        writes.send(carrier)

        tries = len(outbox.WAITS)
        assert (before_the_last, writes.states()) == ([("waiting", tries)], [("failed", tries + 1)])
        total = sum(outbox.WAITS, timedelta())
        assert timedelta(days=2.5) < total <= timedelta(days=3)
        assert "450 busy" in (writes.rows()[0].error or "")

    def test_goes_on_after_a_mail_that_fails(self, writes: Writes) -> None:
        for effect in "123":
            writes.mail(effect)

        sent = writes.send(Carrier(NotSent("450"), RuntimeError("ours")))

        assert sent == 1
        assert writes.states() == [("waiting", 1), ("waiting", 1), ("sent", 1)]

    def test_gives_up_at_once_where_nobody_is_there(self, writes: Writes) -> None:
        writes.mail()

        assert writes.send(Carrier(Undeliverable("550 no such mailbox"))) == 0
        assert writes.states() == [("failed", 1)]

    def test_leaves_the_others_alone_while_the_server_is_away(self, writes: Writes) -> None:
        for effect in "123":
            writes.mail(effect)
        carrier = Carrier(ServerAway("no answer"))

        assert writes.send(carrier) == 0
        assert writes.states() == [("waiting", 1), ("waiting", 0), ("waiting", 0)]
        assert writes.send(carrier) == 2

    def test_opens_a_secret_only_to_send_it_and_forgets_it_then(self, writes: Writes) -> None:
        secret = "https://portal.example/reset/s3cret"
        sealed = writes.site.vault.seal(secret)
        expires = datetime(2027, 1, 1, tzinfo=UTC)
        writes.mail(told=mail_kinds.PasswordReset(sealed_url=sealed, expires_at=expires))
        carrier = Carrier()
        waiting = str(writes.rows()[0].values)

        writes.send(carrier)

        assert carrier.letters[0].url == secret
        assert secret not in waiting
        assert sealed not in str(writes.rows()[0].values)

    def test_several_at_once_send_each_mail_once(self, writes: Writes, database: Database) -> None:
        for number in range(12):
            writes.mail(str(number))
        carrier = Carrier()

        def run(_: int) -> None:
            with database.writer() as db:
                outbox.send_due(db, writes.site, carrier)

        together.each(run, range(3))

        sent = [letter.mail_uuid for letter in carrier.letters]
        assert len(sent) == len(set(sent)) == 12
        assert writes.states() == [("sent", 1)] * 12
