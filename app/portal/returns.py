"""Where a payer lands after the provider's page, before being sent on."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from flask import Blueprint, Response
from werkzeug.datastructures import Headers
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from app.billing.truth import returns as comings_back
from app.web import guards, sessions

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

returns = Blueprint("returns", __name__)


@returns.get("/return/<uuid:checkout>/<secret>", defaults={"left": False})
@returns.get("/return/<uuid:checkout>/<secret>/left", defaults={"left": True})
def come_back(checkout: UUID, secret: str, left: bool) -> BaseResponse:
    sessions.may_write()
    url = comings_back.come_back(
        sessions.db(),
        sessions.site(),
        uuid=checkout,
        secret=secret,
        left=left,
        opens_portal=guards.opens_portal,
    )
    return redirect(url, 303, AsGiven)


class AsGiven(Response):
    """Leads to an address of the app's as it was given: Werkzeug would escape characters in it that
    browsers leave alone, and the app may look for them."""

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        headers = super().get_wsgi_headers(environ)
        if self.headers["Location"].isascii():
            headers["Location"] = self.headers["Location"]
        return headers
