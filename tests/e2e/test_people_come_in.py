"""People come in by mail: one is invited, another one has forgotten the password."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from app.models import User
from tests.cast import PASSWORDS, World
from tests.e2e.actors import Payer
from tests.e2e.conftest import Meet
from tests.e2e.portal import Portal
from tests.sandbox_server import SandboxServer

NEW = "four words in a row"
Follow = Callable[[Payer], None]


@pytest.fixture
def follows_the_mail(portal: Portal, sandbox: SandboxServer) -> Follow:
    """Answer a way for somebody to open the link of the latest mail to their address."""

    def follow(person: Payer) -> None:
        portal.worker.send_mails()
        mail = [mail for mail in sandbox.mails() if person.email in mail["to"]][-1]
        found = re.search(rf"{re.escape(portal.url)}/(reset|invitations)/\S+", mail["text"])
        assert found is not None, mail["text"]
        person.opens(found[0])

    return follow


class TestInvited:
    def test_joins_with_a_new_account_and_is_removed_again(
        self, tara: Payer, meet: Meet, world: World, follows_the_mail: Follow
    ) -> None:
        nora = meet(User(email="nora@globex.example"), world.globex)
        tara.goes_to("people")
        tara.at("invite-email").fill(nora.email)
        tara.at("invite-role").select_option("admin")
        tara.presses("invite-submit")
        tara.reads("nora@globex.example is invited.")

        follows_the_mail(nora)
        nora.reads("invites nora@globex.example")
        nora.at("accept-name").fill("Nora New")
        nora.at("new-password").fill("short")
        nora.presses("accept-submit")
        nora.is_told_of("Use at least 12 characters. Four words in a row do well.")
        nora.at("new-password").fill(NEW)
        nora.presses("accept-submit")
        nora.reads("You belong to Globex now.")
        nora.goes_to("people")
        expect(nora.at("invite-submit")).to_be_visible()

        tara.goes_to("people")
        tara.page.get_by_role("link", name=f"Remove {nora.email}").click()
        tara.presses("member-remove-confirm")
        tara.reads("Nora New has no access any more.")
        assert nora.goes_to("people").status == 404

    def test_joins_with_the_account_there_is(
        self, tara: Payer, meet: Meet, world: World, follows_the_mail: Follow
    ) -> None:
        peter = meet(world.peter, world.globex)
        tara.goes_to("people")
        tara.at("invite-email").fill(peter.email)
        tara.presses("invite-submit")

        follows_the_mail(peter)
        peter.presses("accept-submit")
        peter.fills_in_the_sign_in()
        peter.presses("accept-submit")

        peter.reads("You belong to Globex now.")
        peter.goes_to("plans")
        peter.reads("Only an admin of Globex can buy or change it.")


class TestForgotten:
    def test_password_is_chosen_anew_and_ends_the_sign_in_elsewhere(
        self, meet: Meet, world: World, follows_the_mail: Follow
    ) -> None:
        elsewhere, tara = meet(world.tara, world.globex), meet(world.tara, world.globex)
        elsewhere.types_password()
        tara.opens("/sign-in")
        tara.page.get_by_role("link", name="Forgotten your password?").click()
        tara.at("reset-email").fill(tara.email)
        tara.presses("reset-submit")
        tara.sees_heading("Look into your mail")

        follows_the_mail(tara)
        tara.at("new-password").fill(NEW)
        tara.presses("reset-submit")

        expect(tara.page).to_have_url(f"{tara.url}{tara.home}/")
        elsewhere.goes_to("plans")
        elsewhere.sees_heading("Sign in to your billing")
        elsewhere.fills_in_the_sign_in(PASSWORDS[tara.email])
        elsewhere.is_told_of("This e-mail and password do not belong together. Try again.")
        elsewhere.fills_in_the_sign_in(NEW)
        elsewhere.goes_to("plans")
        expect(elsewhere.page).to_have_url(f"{tara.url}{tara.home}/plans")
