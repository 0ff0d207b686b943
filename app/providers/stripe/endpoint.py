"""Register our door at Stripe, and try a connection for its owner."""

from __future__ import annotations

from app.providers import base, errors
from app.providers.stripe import events
from app.providers.stripe.client import API_VERSION, Client, Json


def install(client: Client, url: str) -> str:
    """Register our door and answer the secret its events are signed with.

    Stripe tells a secret only once, so an endpoint already there for this URL is replaced.
    """
    for endpoint in list(client.each("webhook_endpoints")):
        if endpoint["url"] == url:
            client.delete("webhook_endpoints", endpoint["id"])
    body = {
        "url": url,
        "enabled_events": events.WANTED,
        "api_version": API_VERSION,
        "description": "Portico",
    }
    return str(client.post("webhook_endpoints", params=body, key=None)["secret"])


def check(
    client: Client, connection: base.Connection, *, webhook_url: str | None
) -> tuple[base.Check, ...]:
    """Try key, mode and webhook."""
    try:
        endpoints = list(client.each("webhook_endpoints"))
    except errors.BadCredentials:
        detail = (
            "Stripe does not accept this secret key, or the key may not read webhook endpoints."
        )
        return (base.Check("key", False, detail),)
    except errors.Unavailable:
        detail = "Stripe does not answer just now; nothing is known about the key."
        return (base.Check("key", False, detail),)
    return (
        base.Check("key", True, "Stripe accepts the secret key."),
        _mode(connection),
        _webhook(endpoints, connection, webhook_url),
    )


def _mode(connection: base.Connection) -> base.Check:
    if connection.secret_key.startswith(("sk_live_", "rk_live_")):
        return base.Check("mode", True, "This is a live key: payments move real money.")
    return base.Check("mode", True, "This is a test key: no money moves.")


def _webhook(
    endpoints: list[Json], connection: base.Connection, webhook_url: str | None
) -> base.Check:
    if webhook_url is None:
        detail = "This address cannot be reached from outside, so Portico looks by itself instead."
        return base.Check("webhook", True, detail)
    found = next((e for e in endpoints if e["url"] == webhook_url), None)
    for is_wrong, detail in (
        (found is None, "Stripe does not know our address: install the webhook."),
        (connection.webhook_secret is None, "The signing secret is missing: install the webhook."),
        (found is not None and found["status"] != "enabled", "The webhook is disabled at Stripe."),
        (found is not None and not _wants_all(found), "Stripe does not send all events we need."),
        (
            found is not None and found.get("api_version") != API_VERSION,
            f"Stripe sends another version than {API_VERSION}: install the webhook again.",
        ),
    ):
        if is_wrong:
            return base.Check("webhook", False, detail)
    return base.Check("webhook", True, "Stripe sends its events to our address.")


def _wants_all(endpoint: Json) -> bool:
    wanted = set(endpoint["enabled_events"])
    return "*" in wanted or wanted.issuperset(events.WANTED)
