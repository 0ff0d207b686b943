"""What every answer tells the browser about safety and keeping."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from flask import Flask, Response, g

from app.web import frames
from config import Config

_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors {}; form-action {}"
)
_YEAR = 31_536_000
# WCAG 2.2, 2.2.1: without a script the page comes again no sooner than this; a script looks more
# often and changes only what changed.
_REFRESH_SECONDS = 20


def install(flask_app: Flask, config: Config) -> None:
    """Send the headers with every answer."""
    own = {
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
    if config.is_secure:
        own["Strict-Transport-Security"] = f"max-age={_YEAR}"
    providers = " ".join(("'self'", "https:", *_sandbox_origins(config)))

    @flask_app.after_request
    def send(response: Response) -> Response:
        response.headers.extend(own)
        targets = providers if g.get("leads_to_provider", False) else "'self'"
        response.headers["Content-Security-Policy"] = _policy(frames.ancestors(), targets)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


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
