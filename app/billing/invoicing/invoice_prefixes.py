"""Invoice prefixes: what numbers begin with, different in each app of the same people."""

from __future__ import annotations

import re
import unicodedata
from itertools import count

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing.errors import Invalid
from app.models import App, AppMember

_PREFIX = re.compile(r"[A-Z0-9]([A-Z0-9-]{0,14}[A-Z0-9])?")
_LONGEST_MADE = 8
# So begins the number of an invoice that is only a test.
_TEST = "TEST"
_PLAIN = "INV"


def checked(text: str | None) -> str | None:
    """Answer a typed prefix in capitals, None where nothing was typed; raises Invalid."""
    prefix = (text or "").strip().upper()
    if not prefix:
        return None
    if not _PREFIX.fullmatch(prefix):
        raise Invalid(
            "Use up to 16 letters A to Z, digits and hyphens, such as ACME.",
            field="invoice_prefix",
        )
    if prefix.startswith(_TEST):
        raise Invalid(
            "TEST marks invoices that are none. Choose another beginning.", field="invoice_prefix"
        )
    return prefix


def require_free(db: Session, user_id: int, prefix: str, *, but: App | None = None) -> None:
    """Raise Invalid where another app that the person runs numbers its invoices so: one seller's
    numbers are unique (Council Directive 2006/112/EC, article 226)."""
    if prefix in _taken(db, user_id, but=but):
        raise Invalid(
            "Another app of yours begins its numbers so, and no number may come twice.",
            field="invoice_prefix",
        )


def make(db: Session, user_id: int, name: str) -> str:
    """Answer a prefix from an app's name that no other app of the person has, such as ACME."""
    letters = unicodedata.normalize("NFKD", name.split()[0]).upper()
    kept = "".join(c for c in letters if c.isascii() and c.isalnum())[:_LONGEST_MADE]
    first = _PLAIN if not kept or kept.startswith(_TEST) else kept
    taken = _taken(db, user_id)
    return next(one for n in count(1) if (one := first if n == 1 else f"{first}{n}") not in taken)


def _taken(db: Session, user_id: int, *, but: App | None = None) -> set[str]:
    found = (
        select(App.invoice_prefix)
        .join(AppMember, AppMember.app_id == App.id)
        .where(AppMember.user_id == user_id, AppMember.deleted_at.is_(None))
    )
    return set(db.scalars(found if but is None else found.where(App.id != but.id)))
