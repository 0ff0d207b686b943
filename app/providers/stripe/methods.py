"""List, choose and forget a customer's saved ways to pay."""

from __future__ import annotations

from app.providers import base, errors
from app.providers.stripe import states
from app.providers.stripe.client import Client


def fetch(client: Client, customer_id: str) -> tuple[base.MethodState, ...]:
    """Answer a customer's saved methods, newest first."""
    customer = client.get("customers", customer_id)
    if customer.get("deleted"):
        raise errors.Missing(f"Stripe: customer {customer_id} has been deleted")
    default = states.id_of(customer["invoice_settings"]["default_payment_method"])
    found = sorted(
        client.each("customers", customer_id, "payment_methods"),
        key=lambda method: int(method["created"]),
        reverse=True,
    )
    return tuple(states.method(method, is_default=method["id"] == default) for method in found)


def set_default(
    client: Client, method_id: str, *, customer_id: str, subscription_id: str | None, key: str
) -> None:
    """Charge this method from now on."""
    settings = {"invoice_settings": {"default_payment_method": method_id}}
    client.post("customers", customer_id, params=settings, key=key)
    if subscription_id is not None:
        # Another request needs another key; a repeat of the verb makes the same two.
        body = {"default_payment_method": method_id}
        client.post("subscriptions", subscription_id, params=body, key=f"{key}-subscription")


def forget(client: Client, method_id: str, *, customer_id: str) -> None:
    """Remove a saved method; raises Missing where it is another customer's."""
    method = client.get("payment_methods", method_id)
    owner = states.id_of(method.get("customer"))
    if owner is None:
        return
    if owner != customer_id:
        raise errors.Missing(f"Stripe: {method_id} is not a method of {customer_id}")
    client.post("payment_methods", method_id, "detach", key=None)
