"""Templates in the reader's language."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from jinja2 import Environment, FileSystemLoader

from app.web.templates import LanguageLoader
from tests.cast import World
from tests.pages import Visitor

PO = """msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "Sign in"
msgstr "Anmelden & los"

msgid "Sign in as \\"%(who)s\\""
msgstr "Als \\"%(who)s\\" anmelden"
"""


@pytest.fixture
def loader(tmp_path: Path) -> LanguageLoader:
    """Answer a loader of one template that knows one word of German."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    folder = tmp_path / "words/de/LC_MESSAGES"
    folder.mkdir(parents=True)
    (tmp_path / "de.po").write_text(PO)
    with (tmp_path / "de.po").open("rb") as po, (folder / "messages.mo").open("wb") as mo:
        write_mo(mo, read_po(po))
    (tmp_path / "page.html").write_text(
        '{{ _("Sign in") }}|{{ _("Sign in as \\"%(who)s\\"", who=who) }}'
    )
    return LanguageLoader(FileSystemLoader(tmp_path), str(tmp_path / "words"))


class TestLanguageLoader:
    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("de:page.html", 'Anmelden &amp; los|Als "<b>" anmelden'),
            ("en:page.html", 'Sign in|Sign in as "<b>"'),
            ("page.html", 'Sign in|Sign in as "<b>"'),
        ],
    )
    def test_puts_the_words_of_a_language_in(
        self, loader: LanguageLoader, name: str, words: str
    ) -> None:
        environment = Environment(loader=loader)
        environment.globals["_"] = lambda text, **values: text % values

        assert environment.get_template(name).render(who="<b>") == words


class TestLanguage:
    def test_is_the_users_own_before_the_browsers(self, tara: Visitor, world: World) -> None:
        path = f"/t/{world.globex.uuid}/"
        browsers = tara.opens(path, **{"Accept-Language": "de-CH"})
        world.tara.locale = "en_GB"
        world.db.commit()

        own = tara.opens(path, **{"Accept-Language": "de"})

        assert next(browsers.all("html")).get("lang") == "de"
        assert browsers.heading == "Abrechnung für Globex"
        assert "Es wird nichts abgebucht." in browsers.words()
        assert next(own.all("html")).get("lang") == "en"
        assert own.heading == "Billing for Globex"

    @pytest.mark.parametrize("asked", ["tlh, xx;q=0.5", "*", ""])
    def test_is_english_where_none_is_known(self, nobody: Visitor, asked: str) -> None:
        page = nobody.opens("/sign-in", **{"Accept-Language": asked})

        assert next(page.all("html")).get("lang") == "en"

    def test_is_english_in_the_console(self, flask_app: Flask, world: World) -> None:
        alice = Visitor(flask_app, world.alice)

        page = alice.opens(f"/console/apps/{world.app.uuid}/", **{"Accept-Language": "de"})

        assert next(page.all("html")).get("lang") == "en"
