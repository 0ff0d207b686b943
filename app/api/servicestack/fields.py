"""Takes the fields of a request one by one, and keeps what is wrong in FluentValidation's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from app.api.servicestack import read
from app.billing.errors import Invalid

_GUID = re.compile(r"\{?[0-9a-f]{8}(-?)(?:[0-9a-f]{4}\1){3}[0-9a-f]{12}\}?", re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_INT32 = range(-(2**31), 2**31)
# PostgreSQL takes no NUL, and UTF-8 no half of a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Problem(NamedTuple):
    """What is wrong with a field."""

    code: str
    field: str
    message: str


class ValidationFailed(Invalid):
    """A request is not as it should be; all its problems are told at once."""

    def __init__(self, problems: list[Problem]) -> None:
        self.failures = tuple(problems)
        first = self.failures[0]
        super().__init__("%(message)s", field=first.field or None, message=first.message)


def label(name: str) -> str:
    """Answer a field's name as FluentValidation shows it to people: `'Country Code'`."""
    return "'" + _WORD.sub(" ", name) + "'"


class Fields:
    """The fields of an object by lower-case name, and the problems met on taking them.

    A field that is null, or empty where it is a text, counts as not sent.
    """

    def __init__(
        self,
        values: Mapping[str, object],
        *,
        place: str = "",
        problems: list[Problem] | None = None,
    ) -> None:
        self._values = {name.lower(): value for name, value in values.items()}
        self._place = place
        self.problems: list[Problem] = [] if problems is None else problems

    def refuse(self, code: str, name: str, message: str) -> None:
        """Keep a problem; `%s` in the message is the field as people read it."""
        self.problems.append(Problem(code, self._place + name, message.replace("%s", label(name))))

    def check(self) -> None:
        """Raise ValidationFailed if there was a problem."""
        if self.problems:
            raise ValidationFailed(self.problems)

    def text(self, name: str, *, most: int, required: bool = False) -> str | None:
        """Take a text."""
        value = self._take(name, required=required)
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if value is None:
            return None
        if not isinstance(value, str) or _UNSTORABLE.search(value):
            self._refuse_kind(name, "a text")
            return None
        if len(value) > most:
            self.refuse("Length", name, f"%s must be at most {most} characters.")
        return value

    def guid(self, name: str) -> UUID | None:
        """Take a GUID that has to be there, with or without dashes."""
        value = self._take(name, required=True)
        if value is None:
            return None
        if not isinstance(value, str) or not _GUID.fullmatch(value.strip()):
            self._refuse_kind(name, "a GUID")
            return None
        found = UUID(value.strip())
        if not found.int:
            self.refuse("NotEmpty", name, "%s must not be empty.")
        return found

    def positive(self, name: str) -> int | None:
        """Take a whole number above 0 that has to be there."""
        value = self._take(name, required=True)
        if value is None:
            return None
        if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or value not in _INT32:
            self._refuse_kind(name, "a whole number")
            return None
        if value < 1:
            self.refuse("GreaterThan", name, "%s must be greater than '0'.")
        return value

    def each(self, name: str, *, most: int) -> list[Fields]:
        """Take a list of objects that has to hold one at least."""
        value = self._take(name, required=True)
        if value is None:
            return []
        try:
            value = read.nested(value)
        except read.Unreadable:
            value = None
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self._refuse_kind(name, "a list of objects")
            return []
        if not value:
            self.refuse("NotEmpty", name, "%s must not be empty.")
        if len(value) > most:
            self.refuse("Length", name, f"%s must hold at most {most}.")
            return []
        return [
            Fields(one, place=f"{self._place}{name}[{number}].", problems=self.problems)
            for number, one in enumerate(value)
        ]

    def _take(self, name: str, *, required: bool) -> object:
        value = self._values.get(name.lower())
        if isinstance(value, str) and not value.strip():
            value = None
        if value is None and required:
            self.refuse("NotEmpty", name, "%s must not be empty.")
        return value

    def _refuse_kind(self, name: str, kind: str) -> None:
        self.refuse("SerializationException", name, f"%s is not {kind}.")
