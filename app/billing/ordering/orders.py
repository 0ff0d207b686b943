"""Orders: what an admin chooses in the portal, shown with its price, and placed once."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing import timeline
from app.billing.catalogue import products
from app.billing.errors import Conflict, Invalid, NotAllowed
from app.billing.ordering import basis, offers, quotes
from app.billing.ordering.basis import Basis
from app.billing.ordering.buyers import Buyer, BuyingTenant
from app.billing.ordering.checkout_orders import CheckoutOrder, Tax
from app.billing.ordering.offers import OfferedMethod
from app.billing.ordering.quotes import Quote
from app.billing.ordering.sold import SoldPrice
from app.billing.plans import subscriptions, trials
from app.billing.purchase import checkouts
from app.billing.site import Site
from app.billing.tax import countries, taxes, vat_numbers
from app.billing.tax.vat_numbers import VatAnswer
from app.billing.tenants import tenant_currencies
from app.billing.text import Country, Text
from app.models import (
    CheckoutSession,
    Membership,
    Price,
    Subscription,
    Tenant,
)
from app.models.checkout_session import PENDING
from app.providers.base import Capabilities, Interval, Line, Mode, TaxBehavior


@dataclass(frozen=True, slots=True)
class Choice:
    """What the payer has chosen so far; `method` is an `OfferedMethod.id`, `quote` the token of
    the figures they saw, `language` the one they read, where it is known."""

    price_id: str
    quantity: int
    country: str
    vat_number: str | None = None
    method: str | None = None
    quote: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """An order as its page shows it. Without a quote it cannot be bought as it is; `problems` says
    why, by field."""

    price: Price
    quantity: int
    quote: Quote | None
    quote_token: str | None
    methods: list[OfferedMethod]
    problems: dict[str, Text] = field(default_factory=dict)
    running: Subscription | None = None
    pending: CheckoutSession | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A checkout and where its payer goes; `url` None: to the checkout's own page."""

    checkout_uuid: UUID
    url: str | None


class OrderChanged(Conflict):
    """The figures are not the ones the payer saw, or those were too old: show them again."""


def review(db: Session, site: Site, *, membership: Membership, choice: Choice) -> Review:
    """Work out an order for its page; changes nothing. Raises NotFound for an unknown price."""
    tenant = membership.tenant
    price = products.find_price(db, tenant, choice.price_id)
    vat, problems = _check(db, tenant, price, choice)
    days = trials.days(db, tenant, price, livemode=tenant.app.livemode)
    quote = None
    if not problems.keys() & {"price_id", "quantity", "country"}:
        quote = quotes.make(
            price=price,
            quantity=choice.quantity,
            country=choice.country,
            vat=vat,
            app=tenant.app,
            rates=taxes.rates(db, tenant.app_id),
            trial_days=days,
        )
    token = None
    if quote is not None and quote.is_sold:
        token = quotes.seal(site, quote, user_uuid=membership.user.uuid, tenant_uuid=tenant.uuid)
    family = price.product.family
    return Review(
        price=price,
        quantity=choice.quantity,
        quote=quote,
        quote_token=token,
        methods=offers.methods(
            db, site, tenant, mode=_mode(price), currency=price.currency, trial_days=days
        ),
        problems=problems,
        running=(
            subscriptions.running(db, tenant.id, livemode=tenant.app.livemode, family=family)
            if price.is_recurring
            else None
        ),
        pending=_pending(db, tenant, _slot(price)),
    )


def place(db: Session, site: Site, *, membership: Membership | Buyer, choice: Choice) -> Placed:
    """Buy what was shown: start its checkout, or join the one that is pending. Commits.

    Raises NotAllowed for a member, Invalid naming the field, OrderChanged where the figures are
    not those of `choice.quote`, Conflict where a plan of the family runs, ProviderUnavailable,
    Declined and Unsupported as `checkouts.start` does.
    """
    require_buyer(membership)
    tenant = membership.tenant
    found = basis.of_price(
        db, tenant, choice.price_id, method=choice.method, country=choice.country
    )
    price = found.price
    vat, problems = _check(db, tenant, price, choice)
    days = trials.days(db, tenant, price, livemode=tenant.app.livemode, is_binding=True)
    capabilities = site.capabilities(found.at.account.provider)
    method = _method(capabilities, choice, price, days)
    for name, text in problems.items():
        raise Invalid(text.sentence, field=name, **text.values)
    quote = quotes.make(
        price=price,
        quantity=choice.quantity,
        country=choice.country,
        vat=vat,
        app=tenant.app,
        rates=[rate for rate, _ in found.rates],
        trial_days=days,
    )
    _require_seen(site, membership, choice, quote)
    if price.is_recurring and found.runs_a_plan:
        raise Conflict("%(tenant)s already has a plan, so nothing was ordered.", tenant=tenant.name)
    locale = membership.user.locale or choice.language
    order = _order(membership, found, capabilities, method, quote, locale)
    opened = checkouts.start(db, site, order)
    return Placed(opened.uuid, opened.url)


