"""Read Checkout Sessions as the truth about a checkout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.providers import base
from app.providers.stripe import states, wire

Json = Mapping[str, Any]

# Payments that may still take or have taken money.
_MOVING = ("open", "action_needed", "processing")


@wire.readable
def opened(session: Json) -> base.OpenedCheckout:
    """Read a session just made."""
    return base.OpenedCheckout(
        provider_id=session["id"],
        url=session.get("url"),
        client_secret=_client_secret(session),
        expires_at=wire.read_time_or_none(session.get("expires_at")),
    )


@wire.readable
def read(session: Json, payments: tuple[base.PaymentState, ...]) -> base.CheckoutState:
    """Read a session with its intent or subscription expanded, and the payments it led to."""
    found = states.expanded(session.get("subscription"))
    currency = str(session.get("currency") or "").upper()
    total = session.get("amount_total")
    return base.CheckoutState(
        provider_id=session["id"],
        status=_status(session, payments),
        currency=currency,
        total=None if total is None else wire.money(total, currency),
        url=session.get("url"),
        client_secret=_client_secret(session),
        expires_at=wire.read_time_or_none(session.get("expires_at")),
        customer_id=states.id_of(session.get("customer")),
        payments=payments,
        method=_method(session),
        subscription=None if found is None else _subscription(found, payments),
        collected=_collected(session) if session.get("status") == "complete" else None,
        uuid=states.uuid(session) or session.get("client_reference_id"),
    )


def _subscription(found: Json, payments: tuple[base.PaymentState, ...]) -> base.SubscriptionState:
    """Read the subscription; of a trial, which nothing has been charged for, what it will cost."""
    state = states.subscription(found, payments)
    if state.status != "trialing":
        return state
    return replace(state, total=states.price_of_items(found))


def _status(session: Json, payments: tuple[base.PaymentState, ...]) -> base.CheckoutStatus:
    status = session.get("status")
    if status == "expired":
        return "expired"
    if status != "complete":
        return "open"
    if session["payment_status"] != "unpaid":
        return _setup_status(states.expanded(session.get("setup_intent")))
    # The payer is done, the money is not here: SEPA takes days.
    if any(p.status == "paid" for p in payments):
        return "complete"
    if payments and not any(p.status in _MOVING for p in payments):
        return "failed"
    return "processing"


def _setup_status(intent: Json | None) -> base.CheckoutStatus:
    if intent is None or intent["status"] == "succeeded":
        return "complete"
    if intent["status"] in ("requires_payment_method", "canceled"):
        return "failed"
    return "processing"


def _method(session: Json) -> base.MethodState | None:
    for owner, field in (
        ("setup_intent", "payment_method"),
        ("subscription", "default_payment_method"),
        ("payment_intent", "payment_method"),
    ):
        found = states.expanded((states.expanded(session.get(owner)) or {}).get(field))
        if found is not None:
            return states.method(found, is_default=owner == "subscription")
    return None


def _collected(session: Json) -> base.Collected:
    payer = session.get("customer_details") or {}
    shipping = (session.get("collected_information") or {}).get("shipping_details") or {}
    tax_ids = payer.get("tax_ids") or [{}]
    return base.Collected(
        name=payer.get("name"),
        email=payer.get("email"),
        billing_address=_address(payer.get("address")),
        shipping_name=shipping.get("name"),
        shipping_address=_address(shipping.get("address")),
        tax_id=tax_ids[0].get("value"),
        terms_accepted=(session.get("consent") or {}).get("terms_of_service") == "accepted",
    )


def _address(found: Json | None) -> base.Address | None:
    if not found or not found.get("country"):
        return None
    return base.Address(
        line1=found.get("line1") or "",
        city=found.get("city") or "",
        country=found["country"],
        line2=found.get("line2"),
        postal_code=found.get("postal_code"),
        region=found.get("state"),
    )


def _client_secret(session: Json) -> str | None:
    return session.get("client_secret") if session.get("ui_mode") == "embedded_page" else None
