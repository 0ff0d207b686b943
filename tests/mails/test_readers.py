"""A reader gets mails in a language there are words for, figures included."""

from __future__ import annotations

import pytest

from tests.mails.letters import TOLD, letter
from tests.mails.test_messages import compose, parts


class TestOf:
    @pytest.mark.parametrize("locale", ["de", "de_AT", "de-CH"])
    def test_prints_words_and_figures_of_the_language(self, locale: str) -> None:
        message = compose(letter(TOLD["receipt"], locale=locale))
        text, html = parts(message)

        assert message["Subject"] == "Ihr Zahlungsbeleg für Team: 1.140,00 €"
        assert message["Content-Language"] == "de"
        assert "Zeitraum: 20. November 2026 bis 20. Dezember 2026" in text
        assert "Visa (Endziffern 4242)" in text
        assert '<html lang="de">' in html

    @pytest.mark.parametrize("name", list(TOLD))
    def test_prints_every_mail(self, name: str) -> None:
        german, english = (compose(letter(TOLD[name], locale=tag)) for tag in ("de", "en"))

        assert german["Subject"] != english["Subject"]
        assert "Fragen? Antworten Sie auf diese E-Mail" in parts(german)[0]

    @pytest.mark.parametrize("locale", [None, "", "en_GB", "tlh", "nonsense"])
    def test_prints_english_where_there_are_no_other_words(self, locale: str | None) -> None:
        message = compose(letter(TOLD["receipt"], locale=locale))

        assert message["Subject"] == "Your receipt for Team: €1,140.00"
        assert message["Content-Language"] == "en"