def require_buyer(membership: Membership | Buyer) -> None:
    """Raise NotAllowed for somebody who may not spend the tenant's money."""
    if not membership.may_buy:
        raise NotAllowed("Only an admin of %(tenant)s can buy.", tenant=membership.tenant.name)


def _check(
    db: Session, tenant: Tenant | BuyingTenant, price: Price | SoldPrice, choice: Choice
) -> tuple[VatAnswer | None, dict[str, Text]]:
    problems: dict[str, Text] = {}
    if not tenant_currencies.pays_in(db, tenant, price.currency):
        problems["price_id"] = Text(
            "This price is in %(currency)s, and you pay in another currency. Choose a plan again.",
            {"currency": price.currency},
        )
    if not 1 <= choice.quantity <= price.max_quantity:
        problems["quantity"] = Text(
            "Choose a quantity from 1 to %(most)s.", {"most": price.max_quantity}
        )
    if choice.country not in countries.CODES:
        problems["country"] = Text("Choose a country from the list.")
        return None, problems
    vat = vat_numbers.check(choice.vat_number, choice.country) if choice.vat_number else None
    if vat is not None and vat.status == "invalid":
        problems["vat_number"] = Text(
            "This is not a VAT number of %(country)s. Correct it, or leave it empty.",
            {"country": Country(choice.country)},
        )
    return vat, problems


def _require_seen(site: Site, membership: Membership | Buyer, choice: Choice, quote: Quote) -> None:
    if not quote.is_sold:
        raise Invalid(quote.sentence.sentence, field="country", **quote.sentence.values)
    seen = choice.quote is not None and quotes.is_sealed(
        site,
        choice.quote,
        quote,
        user_uuid=membership.user.uuid,
        tenant_uuid=membership.tenant.uuid,
    )
    if not seen:
        raise OrderChanged("Your order has changed. Check the new total, then pay.")


def _method(capabilities: Capabilities, choice: Choice, price: SoldPrice, days: int) -> str:
    slug = (choice.method or "").partition("-")[2]
    mode = trials.mode(capabilities, _mode(price), days)
    if capabilities.method(slug, mode, price.currency) is None:
        raise Invalid("Choose how to pay.", field="method")
    return slug


def _order(
    membership: Membership | Buyer,
    found: Basis,
    capabilities: Capabilities,
    method: str,
    quote: Quote,
    locale: str | None,
) -> CheckoutOrder:
    tenant, price, product = membership.tenant, found.price, found.price.product
    rate, provider_tax_rate_id = next(
        ((rate, known) for rate, known in found.rates if rate.id == quote.tax_rate_row),
        (None, None),
    )
    line = Line(
        name=product.name,
        description=product.description,
        unit_amount=price.amount,
        quantity=quote.quantity,
        tax_behavior=cast(TaxBehavior, price.tax_behavior),
        interval=cast("Interval | None", price.interval),
        provider_price_id=found.provider_price_id,
    )
    return CheckoutOrder(
        app_id=tenant.app_id,
        livemode=tenant.app.livemode,
        account=found.at.account,
        mode=_mode(price),
        currency=price.currency,
        **trials.due(
            capabilities,
            quote.trial_days,
            net=quote.net.minor,
            tax=quote.tax.minor,
            total=(quote.renewal or quote.total).minor,
        ),
        description=f"{tenant.app.name} {product.name}",
        origin="portal",
        tenant=tenant,
        user_id=membership.user_id,
        asked_by=timeline.by_user(membership.user.uuid),
        method=method,
        lines=(line,),
        price_row=price.id,
        family=product.family if price.is_recurring else None,
        slot=_slot(price),
        quantity=quote.quantity,
        tax=Tax(
            rule=quote.rule,
            country=quote.country,
            percentage=Decimal(quote.percentage),
            rate=rate,
            vat_number=quote.vat_number,
            vat_status=quote.vat_status,
        ),
        locale=locale,
        customer_id=found.at.customer_id,
        provider_tax_rate_id=provider_tax_rate_id,
    )


def _mode(price: Price | SoldPrice) -> Mode:
    return "subscription" if price.is_recurring else "payment"


def _slot(price: Price | SoldPrice) -> str:
    return f"family:{price.product.family}" if price.is_recurring else f"price:{price.id}"


def _pending(db: Session, tenant: Tenant, slot: str) -> CheckoutSession | None:
    return db.scalars(
        select(CheckoutSession).where(
            CheckoutSession.tenant_id == tenant.id,
            CheckoutSession.livemode == tenant.app.livemode,
            CheckoutSession.slot == slot,
            CheckoutSession.superseded_at.is_(None),
            CheckoutSession.state.in_(PENDING),
        )
    ).first()
