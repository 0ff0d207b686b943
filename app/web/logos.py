"""Logos: served under the digest of their content, so that they can be kept for a year."""

from __future__ import annotations

from flask import Blueprint, Response

from app.billing.apps import logos as kept
from app.web import sessions

logos = Blueprint("logos", __name__)

_KEPT = "public, max-age=31536000, immutable"


@logos.get("/logos/<digest>.png")
def show(digest: str) -> Response:
    response = Response(kept.content(sessions.db(), digest), mimetype="image/png")
    response.headers["Cache-Control"] = _KEPT
    # Mail programs and the app's own pages may show it too.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
