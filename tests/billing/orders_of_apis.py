"""Orders as the callers of the APIs make them, without an API in between."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from app.billing.ordering.checkout_orders import VERIFICATION_MINOR, CheckoutOrder, Tax
from app.billing.purchase import checkouts, payment_links
from app.billing.site import Site
from app.models import CheckoutSession
from app.money import Money
from app.providers.base import Line
from tests.cast import World

STATE = "s" * 64


def order(world: World, provider: str = "stripe", **changes: Any) -> CheckoutOrder:
    """Answer an order of two seats of Team for Globex, 19 percent on top; `changes` are fields."""
    price = world.price("team", "month")
    line = Line(name=price.product.name, unit_amount=price.amount, quantity=2, interval="month")
    rate = next(rate for rate in world.rates() if rate.country == "DE")
    made = CheckoutOrder(
        app_id=world.app.id,
        livemode=False,
        account=world.account(provider),
        mode="subscription",
        currency="EUR",
        net=3800,
        tax_amount=722,
        total=4522,
        description="Acme Notes Team",
        origin="provider_v1",
        tenant=world.globex,
        user_id=world.tara.id,
        method="card",
        lines=(line,),
        price_row=price.id,
        family=price.product.family,
        quantity=2,
        tax=Tax(rule="instructed", country="DE", percentage=Decimal(19), rate=rate),
    )
    assert price.unit_amount * 2 == made.net
    return replace(made, **changes)


def stated(world: World, provider: str = "stripe", **changes: Any) -> CheckoutOrder:
    """Answer the same order as it is made by dialect 000."""
    return order(
        world,
        provider,
        origin="tenant_v1",
        is_deferred=True,
        state_digest=payment_links.digest_of(STATE),
        **changes,
    )


def setup(world: World, provider: str = "stripe", **changes: Any) -> CheckoutOrder:
    """Answer an order that only saves a card."""
    amount = VERIFICATION_MINOR if provider == "mollie" else 0
    nothing = {"lines": (), "price_row": None, "family": None, "quantity": 1, "tax": Tax()}
    figures = {"net": amount, "tax_amount": 0, "total": amount, "description": "payment method"}
    return order(world, provider, mode="setup", **nothing, **figures, **changes)


def items(world: World, **changes: Any) -> CheckoutOrder:
    """Answer an order of things the caller prices itself, for nobody we know (004)."""
    lines = (
        Line(name="Blue pen", unit_amount=Money(250, "USD"), quantity=4),
        Line(name="Paper", unit_amount=Money(1999, "USD"), quantity=1, description="500 sheets"),
    )
    return order(
        world,
        origin="line_items_v2",
        mode="payment",
        currency="USD",
        tenant=None,
        user_id=None,
        lines=lines,
        price_row=None,
        family=None,
        quantity=1,
        tax=Tax(rule="instructed"),
        net=2999,
        tax_amount=0,
        total=2999,
        description="Blue pen, Paper",
        is_deferred=True,
        email="ada@example.com",
        **changes,
    )


def create(world: World, site: Site, made: CheckoutOrder) -> CheckoutSession:
    """Make the checkout and answer its row; no transaction stays open."""
    row_id = checkouts.create(world.db, site, made)
    row = world.db.get_one(CheckoutSession, row_id, populate_existing=True)
    found = checkouts.by_uuid(world.db, row.uuid)
    assert found is not None
    world.db.commit()
    return found
