"""Orders: what an admin chooses in the portal, shown with its price, and placed once."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session, contains_eager

from app.billing import (
    checkouts,
    countries,
    products,
    quotes,
    subscriptions,
    taxes,
    tenants,
    vat_numbers,
)
from app.billing.checkout_orders import VERIFICATION_MINOR, CheckoutOrder, Tax
from app.billing.errors import Conflict, Invalid, NotAllowed
from app.billing.quotes import Quote
from app.billing.site import Site
from app.billing.text import Country, Text
from app.billing.vat_numbers import VatAnswer
from app.models import (
    CheckoutSession,
    Customer,
    Membership,
    Price,
    Product,
    ProviderAccount,
    ProviderPrice,
    ProviderTaxRate,
    Subscription,
    TaxRate,
    Tenant,
)
from app.models.checkout_session import PENDING
from app.providers import NAMES as PROVIDERS
from app.providers.base import Interval, Line, Mode, TaxBehavior


@dataclass(frozen=True, slots=True)
class Choice:
    """What the payer has chosen so far; `method` is an `OfferedMethod.id`, `quote` the token of
    the figures they saw."""

    price_id: str
    quantity: int
    country: str
    vat_number: str | None = None
    method: str | None = None
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class OfferedMethod:
    """A way to pay at one provider; `settle_days` is 0 where the answer comes at once."""

    id: str
    provider: str
    provider_name: str
    method: str
    settle_days: int


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


class _At(NamedTuple):
    """An account to pay at, and what the provider knows there already."""

    account: ProviderAccount
    customer_id: str | None
    provider_price_id: str | None


# Built once: in a purchase, building them costs more than running them.
_FACTS = (
    select(Price, ProviderAccount, Customer.provider_id, ProviderPrice.provider_id)
    .join(Price.product)
    .join(
        ProviderAccount,
        and_(
            ProviderAccount.app_id == Product.app_id,
            ProviderAccount.provider == bindparam("provider"),
            ProviderAccount.livemode == bindparam("livemode"),
            ProviderAccount.disconnected_at.is_(None),
        ),
    )
    .outerjoin(
        Customer,
        and_(
            Customer.provider_account_id == ProviderAccount.id,
            Customer.tenant_id == bindparam("tenant_id"),
        ),
    )
    .outerjoin(
        ProviderPrice,
        and_(
            ProviderPrice.provider_account_id == ProviderAccount.id,
            ProviderPrice.price_id == Price.id,
        ),
    )
    .options(contains_eager(Price.product))
    .where(
        Price.price_id == bindparam("price_id"),
        Product.app_id == bindparam("app_id"),
        Product.archived_at.is_(None),
        Product.deleted_at.is_(None),
        Price.archived_at.is_(None),
        Price.deleted_at.is_(None),
    )
)
_RATES = (
    select(TaxRate, ProviderTaxRate.provider_id)
    .outerjoin(
        ProviderTaxRate,
        and_(
            ProviderTaxRate.tax_rate_id == TaxRate.id,
            ProviderTaxRate.provider_account_id == bindparam("account_id"),
            ProviderTaxRate.is_inclusive == bindparam("is_inclusive"),
        ),
    )
    .where(
        TaxRate.app_id == bindparam("app_id"),
        TaxRate.archived_at.is_(None),
        TaxRate.deleted_at.is_(None),
        (TaxRate.country == bindparam("country")) | TaxRate.is_reverse_charge,
    )
    .order_by(TaxRate.id)
)


def review(db: Session, site: Site, *, membership: Membership, choice: Choice) -> Review:
    """Work out an order for its page; changes nothing. Raises NotFound for an unknown price."""
    tenant = membership.tenant
    price = products.find_price(db, tenant, choice.price_id)
    vat, problems = _check(tenant, price, choice)
    quote = None
    if not problems.keys() & {"price_id", "quantity", "country"}:
        quote = quotes.make(
            price=price,
            quantity=choice.quantity,
            country=choice.country,
            vat=vat,
            app=tenant.app,
            rates=taxes.rates(db, tenant.app_id),
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
        methods=methods(db, site, tenant, mode=_mode(price), currency=price.currency),
        problems=problems,
        running=(
            subscriptions.running(db, tenant.id, livemode=tenant.app.livemode, family=family)
            if price.is_recurring
            else None
        ),
        pending=_pending(db, tenant, _slot(price)),
    )


def place(db: Session, site: Site, *, membership: Membership, choice: Choice) -> Placed:
    """Buy what was shown: start its checkout, or join the one that is pending. Commits.

    Raises NotAllowed for a member, Invalid naming the field, OrderChanged where the figures are
    not those of `choice.quote`, Conflict where a plan of the family runs, ProviderUnavailable,
    Declined and Unsupported as `checkouts.start` does.
    """
    _require_buyer(membership)
    tenant = membership.tenant
    price, at = _facts(db, tenant, choice)
    vat, problems = _check(tenant, price, choice)
    method = _method(site, at, choice, price)
    for name, text in problems.items():
        raise Invalid(text.sentence, field=name, **text.values)
    rates = _rates(db, tenant, choice.country, at.account, price.tax_behavior)
    quote = quotes.make(
        price=price,
        quantity=choice.quantity,
        country=choice.country,
        vat=vat,
        app=tenant.app,
        rates=[rate for rate, _ in rates],
    )
    _require_seen(site, membership, choice, quote)
    _refuse_second_plan(db, tenant, price)
    order = _order(membership, price, at, method, quote, rates)
    opened = checkouts.start(db, site, order)
    return Placed(opened.uuid, opened.url)


def setup_methods(db: Session, site: Site, *, membership: Membership) -> list[OfferedMethod]:
    """Answer the ways to pay that can be saved without buying."""
    tenant = membership.tenant
    currency = tenants.currency(tenant)
    return methods(db, site, tenant, mode="setup", currency=currency)


def place_setup(db: Session, site: Site, *, membership: Membership, method: str) -> Placed:
    """Start saving a payment method, or join the set-up that is pending. Commits. Raises as
    `place` does."""
    _require_buyer(membership)
    tenant = membership.tenant
    currency = tenants.currency(tenant)
    offered = methods(db, site, tenant, mode="setup", currency=currency)
    chosen = next((one for one in offered if one.id == method), None)
    if chosen is None:
        raise Invalid("Choose how to pay.", field="method")
    at = _account(db, tenant, chosen.provider, price_row=None)
    assert at is not None
    verification = VERIFICATION_MINOR if chosen.provider == "mollie" else 0
    order = CheckoutOrder(
        app_id=tenant.app_id,
        livemode=tenant.app.livemode,
        account=at.account,
        mode="setup",
        currency=currency,
        net=verification,
        tax_amount=0,
        total=verification,
        description=f"{tenant.app.name}: payment method",
        origin="portal",
        tenant=tenant,
        user_id=membership.user_id,
        method=chosen.method,
        slot=f"setup:{at.account.id}",
        locale=membership.user.locale,
        customer_id=at.customer_id,
    )
    opened = checkouts.start(db, site, order)
    return Placed(opened.uuid, opened.url)


def methods(
    db: Session, site: Site, tenant: Tenant, *, mode: Mode, currency: str
) -> list[OfferedMethod]:
    """Answer every way to pay at the app's connected accounts, the default account first."""
    accounts = db.scalars(
        select(ProviderAccount)
        .where(
            ProviderAccount.app_id == tenant.app_id,
            ProviderAccount.livemode == tenant.app.livemode,
            ProviderAccount.disconnected_at.is_(None),
        )
        .order_by(ProviderAccount.is_default.desc(), ProviderAccount.id)
    )
    offered = []
    for account in accounts:
        capabilities = site.capabilities(account.provider)
        offered += [
            OfferedMethod(
                id=f"{account.provider}-{method.slug}",
                provider=account.provider,
                provider_name=capabilities.name,
                method=method.slug,
                settle_days=method.settle_days,
            )
            for method in capabilities.offers(mode, currency)
        ]
    return offered


