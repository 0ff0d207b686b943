"""A product's settings: what its owner says about it, and whether it is sold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session, selectinload

from app.billing import typed, typed_numbers
from app.billing.apps import audits
from app.billing.catalogue import products, slugs
from app.billing.errors import Invalid, NotFound
from app.billing.people import app_members
from app.db import lock
from app.models import App, AppMember, CheckoutSession, Price, Product, Subscription
from app.models.checkout_session import HAS_BOUGHT

_MOST_FEATURES = 20
_LARGEST_POSITION = 9999
_LARGEST_ARTICLE = 999_999_999
# What a sale ties down: programs name it, and a tenant runs one plan of a family.
_FIXED_ONCE_SOLD = {
    "slug": "The name in addresses stays as it is once the product was sold.",
    "family": "The family stays as it is once the product was sold.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductSettings:
    """What an owner types about a product: features one a line, numbers as text. Without `slug` a
    new product's is made of its name."""

    name: str
    slug: str | None = None
    description: str | None = None
    features: str | None = None
    family: str | None = products.FAMILY
    position: str | None = "0"
    article_id: str | None = None
    article_type_id: str | None = None


def of(product: Product) -> ProductSettings:
    """Answer a product's settings as its owner would type them."""
    return ProductSettings(
        name=product.name,
        slug=product.slug,
        description=product.description,
        features="\n".join(product.features),
        family=product.family,
        position=str(product.position),
        article_id=_text(product.article_id),
        article_type_id=_text(product.article_type_id),
    )


def listed(
    db: Session, app: App, *, archived: bool = False, after: int | None = None, limit: int = 50
) -> Sequence[Product]:
    """Answer an app's products with their prices, in the order of the plans page; `after` is the
    id of the last one seen."""
    found = (
        select(Product)
        .where(
            Product.app_id == app.id,
            Product.deleted_at.is_(None),
            Product.archived_at.is_not(None) if archived else Product.archived_at.is_(None),
        )
        .options(selectinload(Product.prices))
        .order_by(Product.position, Product.id)
        .limit(limit)
    )
    last = db.get(Product, after) if after is not None else None
    if last is not None and last.app_id == app.id:
        place = tuple_(Product.position, Product.id)
        found = found.where(place > tuple_(last.position, last.id))
    return db.scalars(found).all()


def find(db: Session, app: App, uuid: UUID) -> Product:
    """Answer a product of an app with its prices; raises NotFound."""
    product = db.scalars(
        select(Product)
        .where(Product.app_id == app.id, Product.uuid == uuid, Product.deleted_at.is_(None))
        .options(selectinload(Product.prices))
    ).one_or_none()
    if product is None:
        raise NotFound("There is no such product, or it is not yours to see.")
    return product


def is_sold(db: Session, product: Product) -> bool:
    """Answer whether anybody ever bought the product, in either mode."""
    prices = db.scalars(select(Price.id).where(Price.product_id == product.id)).all()
    bought = select(CheckoutSession.price_id).where(
        CheckoutSession.price_id.in_(prices), HAS_BOUGHT
    )
    # In order, so that PostgreSQL goes by the index instead of reading on until it meets one.
    if db.scalars(bought.order_by(CheckoutSession.price_id).limit(1)).first() is not None:
        return True
    runs = select(Subscription.price_id).where(Subscription.price_id.in_(prices))
    return db.scalars(runs.order_by(Subscription.price_id).limit(1)).first() is not None


def add(db: Session, member: AppMember, settings: ProductSettings, *, now: datetime) -> Product:
    """Add a product; it is offered as soon as it has a price.

    Raises NotAllowed for support, and Invalid naming the first setting that is wrong.
    """
    app_members.require_owner(member)
    app = lock.one(db, App, member.app_id)
    values = _checked(db, app, settings, None)
    product = Product(app_id=app.id, **values)
    db.add(product)
    db.flush()
    audits.note(db, member, "product.added", product.name, now=now, details={"slug": product.slug})
    return product


def save(
    db: Session, member: AppMember, uuid: UUID, settings: ProductSettings, *, now: datetime
) -> Product:
    """Change what is said about a product, and note what was before and after.

    Raises as `add` does, and Invalid for what stays once the product was sold.
    """
    app_members.require_owner(member)
    app = lock.one(db, App, member.app_id)
    product = find(db, app, uuid)
    values = _checked(db, app, settings, product)
    changed = {name: value for name, value in values.items() if getattr(product, name) != value}
    _keep_what_was_sold(db, product, changed)
    if changed:
        details = {"changed": {name: [getattr(product, name), changed[name]] for name in changed}}
        audits.note(db, member, "product.changed", product.name, now=now, details=details)
    for name, value in changed.items():
        setattr(product, name, value)
    db.flush()
    return product


