"""A reader's language: its words, and the templates that print them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.billing import wording
from app.billing.text import Text
from config import ROOT

_CATALOGUES = ROOT / "app/translations"


@dataclass(frozen=True, slots=True)
class Reader:
    """Puts texts and values into one language, such as `en` or `pt_BR`."""

    language: str
    words: NullTranslations

    def show(self, value: object) -> str:
        """Answer a text, an amount or a date as this reader is shown it."""
        return wording.show(value, self.language, self.words.ugettext)

    def line(self, text: Text) -> str:
        """Answer a text in one line, as a header of a mail needs it."""
        return " ".join(self.show(text).split())


def of(locale: str | None) -> Reader:
    """Answer the reader of a locale; English where it, and its language, are not known."""
    wanted = (locale or "en").replace("-", "_")
    known = languages()
    return _reader(next((tag for tag in (wanted, wanted.split("_")[0]) if tag in known), "en"))


@cache
def languages() -> frozenset[str]:
    """Answer the languages there are words for."""
    compiled = _CATALOGUES.glob("*/LC_MESSAGES/messages.mo")
    return frozenset({"en", *(path.parts[-3] for path in compiled)})


@cache
def templates() -> Environment:
    """Answer what prints mails; a value that is missing is an error, never a gap."""
    return Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _reader(language: str) -> Reader:
    return Reader(language, Translations.load(_CATALOGUES, [language]))
