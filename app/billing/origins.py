"""Origins: where an app's own pages are: payers may be sent back there, some may embed us."""

from __future__ import annotations

from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing import urls
from app.models import Origin


def is_registered(db: Session, app_id: int, url: str) -> bool:
    """Answer whether an address begins with one of the app's origins."""
    if not urls.is_sound(url):
        return False
    parts = urlsplit(url)
    of_app = select(Origin.id).where(
        Origin.app_id == app_id,
        Origin.origin == f"{parts.scheme}://{parts.netloc}",
        Origin.deleted_at.is_(None),
    )
    return db.scalar(of_app) is not None


def embedders(db: Session, app_id: int) -> tuple[str, ...]:
    """Answer the origins whose pages may show ours in a frame, for `frame-ancestors`."""
    found = select(Origin.origin).where(
        Origin.app_id == app_id, Origin.may_embed, Origin.deleted_at.is_(None)
    )
    return tuple(db.scalars(found.order_by(Origin.id)))
