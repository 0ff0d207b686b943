"""Verify and read what Stripe posts at our door."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import stripe

from app.providers import base, errors

Json = Mapping[str, Any]

# Each is a reason to look at a checkout, a subscription, a payment or a customer's methods.
WANTED = (
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.refunded",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.subscription.updated",
    "invoice.marked_uncollectible",
    "invoice.paid",
    "invoice.payment_action_required",
    "invoice.payment_failed",
    "invoice.voided",
    "payment_intent.canceled",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.succeeded",
    "payment_method.attached",
    "payment_method.automatically_updated",
    "payment_method.detached",
    "refund.created",
    "refund.failed",
    "refund.updated",
    "setup_intent.setup_failed",
    "setup_intent.succeeded",
)

_TOLERANCE = 300
_LONGEST_ID = 255
# What to look at where it is not the object itself, the first that is there.
_LOOK_AT = {
    "charge": ("payment_intent",),
    "dispute": ("payment_intent", "charge"),
    "payment_method": ("customer",),
    "refund": ("payment_intent", "charge"),
}


def read(body: bytes, headers: Mapping[str, str], secret: str | None) -> base.ProviderEvent:
    """Verify a call and say what it asks to look at; raises BadSignature for whatever is wrong.

    The SDK's `construct_event` checks the same signature and then builds objects nobody reads here.
    Age is measured on the wall clock, as the signature is.
    """
    try:
        signature = headers.get("Stripe-Signature") or headers.get("stripe-signature")
        stripe.WebhookSignature.verify_header(body, signature, secret, _TOLERANCE)
        event = json.loads(body)
        return _event(event, event["data"]["object"])
    except stripe.SignatureVerificationError as error:
        raise errors.BadSignature("Stripe: the call is not signed with our secret") from error
    except (ArithmeticError, AttributeError, LookupError, RecursionError) as error:
        raise errors.BadSignature("Stripe: the call is not an event") from error
    except (OSError, TypeError, ValueError) as error:
        raise errors.BadSignature("Stripe: the call is not an event") from error


def _event(event: Json, subject: Json) -> base.ProviderEvent:
    found = _id(_subject_id(subject) or event["id"])
    return base.ProviderEvent(
        type=_id(event["type"]),
        object_id=found,
        provider_event_id=_id(event["id"]),
        created_at=datetime.fromtimestamp(event["created"], UTC),
        livemode=event["livemode"] is True,
    )


def _subject_id(subject: Json) -> Any:
    kind = subject.get("object")
    if kind == "invoice":
        details = (subject.get("parent") or {}).get("subscription_details") or {}
        return _plain(details.get("subscription")) or subject.get("id")
    for field in _LOOK_AT.get(str(kind), ()):
        if subject.get(field):
            return _plain(subject[field])
    return subject.get("id")


def _plain(value: Any) -> Any:
    return value["id"] if isinstance(value, dict) else value


def _id(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_ID or not value.isprintable():
        raise ValueError("not an id")
    return value
