"""JSV, ServiceStack's JSON without needless quotes: read in form fields, written in CSV cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

Value = str | list["Value"] | dict[str, "Value"] | None

_NEEDS_QUOTES = re.compile(r'[":,{}\[\]\r\n]')
_BARE = re.compile(r"[^,{}\[\]]*")
_KEY = re.compile(r"[^:,{}\[\]]*")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_DEEPEST = 32


def dump(value: object) -> str:
    """Write a value; what is None is left out of a map."""
    if isinstance(value, Mapping):
        pairs = (f"{dump(name)}:{dump(one)}" for name, one in value.items() if one is not None)
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(dump(one) for one in value) + "]"
    text = str(value)
    if text and not _NEEDS_QUOTES.search(text):
        return text
    return '"' + text.replace('"', '""') + '"'


def load(text: str) -> Value:
    """Read a text whole; a scalar stays a string. Raises ValueError."""
    reader = _Reader(text.strip())
    value = reader.value(_BARE, 0)
    if reader.at < len(reader.text):
        raise ValueError(f"unexpected {reader.text[reader.at]!r} at {reader.at}")
    return value


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def value(self, bare: re.Pattern[str], depth: int) -> Value:
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")
        if self._sees("{"):
            return self._map(depth)
        if self._sees("["):
            return self._list(depth)
        return self._word(bare)

    def _word(self, bare: re.Pattern[str]) -> str:
        self._skip()
        quoted = _QUOTED.match(self.text, self.at)
        if quoted:
            self.at = quoted.end()
            self._skip()
            return quoted[1].replace('""', '"')
        found = bare.match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        return found[0].strip()

    def _map(self, depth: int) -> dict[str, Value]:
        read: dict[str, Value] = {}
        self._take("{")
        while not self._sees("}"):
            name = self._word(_KEY)
            self._take(":")
            read[name] = self.value(_BARE, depth + 1)
            if not self._sees("}"):
                self._take(",")
        self._take("}")
        return read

    def _list(self, depth: int) -> list[Value]:
        read: list[Value] = []
        self._take("[")
        while not self._sees("]"):
            read.append(self.value(_BARE, depth + 1))
            if not self._sees("]"):
                self._take(",")
        self._take("]")
        return read

    def _sees(self, mark: str) -> bool:
        self._skip()
        return self.text.startswith(mark, self.at)

    def _take(self, mark: str) -> None:
        if not self._sees(mark):
            raise ValueError(f"expected {mark!r} at {self.at}")
        self.at += 1
        self._skip()

    def _skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
