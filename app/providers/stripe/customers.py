"""Make and find customers."""

from __future__ import annotations

import re

from app.providers import base, errors
from app.providers.stripe import params, states
from app.providers.stripe.client import Client

_SEARCHABLE = re.compile(r"[A-Za-z0-9-]+")
_NEWEST = 100


def ensure(client: Client, request: base.CustomerRequest, *, key: str) -> str:
    """Make a customer."""
    return str(client.post("customers", params=params.customer(request), key=key)["id"])


def delete(client: Client, customer_id: str) -> None:
    """Delete a customer; one that was deleted stays so (Stripe, "Delete a customer")."""
    try:
        client.delete("customers", customer_id)
    except errors.Missing:
        return


def find(client: Client, uuid: str) -> str | None:
    """Look for a customer by our uuid: among the newest, then by Stripe's search, which learns of a
    new one up to a minute late."""
    for customer in client.each("customers", most=_NEWEST):
        if states.uuid(customer) == uuid:
            return str(customer["id"])
    if not _SEARCHABLE.fullmatch(uuid):
        return None
    query = {"query": f"metadata['{params.UUID}']:'{uuid}'"}
    found = client.get("customers/search", params=query)["data"]
    return str(found[0]["id"]) if found else None
