"""Which language a page is in, and how its words are looked up."""

from __future__ import annotations

from functools import cache
from typing import Any

from babel import Locale
from flask import Flask, current_app, g, request
from flask_babel import Babel, get_locale, get_translations

from app.models import User


def install(flask_app: Flask) -> None:
    """Give templates their words; the user's own language first, then the browser's."""
    babel = Babel(configure_jinja=False)
    babel.init_app(flask_app, locale_selector=_select)
    with flask_app.app_context():
        known = [str(locale) for locale in babel.list_translations()]
    flask_app.extensions["languages"] = sorted({"en", *known})
    environment = flask_app.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: _translations().ugettext(text),
        ngettext=lambda one, many, n: _translations().ungettext(one, many, n),
        newstyle=True,
    )
    flask_app.context_processor(lambda: {"language": tag().replace("_", "-")})


def tag() -> str:
    """Answer the language of this page, such as `en` or `pt_BR`."""
    return _tag(get_locale() or Locale("en"))


def _translations() -> Any:
    # Found once a page: a page has dozens of texts, and finding them costs more than the words.
    if "translations" not in g:
        g.translations = get_translations()
    return g.translations


@cache
def _tag(locale: Locale) -> str:
    return str(locale)


def _select() -> str:
    known: list[str] = current_app.extensions["languages"]
    reader: User | None = g.get("reader")
    if reader is not None and reader.locale in known:
        return str(reader.locale)
    return request.accept_languages.best_match(known) or "en"
