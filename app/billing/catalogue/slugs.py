"""Slugs: what a product is called in addresses, test ids and APIs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from app.billing.errors import Invalid

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST = 60


def of(name: str) -> str:
    """Answer a slug for a name: `Grand Café +` becomes `grand-cafe`."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall(r"[a-z0-9]+", letters))
    return words[:_LONGEST].strip("-") or "product"


def free(name: str, taken: Collection[str]) -> str:
    """Answer a slug for a name that is none of those taken."""
    slug = first = of(name)
    number = 1
    while slug in taken:
        number += 1
        end = f"-{number}"
        slug = first[: _LONGEST - len(end)].strip("-") + end
    return slug


def checked(text: str | None, field: str, taken: Collection[str]) -> str:
    """Answer a typed slug; raises Invalid where it is none, or is taken."""
    slug = (text or "").strip()
    if not _SLUG.fullmatch(slug) or len(slug) > _LONGEST:
        raise Invalid(
            "Use small letters, digits and single hyphens, such as team-plan.", field=field
        )
    if slug in taken:
        raise Invalid("Another product of this app is called that in addresses.", field=field)
    return slug
