"""A reader gets mails in a language as soon as its words are compiled, figures included."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from app.mails import readers
from tests.mails.letters import TOLD, letter
from tests.mails.test_messages import compose, parts

WORDS = {
    "Your receipt for %(plan)s: %(amount)s": "Ihr Beleg für %(plan)s: %(amount)s",
    "%(name)s ending %(digits)s": "%(name)s mit den Endziffern %(digits)s",
    "Period": "Zeitraum",
}


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let there be German words for a few texts."""
    catalog = Catalog(locale="de")
    for english, translated in WORDS.items():
        catalog.add(english, translated, flags=["python-format"])
    path = tmp_path / "de/LC_MESSAGES/messages.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_mo(file, catalog)
    monkeypatch.setattr(readers, "_CATALOGUES", tmp_path)
    readers.languages.cache_clear()
    readers._reader.cache_clear()
    yield
    readers.languages.cache_clear()
    readers._reader.cache_clear()


@pytest.mark.usefixtures("german")
class TestOf:
    @pytest.mark.parametrize("locale", ["de", "de_AT", "de-CH"])
    def test_prints_words_and_figures_of_the_language(self, locale: str) -> None:
        message = compose(letter(TOLD["receipt"], locale=locale))
        text, html = parts(message)

        assert message["Subject"] == "Ihr Beleg für Team: 1.140,00 €"
        assert message["Content-Language"] == "de"
        assert "Zeitraum: 20. November 2026 to 20. Dezember 2026" in text
        assert "Visa mit den Endziffern 4242" in text
        assert '<html lang="de">' in html

    @pytest.mark.parametrize("locale", [None, "", "en_GB", "fr", "nonsense"])
    def test_prints_english_where_there_are_no_other_words(self, locale: str | None) -> None:
        message = compose(letter(TOLD["receipt"], locale=locale))

        assert message["Subject"] == "Your receipt for Team: €1,140.00"
        assert message["Content-Language"] == "en"
