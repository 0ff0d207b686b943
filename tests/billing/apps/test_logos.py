"""Logos: decoded and encoded anew, so that nothing but the picture stays."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.billing.apps import logos
from app.billing.demo import demo
from app.billing.errors import Invalid, NotAllowed
from app.billing.site import Site
from app.models import AppMember, Logo
from tests.cast import World


@pytest.fixture
def put(world: World, db: Session) -> Callable[[bytes], Logo]:
    member = db.scalars(select(AppMember)).one()
    db.commit()

    def put(file: bytes) -> Logo:
        logo = logos.put(db, member, file, now=clock.wall())
        db.commit()
        return logo

    return put


Put = Callable[[bytes], Logo]


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    written = BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def vast_png(width: int, height: int) -> bytes:
    """A small file that says it is a picture of billions of pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    pixels = zlib.compress(bytes(100_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


class TestAPicture:
    def test_is_made_smaller_and_keeps_its_shape(self, put: Put) -> None:
        logo = put(encoded(Image.new("RGB", (2000, 500), (9, 9, 9)), "JPEG"))

        assert (logo.width, logo.height) == (512, 128)
        assert Image.open(BytesIO(logo.content)).size == (512, 128)

    @pytest.mark.parametrize(
        ("most", "size"), [((400, 72), (288, 72)), ((100, 72), (100, 25)), ((900, 900), (512, 128))]
    )
    def test_is_lent_smaller_and_never_larger(
        self, put: Put, most: tuple[int, int], size: tuple[int, int]
    ) -> None:
        logo = put(encoded(Image.new("RGB", (2000, 500), (9, 9, 9)), "JPEG"))

        picture = logos.scaled(logo, width=most[0], height=most[1])

        assert Image.open(BytesIO(picture.content)).size == size
        assert (picture.width, picture.height) == size

    def test_keeps_what_is_transparent(self, put: Put) -> None:
        logo = put(encoded(Image.new("RGBA", (64, 64), (255, 0, 0, 128)), "PNG"))

        assert Image.open(BytesIO(logo.content)).getpixel((5, 5)) == (255, 0, 0, 128)

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "CMYK"])
    def test_may_be_in_any_mode_its_format_has(self, put: Put, mode: str) -> None:
        kind = "JPEG" if mode == "CMYK" else "PNG"

        assert (
            Image.open(BytesIO(put(encoded(Image.new(mode, (32, 32)), kind)).content)).mode
            == "RGBA"
        )

    def test_loses_what_is_no_picture(self, put: Put) -> None:
        notes = PngImagePlugin.PngInfo()
        notes.add_text("Comment", "taken at home")
        exif = Image.Exif()
        exif[0x010E] = "taken at home"
        plain = Image.new("RGB", (40, 40), (1, 2, 3))

        for file in (
            encoded(plain, "PNG", pnginfo=notes, icc_profile=b"taken at home"),
            encoded(plain, "JPEG", exif=exif, comment=b"taken at home"),
            encoded(plain, "WEBP", exif=exif),
            encoded(plain, "PNG") + b"taken at home",
        ):
            assert b"taken at home" in file
            assert b"taken at home" not in put(file).content

    def test_is_turned_as_its_camera_says(self, put: Put) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6

        logo = put(encoded(Image.new("RGB", (80, 40)), "JPEG", exif=exif))

        assert (logo.width, logo.height) == (40, 80)

    def test_that_is_the_same_is_kept_once(self, put: Put, db: Session) -> None:
        file = encoded(Image.new("RGB", (40, 40)), "PNG")

        assert put(file).digest == put(file).digest
        assert db.scalar(select(func.count()).select_from(Logo)) == 1


class TestTheDemo:
    def test_is_put_back_without_it(self, put: Put, world: World, db: Session, site: Site) -> None:
        put(encoded(Image.new("RGB", (40, 40)), "PNG"))

        demo.reset(db, site)

        db.refresh(world.app)
        assert world.app.logo_digest is None


class TestAFile:
    @pytest.mark.parametrize(
        ("file", "begins"),
        [
            (b"GIF89a" + bytes(50), "Choose a picture"),
            (b"%PDF-1.7", "Choose a picture"),
            (b"<?xml version='1.0'?><svg/>", "Choose a picture"),
            (b"\xff\xd8\xff" + bytes(100), "This file cannot be read"),
            (b"RIFF\x00\x00\x00\x00WAVEfmt ", "This file cannot be read"),
            (encoded(Image.new("RGB", (90, 90)), "JPEG")[:200], "This file cannot be read"),
            (encoded(Image.new("RGB", (15, 90)), "PNG"), "This picture is too small"),
            (vast_png(5000, 4000), "This picture has too many pixels"),
            (vast_png(12_000, 12_000), "This picture has too many pixels"),
            (vast_png(60_000, 60_000), "This picture has too many pixels"),
            (bytes(logos.MOST_BYTES + 1), "This file is larger than 512 kB"),
        ],
    )
    def test_that_will_not_do_is_refused(
        self, put: Put, db: Session, file: bytes, begins: str
    ) -> None:
        with pytest.raises(Invalid, match=begins) as refusal:
            put(file)

        assert refusal.value.field == "logo"
        assert db.scalars(select(Logo)).all() == []


class TestSupport:
    def test_gives_no_logo(self, world: World, db: Session) -> None:
        support = AppMember(app=world.app, user=world.charlie, role="support")
        db.add(support)
        db.flush()

        with pytest.raises(NotAllowed):
            logos.put(db, support, encoded(Image.new("RGB", (40, 40)), "PNG"), now=clock.wall())
