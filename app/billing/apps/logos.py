"""Logos: pictures people bring, decoded and encoded anew, so that nothing but the picture stays."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.apps import audits
from app.billing.errors import Invalid, NotFound
from app.billing.people import app_members
from app.db import lock, once
from app.models import App, AppMember, Logo

if TYPE_CHECKING:
    from PIL import Image

MOST_BYTES = 512 * 1024
_MOST_PIXELS = 16_000_000
_LEAST_SIDE, _MOST_SIDE = 16, 512
_FORMATS = ("PNG", "JPEG", "WEBP")
_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF")


class Picture(NamedTuple):
    """A PNG, and its size in pixels."""

    content: bytes
    width: int
    height: int


def put(db: Session, member: AppMember, file: bytes, *, now: datetime) -> Logo:
    """Give an app a logo and answer it: a PNG, JPEG or WebP of at most 512 kB, kept as a PNG of at
    most 512 by 512 pixels without anything but the picture. Commits before it decodes.

    Raises NotAllowed for support, and Invalid naming `logo`; the logo before stays then.
    """
    app_members.require_owner(member)
    # Decoding takes its time, and no transaction waits for it.
    db.commit()
    picture = _read(file)
    content = _png(picture)
    digest = sha256(content).hexdigest()[:32]
    width, height = picture.size
    values = {"digest": digest, "content": content, "width": width, "height": height}
    once.insert(db, Logo, values)
    _show(db, member, digest, "logo.changed", now)
    return db.scalars(select(Logo).where(Logo.digest == digest)).one()


def remove(db: Session, member: AppMember, *, now: datetime) -> None:
    """Show the first letter of an app's name again; raises NotAllowed for support."""
    app_members.require_owner(member)
    _show(db, member, None, "logo.removed", now)


def content(db: Session, digest: str) -> bytes:
    """Answer the PNG with this digest; raises NotFound."""
    found = db.scalar(select(Logo.content).where(Logo.digest == digest))
    if found is None:
        raise NotFound("There is no such logo.")
    return found


def scaled(logo: Logo, *, width: int, height: int) -> Picture:
    """Answer a logo in at most so many pixels; one that is small enough as it is."""
    if logo.width <= width and logo.height <= height:
        return Picture(logo.content, logo.width, logo.height)
    return _scaled(logo.content, width, height)


@lru_cache(maxsize=32)
def _scaled(content: bytes, width: int, height: int) -> Picture:
    # Decoders take 10 MB, and most server processes never see a picture.
    from PIL import Image

    with Image.open(BytesIO(content), formats=("PNG",)) as picture:
        picture.thumbnail((width, height))
        return Picture(_png(picture), *picture.size)


def _show(db: Session, member: AppMember, digest: str | None, act: str, now: datetime) -> None:
    app = lock.one(db, App, member.app_id)
    if app.logo_digest != digest:
        details = {"changed": {"logo": [app.logo_digest, digest]}}
        audits.note(db, member, act, app.name, now=now, details=details)
    app.logo_digest = digest
    db.flush()


def _read(file: bytes) -> Image.Image:
    if len(file) > MOST_BYTES:
        raise Invalid("This file is larger than 512 kB. Choose a smaller one.", field="logo")
    if not file.startswith(_SIGNATURES):
        raise Invalid("Choose a picture in PNG, JPEG or WebP format.", field="logo")
    picture = _decoded(file)
    if min(picture.size) < _LEAST_SIDE:
        raise Invalid("This picture is too small: use at least 16 by 16 pixels.", field="logo")
    return picture


def _decoded(file: bytes) -> Image.Image:
    # Decoders take 10 MB, and most server processes never see a picture.
    from PIL import Image, ImageOps

    try:
        with Image.open(BytesIO(file), formats=_FORMATS) as opened:
            # Before a pixel is decoded: a small file can hold a picture that fills the memory.
            _refuse_vast(*opened.size)
            opened.draft("RGB", (_MOST_SIDE, _MOST_SIDE))
            upright = ImageOps.exif_transpose(opened).convert("RGBA")
    except Invalid:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _vast() from None
    except Exception as error:
        # Whatever a decoder says of bytes that a stranger put together: it is no picture.
        raise Invalid(
            "This file cannot be read as a picture. Save it again, or choose another.",
            field="logo",
        ) from error
    upright.thumbnail((_MOST_SIDE, _MOST_SIDE))
    # A new picture of the same pixels: colour profiles, comments and places are left behind.
    return Image.frombytes("RGBA", upright.size, upright.tobytes())


def _png(picture: Image.Image) -> bytes:
    written = BytesIO()
    picture.save(written, "PNG", optimize=True)
    return written.getvalue()


def _refuse_vast(width: int, height: int) -> None:
    if width * height > _MOST_PIXELS:
        raise _vast()


def _vast() -> Invalid:
    return Invalid("This picture has too many pixels: use at most 4000 by 4000.", field="logo")
