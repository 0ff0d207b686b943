"""Translation between our values and Mollie's JSON, both ways."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from app.money import Money, zero
from app.providers import base, errors
from app.providers.mollie import words

Json = Mapping[str, Any]
P = ParamSpec("P")
T = TypeVar("T")

_DESCRIPTION_LIMIT = 255
_LOCAL_NAMES = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test")

_PAYMENT_STATUS: dict[str, base.PaymentStatus] = {
    "open": "open",
    "pending": "processing",
    "authorized": "processing",
    "paid": "paid",
    "failed": "failed",
    "canceled": "canceled",
    "expired": "expired",
}
_CHECKOUT_STATUS: dict[base.PaymentStatus, base.CheckoutStatus] = {
    "open": "open",
    "processing": "processing",
    "paid": "complete",
    "failed": "failed",
    "canceled": "canceled",
    "expired": "expired",
}
_SUBSCRIPTION_STATUS: dict[str, base.SubscriptionStatus] = {
    # Pending waits for its mandate only: the first payment has been paid.
    "pending": "active",
    "active": "active",
    "suspended": "past_due",
    "completed": "canceled",
    "canceled": "canceled",
}
_REFUND_STATUS: dict[str, base.RefundStatus] = {
    "queued": "pending",
    "pending": "pending",
    "processing": "pending",
    "refunded": "refunded",
    "failed": "failed",
    "canceled": "failed",
}


def amount_out(money: Money) -> dict[str, str]:
    """Write an amount with exactly the currency's decimals, as Mollie demands; raises Unsupported
    for a currency Mollie does not take."""
    if money.currency not in words.CURRENCIES:
        raise errors.Unsupported(f"Mollie does not take {money.currency}", code="currency")
    return {"currency": money.currency, "value": f"{money.decimal:f}"}


def amount_in(amount: Json | None, currency: str | None = None) -> Money:
    """Read an amount; an absent one is nothing in `currency`."""
    if amount is None and currency is not None:
        return zero(currency)
    if amount is None:
        raise ValueError("an amount is missing")
    return Money.from_decimal(Decimal(amount["value"]), amount["currency"])


def customer_out(request: base.CustomerRequest) -> dict[str, Any]:
    """Write a customer."""
    return _filled(name=request.name, email=request.email, metadata=_metadata(request.uuid))


def checkout_out(request: base.CheckoutRequest, *, api_url: str) -> dict[str, Any]:
    """Write a checkout as a payment: the first of a series where a mandate shall come of it."""
    is_first = request.mode in ("subscription", "setup")
    if is_first and request.customer_id is None:
        raise errors.Refused("a first payment at Mollie needs a customer", code="customerId")
    return _filled(
        amount=amount_out(request.total),
        description=description(request.description, request.uuid),
        sequenceType="first" if is_first else "oneoff",
        method=request.method and words.method_out(request.method),
        customerId=request.customer_id,
        redirectUrl=request.return_url,
        webhookUrl=webhook_out(request.webhook_url, api_url=api_url),
        locale=words.locale_out(request.locale),
        lines=None if request.mode == "setup" else lines_out(request),
        metadata=_metadata(request.uuid),
    )


def lines_out(request: base.CheckoutRequest) -> list[dict[str, Any]] | None:
    """Write the order's lines with their tax, or None where they would not add up exactly: Mollie
    refuses lines that differ from the amount."""
    read = [_line(line) for line in request.lines]
    if not read or any(line is None for line in read):
        return None
    lines = [line for line in read if line is not None]
    gross = sum((line[1].minor for line in lines), 0)
    tax = sum((line[2].minor for line in lines), 0)
    if (gross, tax) != (request.total.minor, request.tax.minor):
        return None
    return [body for body, _, _ in lines]


def subscription_out(request: base.SubscriptionRequest, *, api_url: str) -> dict[str, Any]:
    """Write a subscription that first charges on its start date."""
    return _filled(
        amount=amount_out(request.total),
        interval=words.interval_out(request.interval),
        startDate=request.start_date.isoformat(),
        description=description(request.description, request.uuid),
        mandateId=request.method_id,
        webhookUrl=webhook_out(request.webhook_url, api_url=api_url),
        metadata=_metadata(request.uuid),
    )


def change_out(change: base.SubscriptionChange) -> dict[str, Any]:
    """Write a change that counts from the next charge on."""
    return _filled(
        amount=amount_out(change.total),
        interval=change.line.interval and words.interval_out(change.line.interval),
        startDate=change.start_date and change.start_date.isoformat(),
    )


def charge_out(request: base.ChargeRequest, *, api_url: str) -> dict[str, Any]:
    """Write a recurring payment."""
    return _filled(
        amount=amount_out(request.total),
        description=description(request.description, request.uuid),
        sequenceType="recurring",
        mandateId=request.method_id,
        webhookUrl=webhook_out(request.webhook_url, api_url=api_url),
        metadata=_metadata(request.uuid),
    )


def refund_out(request: base.RefundRequest) -> dict[str, Any]:
    """Write a refund."""
    return {
        "amount": amount_out(request.amount),
        "description": description(request.description, request.uuid),
        "metadata": _metadata(request.uuid),
    }


def description(text: str, uuid: str) -> str:
    """Answer a description no other payment has: Mollie wants a subscription's unique for its
    customer, and cuts what is longer than 255 characters."""
    mark = f" #{uuid[:8]}"
    return text[: _DESCRIPTION_LIMIT - len(mark)] + mark


def webhook_out(url: str | None, *, api_url: str) -> str | None:
    """Answer the address Mollie shall call, or None: it refuses a payment whose webhook address it
    cannot reach. Only an API on this machine, the sandbox, can reach a private one."""
    if url is None or not is_private(url) or is_private(api_url):
        return url
    return None


def is_private(url: str) -> bool:
    """Whether an address cannot be reached from outside."""
    host = (urlsplit(url).hostname or "").lower()
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(_LOCAL_NAMES)


def uuid_in(resource: Json) -> str | None:
    """Answer our uuid from an object's metadata."""
    metadata = resource.get("metadata")
    uuid = metadata.get("portico_uuid") if isinstance(metadata, Mapping) else None
    return uuid if isinstance(uuid, str) else None