def _check(
    tenant: Tenant, price: Price, choice: Choice
) -> tuple[VatAnswer | None, dict[str, Text]]:
    problems: dict[str, Text] = {}
    if not tenants.pays_in(tenant, price.currency):
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


def _facts(db: Session, tenant: Tenant, choice: Choice) -> tuple[Price, _At]:
    provider = (choice.method or "").partition("-")[0]
    if provider not in PROVIDERS or not products.is_price_id(choice.price_id):
        products.find_price(db, tenant, choice.price_id)
        raise Invalid("Choose how to pay.", field="method")
    asked = {
        "provider": provider,
        "livemode": tenant.app.livemode,
        "tenant_id": tenant.id,
        "app_id": tenant.app_id,
        "price_id": choice.price_id,
    }
    row = db.execute(_FACTS, asked).one_or_none()
    if row is None:
        products.find_price(db, tenant, choice.price_id)
        raise Invalid("Choose how to pay.", field="method")
    return row[0], _At(row[1], row[2], row[3])


def _account(db: Session, tenant: Tenant, provider: str, price_row: int | None) -> _At | None:
    row = db.execute(
        select(ProviderAccount, Customer.provider_id)
        .outerjoin(
            Customer,
            and_(
                Customer.provider_account_id == ProviderAccount.id,
                Customer.tenant_id == tenant.id,
            ),
        )
        .where(
            ProviderAccount.app_id == tenant.app_id,
            ProviderAccount.provider == provider,
            ProviderAccount.livemode == tenant.app.livemode,
            ProviderAccount.disconnected_at.is_(None),
        )
    ).one_or_none()
    return _At(row[0], row[1], None) if row else None


