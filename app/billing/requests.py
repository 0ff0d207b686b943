"""Requests to a provider as they are stored, so that a repetition is the same byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from pydantic import TypeAdapter

from app.providers.base import (
    CheckoutRequest,
    CustomerRequest,
    RefundRequest,
    SubscriptionRequest,
    TaxRateRequest,
)


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A subscription to end at once."""

    provider_id: str
    customer_id: str | None


Request = TypeVar(
    "Request",
    Cancellation,
    CheckoutRequest,
    CustomerRequest,
    RefundRequest,
    SubscriptionRequest,
    TaxRateRequest,
)

_ADAPTERS: dict[type, TypeAdapter[object]] = {
    kind: TypeAdapter(kind)
    for kind in (
        Cancellation,
        CheckoutRequest,
        CustomerRequest,
        RefundRequest,
        SubscriptionRequest,
        TaxRateRequest,
    )
}


def dump(request: Request) -> str:
    """Answer a request as text."""
    return _ADAPTERS[type(request)].dump_json(request).decode()


def load(kind: type[Request], text: str) -> Request:
    """Answer the request again, equal to the one that was stored."""
    request = _ADAPTERS[kind].validate_json(text)
    assert isinstance(request, kind)
    return request
