"""Templates are compiled once a language, with their texts already in it.

A page has dozens of texts that never vary; looking each up on every request costs more than all
else the page does. So `{{ _("Sign in") }}` becomes the words themselves when the template is
compiled, and every other `_("...")` gets the words in place of the English. Only plurals are looked
up later.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, MutableMapping
from functools import cache
from typing import Any

from babel.support import NullTranslations, Translations
from flask import Flask
from flask.templating import Environment as FlaskEnvironment
from jinja2 import BaseLoader, Environment, FileSystemLoader, Template
from markupsafe import escape

from app.web import languages

_FIXED = re.compile(r'\{\{ _\("((?:[^"\\%]|\\.)+)"\) \}\}')
_OTHERS = re.compile(r'\b_\("((?:[^"\\]|\\.)+)"')


def install(flask_app: Flask, folder: str, catalogues: str) -> None:
    """Read templates from a folder, and their words from the catalogues of another."""
    flask_app.jinja_loader = LanguageLoader(FileSystemLoader(folder), catalogues)


class LanguageEnvironment(FlaskEnvironment):
    """Names a template `de:web/sign_in.html`; what it extends and includes is named likewise."""

    def get_or_select_template(
        self,
        template_name_or_list: Any,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,
    ) -> Template:
        name = f"{languages.tag()}:{template_name_or_list}"
        return super().get_or_select_template(name, parent, globals)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        # Jinja's chain of maps is searched name by name for every macro that a page imports. Ours
        # are complete before the first page.
        return {**self.globals, **(d or {})}

    def join_path(self, template: str, parent: str) -> str:
        return f"{parent.partition(':')[0]}:{template}"


class LanguageLoader(BaseLoader):
    """Answers the source of a template with its fixed texts in a language."""

    def __init__(self, sources: FileSystemLoader, catalogues: str) -> None:
        self._sources = sources
        self._catalogues = catalogues

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        language, _, name = template.rpartition(":")
        source, filename, is_fresh = self._sources.get_source(environment, name)
        words = _words(self._catalogues, language or "en")
        return _translated(source, words), filename, is_fresh


@cache
def _words(catalogues: str, language: str) -> NullTranslations:
    # Read once, not once for every template.
    return Translations.load(catalogues, [language])


def _translated(source: str, words: NullTranslations) -> str:
    def said(found: re.Match[str]) -> str:
        return str(words.ugettext(found[1].replace('\\"', '"')))

    fixed = _FIXED.sub(lambda found: str(escape(said(found))), source)
    return _OTHERS.sub(lambda found: f"_({json.dumps(said(found), ensure_ascii=False)}", fixed)
