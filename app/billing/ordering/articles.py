"""Articles: one-time things a caller sells by number, to a company it names, in its country."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.billing.connecting import provider_accounts
from app.billing.errors import Invalid, NotFound, Unsupported
from app.billing.ordering.checkout_orders import MOST_MINOR, CheckoutOrder, Tax
from app.billing.site import Site
from app.billing.tax import countries, tax_amounts, taxes, vat_numbers
from app.billing.tax.tax_amounts import Amounts
from app.billing.tax.taxes import TaxDecision
from app.billing.tenants import tenants
from app.models import (
    App,
    CheckoutSession,
    Customer,
    Price,
    Product,
    ProviderAccount,
    ProviderPrice,
    Tenant,
)
from app.providers.base import Line, TaxBehavior

MOST_ARTICLES = 100
_PROVIDER = "stripe"


@dataclass(frozen=True, slots=True)
class Article:
    """How many of an article are bought; it is known by its number within a type."""

    article_id: int
    article_type_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Basket:
    """What is asked for; `reference` is the caller's own word for what is paid, `country` is
    ISO 3166-1 alpha-2. An embedded checkout is shown in the caller's own page."""

    company: UUID
    country: str
    articles: Sequence[Article]
    reference: str
    success_url: str | None = None
    cancel_url: str | None = None
    is_embedded: bool = False


def order(
    db: Session, site: Site, *, app: App, basket: Basket, origin: str, is_kept: bool = False
) -> CheckoutOrder:
    """Answer the order of a basket at the app's Stripe account. An article is sold at its one-time
    price in the currency of the seller's country, else at its first one; its tax is decided from
    the country, and from the company's VAT number where it is one of that country.

    Raises NotFound for a company or article the app does not have, Invalid naming the field, and
    Unsupported where the app has no Stripe account.
    """
    tenant = tenants.of_app(db, app, basket.company)
    account = _account(db, app)
    prices = [_price(db, app, article) for article in basket.articles]
    currency = prices[0].currency
    if any(price.currency != currency for price in prices):
        raise Invalid("These articles are sold in different currencies.", field="articles")
    decision, tax = _tax(db, app, tenant, basket.country)
    amounts = _amounts(site, basket.articles, prices, decision.percentage)
    _refuse_too_much(amounts)
    names = ", ".join(dict.fromkeys(price.product.name for price in prices))
    return CheckoutOrder(
        app_id=app.id,
        livemode=app.livemode,
        account=account,
        mode="payment",
        currency=currency,
        net=amounts.net.minor,
        tax_amount=amounts.tax.minor,
        total=amounts.total.minor,
        description=f"{app.name} {names}",
        origin=origin,
        tenant=tenant,
        lines=_lines(db, account, prices, basket.articles),
        price_row=prices[0].id if len(prices) == 1 else None,
        quantity=basket.articles[0].quantity if len(prices) == 1 else 1,
        tax=tax,
        success_url=basket.success_url,
        cancel_url=basket.cancel_url,
        embedded=basket.is_embedded,
        is_kept=is_kept,
        payable=_payable(basket),
        reference=basket.reference,
    )


def find(db: Session, app: App, *, company: UUID, session_id: str, origin: str) -> CheckoutSession:
    """Answer a company's checkout by the provider's id of it; raises NotFound."""
    found = (
        select(CheckoutSession)
        .join(CheckoutSession.tenant)
        .where(
            CheckoutSession.app_id == app.id,
            CheckoutSession.provider_id == session_id,
            CheckoutSession.origin == origin,
            Tenant.uuid == company,
        )
        .options(joinedload(CheckoutSession.tenant))
    )
    checkout = db.scalars(found).one_or_none()
    if checkout is None:
        raise NotFound("There is no such checkout.", field="session_id")
    return checkout


def customer_id(db: Session, checkout: CheckoutSession) -> str | None:
    """Answer what the provider calls the company that pays."""
    return db.scalar(
        select(Customer.provider_id).where(
            Customer.tenant_id == checkout.tenant_id,
            Customer.provider_account_id == checkout.provider_account_id,
        )
    )


