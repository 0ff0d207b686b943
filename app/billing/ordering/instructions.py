"""Instructions: orders whose price and tax rate the caller of an API names."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, cast

from app.billing import urls
from app.billing.errors import Invalid, Unsupported
from app.billing.ordering.buyers import BuyingTenant, BuyingUser, SellingApp
from app.billing.ordering.checkout_orders import VERIFICATION_MINOR, CheckoutOrder, Tax
from app.billing.ordering.named import Found
from app.billing.ordering.sold import SoldPrice
from app.billing.plans import trials
from app.billing.site import Site
from app.billing.tax import countries, tax_amounts
from app.models import (
    App,
    Tenant,
    User,
)
from app.money import EXPONENTS
from app.providers.base import Collect, Interval, Line, Mode, TaxBehavior

Origin = Literal["tenant_v1", "provider_v1", "bearer_v1"]


@dataclass(frozen=True, slots=True)
class Instructions:
    """What a caller asks for, beside price and rate. `method` None leaves the choice to the payer;
    `country` is where the buyer is taxed, if the caller says so (ISO 3166-1 alpha-2)."""

    mode: Mode
    currency: str
    quantity: int = 1
    method: str | None = None
    country: str | None = None
    is_reverse_charge: bool = False
    collect: Collect = Collect()
    success_url: str | None = None
    cancel_url: str | None = None
    locale: str | None = None


def collect(
    *,
    billing_address: bool,
    shipping_address: bool,
    terms: bool,
    terms_url: str | None,
    tax_id: bool,
    is_tax_id_required: bool,
) -> Collect:
    """Answer what the payer shall be asked for."""
    return Collect(
        billing_address=billing_address,
        shipping_address=shipping_address,
        terms=terms,
        terms_url=terms_url,
        tax_id=("required" if is_tax_id_required else "optional") if tax_id else "no",
    )


def order(
    site: Site,
    found: Found,
    asked: Instructions,
    *,
    app: App | SellingApp,
    tenant: Tenant | BuyingTenant,
    user: User | BuyingUser | None,
    origin: Origin,
    is_deferred: bool = False,
    is_kept: bool = False,
    state_digest: str | None = None,
    email: str | None = None,
) -> CheckoutOrder:
    """Answer the order a caller asks for, its rate applied as given (rule instructed); changes
    nothing.

    In mode setup price, rate and quantity are ignored. Raises Invalid or Unsupported naming the
    field: mode, currency, price, rate, quantity, method, country, is_reverse_charge, success_url or
    cancel_url.
    """
    currency = _currency(asked.currency)
    common: dict[str, Any] = {
        "app_id": app.id,
        "livemode": found.account.livemode,
        "account": found.account,
        "mode": asked.mode,
        "currency": currency,
        "origin": origin,
        "tenant": tenant,
        "user_id": user.id if user else None,
        "method": _method(site, found, asked, currency),
        "success_url": _url(asked.success_url, "success_url"),
        "cancel_url": _url(asked.cancel_url, "cancel_url"),
        "locale": asked.locale,
        "email": email,
        "collect": asked.collect,
        "customer_id": found.customer_id,
        "is_deferred": is_deferred,
        "is_kept": is_kept,
        "state_digest": state_digest,
    }
    _refuse_unknown_country(asked.country)
    if asked.mode == "setup":
        return _setup(site, found, app, asked, common)
    return _purchase(site, found, app, asked, common)


def _setup(
    site: Site, found: Found, app: App | SellingApp, asked: Instructions, common: dict[str, Any]
) -> CheckoutOrder:
    # Mollie saves a card by a small payment, which is given back; Stripe needs none.
    amount = 0 if site.capabilities(found.account.provider).tax_rates else VERIFICATION_MINOR
    return CheckoutOrder(
        **common,
        net=amount,
        tax_amount=0,
        total=amount,
        description=f"{app.name}: payment method",
        tax=Tax(country=asked.country),
    )


def _purchase(
    site: Site, found: Found, app: App | SellingApp, asked: Instructions, common: dict[str, Any]
) -> CheckoutOrder:
    price, rate = _sold(found, asked, common["currency"]), found.rate
    if rate is None:
        raise Invalid("is required unless mode is setup", field="rate")
    if asked.is_reverse_charge and rate.percentage > 0:
        raise Invalid(
            "With reverse charge the buyer accounts for the tax, so the rate must be 0 percent.",
            field="is_reverse_charge",
        )
    behavior = cast(TaxBehavior, price.tax_behavior)
    capabilities = site.capabilities(found.account.provider)
    lines = [(price.amount, asked.quantity, behavior)]
    amounts = tax_amounts.apply(lines, Decimal(rate.percentage), capabilities.tax_rounding)
    return CheckoutOrder(
        **common,
        **trials.due(
            capabilities,
            found.trial_days,
            net=amounts.net.minor,
            tax=amounts.tax.minor,
            total=amounts.total.minor,
        ),
        description=f"{app.name} {price.product.name}",
        lines=(_line(price, found.provider_price_id, asked.quantity),),
        price_row=price.id,
        family=price.product.family if price.is_recurring else None,
        quantity=asked.quantity,
        tax=Tax(
            rule="instructed",
            country=asked.country or rate.country,
            percentage=Decimal(rate.percentage),
            rate=rate,
        ),
        provider_tax_rate_id=found.provider_tax_rate_id,
    )


def _line(price: SoldPrice, provider_price_id: str | None, quantity: int) -> Line:
    return Line(
        name=price.product.name,
        description=price.product.description,
        unit_amount=price.amount,
        quantity=quantity,
        tax_behavior=cast(TaxBehavior, price.tax_behavior),
        interval=cast("Interval | None", price.interval),
        provider_price_id=provider_price_id,
    )


def _sold(found: Found, asked: Instructions, currency: str) -> SoldPrice:
    price = found.price
    if price is None:
        raise Invalid("is required unless mode is setup", field="price")
    if price.is_recurring != (asked.mode == "subscription"):
        fitting = "subscription" if price.is_recurring else "payment"
        raise Invalid("must be %(mode)s for this price", field="mode", mode=fitting)
    if price.currency != currency:
        raise Invalid(
            "must be the currency of the price, %(currency)s",
            field="currency",
            currency=price.currency,
        )
    if not 1 <= asked.quantity <= price.max_quantity:
        raise Invalid("must be from 1 to %(most)s", field="quantity", most=price.max_quantity)
    return price


def _currency(code: str) -> str:
    if code.upper() not in EXPONENTS:
        raise Invalid("must be a currency of ISO 4217, such as EUR", field="currency")
    return code.upper()


def _method(site: Site, found: Found, asked: Instructions, currency: str) -> str | None:
    capabilities = site.capabilities(found.account.provider)
    days = found.trial_days if asked.mode == "subscription" else 0
    mode = trials.mode(capabilities, asked.mode, days)
    offered = capabilities.offers(mode, currency)
    if not offered:
        raise Unsupported(
            "is none that %(provider)s takes here", field="currency", provider=capabilities.name
        )
    if asked.method is None:
        return offered[0].slug if len(offered) == 1 else None
    method = capabilities.method(asked.method, mode, currency)
    if method is None and capabilities.method(asked.method, asked.mode, currency):
        raise Unsupported(
            "cannot begin the trial of this price at %(provider)s",
            field="method",
            provider=capabilities.name,
        )
    if method is None:
        raise Unsupported(
            "is not offered by %(provider)s for this mode and currency",
            field="method",
            provider=capabilities.name,
        )
    return method.slug


def _refuse_unknown_country(code: str | None) -> None:
    if code is not None and code not in countries.CODES:
        raise Invalid("must be a country code of ISO 3166-1, such as DE", field="country")


def _url(url: str | None, field: str) -> str | None:
    if url is not None and not urls.is_sound(url):
        raise Invalid("must be an absolute http or https address without a user", field=field)
    return url
