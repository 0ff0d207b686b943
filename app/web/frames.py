"""Frames: pages of a portal link inside a page of the app's own, with a cookie of their own.

A frame on another site never gets the sign-in cookie (SameSite=Lax), and must not: whoever is
signed in elsewhere stays out of it. The second cookie holds nothing but the visit of one link.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask import Flask, Request, current_app, g, has_request_context, request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

SUFFIX = "_frame"
_KNOWN = "portico.in_frame"
_FRAMES = ("iframe", "frame")
# An origin as Content-Security-Policy takes it; anything else would end the directive.
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+")


def install(flask_app: Flask) -> None:
    """Keep the visits of frames apart from everybody's."""
    flask_app.session_interface = _Sessions()
    flask_app.add_template_global(is_one, "in_frame")


def is_one(asked: Request | None = None) -> bool:
    """Answer whether a request comes from inside a frame.

    The browser says what a document is for (Fetch Metadata, "Sec-Fetch-Dest"); what a document
    fetches says so itself where it can, and where only the frame's cookie came it is one too.
    """
    asked = asked or request
    known: bool | None = asked.environ.get(_KNOWN)
    if known is None:
        known = asked.environ[_KNOWN] = _is_one(asked)
    return known


def _is_one(asked: Request) -> bool:
    purpose = asked.headers.get("Sec-Fetch-Dest")
    if purpose in _FRAMES:
        return True
    name = str(current_app.config["SESSION_COOKIE_NAME"])
    if purpose == "document" or name + SUFFIX not in asked.cookies:
        return False
    return name not in asked.cookies or asked.headers.get("X-In-Frame") == "1"


def allow(origins: Sequence[str]) -> None:
    """Let pages of these origins show this answer in a frame."""
    g.frame_origins = tuple(origin for origin in origins if _ORIGIN.fullmatch(origin))


def ancestors() -> str:
    """Answer the sources of `frame-ancestors` for this answer."""
    return " ".join(g.get("frame_origins", ())) or "'none'"


class _Sessions(SecureCookieSessionInterface):
    _serializer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        # The keys stay as they were at the start.
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
        return self._serializer

    def get_cookie_name(self, app: Flask) -> str:
        name = super().get_cookie_name(app)
        return name + SUFFIX if self._frames() else name

    def get_cookie_secure(self, app: Flask) -> bool:
        return self._frames() or super().get_cookie_secure(app)

    def get_cookie_samesite(self, app: Flask) -> str | None:
        return "None" if self._frames() else super().get_cookie_samesite(app)

    def get_cookie_partitioned(self, app: Flask) -> bool:
        return self._frames() or super().get_cookie_partitioned(app)

    @staticmethod
    def _frames() -> bool:
        return has_request_context() and is_one()
