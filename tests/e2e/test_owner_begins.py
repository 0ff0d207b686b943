"""An owner begins: from an empty database to an app that is set up, with a colleague beside."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.e2e import portal as portals
from tests.e2e.actors import Actor
from tests.e2e.inspection import is_open_to_all
from tests.e2e.portal import Door, Portal
from tests.sandbox_server import SandboxServer

PASSWORD = "four words in a row"
STEPS = ["provider", "product", "tax", "origin", "key", "link"]


@pytest.fixture
def portal(door: Door, flask_app: Flask, sandbox: SandboxServer) -> Iterator[Portal]:
    """Serve the portal with nothing in it."""
    with portals.serve(door, flask_app) as portal:
        yield portal


@pytest.fixture
def comes(
    browser: Browser, portal: Portal, sandbox: SandboxServer
) -> Iterator[Callable[[str], Actor]]:
    """Let somebody come, in a new browser."""
    met: list[Actor] = []

    def comes(email: str) -> Actor:
        met.append(Actor(browser, portal.url, sandbox.url, email, tenant=""))
        return met[-1]

    yield comes
    for person in met:
        person.leaves()
    assert [complaint for person in met for complaint in person.complaints.heard] == []


def sets_up(olga: Actor) -> None:
    """Fill in the set-up and send it."""
    olga.opens("/")
    olga.sees_heading("Set up Portico")
    olga.at("setup-name").fill("Olga Owner")
    olga.at("setup-email").fill(olga.email)
    olga.at("setup-password").fill(PASSWORD)
    olga.page.get_by_label("Name of the app").fill("Rocket Notes")
    olga.page.get_by_label("Legal name of the seller").fill("Rocket Notes GmbH")
    olga.page.get_by_label("Address", exact=True).fill("Raketenweg 1\n10115 Berlin")
    olga.at("console-seller-country").select_option("DE")
    olga.presses("setup-submit")


class TestTheFirstRun:
    def test_leads_from_nothing_to_the_checklist(self, comes: Callable[[str], Actor]) -> None:
        olga = comes("olga@example.com")
        olga.opens("/")
        is_open_to_all(olga)
        olga.presses("setup-submit")
        olga.is_told_of(
            "Enter the name of your app.",
            "Enter the legal name of the seller.",
            "Enter the seller's address.",
            "Choose a country.",
            "Enter your name.",
            "Enter your e-mail address.",
            "Choose a password.",
        )
        is_open_to_all(olga)

        sets_up(olga)

        olga.sees_heading("Rocket Notes")
        olga.reads("0 of 6 are done.")
        for step in STEPS:
            expect(olga.at(f"console-checklist-{step}").get_by_role("link")).to_be_visible()
        is_open_to_all(olga)

    def test_is_over_for_whoever_comes_second(self, comes: Callable[[str], Actor]) -> None:
        olga, late = comes("olga@example.com"), comes("late@example.com")
        late.opens("/")
        late.sees_heading("Set up Portico")

        sets_up(olga)

        assert late.opens("/setup").status == 404
        late.complaints.heard.clear()
        late.opens("/")
        late.sees_heading("Sign in to your billing")


class TestAnAppIsDressedAndShared:
    def test_with_a_colour_a_logo_and_support(
        self, comes: Callable[[str], Actor], portal: Portal, sandbox: SandboxServer
    ) -> None:
        olga, sam = comes("olga@example.com"), comes("sam@example.com")
        sets_up(olga)
        olga.page.get_by_role("link", name="Settings").click()
        olga.page.get_by_label("Support e-mail address").fill("help@rocket.example")
        olga.presses("console-settings-save")
        olga.reads("The settings are saved.")
        is_open_to_all(olga)

        olga.page.get_by_role("link", name="Branding").click()
        olga.at("console-branding-colour").fill("#ffee00")
        olga.presses("console-branding-save")
        olga.reads("adjusted")
        picture = BytesIO()
        Image.new("RGB", (600, 200), (20, 120, 90)).save(picture, "JPEG")
        olga.at("console-branding-logo").set_input_files(
            {"name": "logo.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()}
        )
        olga.presses("console-branding-upload")
        olga.reads("The logo is saved.")
        assert olga.at("console-branding-picture").evaluate("(image) => image.naturalWidth") == 512
        is_open_to_all(olga)

        olga.page.get_by_role("link", name="Members").click()
        olga.at("console-member-email").fill(sam.email)
        olga.presses("console-member-invite")
        is_open_to_all(olga)
        portal.worker.send_mails()
        mail = [mail for mail in sandbox.mails() if sam.email in mail["to"]][-1]
        found = re.search(rf"{re.escape(portal.url)}/console/invitations/\S+", mail["text"])
        assert found is not None
        sam.opens(found[0])
        sam.sees_heading("Run Rocket Notes")
        is_open_to_all(sam)
        sam.at("accept-name").fill("Sam Support")
        sam.at("new-password").fill(PASSWORD)
        sam.presses("accept-submit")
        sam.reads("You run Rocket Notes now.")
        sam.page.get_by_role("link", name="Settings").click()
        sam.reads("Only an owner of Rocket Notes changes it.")
        sam.does_not_see("console-settings-save")
        is_open_to_all(sam)

        olga.page.reload()
        olga.reads("Sam Support")
        olga.page.get_by_role("link", name="Apps").click()
        olga.at("console-add-app").click()
        olga.sees_heading("Add an app")
        is_open_to_all(olga)
