"""Which language a page is in, and how its words are looked up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from babel import Locale
from flask import Flask, current_app, g, has_app_context, request
from flask_babel import Babel, force_locale, get_locale, get_translations, pgettext, refresh
from markupsafe import Markup

# Of owners and of programs; English only.
_UNTRANSLATED = ("/console/", "/setup")


class Reader(Protocol):
    """A person, as far as their language goes."""

    @property
    def locale(self) -> str | None: ...


def install(flask_app: Flask) -> None:
    """Give templates their words; the user's own language first, then the browser's."""
    babel = Babel(configure_jinja=False)
    babel.init_app(flask_app, locale_selector=_select)
    with flask_app.app_context():
        known = [str(locale) for locale in babel.list_translations()]
    flask_app.extensions["languages"] = ["en", *sorted({*known} - {"en"})]
    flask_app.add_template_global(_text, "_")
    flask_app.add_template_global(_plural, "ngettext")
    flask_app.add_template_global(pgettext)
    flask_app.context_processor(lambda: {"language": tag().replace("_", "-")})


def tag() -> str:
    """Answer the language of this page, such as `en` or `pt_BR`."""
    if not has_app_context():
        return "en"
    known: str | None = g.get("language")
    if known is None:
        known = g.language = str(get_locale() or "en")
    return known


def offered() -> list[tuple[str, str]]:
    """Answer the languages there are words for, each by its own name: `de`, Deutsch."""
    return [(known, _own_name(known)) for known in current_app.extensions["languages"]]


def nearest(wanted: str | None) -> str | None:
    """Answer the language there are words for that somebody reads, such as `de` for `de-AT`."""
    known: list[str] = current_app.extensions["languages"]
    spelled = (wanted or "").replace("-", "_")
    return next((each for each in (spelled, spelled.partition("_")[0]) if each in known), None)


def follow(reader: Reader) -> None:
    """Say everything from here on in the language that somebody has chosen meanwhile."""
    g.reader = reader
    g.pop("language", None)
    refresh()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Say everything meanwhile in a language, whoever reads it."""
    if not has_app_context():
        yield
        return
    before = g.pop("language", None)
    try:
        with force_locale(language):
            yield
    finally:
        g.language = before


def _text(text: str, **values: object) -> Markup:
    # In the page's language already (app/web/templates.py).
    return Markup(text) % values


def _plural(one: str, many: str, num: int, **values: object) -> Markup:
    return Markup(get_translations().ungettext(one, many, num)) % {"num": num, **values}


def _own_name(language: str) -> str:
    name = Locale.parse(language).get_display_name(language) or language
    return name[0].upper() + name[1:]


def _select() -> str:
    if request.path.startswith(_UNTRANSLATED):
        return "en"
    reader: Reader | None = g.get("reader")
    own = nearest(reader.locale) if reader is not None else None
    known: list[str] = current_app.extensions["languages"]
    return own or request.accept_languages.best_match(known) or "en"
