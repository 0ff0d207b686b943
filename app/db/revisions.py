"""Which revision the tables are at, told without Alembic, which would cost a server 8 MB."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

FOLDER = Path(__file__).parent / "migrations/versions"
_NAMED = re.compile(r'^(down_)?revision(?:: [^=]+)? = "([^"]+)"', re.MULTILINE)

# "ahead": a newer version of the program has brought them further, which this one can bear.
Standing = Literal["current", "behind", "ahead"]


def standing(db: Session) -> Standing:
    """Answer whether the tables are those this program needs; "behind" where there are none."""
    try:
        at = set(db.scalars(text("SELECT version_num FROM alembic_version")))
    except SQLAlchemyError:
        db.rollback()
        at = set()
    if newest() in at:
        return "current"
    return "behind" if at <= known() else "ahead"


@cache
def known() -> frozenset[str]:
    """Answer every revision this program brings."""
    return frozenset(_names(is_down=False))


@cache
def newest() -> str:
    """Answer the revision this program needs: the one that none comes after."""
    (last,) = known() - _names(is_down=True)
    return last


def _names(*, is_down: bool) -> set[str]:
    named = (pair for file in FOLDER.glob("*.py") for pair in _NAMED.findall(file.read_text()))
    return {name for down, name in named if bool(down) is is_down}
