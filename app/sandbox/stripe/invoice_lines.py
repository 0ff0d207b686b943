"""Lines of an invoice: drafted as values, then shown in Stripe's shape."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision

from app.sandbox.store import Json
from app.sandbox.stripe import amounts
from app.sandbox.stripe.declared import blank
from app.sandbox.world import Account


@dataclass(frozen=True)
class Draft:
    """What a line will say; `amount` is its subtotal in minor units, negative for a credit."""

    description: str
    price: Json
    quantity: int
    rates: Sequence[Json]
    amount: int
    start: int
    end: int
    subscription: str | None = None
    item: str | None = None
    proration: bool = False
    metadata: Json = field(default_factory=dict)

    @property
    def counted(self) -> amounts.Counted:
        return amounts.taxed(self.amount, self.rates)


def whole(account: Account, subscription: Json, item: Json, start: int, end: int) -> Draft:
    """Draft a whole period of a subscription item."""
    price, quantity = item["price"], item.get("quantity", 1)
    name = product_name(account, price)
    return Draft(
        description=f"{quantity} × {name} (at {_each(price)})",
        price=price,
        quantity=quantity,
        rates=rates_of(subscription, item),
        amount=amounts.half_up(amounts.unit(price) * quantity),
        start=start,
        end=end,
        subscription=subscription["id"],
        item=item["id"],
    )


def _each(price: Json) -> str:
    """€19.00 / month"""
    currency = price["currency"].upper()
    exponent = get_currency_precision(currency)
    amount = Decimal(price["unit_amount_decimal"]).scaleb(-exponent)
    return f"{format_currency(amount, currency, locale='en')} / {price['recurring']['interval']}"


def rates_of(subscription: Json, item: Json) -> list[Json]:
    """An item's own rates win over the subscription's."""
    return item["tax_rates"] or subscription.get("default_tax_rates") or []


def product_name(account: Account, price: Json) -> str:
    product = account.load("products", price["product"])
    return str(product["name"]) if product else "Product"


def show(account: Account, draft: Draft, invoice_id: str | None) -> Json:
    """Make Stripe's line item of a draft."""
    counted = draft.counted
    return blank(
        "line_item",
        id=account.mint("il_1"),
        amount=counted.subtotal,
        currency=draft.price["currency"],
        description=draft.description,
        discountable=not draft.proration,
        invoice=invoice_id,
        metadata=draft.metadata,
        parent=_parent(draft),
        period={"start": draft.start, "end": draft.end},
        pricing={
            "price_details": {"price": draft.price["id"], "product": draft.price["product"]},
            "type": "price_details",
            "unit_amount_decimal": draft.price["unit_amount_decimal"],
        },
        quantity=draft.quantity,
        quantity_decimal=str(draft.quantity),
        subscription=draft.subscription,
        subtotal=counted.subtotal,
        taxes=[_tax(tax) for tax in counted.taxes],
    )


def total_taxes(drafts: Sequence[Draft]) -> list[Json]:
    """Add up each rate's tax over all lines."""
    sums: dict[str, Json] = {}
    for tax in (tax for draft in drafts for tax in draft.counted.taxes):
        known = sums.get(tax.rate["id"])
        if known:
            known["amount"] += tax.amount
            known["taxable_amount"] += tax.taxable
        else:
            sums[tax.rate["id"]] = _tax(tax)
    return list(sums.values())


def _tax(tax: amounts.Tax) -> Json:
    return {
        "amount": tax.amount,
        "tax_behavior": "inclusive" if tax.rate["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": tax.rate["id"]},
        "taxability_reason": "not_available",
        "taxable_amount": tax.taxable,
        "type": "tax_rate_details",
    }


def _parent(draft: Draft) -> Json:
    common: Json = {
        "proration": draft.proration,
        "proration_details": {"credited_items": None} if draft.proration else None,
        "subscription": draft.subscription,
    }
    if draft.item:
        details = {**common, "invoice_item": None, "subscription_item": draft.item}
        return {
            "invoice_item_details": None,
            "subscription_item_details": details,
            "type": "subscription_item_details",
        }
    return {
        "invoice_item_details": {**common, "invoice_item": ""},
        "subscription_item_details": None,
        "type": "invoice_item_details",
    }
