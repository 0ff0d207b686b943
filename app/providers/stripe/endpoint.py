"""Register our door at Stripe, and see how it is registered."""

from __future__ import annotations

from app.providers import base, errors
from app.providers.stripe import events
from app.providers.stripe.client import API_VERSION, Client, Json


def install(client: Client, url: str) -> base.Webhook:
    """Register our door. Stripe tells a secret only once, so an endpoint that is there already is
    of no use to us; it stays until `remove`, so that no event is missed meanwhile."""
    body = {
        "url": url,
        "enabled_events": events.WANTED,
        "api_version": API_VERSION,
        "description": "Portico",
    }
    made = client.post("webhook_endpoints", params=body, key=None)
    return base.Webhook(str(made["id"]), str(made["secret"]))


def remove(client: Client, url: str, *, but: str | None) -> int:
    """Delete the endpoints of our address, except one, and answer how many there were."""
    others = [endpoint for endpoint in _of(client, url) if endpoint["id"] != but]
    for endpoint in others:
        try:
            client.delete("webhook_endpoints", endpoint["id"])
        except errors.Missing:
            # Somebody deleted it in the Dashboard meanwhile.
            continue
    return len(others)


def check(client: Client, connection: base.Connection, url: str | None) -> base.Check:
    """Say whether events reach us, and what keeps them from it."""
    if url is None:
        return base.Check("webhook", "webhook_private", "note")
    try:
        endpoints = _of(client, url)
    except errors.NotPermitted:
        if connection.webhook_secret is None:
            return base.Check("webhook", "webhook_secretless", "bad")
        return base.Check("webhook", "webhook_unread", "note")
    except errors.ProviderError:
        return base.Check("webhook", "key_silent", "bad")
    return _judge(endpoints, connection)


def _judge(endpoints: list[Json], connection: base.Connection) -> base.Check:
    if not endpoints:
        return base.Check("webhook", "webhook_missing", "bad")
    if connection.webhook_secret is None:
        return base.Check("webhook", "webhook_secretless", "bad")
    # Which of several has our secret Stripe does not tell: one that works will do.
    found = [_judged(endpoint) for endpoint in endpoints]
    good = next((check for check in found if check.standing == "good"), None)
    if good is not None and len(endpoints) > 1:
        return base.Check("webhook", "webhook_doubled", "note", {"count": str(len(endpoints))})
    return good or found[0]


def _judged(endpoint: Json) -> base.Check:
    if endpoint["status"] != "enabled":
        return base.Check("webhook", "webhook_disabled", "bad")
    missing = _missing(endpoint)
    if missing:
        return base.Check("webhook", "webhook_incomplete", "bad", {"events": ", ".join(missing)})
    version = endpoint.get("api_version") or ""
    if version != API_VERSION:
        values = {"version": version, "wanted": API_VERSION}
        return base.Check("webhook", "webhook_version", "bad", values)
    return base.Check("webhook", "webhook_good")


def _missing(endpoint: Json) -> list[str]:
    sent = set(endpoint["enabled_events"])
    return [] if "*" in sent else sorted(set(events.WANTED) - sent)


def _of(client: Client, url: str) -> list[Json]:
    return [endpoint for endpoint in client.each("webhook_endpoints") if endpoint["url"] == url]
