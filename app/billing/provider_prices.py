"""Prices at a provider that keeps a catalogue: made there when a plan is changed to them.

A checkout sends its price inline. A change cannot: an inline price would stay under the product of
the plan before, and the provider's invoices would go on naming that one.
"""

from __future__ import annotations

from typing import cast

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.billing.site import Site
from app.db import once
from app.models import Price, ProviderAccount, ProviderPrice
from app.providers.base import CataloguePrice, Interval, TaxBehavior


def ensure(db: Session, site: Site, price: Price, account: ProviderAccount) -> str | None:
    """Answer the provider id of a price, making it there if need be; None where tax rates and
    prices go inline. Commits. Raises `providers.errors.ProviderError`.
    """
    if not site.capabilities(account.provider).tax_rates:
        return None
    known = _known(db, account, ProviderPrice.price_id == price.id)
    if known is not None:
        db.commit()
        return known.provider_id
    wanted = _wanted(db, price, account)
    provider = site.provider(account)
    key = str(price.uuid)
    db.commit()
    # A price never changes, so its own uuid is its key: whoever asks at once makes the same one.
    made = provider.push_catalogue(wanted, key=key)
    assert made.provider_price_id is not None
    once.insert(
        db,
        ProviderPrice,
        {
            "price_id": price.id,
            "provider_account_id": account.id,
            "provider_id": made.provider_price_id,
            "provider_product_id": made.provider_product_id,
        },
    )
    db.commit()
    return made.provider_price_id


def _wanted(db: Session, price: Price, account: ProviderAccount) -> CataloguePrice:
    product = price.product
    of_product = ProviderPrice.price.has(Price.product_id == product.id)
    sibling = _known(db, account, of_product)
    return CataloguePrice(
        uuid=str(price.uuid),
        product_name=product.name,
        amount=price.amount,
        interval=cast("Interval | None", price.interval),
        tax_behavior=cast(TaxBehavior, price.tax_behavior),
        product_description=product.description,
        provider_product_id=sibling.provider_product_id if sibling else None,
    )


def _known(
    db: Session, account: ProviderAccount, which: ColumnElement[bool]
) -> ProviderPrice | None:
    found = select(ProviderPrice).where(ProviderPrice.provider_account_id == account.id, which)
    return db.scalars(found.order_by(ProviderPrice.id).limit(1)).first()
