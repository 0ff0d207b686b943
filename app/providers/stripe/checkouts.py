"""Open, find, watch and end Checkout Sessions."""

from __future__ import annotations

from app.providers import base, errors
from app.providers.stripe import params, payments, sessions, states
from app.providers.stripe.client import Client, Json

# One call tells all but a subscription's payments, which lie deeper than Stripe expands.
_EXPAND: dict[base.Mode, tuple[str, ...]] = {
    "payment": ("payment_intent.latest_charge", "payment_intent.payment_method"),
    "subscription": ("subscription.default_payment_method", "subscription.latest_invoice"),
    "setup": ("setup_intent.payment_method",),
}


def start(client: Client, request: base.CheckoutRequest, *, key: str) -> base.OpenedCheckout:
    """Make a session."""
    return sessions.opened(
        client.post("checkout/sessions", params=params.checkout(request), key=key)
    )


def find(client: Client, uuid: str, *, customer_id: str | None) -> str | None:
    """Look for a session by our uuid among the customer's, else among the newest thousand."""
    query = {} if customer_id is None else {"customer": customer_id}
    for session in client.each("checkout/sessions", params=query):
        if states.uuid(session) == uuid:
            return str(session["id"])
    return None


def fetch(client: Client, provider_id: str, mode: base.Mode) -> base.CheckoutState:
    """Answer the present truth about a session."""
    query = {"expand": _EXPAND[mode]}
    return _state(client, client.get("checkout/sessions", provider_id, params=query))


def expire(client: Client, provider_id: str, mode: base.Mode) -> base.CheckoutState:
    """End a session; one that has ended already is answered as it is."""
    query = {"expand": _EXPAND[mode]}
    try:
        session = client.post("checkout/sessions", provider_id, "expire", params=query, key=None)
    except errors.Refused:
        return fetch(client, provider_id, mode)
    return _state(client, session)


def _state(client: Client, session: Json) -> base.CheckoutState:
    intent, invoice_id = session.get("payment_intent"), states.id_of(session.get("invoice"))
    uuid = states.uuid(session)
    if isinstance(intent, dict):
        return sessions.read(session, (states.payment(intent, checkout_uuid=uuid),))
    if session["mode"] == "subscription" and invoice_id is not None:
        subscription_id = states.id_of(session.get("subscription"))
        return sessions.read(
            session,
            payments.of_invoice(client, invoice_id, subscription_id=subscription_id, uuid=uuid),
        )
    return sessions.read(session, ())