def _account(db: Session, app: App) -> ProviderAccount:
    for account in provider_accounts.of(db, app):
        if account.provider == _PROVIDER:
            return account
    raise Unsupported("%(app)s is not connected to Stripe.", app=app.name)


def _price(db: Session, app: App, article: Article) -> Price:
    product = db.scalars(
        select(Product)
        .where(
            Product.app_id == app.id,
            Product.article_id == article.article_id,
            Product.article_type_id == article.article_type_id,
            Product.deleted_at.is_(None),
        )
        .options(selectinload(Product.prices))
    ).one_or_none()
    if product is None:
        raise NotFound(
            "There is no article %(article)s of type %(type)s.",
            field="articles",
            article=article.article_id,
            type=article.article_type_id,
        )
    price = _sold_at(product, countries.currencies(app.seller_country))
    if price is None:
        raise Invalid("%(article)s is not sold any more.", field="articles", article=product.name)
    if article.quantity > price.max_quantity:
        raise Invalid(
            "Of %(article)s at most %(most)s can be bought at once.",
            field="quantity",
            article=product.name,
            most=price.max_quantity,
        )
    return price


def _sold_at(product: Product, preferred: Sequence[str]) -> Price | None:
    if product.archived_at is not None:
        return None
    sold = [
        price
        for price in product.prices
        if not price.is_recurring and price.archived_at is None and price.deleted_at is None
    ]
    by_currency = {price.currency: price for price in sold}
    home = next((by_currency[code] for code in preferred if code in by_currency), None)
    return home or next(iter(sold), None)


def _tax(db: Session, app: App, tenant: Tenant, country: str) -> tuple[TaxDecision, Tax]:
    vat = vat_numbers.check(tenant.vat_number, country) if tenant.vat_number else None
    if vat is not None and vat.status == "invalid":
        # It is the company's number of another country.
        vat = None
    decision = taxes.decide(
        app_name=app.name,
        seller_country=app.seller_country,
        buyer_country=country,
        vat=vat,
        rates=taxes.rates(db, app.id),
        unknown_policy=app.vat_unknown_policy,
    )
    if not decision.is_sold:
        sentence = decision.sentence
        raise Invalid(sentence.sentence, field="country", **sentence.values)
    return decision, Tax(
        rule=decision.rule,
        country=country,
        percentage=decision.percentage,
        rate=decision.rate,
        vat_number=vat.number if vat else None,
        vat_status=vat.status if vat else None,
    )


def _amounts(
    site: Site, articles: Sequence[Article], prices: Sequence[Price], percentage: Decimal
) -> Amounts:
    lines = [
        (price.amount, article.quantity, cast(tax_amounts.Behavior, price.tax_behavior))
        for price, article in zip(prices, articles, strict=True)
    ]
    return tax_amounts.apply(lines, percentage, site.capabilities(_PROVIDER).tax_rounding)


def _refuse_too_much(amounts: Amounts) -> None:
    if amounts.total.minor > MOST_MINOR:
        raise Invalid("This is more than can be paid at once.", field="quantity")


def _lines(
    db: Session, account: ProviderAccount, prices: Sequence[Price], articles: Sequence[Article]
) -> tuple[Line, ...]:
    mapped = select(ProviderPrice.price_id, ProviderPrice.provider_id).where(
        ProviderPrice.provider_account_id == account.id,
        ProviderPrice.price_id.in_([price.id for price in prices]),
    )
    known = dict(db.execute(mapped).all())
    return tuple(
        Line(
            name=price.product.name,
            description=price.product.description,
            unit_amount=price.amount,
            quantity=article.quantity,
            tax_behavior=cast(TaxBehavior, price.tax_behavior),
            provider_price_id=known.get(price.id),
        )
        for price, article in zip(prices, articles, strict=True)
    )


def _payable(basket: Basket) -> str:
    types = sorted({article.article_type_id for article in basket.articles})
    return f"{basket.company}/{','.join(map(str, types))}/{basket.reference}"
