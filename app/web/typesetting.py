"""Typesetting: PDFs that anybody can read and that still open in thirty years."""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

import typst

_TEMPLATES = Path(__file__).parents[2] / "templates"
# PDF/A-2a is for archives, PDF/UA-1 for people who have it read to them.
_STANDARDS: list[Any] = ["a-2a", "ua-1"]
# How the typesetter names what it cannot show, written as Rust writes characters.
_REFUSED = re.compile(r'(?:text|codepoint) `"(.+?)"`')
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")
# Each try names the characters no font has; a text has few scripts.
_TRIES = 9
STAND_IN = "\N{WHITE SQUARE}"
# Controls and joiners.
_UNSEEN = ("Cc", "Cf")

# A compiler keeps what it has worked out, and may be used by one thread at a time.
_turn = threading.Lock()


def pdf(template: str, name: str, content: Mapping[str, Any], *, at: datetime) -> bytes:
    """Answer the PDF a template of `templates/` makes of `content`, which it reads as JSON from
    `sys.inputs` by `name`; the same content and moment always make the same bytes.

    The fonts that come with the typesetter have Latin, Greek, Cyrillic, Hebrew, Arabic, Armenian
    and Georgian. For a character they lack the fonts of the machine are tried; where those lack it
    too it is shown as STAND_IN, since no such PDF may hold one that cannot be shown.
    """
    fonts = _own()
    for _ in range(_TRIES):
        try:
            return _compile(template, fonts, {name: json.dumps(content, ensure_ascii=False)}, at)
        except typst.TypstError as error:
            replaced = _replaced(content, _refused(error))
            if replaced == content:
                raise
            if fonts is _own():
                fonts = _machines()
            else:
                content = replaced
    raise ValueError("more characters than can be told one by one have no font")


def _refused(error: typst.TypstError) -> dict[int, str]:
    """Answer what stands in for each character that cannot be shown; unseen ones are left out."""
    found = "".join(_REFUSED.findall(error.diagnostic))
    characters = set(_ESCAPED.sub(lambda code: chr(int(code[1], 16)), found))
    return {
        ord(character): "" if unicodedata.category(character) in _UNSEEN else STAND_IN
        for character in characters
    }


def _replaced(value: Any, characters: dict[int, str]) -> Any:
    if isinstance(value, str):
        return value.translate(characters)
    if isinstance(value, Mapping):
        return {key: _replaced(part, characters) for key, part in value.items()}
    if isinstance(value, list):
        return [_replaced(part, characters) for part in value]
    return value


def _compile(template: str, fonts: typst.Fonts, inputs: dict[str, str], at: datetime) -> bytes:
    with _turn:
        drawn = _compiler(template, fonts).compile(
            format="pdf", sys_inputs=inputs, pdf_standards=_STANDARDS, timestamp=int(at.timestamp())
        )
    return cast(bytes, drawn)


@cache
def _compiler(template: str, fonts: typst.Fonts) -> typst.Compiler:
    path = _TEMPLATES / template
    return typst.Compiler(path, root=path.parent, font_paths=fonts, ignore_system_fonts=True)


@cache
def _own() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False)


@cache
def _machines() -> typst.Fonts:
    """Looked for once: a font that is installed later is found after a restart."""
    return typst.Fonts(include_system_fonts=True)