def _rates(
    db: Session, tenant: Tenant, country: str, account: ProviderAccount, tax_behavior: str
) -> list[tuple[TaxRate, str | None]]:
    """Answer the rates that may apply, each with its id at the provider."""
    asked = {
        "account_id": account.id,
        "is_inclusive": tax_behavior == "inclusive",
        "app_id": tenant.app_id,
        "country": countries.taxed_as(country),
    }
    rows = db.execute(_RATES, asked)
    return [(rate, provider_id) for rate, provider_id in rows]


def _require_buyer(membership: Membership) -> None:
    if not membership.may_buy:
        raise NotAllowed("Only an admin of %(tenant)s can buy.", tenant=membership.tenant.name)


def _require_seen(site: Site, membership: Membership, choice: Choice, quote: Quote) -> None:
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


def _refuse_second_plan(db: Session, tenant: Tenant, price: Price) -> None:
    if not price.is_recurring:
        return
    family = price.product.family
    if subscriptions.running(db, tenant.id, livemode=tenant.app.livemode, family=family):
        raise Conflict("%(tenant)s already has a plan, so nothing was ordered.", tenant=tenant.name)


def _method(site: Site, at: _At, choice: Choice, price: Price) -> str:
    slug = (choice.method or "").partition("-")[2]
    capabilities = site.capabilities(at.account.provider)
    if capabilities.method(slug, _mode(price), price.currency) is None:
        raise Invalid("Choose how to pay.", field="method")
    return slug


def _order(
    membership: Membership,
    price: Price,
    at: _At,
    method: str,
    quote: Quote,
    rates: list[tuple[TaxRate, str | None]],
) -> CheckoutOrder:
    tenant, product = membership.tenant, price.product
    rate, provider_tax_rate_id = next(
        ((rate, known) for rate, known in rates if rate.id == quote.tax_rate_row), (None, None)
    )
    line = Line(
        name=product.name,
        description=product.description,
        unit_amount=price.amount,
        quantity=quote.quantity,
        tax_behavior=cast(TaxBehavior, price.tax_behavior),
        interval=cast("Interval | None", price.interval),
        provider_price_id=at.provider_price_id,
    )
    return CheckoutOrder(
        app_id=tenant.app_id,
        livemode=tenant.app.livemode,
        account=at.account,
        mode=_mode(price),
        currency=price.currency,
        net=quote.net.minor,
        tax_amount=quote.tax.minor,
        total=quote.total.minor,
        description=f"{tenant.app.name} {product.name}",
        origin="portal",
        tenant=tenant,
        user_id=membership.user_id,
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
        locale=membership.user.locale,
        customer_id=at.customer_id,
        provider_tax_rate_id=provider_tax_rate_id,
    )


def _mode(price: Price) -> Mode:
    return "subscription" if price.is_recurring else "payment"


def _slot(price: Price) -> str:
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
