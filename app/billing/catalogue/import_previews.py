"""What of a provider's catalogue could be taken over, and what of it is here already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from app.billing.catalogue import product_settings, slugs
from app.billing.connecting import provider_words
from app.billing.ordering.checkout_orders import MOST_MINOR
from app.billing.site import Site
from app.billing.text import Text
from app.models import App, Price, Product, ProviderAccount, ProviderPrice
from app.providers import errors
from app.providers.base import CataloguePrice, ListedPrice

_OBSTACLES = {
    "interval": Text("Its period is neither one month nor one year."),
    "metered": Text("It is charged by use."),
    "tiers": Text("It has no single amount for each."),
    "packages": Text("It is sold in packages of several."),
    "free": Text("It costs nothing."),
    "fraction": Text("Its amount is a fraction of the smallest coin."),
    "currency": Text("Its currency is not known here."),
    "archived": Text("Its product is archived there."),
    "too_much": Text("It is more than can be paid at once."),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A price at the provider: `price` is how we would sell it, `obstacle` why we cannot, and
    `known` says that it is here already."""

    provider_id: str
    price: CataloguePrice | None
    obstacle: Text | None
    known: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A product at the provider with its prices. `product` is ours where it is here already; else
    `name` and `slug` are what it would be called."""

    provider_id: str
    name: str
    slug: str
    product: Product | None
    candidates: tuple[Candidate, ...]

    @property
    def is_open(self) -> bool:
        """Something of it can be taken over."""
        return any(c.obstacle is None and not c.known for c in self.candidates)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a provider has. `gone` are our prices that were there and are in use no more."""

    groups: tuple[Group, ...]
    gone: tuple[Price, ...]


def show(db: Session, site: Site, app: App, at: ProviderAccount) -> Preview:
    """Answer what could be taken over; asks the provider with no transaction open.

    Raises ProviderUnavailable, and Conflict where the provider refuses.
    """
    listed = fetch(db, site, at)
    here = Here(db, app, at)
    return Preview(groups=grouped(here, listed), gone=_gone(here, listed))


class Here:
    """What of an account's catalogue an app has already."""

    def __init__(self, db: Session, app: App, at: ProviderAccount) -> None:
        self.app, self.at = app, at
        rows = db.scalars(
            select(ProviderPrice)
            .join(ProviderPrice.price)
            .join(Price.product)
            .options(contains_eager(ProviderPrice.price).contains_eager(Price.product))
            .where(ProviderPrice.provider_account_id == at.id)
        ).all()
        self.rows = {row.price_id: row for row in rows}
        self.mapped = {row.provider_id: row.price for row in rows if row.provider_id}
        self.products = {
            row.provider_product_id: row.price.product for row in rows if row.provider_product_id
        }
        sold = select(Product).where(Product.app_id == app.id, Product.deleted_at.is_(None))
        self.by_uuid = {str(product.uuid): product for product in db.scalars(sold)}
        self.slugs = product_settings.taken_slugs(db, app)

    def product_of(self, listed: ListedPrice) -> Product | None:
        """Answer our product of a price there: mapped, or pushed by us."""
        known = self.products.get(listed.provider_product_id)
        ours = listed.price.product_uuid if listed.price else None
        return known or self.by_uuid.get(ours or "")


def fetch(db: Session, site: Site, at: ProviderAccount) -> tuple[ListedPrice, ...]:
    """Answer the prices in use at an account; commits before it asks. Raises as `show` does."""
    provider = site.provider(at)
    db.commit()
    try:
        return provider.import_catalogue()
    except errors.ProviderError as error:
        raise provider_words.translated(error, site.capabilities(at.provider).name) from error


def grouped(here: Here, listed: Sequence[ListedPrice]) -> tuple[Group, ...]:
    """Answer prices by their products, with a free slug for each product that is not here."""
    by_product: dict[str, list[ListedPrice]] = {}
    for price in listed:
        by_product.setdefault(price.provider_product_id, []).append(price)
    taken = set(here.slugs)
    groups = []
    for provider_id, prices in by_product.items():
        product = next(filter(None, map(here.product_of, prices)), None)
        slug = product.slug if product else slugs.free(prices[0].product_name, taken)
        taken.add(slug)
        candidates = tuple(_candidate(here, price) for price in prices)
        groups.append(Group(provider_id, prices[0].product_name, slug, product, candidates))
    return tuple(groups)


def _candidate(here: Here, listed: ListedPrice) -> Candidate:
    obstacle: str | None = listed.obstacle
    price = listed.price
    if price is not None and price.amount.minor > MOST_MINOR:
        obstacle, price = "too_much", None
    return Candidate(
        provider_id=listed.provider_price_id,
        price=price,
        obstacle=_OBSTACLES[obstacle] if obstacle else None,
        known=listed.provider_price_id in here.mapped,
    )


def _gone(here: Here, listed: Sequence[ListedPrice]) -> tuple[Price, ...]:
    there = {price.provider_price_id for price in listed if price.obstacle != "archived"}
    return tuple(
        price
        for provider_id, price in here.mapped.items()
        if provider_id not in there and price.archived_at is None
    )
