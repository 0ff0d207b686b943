"""Collect the texts of the program and bring the words of every language up to date.

`make words` runs this; `make words LANGUAGES=nl` begins a language. docs/translating.md says more.
"""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.core import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from config import ROOT

FOLDER = ROOT / "app/translations"
# Stands above a text that may wait: it stays English until somebody knows the words.
NOT_YET = "not translated yet"
# What marks a text, besides gettext's own names: a lazy one, a sentence of billing, and its errors.
_MARKS = (
    *("lazy_gettext", "Text", "NotAuthenticated", "NotAllowed", "TooOften", "NotFound", "Invalid"),
    *("Conflict", "Declined", "ProviderUnavailable", "Unsupported", "OrderChanged", "Stale"),
)
# A catalogue is the same whenever it is written.
_UNDATED = datetime(2026, 1, 1, tzinfo=UTC)


def collected() -> Catalog:
    """Answer every text that is to be translated, by the files it stands in."""
    with (FOLDER / "babel.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]
    keywords = DEFAULT_KEYWORDS | parse_keywords(_MARKS)
    catalog = Catalog()
    for folder in ("app", "templates"):
        found = extract_from_dir(ROOT / folder, methods, options, keywords)
        for file, _line, text, _comments, context in found:
            catalog.add(text, locations=[(f"{folder}/{file}", 0)], context=context)
    return catalog


def path(language: str, kind: str = "po") -> Path:
    """Answer where the words of a language are: written as `po`, compiled as `mo`."""
    return FOLDER / language / "LC_MESSAGES" / f"messages.{kind}"


def languages() -> list[str]:
    """Answer the languages there are words for, besides English."""
    return sorted(file.parts[-3] for file in FOLDER.glob("*/LC_MESSAGES/messages.po"))


def read(language: str) -> Catalog:
    """Answer the words of a language as they are written down; none where it begins."""
    file = path(language)
    return read_po(io.BytesIO(file.read_bytes() if file.exists() else b""), locale=language)


def updated(language: str, texts: Catalog) -> Catalog:
    """Answer the words of a language for these texts; what is new has none yet, nothing is
    guessed, and what is not said any more is left out. All of a language that begins may wait."""
    words = read(language)
    words.update(texts, no_fuzzy_matching=True)
    words.obsolete.clear()
    for message in words:
        if not is_missing(message):
            message.user_comments = [said for said in message.user_comments if said != NOT_YET]
        elif message.id and not path(language).exists():
            message.user_comments.append(NOT_YET)
    return words


def written(words: Catalog) -> bytes:
    """Answer a catalogue as its file is written: file by file, without lines and dates."""
    for message in words:
        message.locations = [(name, 0) for name in sorted({name for name, _ in message.locations})]
    file = io.BytesIO()
    write_po(file, words, width=0, omit_header=True, sort_by_file=True, include_lineno=False)
    return (_header(words) + file.getvalue().decode().strip() + "\n").encode()


def compiled(words: Catalog) -> bytes:
    """Answer a catalogue as programs read it, without what has no words: that stays English."""
    known = Catalog(locale=words.locale, creation_date=_UNDATED, revision_date=_UNDATED)
    for message in words:
        if message.id and not is_missing(message):
            known[message.id] = message
    file = io.BytesIO()
    write_mo(file, known)
    return file.getvalue()


def is_missing(message: Message) -> bool:
    """Answer whether a text, or a form of it, has no words."""
    forms = (message.string,) if isinstance(message.string, str) else message.string
    return not forms or not all(forms)


def _header(words: Catalog) -> str:
    name = Locale.parse(words.locale_identifier).get_display_name("en")
    return (
        f"# {name}. docs/translating.md has the words to use, and how this file is kept.\n"
        'msgid ""\n'
        'msgstr ""\n'
        f'"Language: {words.locale_identifier}\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: {words.plural_forms}\\n"\n\n'
    )


def main(wanted: list[str]) -> None:
    """Write the catalogues of every language anew, and of those that begin."""
    texts = collected()
    for language in sorted({*languages(), *wanted}):
        words = updated(language, texts)
        path(language).parent.mkdir(parents=True, exist_ok=True)
        path(language).write_bytes(written(words))
        path(language, "mo").write_bytes(compiled(words))
        missing = sum(1 for message in words if message.id and is_missing(message))
        sys.stdout.write(f"{language}: {len(words)} texts, {missing} without words\n")


if __name__ == "__main__":
    main(sys.argv[1:])
