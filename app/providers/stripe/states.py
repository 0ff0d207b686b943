"""Read Stripe's objects as our states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal, cast

from app.money import EXPONENTS, Money, round_half_up, zero
from app.providers import base, errors
from app.providers.stripe import wire
from app.providers.stripe.params import UUID

Json = Mapping[str, Any]

# Invoices whose total is the price of one period.
_WHOLE_PERIOD = ("subscription_create", "subscription_cycle")
_REASONS: dict[str, Literal["begin", "renewal", "change"]] = {
    "subscription_create": "begin",
    "subscription_cycle": "renewal",
    "subscription_update": "change",
}
_ENDED_BY: dict[str, Literal["request", "not_paid"]] = {
    "cancellation_requested": "request",
    "payment_failed": "not_paid",
}


@wire.readable
def payment(
    intent: Json,
    *,
    subscription_id: str | None = None,
    invoice_id: str | None = None,
    checkout_uuid: str | None = None,
) -> base.PaymentState:
    """Read a PaymentIntent with its latest charge expanded."""
    currency = str(intent["currency"])
    charge = expanded(intent.get("latest_charge")) or {}
    status = wire.payment_status(intent)
    error = intent.get("last_payment_error")
    means = _means(intent, charge)
    nothing = zero(currency.upper())
    return base.PaymentState(
        provider_id=intent["id"],
        status=status,
        amount=wire.money(intent["amount"], currency),
        refunded=wire.money(charge.get("amount_refunded", 0), currency),
        # A charge names no dispute and no amount: disputed means all of it.
        charged_back=(
            wire.money(charge["amount"], currency) if charge.get("disputed") else nothing
        ),
        created_at=wire.read_time(intent["created"]),
        paid_at=wire.read_time_or_none(charge.get("created")) if status == "paid" else None,
        method=means.type if means else None,
        brand=means.brand if means else None,
        last4=means.last4 if means else None,
        decline=wire.decline(error) if error and status == "failed" else None,
        method_id=id_of(intent.get("payment_method")) or charge.get("payment_method"),
        customer_id=id_of(intent.get("customer")),
        subscription_id=subscription_id,
        invoice_id=invoice_id,
        checkout_uuid=uuid(intent) or checkout_uuid,
    )


@wire.readable
def subscription(
    found: Json,
    payments: tuple[base.PaymentState, ...],
    invoices: tuple[base.InvoiceState, ...] = (),
) -> base.SubscriptionState:
    """Read a subscription; the period stands on its items, not on itself."""
    item = item_of(found)
    price = item["price"]
    status = wire.subscription_status(found["status"])
    return base.SubscriptionState(
        provider_id=found["id"],
        status=status,
        quantity=item.get("quantity") or 1,
        period_start=wire.read_time_or_none(item["current_period_start"]),
        period_end=wire.read_time_or_none(item["current_period_end"]),
        customer_id=id_of(found["customer"]),
        is_canceling=status != "canceled"
        and bool(found["cancel_at_period_end"] or found.get("cancel_at")),
        canceled_at=wire.read_time_or_none(found.get("canceled_at")),
        ended_at=wire.read_time_or_none(found.get("ended_at")),
        trial_end=wire.read_time_or_none(found.get("trial_end")),
        provider_price_id=price["id"],
        provider_product_id=id_of(price["product"]),
        total=_period_total(found),
        method=_default_method(found),
        payments=payments,
        uuid=uuid(found),
        interval=wire.INTERVALS.get((price.get("recurring") or {}).get("interval", "")),
        invoices=invoices,
        credit=_credit(found),
        ended_by=_ENDED_BY.get((found.get("cancellation_details") or {}).get("reason") or ""),
    )


def item_of(found: Json) -> Json:
    """Answer the item that carries the plan; raises Refused for a subscription without one."""
    items = found["items"]["data"]
    if not items:
        raise errors.Refused(f"Stripe: subscription {found['id']} has no items")
    return cast(Json, items[0])


@wire.readable
def price_of_items(found: Json) -> Money | None:
    """Answer what a subscription's items come to each period, tax included; None where a price is
    no fixed amount."""
    total = 0
    for item in found["items"]["data"]:
        unit, quantity = item["price"].get("unit_amount"), item.get("quantity") or 1
        if unit is None:
            return None
        amount = unit * quantity
        rates = item.get("tax_rates") or found.get("default_tax_rates") or ()
        added = (Decimal(str(rate["percentage"])) for rate in rates if not rate["inclusive"])
        total += amount + sum(round_half_up(amount * share / 100) for share in added)
    return wire.money(total, found["currency"])


@wire.readable
def method(found: Json, *, is_default: bool = False) -> base.MethodState:
    """Read a saved way to pay."""
    kind = found["type"]
    details = found.get(kind) or {}
    return base.MethodState(
        provider_id=found["id"],
        type=wire.slug(kind),
        brand=details.get("brand"),
        last4=details.get("last4"),
        exp_month=details.get("exp_month"),
        exp_year=details.get("exp_year"),
        is_default=is_default,
    )


@wire.readable
def refund(found: Json) -> base.RefundState:
    """Read a refund."""
    return base.RefundState(
        provider_id=found["id"],
        status=wire.refund_status(found.get("status")),
        amount=wire.money(found["amount"], found["currency"]),
        uuid=uuid(found),
    )


@wire.readable
def invoice(found: Json) -> base.InvoiceState:
    """Read an invoice with its payments expanded. Its own period is when it was drawn up; what it
    is for stands on its lines, the latest of which is not a credit for time gone by."""
    currency = found["currency"]
    total = wire.money(found["total"], currency)
    net = wire.money(_net(found), currency)
    lines = (found.get("lines") or {}).get("data", ())
    start, end = max(
        ((line["period"]["start"], line["period"]["end"]) for line in lines),
        default=(None, None),
        key=lambda period: period[1],
    )
    return base.InvoiceState(
        provider_id=found["id"],
        status=wire.invoice_status(found.get("status")),
        total=total,
        net=net,
        tax=total - net,
        created_at=wire.read_time(found["created"]),
        reason=_REASONS.get(found.get("billing_reason") or "", "other"),
        number=found.get("number"),
        hosted_url=found.get("hosted_invoice_url"),
        pdf_url=found.get("invoice_pdf"),
        subscription_id=invoice_subscription(found),
        payment_id=next(iter(invoice_intents(found)), None),
        paid_at=wire.read_time_or_none((found.get("status_transitions") or {}).get("paid_at")),
        period_start=wire.read_time_or_none(start),
        period_end=wire.read_time_or_none(end),
        next_attempt_at=wire.read_time_or_none(found.get("next_payment_attempt")),
        lines=tuple(_line(line) for line in lines),
    )


@wire.readable
def price(found: Json, *, product_name: str) -> base.CataloguePrice:
    """Read a price; one that leaves its tax open is sold without, as the rate is added to it."""
    recurring = found.get("recurring") or {}
    interval = recurring.get("interval")
    product = expanded(found["product"]) or {}
    return base.CataloguePrice(
        uuid=uuid(found),
        product_name=product_name,
        amount=wire.money(found["unit_amount"], found["currency"]),
        interval=None if interval is None else wire.INTERVALS[interval],
        tax_behavior="inclusive" if found.get("tax_behavior") == "inclusive" else "exclusive",
        product_description=product.get("description"),
        provider_price_id=found["id"],
        provider_product_id=id_of(found["product"]),
        product_uuid=uuid(product),
        trial_days=recurring.get("trial_period_days") or 0,
    )


@wire.readable
def listed_price(found: Json) -> base.ListedPrice:
    """Read a price with its product expanded, and why it cannot be sold here if it cannot."""
    product = found["product"]
    name = product.get("name") or product["id"]
    obstacle = _obstacle(found)
    return base.ListedPrice(
        provider_price_id=found["id"],
        provider_product_id=product["id"],
        product_name=name,
        price=None if obstacle else price(found, product_name=name),
        obstacle=obstacle,
    )


def invoice_subscription(found: Json) -> str | None:
    """Answer the id of the subscription an invoice belongs to."""
    details = (found.get("parent") or {}).get("subscription_details") or {}
    return id_of(details.get("subscription"))


def invoice_intents(found: Json) -> Iterable[str]:
    """Answer the ids of the intents an invoice was or is to be paid by."""
    for link in (found.get("payments") or {}).get("data", ()):
        intent_id = id_of(link["payment"].get("payment_intent"))
        if intent_id is not None:
            yield intent_id


def uuid(found: Json) -> str | None:
    """Answer our uuid of an object."""
    return (found.get("metadata") or {}).get(UUID)


def id_of(value: Any) -> str | None:
    """Answer the id of an object that may be expanded, or absent."""
    return cast("str | None", value["id"] if isinstance(value, dict) else value)


def expanded(value: Any) -> Json | None:
    """Answer an object where it is expanded, not only named."""
    return value if isinstance(value, dict) else None


def _obstacle(found: Json) -> base.PriceObstacle | None:
    if not found["product"].get("active"):
        return "archived"
    if found["billing_scheme"] != "per_unit" or found.get("custom_unit_amount"):
        return "tiers"
    return _rhythm(found.get("recurring")) or _amount_obstacle(found)


def _rhythm(recurring: Json | None) -> base.PriceObstacle | None:
    if recurring is None:
        return None
    if recurring["usage_type"] != "licensed":
        return "metered"
    is_ours = recurring["interval_count"] == 1 and recurring["interval"] in wire.INTERVALS
    return None if is_ours else "interval"


def _amount_obstacle(found: Json) -> base.PriceObstacle | None:
    if found.get("transform_quantity"):
        return "packages"
    if found["currency"].upper() not in EXPONENTS:
        return "currency"
    if found.get("unit_amount") is None:
        return "fraction"
    try:
        amount = wire.money(found["unit_amount"], found["currency"])
    except errors.Refused:
        return "fraction"
    return None if amount else "free"


def _means(intent: Json, charge: Json) -> base.MethodState | None:
    """Answer what was used to pay: the charge knows it best, a refused attempt has only its
    error."""
    details = charge.get("payment_method_details")
    if details is not None:
        return method({"id": charge.get("payment_method") or "", **details})
    error = intent.get("last_payment_error") or {}
    found = expanded(intent.get("payment_method")) or error.get("payment_method")
    return None if found is None else method(found)


def _net(found: Json) -> int:
    without = found.get("total_excluding_tax")
    if without is not None:
        return int(without)
    tax = sum(int(one["amount"]) for one in found.get("total_taxes") or ())
    return int(found["total"]) - tax


def _line(line: Json) -> base.InvoiceLine:
    inside = sum(
        tax["amount"] for tax in line.get("taxes") or () if tax["tax_behavior"] == "inclusive"
    )
    return base.InvoiceLine(
        name=line.get("description") or "",
        quantity=line.get("quantity") or 1,
        net=wire.money(line["amount"] - inside, line["currency"]),
    )


def _credit(found: Json) -> Money | None:
    """A customer's balance below nothing is taken off the next invoices."""
    customer = expanded(found.get("customer"))
    if customer is None:
        return None
    return wire.money(max(0, -(customer.get("balance") or 0)), found["currency"])


def _period_total(found: Json) -> Money | None:
    bill = expanded(found.get("latest_invoice"))
    if bill is None or found["status"] == "trialing":
        return None
    lines = (bill.get("lines") or {}).get("data", ())
    if bill.get("billing_reason") in _WHOLE_PERIOD and len(lines) == len(found["items"]["data"]):
        return wire.money(bill["total"], bill["currency"])
    return None


def _default_method(found: Json) -> base.MethodState | None:
    customer = expanded(found.get("customer")) or {}
    settings = customer.get("invoice_settings") or {}
    for value in (found.get("default_payment_method"), settings.get("default_payment_method")):
        known = expanded(value)
        if known is not None:
            return method(known, is_default=True)
    return None
