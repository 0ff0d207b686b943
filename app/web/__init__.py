"""What portal and console share: who is signed in, a request's session, words, errors, looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from config import Config


def make(config: Config) -> Flask:
    """Answer the Flask application with everything that every page needs."""
    from app.web import (
        account,
        account_sessions,
        assets,
        bodies,
        csrf,
        entrance,
        errors,
        filters,
        forms,
        frames,
        headers,
        languages,
        logos,
        nul,
        password_resets,
        second_steps,
        sessions,
        templates,
        two_factor,
        viewings,
        visits,
        words,
    )
    from app.web.application import Application
    from config import ROOT

    flask_app = Application("app", root_path=str(ROOT), static_folder=None)
    flask_app.config.from_mapping(_settings(config))
    templates.install(flask_app, str(ROOT / "templates"), str(ROOT / "app/translations"))
    bodies.limit(flask_app)
    nul.install(flask_app)
    for part in (frames, sessions, languages, filters, words, forms, visits, viewings):
        part.install(flask_app)
    for part in (errors, assets, csrf):
        part.install(flask_app)
    headers.install(flask_app, config)
    _protect(flask_app, config)
    for pages in (
        *(entrance.entrance, second_steps.second_steps, password_resets.password_resets),
        *(account.account, account_sessions.account_sessions, two_factor.two_factor, logos.logos),
    ):
        flask_app.register_blueprint(pages)
    return flask_app


def hear_out(flask_app: Flask, config: Config) -> None:
    """Wrap all that answers, once every part is in place, so that a body's sender hears us and no
    answer lacks its headers."""
    from app.web import bodies, headers

    bodies.install(flask_app)
    flask_app.wsgi_app = headers.wrap(  # type: ignore[assignment, method-assign]
        flask_app.wsgi_app, config
    )


def _settings(config: Config) -> dict[str, object]:
    from app.billing.people import user_sessions

    prefix = "__Host-" if config.is_secure else ""
    return {
        "SECRET_KEY": config.secret_keys[0],
        "SECRET_KEY_FALLBACKS": config.secret_keys[1:],
        "SESSION_COOKIE_NAME": f"{prefix}portico",
        "SESSION_COOKIE_SECURE": config.is_secure,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "PERMANENT_SESSION_LIFETIME": user_sessions.LASTS,
        "MAX_FORM_PARTS": 200,
        # A form stays good as long as the sign-in it belongs to.
        "WTF_CSRF_TIME_LIMIT": None,
        "BABEL_TRANSLATION_DIRECTORIES": "app/translations",
    }


def _protect(flask_app: Flask, config: Config) -> None:
    from werkzeug.middleware.proxy_fix import ProxyFix

    hops = config.TRUSTED_PROXIES
    if hops:
        flask_app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            flask_app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )
