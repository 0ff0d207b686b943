"""What every answer tells the browser about safety and keeping."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, g

from app.web import frames
from config import Config

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors {}; form-action {}"
)
_CSP = "Content-Security-Policy"
_YEAR = 31_536_000
# WCAG 2.2, 2.2.1: without a script the page comes again no sooner than this; a script looks more
# often and changes only what changed.
_REFRESH_SECONDS = 20


def install(flask_app: Flask, config: Config) -> None:
    """Let pages be framed, and their forms lead, where the view said so."""
    providers = " ".join(("'self'", "https:", *_sandbox_origins(config)))

    @flask_app.after_request
    def loosen(response: Response) -> Response:
        ancestors, leads = frames.ancestors(), g.get("leads_to_provider", False)
        if leads or ancestors != "'none'":
            response.headers[_CSP] = _policy(ancestors, providers if leads else "'self'")
        return response


def wrap(inner: WSGIApplication, config: Config) -> WSGIApplication:
    """Answer a WSGI application that sends the headers with every answer of another."""
    always = {
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
    if config.is_secure:
        always["Strict-Transport-Security"] = f"max-age={_YEAR}"
    usually = {_CSP: _policy("'none'", "'self'"), "Cache-Control": "no-store"}
    return _adding(inner, list(always.items()), list(usually.items()))


def _adding(
    inner: WSGIApplication, always: list[tuple[str, str]], usually: list[tuple[str, str]]
) -> WSGIApplication:
    """Add headers to a list that is about to be sent, which costs a sixth of what Werkzeug's own
    headers do; `usually` are those an answer may have its own of."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            own = {name.lower() for name, _ in headers}
            headers += always
            headers += [header for header in usually if header[0].lower() not in own]
            return start_response(status, headers, *rest)

        return inner(environ, start)

    return answer


def leads_to_provider() -> None:
    """Say that a form of this page ends at a payment provider.

    Browsers hold `form-action` against the redirect that follows a form too (Content Security
    Policy Level 3, "form-action").
    """
    g.leads_to_provider = True


def refresh(response: Response, url: str | None = None) -> None:
    """Let the page come again by itself, or go to `url` then."""
    response.headers["Refresh"] = f"{_REFRESH_SECONDS}; url={url}" if url else str(_REFRESH_SECONDS)


@lru_cache(maxsize=256)
def _policy(ancestors: str, targets: str) -> str:
    return _POLICY.format(ancestors, targets)


def _sandbox_origins(config: Config) -> list[str]:
    urls = (urlsplit(url) for url in (config.STRIPE_API_URL, config.MOLLIE_API_URL))
    return sorted({f"http://{url.netloc}" for url in urls if url.scheme == "http"})