def _readable(read: Callable[P, T]) -> Callable[P, T]:
    @functools.wraps(read)
    def reading(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(*args, **kwargs)
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise errors.Unavailable("Mollie's answer could not be read") from error

    return reading


@_readable
def payment_in(payment: Json) -> base.PaymentState:
    """Read a payment. Refunds and chargebacks leave its status alone: only the amounts tell."""
    amount = amount_in(payment["amount"])
    details = payment.get("details") or {}
    number = details.get("cardNumber") or details.get("consumerAccount")
    subscription_id = payment.get("subscriptionId")
    return base.PaymentState(
        provider_id=payment["id"],
        status=_PAYMENT_STATUS[payment["status"]],
        amount=amount,
        refunded=amount_in(payment.get("amountRefunded"), amount.currency),
        charged_back=amount_in(payment.get("amountChargedBack"), amount.currency),
        created_at=_moment(payment["createdAt"]),
        paid_at=_moment_or_none(payment.get("paidAt")),
        method=words.method_in(payment.get("method")),
        brand=words.brand_in(details.get("cardLabel")),
        last4=number and number[-4:],
        decline=words.decline_in(payment),
        method_id=payment.get("mandateId"),
        customer_id=payment.get("customerId"),
        subscription_id=subscription_id,
        # A subscription hands its own metadata on to its payments.
        checkout_uuid=None if subscription_id else uuid_in(payment),
    )


@_readable
def checkout_in(payment: Json, method: base.MethodState | None) -> base.CheckoutState:
    """Read a payment as the checkout it is here."""
    state = payment_in(payment)
    status = _CHECKOUT_STATUS[state.status]
    return base.CheckoutState(
        provider_id=state.provider_id,
        status=status,
        currency=state.amount.currency,
        total=state.amount,
        url=checkout_url_in(payment) if status == "open" else None,
        expires_at=_moment_or_none(payment.get("expiresAt")),
        customer_id=state.customer_id,
        payments=(state,),
        method=method,
        uuid=uuid_in(payment),
    )


@_readable
def opened_in(payment: Json) -> base.OpenedCheckout:
    """Read a payment just made."""
    url = checkout_url_in(payment)
    expires_at = _moment_or_none(payment.get("expiresAt"))
    return base.OpenedCheckout(payment["id"], url=url, expires_at=expires_at)


def checkout_url_in(payment: Json) -> str | None:
    """Answer where the payer goes; None once nothing can be paid there any more."""
    link = payment["_links"].get("checkout")
    return link["href"] if link else None


@_readable
def mandate_in(mandate: Json) -> base.MethodState:
    """Read a mandate."""
    details = mandate.get("details") or {}
    number = details.get("cardNumber") or details.get("consumerAccount")
    expiry = details.get("cardExpiryDate")
    expires_on = date.fromisoformat(expiry) if expiry else None
    return base.MethodState(
        provider_id=mandate["id"],
        type=words.method_in(mandate["method"]) or "",
        status=mandate["status"],
        brand=words.brand_in(details.get("cardLabel")),
        last4=number and number[-4:],
        exp_month=expires_on.month if expires_on else None,
        exp_year=expires_on.year if expires_on else None,
    )


@_readable
def subscription_in(
    subscription: Json,
    *,
    payments: tuple[base.PaymentState, ...] = (),
    method: base.MethodState | None = None,
) -> base.SubscriptionState:
    """Read a subscription with its latest payments and the mandate it charges."""
    canceled_at = _moment_or_none(subscription.get("canceledAt"))
    next_charge = subscription.get("nextPaymentDate")
    return base.SubscriptionState(
        provider_id=subscription["id"],
        status=_SUBSCRIPTION_STATUS[subscription["status"]],
        quantity=1,
        period_start=None,
        period_end=midnight(date.fromisoformat(next_charge)) if next_charge else None,
        customer_id=subscription.get("customerId"),
        canceled_at=canceled_at,
        ended_at=canceled_at,
        total=amount_in(subscription["amount"]),
        method=method,
        payments=payments,
        uuid=uuid_in(subscription),
        interval=words.interval_in(subscription["interval"]),
    )


@_readable
def refund_in(refund: Json) -> base.RefundState:
    """Read a refund."""
    status = _REFUND_STATUS[refund["status"]]
    return base.RefundState(refund["id"], status, amount_in(refund["amount"]), uuid_in(refund))


def midnight(day: date) -> datetime:
    """Answer when Mollie charges on a day: at its beginning, UTC."""
    return datetime.combine(day, time.min, UTC)


def _line(line: base.Line) -> tuple[dict[str, Any], Money, Money] | None:
    amount, rate = line.unit_amount * line.quantity, line.tax_percentage
    gross, tax = amount, zero(amount.currency)
    if rate is not None and line.tax_behavior == "exclusive":
        tax = amount.portion(rate)
        gross = amount + tax
    elif rate is not None:
        tax = amount.portion(100 * rate / (100 + rate))
    if gross.minor % line.quantity:
        return None
    unit = Money(gross.minor // line.quantity, gross.currency)
    body = _filled(
        description=line.name[:_DESCRIPTION_LIMIT],
        quantity=line.quantity,
        unitPrice=amount_out(unit),
        totalAmount=amount_out(gross),
        vatRate=None if rate is None else f"{rate:.2f}",
        vatAmount=None if rate is None else amount_out(tax),
    )
    return body, gross, tax


def _filled(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _metadata(uuid: str) -> dict[str, str]:
    return {"portico_uuid": uuid}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _moment_or_none(text: str | None) -> datetime | None:
    return _moment(text) if text else None
