"""Frames: pages of a portal link inside a page of the app's own, with a cookie of their own.

A frame on another site never gets the sign-in cookie (SameSite=Lax), and must not: whoever is
signed in elsewhere stays out of it. The second cookie holds nothing but the visit of one link.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from copy import deepcopy
from functools import lru_cache
from typing import Any

from flask import Flask, Request, Response, current_app, g, has_request_context, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeTimedSerializer

SUFFIX = "_frame"
_KNOWN = "portico.in_frame"
_FRAMES = ("iframe", "frame")
# An origin as Content-Security-Policy takes it; anything else would end the directive.
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+")
# How many cookies are known to be ours, of whoever came last; about a kilobyte each.
_COOKIES = 1024


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
    """Flask's sessions in signed cookies, verified once each: what a page costs in working out
    again what the same cookie said a moment ago is as much as asking the database."""

    def __init__(self) -> None:
        self._serializer: URLSafeTimedSerializer | None = None
        self._verified = lru_cache(maxsize=_COOKIES)(self._verify)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        # The keys stay as they were at the start.
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
        return self._serializer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_signing_serializer(app) is None:
            return None
        name = str(app.config["SESSION_COOKIE_NAME"])
        cookie = request.cookies.get(name + SUFFIX if is_one(request) else name)
        if not cookie:
            return self.session_class()
        try:
            said, signed_at = self._verified(cookie)
        except BadSignature:
            return self.session_class()
        if not 0 <= int(time.time()) - signed_at <= app.permanent_session_lifetime.total_seconds():
            return self.session_class()
        # Everybody gets a copy of their own: a request writes into it, and into the lists in it.
        return self.session_class(deepcopy(said))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if session.modified or session.permanent or "Vary" in response.headers:
            super().save_session(app, session, response)
        elif session.accessed:
            response.headers["Vary"] = "Cookie"

    def _verify(self, cookie: str) -> tuple[dict[str, Any], float]:
        """Answer what a cookie says and when it was signed; raises BadSignature, which is not
        kept."""
        assert self._serializer is not None
        said, signed_at = self._serializer.loads(cookie, return_timestamp=True)
        return said, signed_at.timestamp()

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
