"""Products at a provider that keeps a catalogue: what it was told they are called, and telling it
when that has changed here."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session, joinedload

from app.billing.site import Site
from app.db import once
from app.models import App, Price, Product, ProviderAccount, ProviderPrice, ProviderProduct
from app.providers.base import CatalogueProduct


def behind(db: Session, app: App, at: ProviderAccount) -> Sequence[Product]:
    """Answer the products an app sells that are at an account under another name or description
    than they have here, in the order of the plans page."""
    is_there = exists().where(
        Price.product_id == Product.id,
        ProviderPrice.price_id == Price.id,
        ProviderPrice.provider_account_id == at.id,
        ProviderPrice.provider_id.is_not(None),
    )
    told = ProviderProduct
    return db.scalars(
        select(Product)
        .outerjoin(told, (told.product_id == Product.id) & (told.provider_account_id == at.id))
        .where(
            Product.app_id == app.id,
            Product.archived_at.is_(None),
            Product.deleted_at.is_(None),
            is_there,
            or_(
                told.id.is_(None),
                told.name != Product.name,
                told.description.is_distinct_from(Product.description),
            ),
        )
        .order_by(Product.position, Product.id)
    ).all()


def former(db: Session, product: Product) -> Sequence[ProviderProduct]:
    """Answer what the connected accounts still call a product, where that is not what it is called
    here, each with its account; nothing of a product that is archived."""
    if product.archived_at is not None:
        return []
    found = (
        select(ProviderProduct)
        .join(ProviderProduct.provider_account)
        .options(joinedload(ProviderProduct.provider_account))
        .where(
            ProviderProduct.product_id == product.id,
            ProviderAccount.disconnected_at.is_(None),
            ProviderAccount.deleted_at.is_(None),
            or_(
                ProviderProduct.name != product.name,
                ProviderProduct.description.is_distinct_from(product.description),
            ),
        )
    )
    return db.scalars(found.order_by(ProviderProduct.id)).all()


def note(
    db: Session, product_id: int, at: ProviderAccount, name: str, description: str | None
) -> None:
    """Remember what a product is called at an account, where nothing is remembered yet."""
    values = {"name": name, "description": description}
    place = {"product_id": product_id, "provider_account_id": at.id}
    once.insert(db, ProviderProduct, place | values)


def tell(db: Session, site: Site, product: Product, at: ProviderAccount) -> str:
    """Have an account call a product as it is called here, and answer its id there. Commits.

    It says how things shall be, so saying it twice does no harm, and it is said again until the
    answer has come. Raises `providers.errors.ProviderError`.
    """
    known = _known(db, product, at)
    name, description = product.name, product.description
    is_described_so = known is not None and known.description == description
    told = CatalogueProduct(
        uuid=str(product.uuid),
        name=name,
        description=None if is_described_so else description or "",
        provider_product_id=product_at(db, product.id, at),
    )
    product_id = product.id
    db.commit()
    provider_id = site.provider(at).describe_product(told, key=str(uuid4()))
    note(db, product_id, at, name, description)
    db.execute(
        update(ProviderProduct)
        .where(
            ProviderProduct.product_id == product_id, ProviderProduct.provider_account_id == at.id
        )
        .values(name=name, description=description)
    )
    db.commit()
    return provider_id


def product_at(db: Session, product_id: int, account: ProviderAccount) -> str | None:
    """Answer the id a provider gave a product; None where it follows from ours."""
    found = (
        select(ProviderPrice.provider_product_id)
        .join(Price, Price.id == ProviderPrice.price_id)
        .where(
            Price.product_id == product_id,
            ProviderPrice.provider_account_id == account.id,
            ProviderPrice.provider_product_id.is_not(None),
        )
    )
    return db.scalars(found.order_by(ProviderPrice.id).limit(1)).first()


def _known(db: Session, product: Product, at: ProviderAccount) -> ProviderProduct | None:
    return db.scalars(
        select(ProviderProduct).where(
            ProviderProduct.product_id == product.id, ProviderProduct.provider_account_id == at.id
        )
    ).one_or_none()
