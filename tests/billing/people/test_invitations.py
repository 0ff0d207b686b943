"""Invitations: sent once, accepted once, by the person they are for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app import clock
from app.billing.errors import Conflict, Invalid, NotAllowed, NotFound, TooOften
from app.billing.mail import mail_kinds
from app.billing.people import accounts, invitations, memberships
from app.billing.tenants import tenants
from app.db.engine import Database
from app.models import Invitation, Mail, User
from tests import together
from tests.billing.purchases import Buyer

NEW = "nora@globex.example"
PASSWORD = "four words in a row"


def invite(buyer: Buyer, email: str = NEW, role: str = "member") -> Invitation:
    return invitations.invite(
        buyer.db, buyer.site, membership=buyer.membership, email=email, role=role
    )


def revoke(buyer: Buyer, uuid: UUID) -> None:
    invitations.revoke(buyer.db, membership=buyer.membership, uuid=uuid, now=clock.wall())


def join(buyer: Buyer, user_id: int) -> None:
    invitations.join(buyer.db, tokens(buyer)[0], user_id, now=clock.wall())


def tokens(buyer: Buyer) -> list[str]:
    """Answer the token of each mail, oldest first."""
    found = []
    for mail in buyer.rows(Mail, Mail.kind == "invitation"):
        told = mail_kinds.load(mail.kind, mail.values)
        assert isinstance(told, mail_kinds.Invited)
        found.append(buyer.site.vault.open(told.sealed_url).rpartition("/")[2])
    return found


def people(buyer: Buyer) -> dict[str, str]:
    found = {one.user.email: one.role for one in tenants.people(buyer.db, buyer.world.globex)}
    buyer.db.commit()
    return found


def ages(buyer: Buyer, span: timedelta) -> None:
    """Let the invitations have been sent so long ago."""
    for row in buyer.rows(Invitation):
        row.expires_at -= span
    buyer.db.commit()


class TestInvite:
    def test_mails_a_link_and_keeps_only_its_digest(self, tara: Buyer) -> None:
        invitation = invite(tara, " Nora@Globex.Example ")

        (mail,) = tara.rows(Mail)
        (token,) = tokens(tara)
        assert (mail.recipient, mail.tenant_id) == (NEW, tara.world.globex.id)
        assert token not in str(mail.values) and token != invitation.token_digest
        assert invitations.peek(tara.db, token).id == invitation.id

    def test_is_in_the_language_of_who_invites(self, tara: Buyer) -> None:
        tara.user.locale = "de"

        invite(tara)

        assert [mail.locale for mail in tara.rows(Mail)] == ["de"]

    def test_asked_again_sends_nothing_more(self, tara: Buyer) -> None:
        assert invite(tara).id == invite(tara).id

        assert len(tokens(tara)) == 1

    def test_with_another_role_sends_a_new_link_in_place_of_the_old(self, tara: Buyer) -> None:
        invite(tara)
        invite(tara, role="admin")

        old, new = tokens(tara)
        assert invitations.peek(tara.db, new).role == "admin"
        with pytest.raises(NotFound):
            invitations.peek(tara.db, old)

    def test_that_is_too_old_is_sent_anew(self, tara: Buyer) -> None:
        invite(tara)
        ages(tara, timedelta(days=8))

        invite(tara)

        assert len(tokens(tara)) == 2
        assert len(tara.rows(Invitation)) == 1

    def test_says_that_somebody_belongs_already(self, tara: Buyer) -> None:
        with pytest.raises(Invalid, match="milo@globex.example already belongs to Globex") as no:
            invite(tara, "Milo@globex.example")

        assert no.value.field == "email"
        assert tara.rows(Invitation) == []

    @pytest.mark.parametrize(
        ("email", "role", "field"),
        [("nora", "member", "email"), ("", "member", "email"), (NEW, "owner", "role")],
    )
    def test_refuses_what_is_not_one(self, tara: Buyer, email: str, role: str, field: str) -> None:
        with pytest.raises(Invalid) as no:
            invite(tara, email, role)

        assert no.value.field == field
        assert tara.rows(Invitation) == []

    def test_is_for_admins(self, milo: Buyer) -> None:
        with pytest.raises(NotAllowed):
            invite(milo)

    def test_is_no_way_to_send_mails_to_the_world(self, tara: Buyer) -> None:
        for number in range(50):
            invite(tara, f"guest{number}@globex.example")

        with pytest.raises(TooOften, match=r"in \d+ minutes\.$"):
            invite(tara)

    def test_pressed_by_many_at_once_is_sent_once(self, tara: Buyer, database: Database) -> None:
        membership = tara.membership

        def press(_: int) -> int:
            with database.writer() as db:
                return invitations.invite(
                    db, tara.site, membership=membership, email=NEW, role="member"
                ).id

        assert len(set(together.each(press, range(4)))) == 1
        assert len(tokens(tara)) == 1


class TestResend:
    def test_sends_a_new_link(self, tara: Buyer) -> None:
        uuid = invite(tara).uuid
        ages(tara, timedelta(days=2))

        for _ in range(2):
            invitations.resend(tara.db, tara.site, membership=tara.membership, uuid=uuid)

        old, new = tokens(tara)
        assert invitations.peek(tara.db, new).expires_at > clock.wall() + timedelta(days=6)
        with pytest.raises(NotFound):
            invitations.peek(tara.db, old)

    def test_refuses_one_that_was_withdrawn(self, tara: Buyer) -> None:
        uuid = invite(tara).uuid
        revoke(tara, uuid)
        tara.db.commit()

        with pytest.raises(Conflict):
            invitations.resend(tara.db, tara.site, membership=tara.membership, uuid=uuid)

    def test_knows_none_of_another_tenant(self, tara: Buyer, peter: Buyer) -> None:
        uuid = invite(tara).uuid

        with pytest.raises(NotFound):
            invitations.resend(peter.db, peter.site, membership=peter.membership, uuid=uuid)
        with pytest.raises(NotFound):
            revoke(peter, uuid)


class TestRevoke:
    def test_makes_the_link_worth_nothing_and_is_safe_to_repeat(self, tara: Buyer) -> None:
        uuid = invite(tara).uuid

        for _ in range(2):
            revoke(tara, uuid)
        tara.db.commit()

        assert invitations.listed(tara.db, tara.world.globex) == []
        with pytest.raises(NotFound):
            invitations.peek(tara.db, tokens(tara)[0])

    def test_lets_somebody_be_invited_again(self, tara: Buyer) -> None:
        first = invite(tara).uuid
        revoke(tara, first)
        tara.db.commit()

        assert invite(tara).uuid != first


class TestBegin:
    def begin(self, buyer: Buyer, token: str, **given: Any) -> User:
        given = {"name": " Nora  New ", "password": PASSWORD, **given}
        return invitations.begin(buyer.db, token, now=clock.wall(), **given).user

    def test_makes_an_account_that_belongs(self, tara: Buyer) -> None:
        invite(tara, role="admin")

        user = self.begin(tara, tokens(tara)[0])

        assert people(tara)[NEW] == "admin"
        signed_in = accounts.sign_in(tara.db, tara.site, email=NEW, password=PASSWORD, address=None)
        assert signed_in.id == user.id

    def test_works_once(self, tara: Buyer) -> None:
        invite(tara)
        self.begin(tara, tokens(tara)[0])

        with pytest.raises(NotFound):
            self.begin(tara, tokens(tara)[0], name="Eve")
        assert tara.rows(User, User.email == NEW)[0].name == "Nora New"

    @pytest.mark.parametrize(
        ("given", "field"), [({"name": " "}, "name"), ({"password": "short"}, "password")]
    )
    def test_refuses_half_an_account_and_stays_open(
        self, tara: Buyer, given: dict[str, str], field: str
    ) -> None:
        invite(tara)
        (token,) = tokens(tara)

        with pytest.raises(Invalid) as no:
            self.begin(tara, token, **given)

        assert no.value.field == field
        assert tara.rows(User, User.email == NEW) == []
        self.begin(tara, token)

    def test_never_gives_an_account_that_exists_another_password(
        self, tara: Buyer, peter: Buyer
    ) -> None:
        invite(tara, peter.user.email)
        before = tara.rows(User, User.id == peter.user.id)[0].password_digest

        with pytest.raises(Conflict, match="Sign in to accept"):
            self.begin(tara, tokens(tara)[0])

        after = tara.rows(User, User.id == peter.user.id)[0].password_digest
        assert before == after
        assert peter.user.email not in people(tara)

    def test_gives_a_password_to_an_account_that_had_none(self, tara: Buyer) -> None:
        tara.db.add(User(email=NEW, external_id="u-17"))
        tara.db.commit()
        invite(tara)

        user = self.begin(tara, tokens(tara)[0])

        assert user.external_id == "u-17"
        assert NEW in people(tara)

    def test_is_over_after_seven_days(self, tara: Buyer) -> None:
        invite(tara)
        ages(tara, timedelta(days=7, seconds=1))

        with pytest.raises(NotFound):
            self.begin(tara, tokens(tara)[0])

    def test_by_many_at_once_makes_one_account(self, tara: Buyer, database: Database) -> None:
        invite(tara)
        (token,) = tokens(tara)

        def press(number: int) -> bool:
            with database.writer() as db:
                try:
                    invitations.begin(
                        db, token, name=f"Nora {number}", password=PASSWORD, now=clock.wall()
                    )
                except (Conflict, NotFound):
                    return False
                return True

        assert together.each(press, range(4)).count(True) == 1
        assert len(tara.rows(User, User.email == NEW)) == 1


class TestJoin:
    def test_lets_the_invited_person_in(self, tara: Buyer, peter: Buyer) -> None:
        invite(tara, peter.user.email)

        join(tara, peter.user.id)

        assert people(tara)[peter.user.email] == "member"
        assert invitations.listed(tara.db, tara.world.globex) == []

    def test_is_for_nobody_else(self, tara: Buyer, milo: Buyer) -> None:
        invite(tara, tara.world.peter.email)

        with pytest.raises(NotAllowed, match="peter@initech.example"):
            join(tara, milo.user.id)
        assert len(invitations.listed(tara.db, tara.world.globex)) == 1

    def test_leaves_the_role_of_who_belongs_by_now(self, tara: Buyer) -> None:
        milo = tara.world.milo
        memberships.remove(tara.db, membership=tara.membership, uuid=milo.uuid, now=clock.wall())
        invite(tara, milo.email)
        memberships.add(tara.db, tara.world.globex, milo, "admin")
        tara.db.commit()

        join(tara, milo.id)

        assert people(tara)[milo.email] == "admin"

    def test_brings_back_who_was_removed(self, tara: Buyer) -> None:
        milo = tara.world.milo
        memberships.remove(tara.db, membership=tara.membership, uuid=milo.uuid, now=clock.wall())
        invite(tara, milo.email, "admin")

        join(tara, milo.id)

        assert people(tara)[milo.email] == "admin"


class TestPeek:
    def test_knows_none_of_a_tenant_that_is_gone(self, tara: Buyer, db: Session) -> None:
        invite(tara)
        tara.world.globex.deleted_at = clock.wall()
        db.commit()

        with pytest.raises(NotFound):
            invitations.peek(db, tokens(tara)[0])

    def test_names_who_sent_it_and_to_what(self, tara: Buyer) -> None:
        invite(tara)

        invitation = invitations.peek(tara.db, tokens(tara)[0])

        assert invitation.invited_by is not None
        assert invitation.invited_by.email == tara.user.email
        assert invitation.tenant.name == "Globex"
