"""Who runs an app: invited by mail, changed and removed by an owner."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import mails
from app.billing.site import Site
from app.models import AppMember, AuditEntry, User
from tests.cast import CHARLIE, World
from tests.pages import Visitor
from tests.sandbox_server import SandboxServer

SAM = "sam@acme.example"
PASSWORD = "four words in a row"


@pytest.fixture
def page_of(world: World) -> str:
    return f"/console/apps/{world.app.uuid}/settings/members"


def link_to(email: str, db: Session, site: Site, sandbox: SandboxServer) -> str:
    """Answer the path of the newest invitation mailed to somebody."""
    mails.send_due(db, site)
    text = [mail["text"] for mail in sandbox.mails() if email in mail["to"]][-1]
    found = re.search(r"/console/invitations/\S+", text)
    assert found is not None, text
    return found[0]


class TestSomebodyInvited:
    def test_joins_with_a_new_account_and_comes_to_the_console(
        self,
        alice: Visitor,
        nobody: Visitor,
        db: Session,
        site: Site,
        sandbox: SandboxServer,
        world: World,
        page_of: str,
    ) -> None:
        assert alice.posts(page_of, {"email": SAM.upper(), "role": "support"}).location == page_of
        assert SAM in alice.opens(page_of).words()
        link = link_to(SAM, db, site, sandbox)

        asked = nobody.opens(link)
        short = nobody.posts(link, {"name": "Sam", "password": "short"})
        joined = nobody.posts(link, {"name": "Sam", "password": PASSWORD})

        home = f"/console/apps/{world.app.uuid}/"
        assert asked.heading == "Run Acme Notes"
        assert "As support you see everything" in asked.words()
        assert short.problems == ["Use at least 12 characters. Four words in a row do well."]
        assert joined.location == home
        assert "You run Acme Notes now." in nobody.opens(home).words()
        assert nobody.opens("/").location == "/console/"
        assert nobody.posts("/sign-out").location == "/sign-in"
        signed_in = nobody.posts("/sign-in", {"email": SAM, "password": PASSWORD})
        assert nobody.opens(signed_in.location).location == "/console/"
        entries = db.execute(select(AuditEntry.action, AuditEntry.subject).order_by(AuditEntry.id))
        assert [tuple(row) for row in entries] == [("member.invited", SAM), ("member.joined", SAM)]

    def test_joins_with_the_account_there_is(
        self,
        alice: Visitor,
        flask_app: Flask,
        db: Session,
        site: Site,
        sandbox: SandboxServer,
        world: World,
        page_of: str,
    ) -> None:
        alice.posts(page_of, {"email": CHARLIE, "role": "owner"})
        link = link_to(CHARLIE, db, site, sandbox)
        stranger, charlie = Visitor(flask_app), Visitor(flask_app, world.charlie)

        assert stranger.posts(link).location.startswith("/sign-in?next=/console/invitations/")
        assert alice.posts(link).status == 403
        assert charlie.posts(link).location == f"/console/apps/{world.app.uuid}/"

        roles = db.scalars(select(AppMember.role).order_by(AppMember.id)).all()
        assert roles == ["owner", "owner"]

    def test_cannot_use_a_link_twice_nor_one_that_was_sent_again_or_withdrawn(
        self,
        alice: Visitor,
        nobody: Visitor,
        db: Session,
        site: Site,
        sandbox: SandboxServer,
        page_of: str,
    ) -> None:
        alice.posts(page_of, {"email": SAM, "role": "support"})
        first = link_to(SAM, db, site, sandbox)
        alice.posts(page_of, {"email": SAM, "role": "owner"})
        second = link_to(SAM, db, site, sandbox)
        shown = alice.opens(page_of)
        withdraw = next(
            f.get("action", "") for f in shown.all("form") if "withdraw" in f.get("action", "")
        )

        assert nobody.opens(first).status == 404
        assert nobody.opens(second).status == 200
        assert alice.posts(withdraw).location == page_of
        assert nobody.opens(second).status == 404
        assert nobody.posts(second, {"name": "Sam", "password": PASSWORD}).status == 404
        assert SAM not in alice.opens(page_of).words()

    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [
            ({"email": "sam"}, "Enter an e-mail address, such as name@example.com."),
            ({"email": "alice@acme.example"}, "alice@acme.example runs Acme Notes already."),
            ({"email": SAM, "role": "admin"}, "Choose what they may do."),
        ],
    )
    def test_is_refused_in_words(
        self, alice: Visitor, page_of: str, typed: dict[str, str], sentence: str
    ) -> None:
        page = alice.posts(page_of, {"role": "support", **typed})

        assert page.status == 422
        assert page.problems == [sentence]


class TestAMember:
    def test_gets_another_role_and_is_removed_at_once(
        self, alice: Visitor, support: Visitor, db: Session, world: World, page_of: str
    ) -> None:
        person = f"{page_of}/{world.charlie.uuid}"
        home = f"/console/apps/{world.app.uuid}/"

        alice.posts(f"{person}/role", {"role": "owner"})
        assert support.posts(page_of, {"email": SAM, "role": "support"}).status == 303
        alice.posts(f"{person}/role", {"role": "support"})
        assert support.posts(page_of, {"email": SAM, "role": "support"}).status == 403

        assert alice.opens(f"{person}/remove").heading == "Remove charlie@nowhere.example?"
        alice.posts(f"{person}/remove")
        assert support.opens(home).status == 404
        actions = db.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert actions == [
            *("member.role_changed", "member.invited"),
            *("member.role_changed", "member.removed"),
        ]

    def test_that_is_the_last_owner_stays(
        self, alice: Visitor, support: Visitor, db: Session, world: World, page_of: str
    ) -> None:
        person = f"{page_of}/{world.alice.uuid}"

        refused = [
            alice.posts(f"{person}/role", {"role": "support"}),
            alice.posts(f"{person}/remove"),
        ]

        for page in refused:
            assert page.status == 409
            assert "Alice Acme is the only owner" in page.words()
        assert db.scalars(select(AppMember.role).order_by(AppMember.id)).all()[0] == "owner"

    def test_may_leave_once_there_is_another_owner(
        self, alice: Visitor, support: Visitor, world: World, page_of: str
    ) -> None:
        alice.posts(f"{page_of}/{world.charlie.uuid}/role", {"role": "owner"})

        left = alice.posts(f"{page_of}/{world.alice.uuid}/remove")

        assert left.location == "/"
        assert alice.opens(page_of).status == 404

    def test_comes_back_by_a_new_invitation(
        self,
        alice: Visitor,
        support: Visitor,
        db: Session,
        site: Site,
        sandbox: SandboxServer,
        world: World,
        page_of: str,
    ) -> None:
        alice.posts(f"{page_of}/{world.charlie.uuid}/remove")
        alice.posts(page_of, {"email": CHARLIE, "role": "owner"})

        support.posts(link_to(CHARLIE, db, site, sandbox))

        assert "Owner" in support.opens(page_of).words()
        assert support.opens(page_of).has("console-member-invite")

    def test_of_support_looks_and_changes_nothing(
        self, support: Visitor, world: World, db: Session, page_of: str
    ) -> None:
        shown = support.opens(page_of)

        assert "Alice Acme" in shown.words()
        assert not shown.has("console-member-invite")
        person = f"{page_of}/{world.alice.uuid}"
        assert support.posts(page_of, {"email": SAM, "role": "owner"}).status == 403
        assert support.posts(f"{person}/role", {"role": "support"}).status == 403
        assert support.opens(f"{person}/remove").status == 403
        assert support.posts(f"{person}/remove").status == 403
        assert db.scalars(select(User.email).where(User.email == SAM)).all() == []

    def test_of_another_app_is_not_found(
        self, alice: Visitor, tara: Visitor, world: World, page_of: str
    ) -> None:
        assert alice.posts(f"{page_of}/{world.tara.uuid}/remove").status == 404
        assert alice.posts(f"{page_of}/{world.tara.uuid}/role", {"role": "owner"}).status == 404
        assert tara.opens(page_of).status == 404
