"""What the payer saw before buying: the figures, and a signature over them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

from itsdangerous import BadData, URLSafeTimedSerializer

from app.billing.ordering.buyers import SellingApp
from app.billing.ordering.sold import SoldPrice
from app.billing.site import Site
from app.billing.tax import tax_amounts, taxes
from app.billing.tax.vat_numbers import VatAnswer
from app.billing.text import Text
from app.models import App, Price
from app.money import Money, zero

SECONDS = 30 * 60


@dataclass(frozen=True, slots=True)
class Quote:
    """A price worked out for one payer. `net` and `tax` are of one period, `total` is due today (0
    with a trial; what a provider takes to verify a method and gives back is not part of it),
    `renewal` each `interval` from then on, or from the end of the trial (None for a one-time
    price). `tax_rate_row` is the id of our tax rate. Where `is_sold` is
    False nothing may be bought and the tax is unknown."""

    price_id: str
    quantity: int
    country: str
    vat_number: str | None
    vat_status: str | None
    rule: str
    tax_rate_row: int | None
    percentage: Decimal
    sentence: Text
    title: Text
    net: Money
    tax: Money
    total: Money
    renewal: Money | None
    interval: str | None
    is_sold: bool
    trial_days: int = 0


def make(
    *,
    price: Price | SoldPrice,
    quantity: int,
    country: str,
    vat: VatAnswer | None,
    app: App | SellingApp,
    rates: Sequence[taxes.Rate],
    trial_days: int = 0,
) -> Quote:
    """Work out a price for a quantity and country; an invalid VAT number counts as none.

    `rates` are the app's, `trial_days` what this payer would have free. Raises Invalid for a
    country that is none.
    """
    decision = taxes.decide(
        app_name=app.name,
        seller_country=app.seller_country,
        buyer_country=country,
        vat=vat,
        rates=rates,
        unknown_policy=app.vat_unknown_policy,
    )
    behavior: tax_amounts.Behavior = (
        "inclusive" if price.tax_behavior == "inclusive" else "exclusive"
    )
    # One line, so rounding by line and by document come to the same.
    amounts = tax_amounts.apply([(price.amount, quantity, behavior)], decision.percentage, "line")
    return Quote(
        price_id=price.price_id,
        quantity=quantity,
        country=country,
        vat_number=vat.number if vat else None,
        vat_status=vat.status if vat else None,
        rule=decision.rule,
        tax_rate_row=decision.rate.id if decision.rate else None,
        percentage=decision.percentage,
        sentence=decision.sentence,
        title=decision.title,
        net=amounts.net,
        tax=amounts.tax,
        total=zero(amounts.total.currency) if trial_days else amounts.total,
        renewal=amounts.total if price.is_recurring else None,
        interval=price.interval,
        is_sold=decision.is_sold,
        trial_days=trial_days,
    )


def seal(site: Site, quote: Quote, *, user_uuid: UUID, tenant_uuid: UUID) -> str:
    """Answer a token that says: this user of this tenant has seen these figures now."""
    return _signer(site).dumps(_digest(quote, user_uuid, tenant_uuid))


def is_sealed(site: Site, token: str, quote: Quote, *, user_uuid: UUID, tenant_uuid: UUID) -> bool:
    """Answer whether a token seals exactly this quote for this user and tenant, and is not older
    than 30 minutes of wall time."""
    try:
        seen = _signer(site).loads(token, max_age=SECONDS)
    except BadData:
        return False
    return bool(seen == _digest(quote, user_uuid, tenant_uuid))


def _signer(site: Site) -> URLSafeTimedSerializer:
    # itsdangerous signs with the last key and reads with any.
    return URLSafeTimedSerializer(site.config.secret_keys[::-1], salt="portico quote")


def _digest(quote: Quote, user_uuid: UUID, tenant_uuid: UUID) -> str:
    renewal = quote.renewal.minor if quote.renewal else None
    figures = json.dumps(
        [
            str(user_uuid),
            str(tenant_uuid),
            quote.price_id,
            quote.quantity,
            quote.country,
            quote.vat_number,
            quote.vat_status,
            quote.rule,
            quote.tax_rate_row,
            taxes.plain(quote.percentage),
            [quote.net.minor, quote.tax.minor, quote.total.minor, renewal],
            [quote.total.currency, quote.interval, quote.is_sold, quote.trial_days],
        ]
    )
    return sha256(figures.encode()).hexdigest()
