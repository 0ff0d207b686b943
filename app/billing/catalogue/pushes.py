"""Pushes: an app's prices and tax rates made at a provider that keeps a catalogue.

Each thing is made once, by a row that is stored before the provider is asked, so a push may be
repeated after a crash at any point; what is there already stays as it is, and only a product that
is called something else here by now is told so.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from app.billing.apps import audits
from app.billing.catalogue import outlets, provider_prices, provider_products
from app.billing.connecting import provider_words
from app.billing.errors import NotFound, ProviderUnavailable, Unsupported
from app.billing.people import app_members
from app.billing.site import Site
from app.billing.tax import tax_rates
from app.billing.tax import taxes as tax
from app.billing.text import Text
from app.models import (
    App,
    AppMember,
    Price,
    Product,
    ProviderAccount,
    ProviderPrice,
    ProviderTaxRate,
    TaxRate,
)
from app.providers import errors

# A page is kept waiting no longer; what is left is made by the next press.
_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class PushLine:
    """One price, one tax rate for prices that hold it or not, or one product whose name or
    description changed: what the provider calls it once it is there, or why it is not."""

    price: Price | None = None
    rate: TaxRate | None = None
    is_inclusive: bool = False
    product: Product | None = None
    provider_id: str | None = None
    problem: Text | None = None
    can_be_made: bool = True


def account(db: Session, site: Site, app: App, uuid: UUID) -> ProviderAccount:
    """Answer a connected account of an app that keeps a catalogue; raises NotFound, and Unsupported
    where prices go along with each order."""
    found = db.scalars(
        select(ProviderAccount).where(
            ProviderAccount.uuid == uuid,
            ProviderAccount.app_id == app.id,
            ProviderAccount.disconnected_at.is_(None),
            ProviderAccount.deleted_at.is_(None),
        )
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such account, or it is not connected any more.")
    capabilities = site.capabilities(found.provider)
    if not capabilities.tax_rates:
        raise Unsupported(
            "%(provider)s keeps no catalogue: it is told name, price and tax with each order.",
            provider=capabilities.name,
        )
    return found


def lines(db: Session, site: Site, app: App, at: ProviderAccount) -> list[PushLine]:
    """Answer everything an app sells, the products to be told their new words, and the rates it
    uses, each as it is at an account."""
    prices = _prices(db, app)
    behaviors = sorted({price.tax_behavior == "inclusive" for price in prices}) or [False]
    told = [PushLine(product=product) for product in provider_products.behind(db, app, at)]
    return [*_price_lines(db, site, at, prices), *told, *_rate_lines(db, app, at, behaviors)]


def run(
    db: Session,
    site: Site,
    member: AppMember,
    account_uuid: UUID,
    *,
    now: datetime,
    seconds: float = _SECONDS,
) -> list[PushLine]:
    """Make what is missing at an account, and say what products are called that changed, as much as
    fits into so many seconds, and answer every line as it is after it. Commits.

    A refused line says why and stops no other; where the provider does not answer, or not with this
    key, the rest waits for the next time. Raises NotAllowed for support and as `account` does.
    """
    app_members.require_owner(member)
    at = account(db, site, member.app, account_uuid)
    wanted = lines(db, site, member.app, at)
    missing = [line for line in wanted if line.provider_id is None and line.can_be_made]
    if missing:
        # Noted before the first call: what was made stays made, whatever happens after it.
        details = {"provider": at.provider, "livemode": at.livemode, "missing": len(missing)}
        name = site.capabilities(at.provider).name
        audits.note(db, member, "catalogue.pushed", name, now=now, details=details)
    db.commit()
    made = dict(_made(db, site, at, missing, time.monotonic() + seconds))
    return [made.get(id(line), line) for line in wanted]


def _made(
    db: Session, site: Site, at: ProviderAccount, missing: Sequence[PushLine], deadline: float
) -> Iterator[tuple[int, PushLine]]:
    name = site.capabilities(at.provider).name
    for line in missing:
        if time.monotonic() > deadline:
            return
        try:
            yield id(line), replace(line, provider_id=_make(db, site, at, line))
        except (errors.ProviderError, ProviderUnavailable) as error:
            db.rollback()
            yield id(line), replace(line, problem=provider_words.said(error, name))
            if not isinstance(error, errors.Refused | errors.Missing | errors.KeyReused):
                return


def _make(db: Session, site: Site, at: ProviderAccount, line: PushLine) -> str | None:
    if line.price is not None:
        return provider_prices.ensure(db, site, line.price, at)
    if line.product is not None:
        return provider_products.tell(db, site, line.product, at)
    assert line.rate is not None
    return tax_rates.ensure(db, site, line.rate, at, inclusive=line.is_inclusive)


def _prices(db: Session, app: App) -> Sequence[Price]:
    return db.scalars(
        select(Price)
        .join(Price.product)
        .options(contains_eager(Price.product))
        .where(
            Product.app_id == app.id,
            Product.archived_at.is_(None),
            Product.deleted_at.is_(None),
            Price.archived_at.is_(None),
            Price.deleted_at.is_(None),
        )
        .order_by(Product.position, Product.id, Price.id)
    ).all()


def _price_lines(
    db: Session, site: Site, at: ProviderAccount, prices: Sequence[Price]
) -> Iterator[PushLine]:
    found = select(ProviderPrice.price_id, ProviderPrice.provider_id).where(
        ProviderPrice.provider_account_id == at.id
    )
    known = {row[0]: row[1] for row in db.execute(found)}
    capabilities = site.capabilities(at.provider)
    for price in prices:
        hindered = None if known.get(price.id) else outlets.keeps(capabilities, price)
        yield PushLine(
            price=price,
            provider_id=known.get(price.id),
            problem=hindered,
            can_be_made=hindered is None,
        )


def _rate_lines(
    db: Session, app: App, at: ProviderAccount, behaviors: Sequence[bool]
) -> Iterator[PushLine]:
    found = select(
        ProviderTaxRate.tax_rate_id, ProviderTaxRate.is_inclusive, ProviderTaxRate.provider_id
    ).where(ProviderTaxRate.provider_account_id == at.id)
    known = {(row[0], row[1]): row[2] for row in db.execute(found)}
    for rate in tax.rates(db, app.id):
        for is_inclusive in behaviors:
            yield PushLine(
                rate=rate, is_inclusive=is_inclusive, provider_id=known.get((rate.id, is_inclusive))
            )
