"""Requests to a provider as they are stored, so that a repetition is the same byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar

from pydantic import TypeAdapter

from app.providers.base import (
    CataloguePrice,
    ChargeRequest,
    CheckoutRequest,
    CustomerRequest,
    RefundRequest,
    SubscriptionChange,
    SubscriptionRequest,
    TaxRateRequest,
)


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A subscription to end, at once or with its period, and why in the words of who ended it."""

    provider_id: str
    customer_id: str | None
    when: Literal["now", "period_end"] = "now"
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Resumption:
    """A subscription whose end is taken back."""

    provider_id: str
    customer_id: str | None


@dataclass(frozen=True, slots=True)
class Collection:
    """A subscription whose open invoice shall be charged now."""

    provider_id: str
    customer_id: str | None


@dataclass(frozen=True, slots=True)
class MethodRequest:
    """A method on file to charge from now on, or to forget."""

    method_id: str
    customer_id: str
    subscription_id: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerDeletion:
    """A customer to delete, with their methods on file."""

    customer_id: str


Request = TypeVar(
    "Request",
    Cancellation,
    CataloguePrice,
    ChargeRequest,
    CheckoutRequest,
    Collection,
    CustomerDeletion,
    CustomerRequest,
    MethodRequest,
    RefundRequest,
    Resumption,
    SubscriptionChange,
    SubscriptionRequest,
    TaxRateRequest,
)

_ADAPTERS: dict[type, TypeAdapter[object]] = {
    kind: TypeAdapter(kind) for kind in Request.__constraints__
}


def dump(request: Request) -> str:
    """Answer a request as text."""
    return _ADAPTERS[type(request)].dump_json(request).decode()


def load(kind: type[Request], text: str) -> Request:
    """Answer the request again, equal to the one that was stored."""
    request = _ADAPTERS[kind].validate_json(text)
    assert isinstance(request, kind)
    return request
