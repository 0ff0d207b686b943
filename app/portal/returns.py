"""Where a payer lands after the provider's page, before being sent on."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from app.billing import returns as comings_back
from app.web import sessions

returns = Blueprint("returns", __name__)


@returns.get("/return/<uuid:checkout>/<secret>", defaults={"left": False})
@returns.get("/return/<uuid:checkout>/<secret>/left", defaults={"left": True})
def come_back(checkout: UUID, secret: str, left: bool) -> Response:
    sessions.may_write()
    url = comings_back.come_back(
        sessions.db(), sessions.site(), uuid=checkout, secret=secret, left=left
    )
    return redirect(url, 303)
