"""Lines of lists: how each kind is listed, and the few columns of its rows that a line shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, TextClause
from sqlalchemy.orm import InstrumentedAttribute, joinedload, load_only
from sqlalchemy.orm.interfaces import LoaderOption

from app.models import CheckoutSession, Invoice, Payment, Price, Product, Subscription
from app.models.checkout_session import STATES
from app.models.invoice import LISTED_AS
from app.models.payment import HAS_GONE_BACK
from app.models.subscription import STATUSES

Kind = Literal["checkouts", "subscriptions", "payments", "invoices"]
_PAYMENT_STATUSES = ("open", "action_needed", "processing", "paid", "failed", "canceled", "expired")

_WENT_BACK = (HAS_GONE_BACK, Payment.status == "paid")


@dataclass(frozen=True, slots=True)
class Shape:
    """How a kind is listed: by which moment, with which states, and what a line of it needs;
    `worked_out` are states that do not stand in the column of states, by what they mean."""

    model: type[Any]
    at: InstrumentedAttribute[datetime]
    state: InstrumentedAttribute[str]
    states: Sequence[str]
    loads: tuple[LoaderOption, ...]
    worked_out: Mapping[str, Sequence[ColumnElement[bool] | TextClause]] = field(
        default_factory=dict
    )


def _of(model: type[Any], *columns: InstrumentedAttribute[Any]) -> LoaderOption:
    return load_only(model.uuid, model.tenant_id, model.provider_account_id, *columns)


def _plan(price: InstrumentedAttribute[Any]) -> LoaderOption:
    return (
        joinedload(price)
        .load_only(Price.interval)
        .joinedload(Price.product)
        .load_only(Product.name)
    )


# A line shows few of a row's columns, and each that is read costs.
SHAPES: dict[Kind, Shape] = {
    "checkouts": Shape(
        CheckoutSession,
        CheckoutSession.created_at,
        CheckoutSession.state,
        STATES,
        (
            _of(
                CheckoutSession,
                CheckoutSession.created_at,
                CheckoutSession.state,
                CheckoutSession.price_id,
                CheckoutSession.description,
                CheckoutSession.total,
                CheckoutSession.currency,
            ),
            _plan(CheckoutSession.price),
        ),
    ),
    "subscriptions": Shape(
        Subscription,
        Subscription.started_at,
        Subscription.status,
        STATUSES,
        (
            _of(
                Subscription,
                Subscription.started_at,
                Subscription.status,
                Subscription.settling_until,
                Subscription.is_duplicate,
                Subscription.price_id,
                Subscription.quantity,
                Subscription.total,
                Subscription.currency,
            ),
            _plan(Subscription.price),
        ),
    ),
    "payments": Shape(
        Payment,
        Payment.attempted_at,
        Payment.status,
        (*_PAYMENT_STATUSES, "partly_refunded", "refunded", "charged_back"),
        (
            _of(
                Payment,
                Payment.attempted_at,
                Payment.status,
                Payment.provider_id,
                Payment.method,
                Payment.brand,
                Payment.last4,
                Payment.amount,
                Payment.currency,
                Payment.refunded,
                Payment.charged_back,
            ),
        ),
        # As `Payment.standing` says.
        worked_out={
            "paid": (Payment.status == "paid", Payment.refunded <= 0, Payment.charged_back <= 0),
            "charged_back": (*_WENT_BACK, Payment.charged_back > 0),
            "refunded": (
                *_WENT_BACK,
                Payment.charged_back <= 0,
                Payment.refunded >= Payment.amount,
            ),
            "partly_refunded": (
                *_WENT_BACK,
                Payment.charged_back <= 0,
                Payment.refunded < Payment.amount,
            ),
        },
    ),
    "invoices": Shape(
        Invoice,
        Invoice.issued_at,
        Invoice.listed_as,
        LISTED_AS,
        (
            _of(
                Invoice,
                Invoice.issued_at,
                Invoice.listed_as,
                Invoice.kind,
                Invoice.document_number,
                Invoice.provider_number,
                Invoice.total,
                Invoice.currency,
            ),
        ),
    ),
}
