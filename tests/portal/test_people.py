"""The people of a tenant."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.access import portal_links
from app.billing.people import invitations
from app.billing.site import Site
from app.models import Invitation, Mail, Membership
from tests.cast import World
from tests.pages import Page, Visitor

NEW = "nora@globex.example"


@pytest.fixture
def path(world: World) -> str:
    return f"/t/{world.globex.uuid}/people"


def invites(visitor: Visitor, path: str, email: str = NEW, role: str = "member") -> Page:
    return visitor.posts(path, {"email": email, "role": role})


@pytest.fixture
def invited(tara: Visitor, path: str, db: Session) -> str:
    """Answer the path of an invitation of Globex."""
    invites(tara, path)
    uuid = db.scalars(select(Invitation.uuid)).one()
    db.commit()
    return f"{path}/invitations/{uuid}"


class TestShow:
    def test_lists_everybody_with_what_they_may_do(self, tara: Visitor, path: str) -> None:
        words = tara.opens(path).words()

        assert "tara@globex.example (you) Admin" in words
        assert "milo@globex.example Member" in words
        assert "peter@initech.example" not in words

    def test_shows_a_member_the_list_and_no_forms(
        self, milo: Visitor, path: str, world: World, invited: str
    ) -> None:
        page = milo.opens(path)

        assert "tara@globex.example" in page.words()
        assert NEW not in page.words()
        assert not page.has("invite-submit")
        assert not page.has(f"member-remove-{world.tara.uuid}")
        assert [form.get("action") for form in page.all("form")] == ["/sign-out"]

    def test_does_not_exist_for_a_stranger(
        self, peter: Visitor, nobody: Visitor, path: str
    ) -> None:
        assert peter.opens(path).status == 404
        assert nobody.opens(path).location.startswith("/sign-in")

    @pytest.mark.parametrize(("scope", "status"), [("portal", 200), ("payment-methods", 404)])
    def test_opens_by_a_link_to_the_whole_portal_only(
        self,
        flask_app: Flask,
        path: str,
        db: Session,
        site: Site,
        world: World,
        scope: str,
        status: int,
    ) -> None:
        _, url = portal_links.issue(db, site, tenant=world.globex, scope=scope)
        db.commit()
        guest = Visitor(flask_app)
        guest.posts(url)

        assert guest.opens(path).status == status


class TestInvite:
    def test_says_what_happens_next_and_lists_who_is_invited(
        self, tara: Visitor, path: str
    ) -> None:
        page = invites(tara, path)

        shown = tara.opens(page.location)
        assert f"{NEW} is invited." in shown.words()
        assert "The link works until" in shown.words()

    @pytest.mark.parametrize(
        ("email", "role", "problem"),
        [
            ("", "member", "Enter an e-mail address."),
            ("nora", "member", "Enter an e-mail address, such as name@example.com."),
            ("milo@globex.example", "admin", "milo@globex.example already belongs to Globex."),
        ],
    )
    def test_says_what_is_wrong_and_keeps_the_answers(
        self, tara: Visitor, path: str, email: str, role: str, problem: str
    ) -> None:
        page = invites(tara, path, email, role)

        assert page.status == 422
        assert page.problems == [problem]
        assert page.fields(path)["role"] == role

    def test_refuses_an_unknown_role(self, tara: Visitor, path: str) -> None:
        assert invites(tara, path, role="owner").status == 422

    def test_is_not_for_members_nor_strangers(
        self, milo: Visitor, peter: Visitor, path: str
    ) -> None:
        assert invites(milo, path).status == 403
        assert invites(peter, path).status == 404

    def test_needs_the_form(self, tara: Visitor, path: str, db: Session) -> None:
        sent = {"email": NEW, "role": "member", "csrf_token": "forged"}

        assert tara.posts(path, sent).status == 400
        assert db.scalars(select(Invitation)).all() == []


class TestInvitation:
    def test_is_sent_again(self, tara: Visitor, invited: str) -> None:
        page = tara.posts(f"{invited}/resend")

        assert "gets the mail again" in tara.opens(page.location).words()

    def test_is_withdrawn(self, tara: Visitor, invited: str) -> None:
        tara.posts(f"{invited}/revoke")
        page = tara.posts(f"{invited}/revoke")

        assert NEW not in tara.opens(page.location).words()
        assert tara.posts(f"{invited}/resend").status == 409

    @pytest.mark.parametrize("act", ["resend", "revoke"])
    def test_is_not_for_members_nor_strangers(
        self, milo: Visitor, peter: Visitor, invited: str, act: str, world: World
    ) -> None:
        elsewhere = invited.replace(str(world.globex.uuid), str(world.initech.uuid))

        assert milo.posts(f"{invited}/{act}").status == 403
        assert peter.posts(f"{invited}/{act}").status == 404
        assert peter.posts(f"{elsewhere}/{act}").status == 404


class TestChangeRole:
    def test_makes_an_admin_and_a_member(self, tara: Visitor, path: str, world: World) -> None:
        act = f"{path}/{world.milo.uuid}/role"

        tara.posts(act, tara.opens(path).fields(act))
        page = tara.opens(path)
        assert page.words().count("Make a member") == 2

        tara.posts(act, page.fields(act))
        assert tara.opens(path).words().count("Make a member") == 1

    def test_keeps_the_only_admin_and_says_why(
        self, tara: Visitor, path: str, world: World
    ) -> None:
        page = tara.posts(f"{path}/{world.tara.uuid}/role", {"role": "member"})

        assert page.status == 409
        assert "is the only admin" in page.words()
        assert tara.opens(path).has("invite-submit")

    def test_knows_two_roles(self, tara: Visitor, path: str, world: World) -> None:
        assert tara.posts(f"{path}/{world.milo.uuid}/role", {"role": "owner"}).status == 422

    def test_is_not_for_members_nor_strangers(
        self, milo: Visitor, tara: Visitor, peter: Visitor, path: str, world: World
    ) -> None:
        role = {"role": "admin"}

        assert milo.posts(f"{path}/{world.milo.uuid}/role", role).status == 403
        assert peter.posts(f"{path}/{world.milo.uuid}/role", role).status == 404
        assert tara.posts(f"{path}/{world.peter.uuid}/role", role).status == 404


class TestRemove:
    def test_asks_first(self, tara: Visitor, path: str, world: World) -> None:
        page = tara.opens(f"{path}/{world.milo.uuid}/remove")

        assert page.has("member-remove-confirm")
        assert "milo@globex.example loses access" in page.words()
        assert "milo@globex.example" in tara.opens(path).words()

    def test_ends_the_access(self, tara: Visitor, milo: Visitor, path: str, world: World) -> None:
        page = tara.posts(f"{path}/{world.milo.uuid}/remove")

        assert "has no access any more" in tara.opens(page.location).words()
        assert milo.opens(path).status == 404

    def test_keeps_the_only_admin_and_says_why(
        self, tara: Visitor, path: str, world: World
    ) -> None:
        page = tara.posts(f"{path}/{world.tara.uuid}/remove")

        assert page.status == 409
        assert "Make somebody else an admin first" in page.words()

    def test_of_oneself_leads_out(self, tara: Visitor, path: str, world: World) -> None:
        tara.posts(f"{path}/{world.milo.uuid}/role", {"role": "admin"})
        assert "your own access" in tara.opens(f"{path}/{world.tara.uuid}/remove").words()

        page = tara.posts(f"{path}/{world.tara.uuid}/remove")

        assert "does not belong to a company yet" in tara.opens(page.location).words()

    def test_is_not_for_members_nor_strangers(
        self, milo: Visitor, tara: Visitor, peter: Visitor, path: str, world: World
    ) -> None:
        act = f"{path}/{world.tara.uuid}/remove"

        assert milo.opens(act).status == 403
        assert milo.posts(act).status == 403
        assert peter.opens(act).status == 404
        assert peter.posts(act).status == 404
        assert tara.opens(f"{path}/{world.peter.uuid}/remove").status == 404


class TestTheActivity:
    def test_tells_admins_who_was_invited_changed_and_removed_and_by_whom(
        self, tara: Visitor, milo: Visitor, path: str, world: World, invited: str
    ) -> None:
        invites(tara, path)
        invites(tara, path, role="admin")
        tara.posts(f"{invited}/revoke")
        for role in ("admin", "admin", "member"):
            tara.posts(f"{path}/{world.milo.uuid}/role", {"role": role})
        page = milo.opens(f"/t/{world.globex.uuid}/activity")
        tara.posts(f"{path}/{world.milo.uuid}/remove")

        told = happened(tara, world)

        assert told == [
            "Person removed: milo@globex.example",
            "Role changed: milo@globex.example From admin to member",
            "Role changed: milo@globex.example From member to admin",
            "Invitation withdrawn: nora@globex.example",
            "Person invited: nora@globex.example As admin",
            "Person invited: nora@globex.example As member",
        ]
        assert "by tara@globex.example" in page.words()
        assert "Role changed" in page.words() and NEW not in page.words()
        assert NEW not in milo.opens(f"/t/{world.globex.uuid}/").words()

    def test_tells_who_joined(self, tara: Visitor, world: World, db: Session, site: Site) -> None:
        membership = db.scalars(select(Membership).where(Membership.user_id == world.tara.id)).one()
        invitations.invite(db, site, membership=membership, email=world.peter.email, role="member")
        token = token_of(db, site)
        invitations.join(db, token, world.peter.id, now=site.clock.now())

        assert happened(tara, world)[0] == f"Person joined: {world.peter.email} As member"


def token_of(db: Session, site: Site) -> str:
    """Answer the token in the mail that was written last."""
    mail = db.scalars(select(Mail).order_by(Mail.id.desc())).first()
    assert mail is not None
    return site.vault.open(mail.values["sealed_url"]).rpartition("/")[2]


def happened(visitor: Visitor, world: World) -> list[str]:
    """Answer what the activity page tells of people, the newest first."""
    page = visitor.opens(f"/t/{world.globex.uuid}/activity")
    spans = (next(line.iter("span"), None) for line in page.all("li"))
    said = (" ".join(" ".join(span.itertext()).split()) for span in spans if span is not None)
    return [each for each in said if each.startswith(("Person", "Role", "Invitation"))]
