"""The token of forms: Flask-WTF's, signed once for each sign-in instead of once for each page."""

from __future__ import annotations

import secrets
from functools import lru_cache

from flask import Flask, current_app, request, session
from flask_wtf.csrf import CSRFProtect
from itsdangerous import URLSafeTimedSerializer

# Flask-WTF's own names.
FIELD = "csrf_token"
_SALT = "wtf-csrf-token"


def install(flask_app: Flask) -> None:
    """Check the token of every form that is posted, and let pages put it into theirs."""
    _Protection(flask_app)
    flask_app.context_processor(lambda: {FIELD: token})


def token() -> str:
    """Answer the token for a form of this page. A new session's secret is made with it."""
    if FIELD not in session:
        session[FIELD] = secrets.token_hex(20)
    return _signed(str(current_app.secret_key), session[FIELD])


@lru_cache(maxsize=4096)
def _signed(key: str, secret: str) -> str:
    """Sign as Flask-WTF does, which would keep one token for all that is done in one context."""
    return str(URLSafeTimedSerializer(key, salt=_SALT).dumps(secret))


class _Protection(CSRFProtect):  # type: ignore[misc]
    """Asks first whether the request could change anything. Flask-WTF asks last, once it has found
    out which view it is for."""

    def protect(self, apply_exemptions: bool = False) -> None:
        """Refuse a request that changes something and has no sound token."""
        if request.method in current_app.config["WTF_CSRF_METHODS"]:
            super().protect(apply_exemptions=apply_exemptions)
