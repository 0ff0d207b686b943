"""Line items: things a caller names and prices itself, in one currency, its amounts final."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from app.billing.connecting import provider_accounts
from app.billing.errors import Invalid, NotFound, Unsupported
from app.billing.ordering.checkout_orders import MOST_MINOR, CheckoutOrder, Tax
from app.billing.people import accounts
from app.billing.purchase import session_status
from app.billing.site import Site
from app.billing.tenants import tenants
from app.models import App, CheckoutSession, ProviderAccount, Tenant, User
from app.money import Money
from app.providers.base import Line

MOST_ITEMS = 100
LONGEST = timedelta(seconds=10_800)


@dataclass(frozen=True, slots=True)
class Item:
    """Something sold; `amount` is the price of one in minor units of an upper-case currency."""

    name: str
    amount: int
    currency: str
    quantity: int
    description: str | None = None
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cart:
    """What is asked for. Who pays is a tenant of the app, a user of it, both where they belong
    together, or nobody in particular; `email` is then all we know."""

    items: Sequence[Item]
    success_url: str
    cancel_url: str | None = None
    tenant: UUID | None = None
    user: UUID | None = None
    email: str | None = None
    reference: str | None = None
    lifetime: timedelta = LONGEST
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of an app's checkouts, newest first; `has_more` says that others follow."""

    checkouts: list[CheckoutSession]
    has_more: bool


def order(
    db: Session, site: Site, *, app: App, cart: Cart, origin: str, is_kept: bool = False
) -> CheckoutOrder:
    """Answer the order of a cart at the app's default account. Its amounts are final: no tax is
    decided or added. It is opened at the provider when its payer presses pay, and ends at the
    second its lifetime is over.

    Raises NotFound for a tenant or user the app does not have, Invalid naming the field, and
    Unsupported where the app has no account.
    """
    account = _account(db, app)
    currency = _currency(site, account, cart.items)
    tenant, user = _payer(db, app, cart)
    total = sum(item.amount * item.quantity for item in cart.items)
    if total > MOST_MINOR:
        raise Invalid("add up to more than can be paid at once", field="line_items")
    now = site.clock.now()
    return CheckoutOrder(
        app_id=app.id,
        livemode=app.livemode,
        account=account,
        mode="payment",
        currency=currency,
        net=total,
        tax_amount=0,
        total=total,
        description=_description(app, cart.items),
        origin=origin,
        tenant=tenant,
        user_id=user.id if user else None,
        lines=tuple(map(_line, cart.items)),
        tax=Tax(rule="instructed"),
        success_url=cart.success_url,
        cancel_url=cart.cancel_url,
        email=cart.email,
        is_deferred=True,
        is_kept=is_kept,
        created_at=now,
        deadline=now.replace(microsecond=0) + cart.lifetime,
        reference=cart.reference,
        caller_metadata=cart.metadata,
    )


def find(db: Session, app: App, uuid: UUID, *, origin: str) -> CheckoutSession:
    """Answer an app's checkout that was made of line items; raises NotFound."""
    checkout = db.scalars(_of(app, origin).where(CheckoutSession.uuid == uuid)).one_or_none()
    if checkout is None:
        raise NotFound("CheckoutSession not found")
    return checkout


def page(
    db: Session,
    app: App,
    *,
    origin: str,
    limit: int,
    after: UUID | None = None,
    before: UUID | None = None,
) -> Page:
    """Answer the app's checkouts that follow `after` or come before `before`, newest first.

    Raises Invalid where both are given or one is not the app's.
    """
    if after and before:
        raise Invalid("cannot be given together with starting_after", field="ending_before")
    found = _of(app, origin)
    if before:
        place = _place(db, app, before, origin, "ending_before")
        found = found.where(CheckoutSession.id > place).order_by(CheckoutSession.id)
    else:
        if after:
            place = _place(db, app, after, origin, "starting_after")
            found = found.where(CheckoutSession.id < place)
        found = found.order_by(CheckoutSession.id.desc())
    rows = list(db.scalars(found.limit(limit + 1)))
    shown = rows[:limit]
    return Page(shown[::-1] if before else shown, len(rows) > limit)


def changed_at(checkout: CheckoutSession, *, now: datetime) -> datetime:
    """Answer when a checkout last changed, in billing time."""
    moments = (
        checkout.created_at,
        checkout.paid_at,
        checkout.left_at,
        checkout.returned_at,
        checkout.ended_at,
        checkout.expires_at if session_status.read(checkout, now=now) == "expired" else None,
    )
    return max(min(moment, now) for moment in moments if moment is not None)


def price_id(checkout: CheckoutSession, place: int) -> UUID:
    """Answer the id of the price a line was given inline: always the same for the same line."""
    return uuid5(checkout.uuid, str(place))


def _of(app: App, origin: str) -> Select[CheckoutSession]:
    return (
        select(CheckoutSession)
        .where(
            CheckoutSession.app_id == app.id,
            CheckoutSession.livemode == app.livemode,
            CheckoutSession.origin == origin,
        )
        .options(joinedload(CheckoutSession.tenant))
    )


def _place(db: Session, app: App, uuid: UUID, origin: str, field: str) -> int:
    try:
        return find(db, app, uuid, origin=origin).id
    except NotFound:
        raise Invalid("is not the id of a checkout session", field=field) from None


def _account(db: Session, app: App) -> ProviderAccount:
    account = next(iter(provider_accounts.of(db, app)), None)
    if account is None:
        raise Unsupported("%(app)s is not connected to a payment provider.", app=app.name)
    return account


def _currency(site: Site, account: ProviderAccount, items: Sequence[Item]) -> str:
    currency = items[0].currency
    if any(item.currency != currency for item in items):
        raise Invalid("must all be in the same currency", field="line_items")
    if not site.capabilities(account.provider).offers("payment", currency):
        raise Invalid("must be a currency this app can be paid in", field="currency")
    return currency


def _payer(db: Session, app: App, cart: Cart) -> tuple[Tenant | None, User | None]:
    tenant = tenants.of_app(db, app, cart.tenant) if cart.tenant else None
    if cart.user is None:
        return tenant, None
    user = accounts.find(db, cart.user)
    places = [m.tenant for m in tenants.memberships(db, user.id)] if user else []
    here = [place for place in places if place.app_id == app.id]
    if user is None or not here:
        raise NotFound("There is no such user.", field="user")
    if tenant is None:
        return (here[0] if len(here) == 1 else None), user
    if tenant.id not in [place.id for place in here]:
        raise Invalid("does not belong to this customer_id", field="user")
    return tenant, user


def _description(app: App, items: Sequence[Item]) -> str:
    names = ", ".join(dict.fromkeys(item.name for item in items))
    return f"{app.name}: {names}"[:250]


def _line(item: Item) -> Line:
    return Line(
        name=item.name,
        description=item.description,
        unit_amount=Money(item.amount, item.currency),
        quantity=item.quantity,
        images=item.images,
    )
