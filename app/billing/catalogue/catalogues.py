"""Catalogues: what an app sells and the tax rates it uses, for its own programs."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload, undefer, with_loader_criteria

from app.models import App, Price, Product, TaxRate


def products(db: Session, app: App, *, page: int, limit: int) -> tuple[list[Product], int]:
    """Answer a page of what an app sells now, each with the prices it is sold at, and how many
    products there are; pages count from zero."""
    sold = (
        Product.app_id == app.id,
        Product.archived_at.is_(None),
        Product.deleted_at.is_(None),
    )
    found = (
        select(Product)
        .options(
            undefer("*"),
            selectinload(Product.prices).undefer("*"),
            with_loader_criteria(Price, Price.archived_at.is_(None) & Price.deleted_at.is_(None)),
        )
        .where(*sold)
        .order_by(Product.position, Product.id)
        .limit(limit)
        .offset(page * limit)
    )
    total = db.scalar(select(func.count()).select_from(Product).where(*sold))
    return list(db.scalars(found)), total or 0


def tax_rates(db: Session, app: App, *, page: int, limit: int) -> tuple[list[TaxRate], int]:
    """Answer a page of the rates an app uses now, the oldest first, and how many there are."""
    used = (
        TaxRate.app_id == app.id,
        TaxRate.archived_at.is_(None),
        TaxRate.deleted_at.is_(None),
    )
    found = (
        select(TaxRate)
        .options(undefer("*"))
        .where(*used)
        .order_by(TaxRate.id)
        .limit(limit)
        .offset(page * limit)
    )
    total = db.scalar(select(func.count()).select_from(TaxRate).where(*used))
    return list(db.scalars(found)), total or 0
