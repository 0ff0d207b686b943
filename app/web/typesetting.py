"""Typesetting: PDFs that anybody can read and that still open in thirty years."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

import typst

_TEMPLATES = Path(__file__).parents[2] / "templates"
# PDF/A-2a is for archives, PDF/UA-1 for people who have it read to them.
_STANDARDS: list[Any] = ["a-2a", "ua-1"]
_MISSING = re.compile(r'the text `"(.+?)"` could not be displayed')
# Each try names the characters no font has; a text has few scripts.
_TRIES = 8
STAND_IN = "\N{WHITE SQUARE}"

# A compiler keeps what it has worked out, and may be used by one thread at a time.
_turn = threading.Lock()


def pdf(template: str, name: str, content: Mapping[str, Any], *, at: datetime) -> bytes:
    """Answer the PDF a template of `templates/` makes of `content`, which it reads as JSON from
    `sys.inputs` by `name`; the same content and moment always make the same bytes.

    Only the fonts that come with the typesetter are used: Latin, Greek, Cyrillic, Hebrew, Arabic,
    Armenian and Georgian. A character they lack is shown as STAND_IN, since no such PDF may hold
    one that cannot be shown.
    """
    text = json.dumps(content, ensure_ascii=False)
    for _ in range(_TRIES):
        try:
            return _compile(template, {name: text}, at)
        except typst.TypstError as error:
            missing = set("".join(_MISSING.findall(error.diagnostic)))
            if not missing & set(text):
                raise
            text = text.translate({ord(character): STAND_IN for character in missing})
    raise ValueError("more characters than can be told one by one have no font")


def _compile(template: str, inputs: dict[str, str], at: datetime) -> bytes:
    with _turn:
        drawn = _compiler(template).compile(
            format="pdf", sys_inputs=inputs, pdf_standards=_STANDARDS, timestamp=int(at.timestamp())
        )
    return cast(bytes, drawn)


@cache
def _compiler(template: str) -> typst.Compiler:
    path = _TEMPLATES / template
    return typst.Compiler(
        path,
        root=path.parent,
        font_paths=typst.Fonts(include_system_fonts=False),
        ignore_system_fonts=True,
    )
