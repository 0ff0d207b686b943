"""Words for a person, kept apart from the values in them so that they can be translated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Text:
    """An English sentence with `%(name)s` places, and the values for them.

    Interfaces translate the sentence and format the values: `Money`, dates, `Country`,
    `Percentage` and `TaxName` in the reader's language.
    """

    sentence: str
    values: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.sentence % {name: str(value) for name, value in self.values.items()}


class Country(str):
    """An ISO 3166-1 alpha-2 code, shown as the country's name."""

    __slots__ = ()


class Percentage(str):
    """A percentage such as 19 or 7.7, shown with the reader's decimal sign."""

    __slots__ = ()


class TaxName(str):
    """A tax as the seller calls it; VAT is shown by the reader's own word for it."""

    __slots__ = ()