def archive(db: Session, member: AppMember, uuid: UUID, *, now: datetime) -> Product:
    """Sell a product to nobody any more; plans that run go on. Doing so twice is no error."""
    product = _own(db, member, uuid)
    if product.archived_at is None:
        product.archived_at = now
        audits.note(db, member, "product.archived", product.name, now=now)
        db.flush()
    return product


def restore(db: Session, member: AppMember, uuid: UUID, *, now: datetime) -> Product:
    """Sell an archived product again."""
    product = _own(db, member, uuid)
    if product.archived_at is not None:
        product.archived_at = None
        audits.note(db, member, "product.restored", product.name, now=now)
        db.flush()
    return product


def _own(db: Session, member: AppMember, uuid: UUID) -> Product:
    app_members.require_owner(member)
    product = find(db, member.app, uuid)
    return lock.one(db, Product, product.id)


def _checked(
    db: Session, app: App, settings: ProductSettings, product: Product | None
) -> dict[str, Any]:
    name = _name(db, app, settings, product)
    article_id, article_type_id = _article(db, app, settings, product)
    return {
        "name": name,
        "slug": _slug(db, app, settings, product, name),
        "description": typed.line(settings.description, "description"),
        "features": _features(settings.features),
        "family": slugs.checked(settings.family or products.FAMILY, "family", ()),
        "position": typed_numbers.whole(
            settings.position or "0", "position", least=0, most=_LARGEST_POSITION
        ),
        "article_id": article_id,
        "article_type_id": article_type_id,
    }


def _name(db: Session, app: App, settings: ProductSettings, product: Product | None) -> str:
    name = typed.line(settings.name, "name", required="Enter the name of the product.") or ""
    same = select(Product.id).where(
        Product.app_id == app.id, Product.name == name, Product.archived_at.is_(None)
    )
    # Two of one name could not be told apart; and whoever presses twice does not get it twice.
    if (product is None or product.name != name) and db.scalars(same.limit(1)).first():
        raise Invalid("Another product of this app has this name.", field="name")
    return name


def _slug(
    db: Session, app: App, settings: ProductSettings, product: Product | None, name: str
) -> str:
    taken = taken_slugs(db, app) - ({product.slug} if product else set())
    if not (settings.slug or "").strip():
        return product.slug if product else slugs.free(name, taken)
    return slugs.checked(settings.slug, "slug", taken)


def taken_slugs(db: Session, app: App) -> set[str]:
    """Answer the slugs of an app's products, archived ones too."""
    return set(db.scalars(select(Product.slug).where(Product.app_id == app.id)))


def _features(text: str | None) -> list[str]:
    kept = [one for part in (text or "").splitlines() if (one := typed.line(part, "features"))]
    if len(kept) > _MOST_FEATURES:
        raise Invalid("Write at most 20 features, one on each line.", field="features")
    return kept


def _article(
    db: Session, app: App, settings: ProductSettings, product: Product | None
) -> tuple[int | None, int | None]:
    given = {name: getattr(settings, name) for name in ("article_type_id", "article_id")}
    missing = [name for name, text in given.items() if not (text or "").strip()]
    if len(missing) == len(given):
        return None, None
    if missing:
        raise Invalid("An article has both numbers, or none.", field=missing[0])
    type_id, article_id = (
        typed_numbers.whole(text, name, least=1, most=_LARGEST_ARTICLE)
        for name, text in given.items()
    )
    same = select(Product.id).where(
        Product.app_id == app.id,
        Product.article_type_id == type_id,
        Product.article_id == article_id,
    )
    if any(other != (product.id if product else None) for other in db.scalars(same)):
        raise Invalid("Another product of this app has these numbers.", field="article_id")
    return article_id, type_id


def _keep_what_was_sold(db: Session, product: Product, changed: dict[str, Any]) -> None:
    fixed = [name for name in _FIXED_ONCE_SOLD if name in changed]
    if fixed and is_sold(db, product):
        raise Invalid(_FIXED_ONCE_SOLD[fixed[0]], field=fixed[0])


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
