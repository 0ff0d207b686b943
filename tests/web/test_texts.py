"""Every text for a person is marked, so that it can be translated."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from config import ROOT

# What stands between the marks of the template language is not text.
CODE = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
WORD = re.compile(r"[A-Za-z]{2,}")
# Names that are the same in every language, and units written the same way.
SAME_EVERYWHERE = {"UTC"}
SPOKEN = ("aria-label", "alt", "title", "placeholder")


class Words(HTMLParser):
    """Collects the words of a template that no mark surrounds."""

    def __init__(self) -> None:
        super().__init__()
        self.unmarked: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside.append(tag)
        for name, value in attrs:
            if name in SPOKEN:
                self.handle_data(value or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            self._inside.remove(tag)

    def handle_data(self, data: str) -> None:
        if "code" not in self._inside:
            self.unmarked += [w for w in WORD.findall(data) if w not in SAME_EVERYWHERE]


def unmarked(template: str) -> list[str]:
    """Answer the words of a template that could not be translated."""
    words = Words()
    words.feed(CODE.sub("", template))
    return words.unmarked


class TestTemplates:
    def test_mark_every_word(self) -> None:
        found = {
            str(path.relative_to(ROOT)): words
            for folder in ("web", "components", "portal", "console")
            for path in (ROOT / "templates" / folder).rglob("*.html")
            if (words := unmarked(path.read_text()))
        }

        assert found == {}


class TestUnmarked:
    @pytest.mark.parametrize(
        ("template", "words"),
        [
            ("<p>Pay now</p>", ["Pay", "now"]),
            ('<p aria-label="Steps">{{ _("Pay") }}</p>', ["Steps"]),
            ('<p class="lead">{{ _("Pay") }} <code>flask run</code> 12:00 UTC</p>', []),
            ("{# A note #}{% if a %}{{ b|money }}{% endif %}", []),
        ],
    )
    def test_are_what_no_mark_surrounds(self, template: str, words: list[str]) -> None:
        assert unmarked(template) == words
