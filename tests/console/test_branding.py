"""The looks of an app: its colour and its logo."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.apps import logos
from app.models import AppMember, AuditEntry
from tests.cast import World
from tests.pages import Page, Visitor


def picture(kind: str, size: tuple[int, int] = (80, 40)) -> bytes:
    written = BytesIO()
    Image.new("RGB", size, (20, 120, 90)).save(written, kind)
    return written.getvalue()


@pytest.fixture
def page_of(world: World) -> str:
    return f"/console/apps/{world.app.uuid}/settings/branding"


def uploads(visitor: Visitor, page_of: str, file: bytes, name: str = "logo.png") -> Page:
    # Put together here: Werkzeug's client leaves what it spooled to a file open.
    parts = (
        b'Content-Disposition: form-data; name="csrf_token"\r\n\r\n' + visitor.token().encode(),
        f'Content-Disposition: form-data; name="logo"; filename="{name}"\r\n'.encode()
        + b"Content-Type: image/png\r\n\r\n"
        + file,
    )
    body = b"".join(b"--part\r\n" + part + b"\r\n" for part in parts) + b"--part--\r\n"
    kind = "multipart/form-data; boundary=part"
    return Page(visitor.client.post(f"{page_of}/logo", data=body, content_type=kind))


class TestTheColour:
    def test_is_stored_and_shown_with_its_contrast(
        self, alice: Visitor, world: World, db: Session, page_of: str
    ) -> None:
        answer = alice.posts(page_of, {"colour": "#FFEE00"})

        db.refresh(world.app)
        entry = db.scalars(select(AuditEntry)).one()
        shown = alice.opens(page_of)
        assert answer.location == page_of
        assert world.app.brand_color == "#ffee00"
        assert entry.details == {"changed": {"brand_color": ["#5254d4", "#ffee00"]}}
        # Yellow on white cannot be read, so a darker one is used there, and this one on dark pages.
        assert "Links and marks #756d00 adjusted 4.6" in shown.words("console-branding-contrast")
        assert "Links and marks #ffee00 11.5" in shown.words("console-branding-contrast")

    @pytest.mark.parametrize("colour", ["", "yellow", "#12345", "#5254d4; x: url(//evil)"])
    def test_is_a_colour(self, alice: Visitor, db: Session, page_of: str, colour: str) -> None:
        page = alice.posts(page_of, {"colour": colour})

        assert page.problems == ["Enter a colour such as #5254d4."]
        assert db.scalars(select(AuditEntry)).all() == []


class TestTheLogo:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
    def test_stands_in_portal_console_and_mark(
        self, alice: Visitor, tara: Visitor, world: World, db: Session, page_of: str, kind: str
    ) -> None:
        answer = uploads(alice, page_of, picture(kind))

        db.refresh(world.app)
        address = f"/logos/{world.app.logo_digest}.png"
        home = f"/t/{world.globex.uuid}"
        db.commit()
        served = tara.client.get(address)
        assert answer.location == page_of
        assert served.mimetype == "image/png"
        assert served.headers["X-Content-Type-Options"] == "nosniff"
        assert served.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert Image.open(BytesIO(served.data)).size == (80, 40)
        for visitor, path in ((alice, page_of), (tara, f"{home}/"), (tara, f"{home}/plans")):
            assert address in [i.get("src") for i in visitor.opens(path).all("img")], path

    def test_may_be_larger_than_other_bodies(
        self, alice: Visitor, world: World, db: Session, page_of: str
    ) -> None:
        # What follows the picture counts as much as any other byte, and is left behind.
        file = picture("PNG") + bytes(400 * 1024)

        assert uploads(alice, page_of, file).location == page_of

    @pytest.mark.parametrize(
        ("file", "sentence"),
        [
            (b"", "Choose a picture in PNG, JPEG or WebP format."),
            (
                b"<svg xmlns='http://www.w3.org/2000/svg'/>",
                "Choose a picture in PNG, JPEG or WebP format.",
            ),
            (
                picture("PNG")[:60],
                "This file cannot be read as a picture. Save it again, or choose another.",
            ),
            (
                picture("PNG") + bytes(logos.MOST_BYTES),
                "This file is larger than 512 kB. Choose a smaller one.",
            ),
        ],
        ids=["empty", "svg", "cut off", "too large"],
    )
    def test_is_refused_in_words(
        self, alice: Visitor, world: World, db: Session, page_of: str, file: bytes, sentence: str
    ) -> None:
        page = uploads(alice, page_of, file)

        db.refresh(world.app)
        assert page.status == 422
        assert page.problems == [sentence]
        assert world.app.logo_digest is None

    def test_needs_a_file(self, alice: Visitor, page_of: str) -> None:
        assert uploads(alice, page_of, b"", name="").problems == ["Choose a file first."]

    def test_of_megabytes_does_not_come_through(self, alice: Visitor, page_of: str) -> None:
        assert uploads(alice, page_of, bytes(3_000_000)).status == 413

    def test_is_removed(self, alice: Visitor, world: World, db: Session, page_of: str) -> None:
        uploads(alice, page_of, picture("PNG"))

        alice.posts(f"{page_of}/logo/remove")

        db.refresh(world.app)
        actions = db.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert world.app.logo_digest is None
        assert actions == ["logo.changed", "logo.removed"]

    def test_that_nobody_uploaded_is_not_there(self, nobody: Visitor) -> None:
        assert nobody.opens(f"/logos/{'0' * 32}.png").status == 404


class TestSupport:
    def test_sees_and_changes_nothing(
        self, flask_app: Flask, world: World, db: Session, page_of: str
    ) -> None:
        world.db.add(AppMember(app_id=world.app.id, user_id=world.charlie.id, role="support"))
        world.db.commit()
        charlie = Visitor(flask_app, world.charlie)

        assert charlie.opens(page_of).has("console-branding-contrast")
        assert charlie.posts(page_of, {"colour": "#000000"}).status == 403
        assert uploads(charlie, page_of, picture("PNG")).status == 403
        assert charlie.posts(f"{page_of}/logo/remove").status == 403
        assert db.scalars(select(AuditEntry)).all() == []
