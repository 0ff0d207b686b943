"""Which language a page is in, and how its words are looked up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Protocol

from babel import Locale
from flask import Flask, current_app, g, has_app_context, request
from flask_babel import Babel, force_locale, get_translations, pgettext, refresh
from markupsafe import Markup
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

# Of owners and of programs; English only.
_UNTRANSLATED = ("/console/", "/setup")
# What a browser says of its languages is shorter.
_LONGEST = 256


class Reader(Protocol):
    """A person, as far as their language goes."""

    @property
    def locale(self) -> str | None: ...


def install(flask_app: Flask) -> None:
    """Give templates their words; the user's own language first, then the browser's."""
    babel = Babel(configure_jinja=False)
    babel.init_app(flask_app, locale_selector=tag)
    with flask_app.app_context():
        known = [str(locale) for locale in babel.list_translations()]
    flask_app.extensions["languages"] = ("en", *sorted({*known} - {"en"}))
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
        known = g.language = _select()
    return known


def asked_for() -> str | None:
    """Answer the language of this page; None for English, which may only be our last resort."""
    return tag() if tag() != "en" else None


def offered() -> list[tuple[str, str]]:
    """Answer the languages there are words for, each by its own name: `de`, Deutsch."""
    return [(known, _own_name(known)) for known in _known()]


def nearest(wanted: str | None) -> str | None:
    """Answer the language there are words for that somebody reads, such as `de` for `de-AT`."""
    spelled = (wanted or "").replace("-", "_")
    return next((each for each in (spelled, spelled.partition("_")[0]) if each in _known()), None)


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
    before = g.get("language")
    g.language = language
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
    return own or _best(request.headers.get("Accept-Language", "")[:_LONGEST], _known())


@lru_cache(maxsize=512)
def _best(wanted: str, known: tuple[str, ...]) -> str:
    """The first of a browser's languages there are words for."""
    return parse_accept_header(wanted, LanguageAccept).best_match(known) or "en"


def _known() -> tuple[str, ...]:
    return tuple(current_app.extensions["languages"])
