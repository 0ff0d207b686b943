"""Prices at a provider that keeps a catalogue: made there once, when they are pushed or when a
plan is changed to them.

A checkout sends a price that is not there inline. A change cannot: an inline price would stay under
the product of the plan before, and the provider's invoices would go on naming that one.
"""

from __future__ import annotations

from typing import cast

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.billing.catalogue import provider_products
from app.billing.purchase import made_once, requests
from app.billing.site import Site
from app.db import once
from app.db.base import table
from app.models import Price, ProviderAccount, ProviderPrice
from app.providers.base import CataloguePrice, Interval, Provider, TaxBehavior

_MADE = table(ProviderPrice)


def ensure(db: Session, site: Site, price: Price, account: ProviderAccount) -> str | None:
    """Answer the provider id of a price, making it there if need be; None where tax rates and
    prices go inline. Commits.

    Raises ProviderUnavailable, and `providers.errors.ProviderError` where the provider refuses.
    """
    if not site.capabilities(account.provider).tax_rates:
        return None
    row_id, provider_id = _row(db, price, account)
    if provider_id is not None:
        return provider_id
    made = made_once.ensure(db, site, ProviderPrice, row_id, _Maker(site.provider(account)))
    _note_product(db, price, account)
    return made


class _Maker:
    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.window = provider.key_window

    def make(self, request: str, key: str) -> str:
        made = self._provider.push_catalogue(requests.load(CataloguePrice, request), key=key)
        assert made.provider_price_id is not None
        return made.provider_price_id

    def find(self, request: str) -> str | None:
        found = self._provider.find_price(requests.load(CataloguePrice, request))
        return found.provider_price_id if found else None


def _row(db: Session, price: Price, account: ProviderAccount) -> tuple[int, str | None]:
    known = _known(db, price, account)
    if known is None or known[1] is None:
        _want(db, price, account)
        known = _known(db, price, account)
    db.commit()
    assert known is not None
    return known


def _note_product(db: Session, price: Price, account: ProviderAccount) -> None:
    """Remember what the product is called there since this price or an earlier one made it."""
    place = (_MADE.c.price_id == price.id, _MADE.c.provider_account_id == account.id)
    sent = requests.load(
        CataloguePrice, db.execute(select(_MADE.c.request).where(*place)).scalar_one()
    )
    provider_products.note(
        db, price.product_id, account, sent.product_name, sent.product_description
    )
    db.commit()


def _want(db: Session, price: Price, account: ProviderAccount) -> None:
    wanted = _wanted(db, price, account)
    request = {
        "provider_product_id": wanted.provider_product_id,
        "request": requests.dump(wanted),
    }
    made = once.insert(
        db,
        ProviderPrice,
        {
            "price_id": price.id,
            "provider_account_id": account.id,
            # A price never changes, so whoever asks for it asks for the same.
            "idempotency_key": str(price.uuid),
            **request,
        },
    )
    if made is None:
        # What was refused may have been put right meanwhile: a name, or the product there.
        untried = (_MADE.c.first_tried_at.is_(None), _MADE.c.claimed_until.is_(None))
        place = (_MADE.c.price_id == price.id, _MADE.c.provider_account_id == account.id)
        db.execute(update(_MADE).where(*place, *untried).values(**request))


def _known(db: Session, price: Price, account: ProviderAccount) -> tuple[int, str | None] | None:
    place = (_MADE.c.price_id == price.id, _MADE.c.provider_account_id == account.id)
    row = db.execute(select(_MADE.c.id, _MADE.c.provider_id).where(*place)).one_or_none()
    return (row[0], row[1]) if row else None


def _wanted(db: Session, price: Price, account: ProviderAccount) -> CataloguePrice:
    product = price.product
    return CataloguePrice(
        uuid=str(price.uuid),
        product_name=product.name,
        amount=price.amount,
        interval=cast("Interval | None", price.interval),
        tax_behavior=cast(TaxBehavior, price.tax_behavior),
        product_description=product.description,
        provider_product_id=provider_products.product_at(db, product.id, account),
        product_uuid=str(product.uuid),
    )
