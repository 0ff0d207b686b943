"""Every language says everything, with the same values in it (docs/translating.md)."""

from __future__ import annotations

import io
import re
from functools import cache

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo

from tests import words

EVERY = pytest.mark.parametrize("language", words.languages())


@cache
def texts() -> Catalog:
    return words.collected()


def keys(catalog: Catalog) -> set[tuple[str, str | None]]:
    """Answer what a catalogue has words for: the English, and where it stands apart, why."""
    return {(forms(message.id)[0], message.context) for message in catalog if message.id}


def forms(said: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said or ())


def pairs(compiled: bytes) -> list[tuple[str, str]]:
    """Answer what a compiled catalogue says, whichever release of Babel wrote it."""
    return [
        (repr((message.context, message.id)), repr(message.string))
        for message in read_mo(io.BytesIO(compiled))
        if message.id
    ]


def unsaid(catalog: Catalog) -> list[str]:
    """Answer the texts without words that nobody has put off."""
    return [
        forms(message.id)[0]
        for message in catalog
        if message.id and words.is_missing(message) and words.NOT_YET not in message.user_comments
    ]


def frame(text: str) -> list[str]:
    """Answer what has to be in every language: values, percent signs, HTML."""
    return sorted(re.findall(r"%\(\w+\)[a-z]|%%|%|</?\w[^>]*>|&\w+;", text))


def wrong(message: Message) -> bool:
    """Answer whether words lack a value of the English, or have another one."""
    english, said = forms(message.id), forms(message.string)
    return any(
        frame(form) != frame(english[min(number, len(english) - 1)])
        for number, form in enumerate(said)
    )


@EVERY
class TestALanguage:
    def test_knows_every_text_and_no_other(self, language: str) -> None:
        known = keys(words.read(language))

        assert keys(texts()) - known == set(), "run `make words`, then write the words down"
        assert known - keys(texts()) == set(), "run `make words`: nobody says this any more"

    def test_has_words_for_all_of_them(self, language: str) -> None:
        assert unsaid(words.read(language)) == [], f"write them into {words.path(language)}"

    def test_puts_the_same_values_in(self, language: str) -> None:
        said = [message for message in words.read(language) if not words.is_missing(message)]

        assert [message.string for message in said if message.id and wrong(message)] == []

    def test_is_written_so_that_its_changes_are_small(self, language: str) -> None:
        kept = words.path(language).read_bytes()

        assert words.written(words.read(language)) == kept, "run `make words`"

    def test_is_compiled(self, language: str) -> None:
        now = words.compiled(words.read(language))

        assert pairs(words.path(language, "mo").read_bytes()) == pairs(now), "run `make words`"

    def test_guesses_nothing(self, language: str) -> None:
        assert [
            message.id for message in words.read(language) if message.id and message.fuzzy
        ] == []


class TestTheRule:
    @pytest.mark.parametrize(
        ("english", "said"),
        [
            ("Pay %(amount)s", "Zahlen Sie %(sum)s"),
            ("Pay %(amount)s", "Zahlen Sie"),
            ("VAT %(share)s %%", "USt. %(share)s %"),
            ("Read <b>this</b>", "Lesen Sie <b>das"),
            (("%(num)s day", "%(num)s days"), ("ein Tag", "%(num)s Tage")),
        ],
    )
    def test_finds_words_that_would_not_print(
        self, english: str | tuple[str, ...], said: str | tuple[str, ...]
    ) -> None:
        assert wrong(Message(english, said))

    def test_lets_a_text_wait_only_where_somebody_says_so(self) -> None:
        catalog = Catalog(locale="de")
        catalog.add("Pay", "")
        catalog.add(("%(num)s day", "%(num)s days"), ("%(num)s Tag", ""))
        catalog.add("Go on", "", user_comments=[words.NOT_YET])

        assert unsaid(catalog) == ["Pay", "%(num)s day"]
        assert pairs(words.compiled(catalog)) == []
