"""The addresses Stripe and Mollie call: verify, store, answer 200; looking comes after."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, Flask, current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Response

from app.billing.errors import Invalid, NotFound
from app.billing.site import Site
from app.billing.truth.doors import Doors
from app.db.engine import Database

log = logging.getLogger(__name__)

hooks = Blueprint("hooks", __name__)

Answer = tuple[dict[str, bool], int]


@hooks.post("/stripe/<uuid:account>")
def stripe(account: UUID) -> Answer:
    """Take a signed event."""
    return _receive("stripe", account)


@hooks.post("/mollie/<uuid:account>/<secret>")
def mollie(account: UUID, secret: str) -> Answer:
    """Take a call that carries only an id; the unguessable address stands for the signature."""
    return _receive("mollie", account, secret)


def install(flask_app: Flask) -> None:
    """Open the doors below `/hooks`, as an application of their own: what pages and APIs do for
    every request (who is signed in, forms, limits, words) costs a call as much as storing it.

    Without a queue what they store waits for the sweep.
    """
    site: Site = flask_app.extensions["site"]
    database: Database = flask_app.extensions["database"]
    flask_app.extensions["doors"] = Doors(database, site)
    flask_app.extensions["nudge"] = _nudge(site, database)
    inner = Flask(__name__, static_folder=None)
    inner.config["MAX_CONTENT_LENGTH"] = flask_app.config["MAX_CONTENT_LENGTH"]
    inner.extensions = flask_app.extensions
    inner.register_blueprint(hooks)
    inner.register_error_handler(HTTPException, _refuse)
    inner.register_error_handler(Exception, _break)
    flask_app.wsgi_app = DispatcherMiddleware(  # type: ignore[method-assign]
        flask_app.wsgi_app, {"/hooks": inner.wsgi_app}
    )


def _receive(provider: str, account: UUID, secret: str | None = None) -> Answer:
    doors: Doors = current_app.extensions["doors"]
    body = request.get_data(cache=False)
    try:
        doors.receive(provider, account, body=body, headers=dict(request.headers), secret=secret)
    except NotFound:
        return {"received": False}, 404
    except Invalid:
        return {"received": False}, 400
    current_app.extensions["nudge"]()
    return {"received": True}, 200


def _refuse(error: HTTPException) -> Response:
    """Say it as JSON, as everything else here is said; what the answer's head tells stays."""
    response = error.get_response()
    if response.status_code >= 400:
        response.set_data(json.dumps({"received": False, "error": error.name}))
        response.content_type = "application/json"
    return response


def _break(error: Exception) -> tuple[dict[str, bool | str], int]:
    log.error("an event could not be stored", exc_info=error)
    return {"received": False, "error": "Internal Server Error"}, 500


def _nudge(site: Site, database: Database) -> Callable[[], None]:
    if site.config.QUEUE == "none":
        return _nothing
    # Imported here because it opens the queue.
    from app import jobs

    database.listeners.append(jobs.hear)
    return jobs.nudge


def _nothing() -> None:
    pass
