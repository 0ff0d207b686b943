"""The barest programs that do the same work: what a ratio is taken against.

Each is a WSGI application for the same server with the same flags. They are told where the
provider and the database are by BENCH_STRIPE_URL and BENCH_DATABASE_URL.
"""

from __future__ import annotations

import json
import os
import threading
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import flask
import psycopg
import stripe

from app.providers.stripe.transport import Transport

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

WEBHOOK_SECRET = "whsec_bench"
_STRIPE_URL = os.environ.get("BENCH_STRIPE_URL", "")
_DATABASE_URL = os.environ.get("BENCH_DATABASE_URL", "")
_PARAMS: Any = {
    "mode": "subscription",
    "success_url": "https://portal.example.com/return/0b6f5c9e-3f0b-4f0e-9a5e-6f1d0c8b7a61",
    "cancel_url": "https://portal.example.com/return/0b6f5c9e-3f0b-4f0e-9a5e-6f1d0c8b7a61/left",
    "client_reference_id": "0b6f5c9e-3f0b-4f0e-9a5e-6f1d0c8b7a61",
    "customer": "cus_bench1",
    "line_items": [{"price": "price_bench1", "quantity": 3, "tax_rates": ["txr_bench1"]}],
    "metadata": {"portico_uuid": "0b6f5c9e-3f0b-4f0e-9a5e-6f1d0c8b7a61"},
    "subscription_data": {"metadata": {"portico_uuid": "0b6f5c9e-3f0b-4f0e-9a5e-6f1d0c8b7a61"}},
    "adaptive_pricing": {"enabled": False},
    "allow_promotion_codes": False,
    "locale": "en",
}
ROWS = [
    {"name": f"Plan {number}", "interval": ("month", "year")[number % 2], "amount": number * 500}
    for number in range(1, 21)
]
INSERT = "INSERT INTO bare_event (id, payload) VALUES (%s, %s) ON CONFLICT DO NOTHING"
_TOLERANCE = 300
_of_thread = threading.local()


class Starter:
    """Calls Stripe through its SDK and redirects to the page it names."""

    def __init__(self, http_client: stripe.HTTPClient) -> None:
        stripe.enable_telemetry = False
        self._client = stripe.StripeClient(
            "sk_test_bench",
            base_addresses={"api": _STRIPE_URL},
            http_client=http_client,
            max_network_retries=0,
        )

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input"].read()
        session = self._client.v1.checkout.sessions.create(
            _PARAMS, {"idempotency_key": str(uuid.uuid4())}
        )
        assert session.url is not None
        start("303 See Other", [("Location", session.url), ("Content-Length", "0")])
        return []


def start_by_default_client() -> Starter:
    """Make the starter most people would write."""
    return Starter(stripe.RequestsClient())


def start_by_kept_client() -> Starter:
    """Make the same on our kept connections."""
    return Starter(Transport(_STRIPE_URL, (3.0, 15.0)))


def store(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Verify a webhook of Stripe's and insert it, one statement in its own transaction."""
    payload = environ["wsgi.input"].read().decode()
    stripe.WebhookSignature.verify_header(
        payload, environ["HTTP_STRIPE_SIGNATURE"], WEBHOOK_SECRET, _TOLERANCE
    )
    return _store(json.loads(payload)["id"], payload, start)


def construct_and_store(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Do the same through the SDK's `construct_event`, as most programs do."""
    payload = environ["wsgi.input"].read()
    signature = environ["HTTP_STRIPE_SIGNATURE"]
    event = stripe.Webhook.construct_event(payload, signature, WEBHOOK_SECRET)
    return _store(event.id, payload.decode(), start)


def page() -> flask.Flask:
    """Make a Flask application with one page of 20 rows."""
    bare = flask.Flask(__name__)

    @bare.get("/plans")
    def plans() -> str:
        return flask.render_template("rows.html", rows=ROWS)

    return bare


def _store(event_id: str, payload: str, start: StartResponse) -> Iterable[bytes]:
    _connection().execute(INSERT, (event_id, payload))
    start("200 OK", [("Content-Length", "0")])
    return []


def _connection() -> psycopg.Connection:
    if not hasattr(_of_thread, "connection"):
        _of_thread.connection = psycopg.connect(_DATABASE_URL, autocommit=True)
    connection: psycopg.Connection = _of_thread.connection
    return connection
