"""A price's settings: what its owner asks for a product.

A price never changes once it exists, since plans run at it and programs name it: another amount is
another price, and the old one is archived.
"""

from __future__ import annotations

import dataclasses
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from app import figures
from app.billing import typed_numbers
from app.billing.apps import audits
from app.billing.catalogue import product_settings
from app.billing.errors import Conflict, Invalid, NotFound
from app.billing.ordering.checkout_orders import MOST_MINOR
from app.billing.people import app_members
from app.db import lock
from app.models import App, AppMember, Price, Product

INTERVALS = ("month", "year", "once")
BEHAVIORS = ("exclusive", "inclusive")
# Stripe, "Create a Checkout Session": trial_period_days and quantity have these bounds.
LONGEST_TRIAL = 730
MOST_SEATS = 999_999
_SAME = ("currency", "unit_amount", "interval", "tax_behavior", "trial_days", "max_quantity")
# Audit lines are read by people of any language, so they are written in one.
_LOG_LANGUAGE = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSettings:
    """What an owner types about a price, numbers as text in their `language`; `interval` is one of
    INTERVALS. `max_quantity` is how many seats, or pieces, one order may have."""

    amount: str
    currency: str
    interval: str
    tax_behavior: str = "exclusive"
    trial_days: str | None = "0"
    max_quantity: str | None = "1000"
    language: str = "en"


def of(price: Price, language: str) -> PriceSettings:
    """Answer a price's settings as its owner would type them."""
    return PriceSettings(
        amount=typed_numbers.written(price.amount, language),
        currency=price.currency,
        interval=price.interval or "once",
        tax_behavior=price.tax_behavior,
        trial_days=str(price.trial_days),
        max_quantity=str(price.max_quantity),
        language=language,
    )


def find(db: Session, app: App, uuid: UUID) -> Price:
    """Answer a price of an app with its product; raises NotFound."""
    price = db.scalars(
        select(Price)
        .join(Price.product)
        .options(contains_eager(Price.product))
        .where(
            Price.uuid == uuid,
            Product.app_id == app.id,
            Price.deleted_at.is_(None),
            Product.deleted_at.is_(None),
        )
    ).one_or_none()
    if price is None:
        raise NotFound("There is no such price, or it is not yours to see.")
    return price


def new_id() -> str:
    """Answer a new id that programs name a price by."""
    return f"price_{secrets.token_hex(12)}"


def add(
    db: Session, member: AppMember, product_uuid: UUID, settings: PriceSettings, *, now: datetime
) -> Price:
    """Add a price to a product; it is sold at once.

    Raises NotAllowed for support, Invalid naming the first setting that is wrong, and Conflict for
    an archived product or a price that is there already.
    """
    app_members.require_owner(member)
    product = product_settings.find(db, member.app, product_uuid)
    values = _checked(settings)
    lock.one(db, Product, product.id)
    if product.archived_at is not None:
        raise Conflict("This product is archived. Sell it again before you add a price.")
    price = _make(db, product, values)
    audits.note(db, member, "price.added", _called(price), now=now, details=_details(price))
    return price


def replace(
    db: Session, member: AppMember, uuid: UUID, settings: PriceSettings, *, now: datetime
) -> Price:
    """Make a new price of the same currency and period in place of one, which is archived; plans
    that run keep theirs.

    Raises as `add` does, Invalid where nothing is different, and Conflict where the old one is
    archived already.
    """
    app_members.require_owner(member)
    old = find(db, member.app, uuid)
    same = {"currency": old.currency, "interval": old.interval or "once"}
    values = _checked(dataclasses.replace(settings, **same))
    lock.one(db, Product, old.product_id)
    old = lock.one(db, Price, old.id)
    if old.archived_at is not None:
        raise Conflict("This price is archived, so it cannot be changed any more.")
    if old.product.archived_at is not None:
        raise Conflict("This product is archived. Sell it again before you change a price.")
    if all(getattr(old, name) == values[name] for name in _SAME):
        raise Invalid("This is the price as it is. Enter what shall be different.", field="amount")
    price = _make(db, old.product, values)
    old.archived_at = now
    db.flush()
    details = _details(price) | {"instead_of": old.price_id}
    audits.note(db, member, "price.replaced", _called(price), now=now, details=details)
    return price


def archive(db: Session, member: AppMember, uuid: UUID, *, now: datetime) -> Price:
    """Sell at a price no more; plans that run keep it. Doing so twice is no error."""
    price = _own(db, member, uuid)
    if price.archived_at is None:
        price.archived_at = now
        audits.note(db, member, "price.archived", _called(price), now=now, details=_details(price))
        db.flush()
    return price


def restore(db: Session, member: AppMember, uuid: UUID, *, now: datetime) -> Price:
    """Sell at an archived price again."""
    price = _own(db, member, uuid)
    if price.archived_at is not None:
        price.archived_at = None
        audits.note(db, member, "price.restored", _called(price), now=now, details=_details(price))
        db.flush()
    return price


def _own(db: Session, member: AppMember, uuid: UUID) -> Price:
    app_members.require_owner(member)
    return lock.one(db, Price, find(db, member.app, uuid).id)


def _make(db: Session, product: Product, values: dict[str, Any]) -> Price:
    # Whoever presses twice does not get it twice.
    for other in product.prices:
        if other.archived_at is None and all(getattr(other, n) == values[n] for n in _SAME):
            raise Conflict("This product has this very price already.")
    price = Price(product=product, price_id=new_id(), **values)
    db.add(price)
    db.flush()
    return price


def _checked(settings: PriceSettings) -> dict[str, Any]:
    amount = typed_numbers.money(
        settings.amount, "amount", currency=settings.currency, language=settings.language
    )
    if amount.minor > MOST_MINOR:
        raise Invalid("This is more than can be paid at once.", field="amount")
    interval = _one_of(INTERVALS, settings.interval, "interval")
    trial = typed_numbers.whole(
        settings.trial_days or "0", "trial_days", least=0, most=LONGEST_TRIAL
    )
    if trial and interval == "once":
        raise Invalid("What is paid once has no trial. Enter 0.", field="trial_days")
    return {
        "currency": amount.currency,
        "unit_amount": amount.minor,
        "interval": None if interval == "once" else interval,
        "tax_behavior": _one_of(BEHAVIORS, settings.tax_behavior, "tax_behavior"),
        "trial_days": trial,
        "max_quantity": typed_numbers.whole(
            settings.max_quantity or "1000", "max_quantity", least=1, most=MOST_SEATS
        ),
    }


def _one_of(known: tuple[str, ...], chosen: str, field: str) -> str:
    if chosen not in known:
        raise Invalid("Choose one of these.", field=field)
    return chosen


def _called(price: Price) -> str:
    amount = figures.money(price.amount, _LOG_LANGUAGE)
    return f"{price.product.name}, {amount} {price.interval or 'once'}"


def _details(price: Price) -> dict[str, Any]:
    return {"price_id": price.price_id, **{name: getattr(price, name) for name in _SAME}}
