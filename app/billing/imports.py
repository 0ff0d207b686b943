"""Imports: products and prices a provider has already, taken over with its ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from app.billing import (
    app_members,
    audits,
    price_settings,
    product_settings,
    provider_words,
    pushes,
    slugs,
    typed,
)
from app.billing.checkout_orders import MOST_MINOR
from app.billing.errors import Conflict, Invalid
from app.billing.site import Site
from app.billing.text import Text
from app.db import lock
from app.models import App, AppMember, Price, Product, ProviderAccount, ProviderPrice
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


@dataclass(frozen=True, slots=True)
class Chosen:
    """What an owner chose: provider ids of prices, and by the provider id of each new product its
    name and slug."""

    prices: Sequence[str]
    names: Mapping[str, str] = field(default_factory=dict)
    slugs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Imported:
    """How many products and prices were taken over."""

    products: int
    prices: int


def preview(db: Session, site: Site, app: App, at: ProviderAccount) -> Preview:
    """Answer what could be taken over; asks the provider with no transaction open.

    Raises ProviderUnavailable, and Conflict where the provider refuses.
    """
    listed = _fetch(db, site, at)
    here = _Here(db, app, at)
    return Preview(groups=_groups(here, listed), gone=_gone(here, listed))


def take(
    db: Session, site: Site, member: AppMember, account_uuid: UUID, chosen: Chosen, *, now: datetime
) -> Imported:
    """Take over what was chosen, in one transaction after the provider was asked again; what is
    here already is left as it is.

    Raises NotAllowed for support, Invalid where nothing that can be taken over was chosen or, with
    the field `slug-<provider id>`, a name will not do, and as `preview` and `pushes.account` do.
    """
    app_members.require_owner(member)
    at = pushes.account(db, site, member.app, account_uuid)
    listed = _fetch(db, site, at)
    lock.one(db, App, member.app_id)
    here = _Here(db, member.app, at)
    groups = _groups(here, listed)
    wanted = set(chosen.prices)
    if not any(c.provider_id in wanted and c.price for g in groups for c in g.candidates):
        raise Invalid("Choose at least one price.", field="prices")
    products = prices = 0
    for group in groups:
        taken = [c for c in group.candidates if c.provider_id in wanted and not c.known and c.price]
        if taken:
            products += group.product is None
            product = group.product or _product(db, here, group, chosen, taken[0])
            for candidate in reversed(taken):
                prices += 1
                _price(db, here, product, candidate)
    if prices:
        details = {"provider": at.provider, "products": products, "prices": prices}
        name = site.capabilities(at.provider).name
        audits.note(db, member, "catalogue.imported", name, now=now, details=details)
    db.flush()
    return Imported(products, prices)


class _Here:
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


def _fetch(db: Session, site: Site, at: ProviderAccount) -> tuple[ListedPrice, ...]:
    provider = site.provider(at)
    db.commit()
    try:
        return provider.import_catalogue()
    except errors.ProviderError as error:
        raise provider_words.translated(error, site.capabilities(at.provider).name) from error


def _groups(here: _Here, listed: Sequence[ListedPrice]) -> tuple[Group, ...]:
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


def _candidate(here: _Here, listed: ListedPrice) -> Candidate:
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


def _gone(here: _Here, listed: Sequence[ListedPrice]) -> tuple[Price, ...]:
    there = {price.provider_price_id for price in listed if price.obstacle != "archived"}
    return tuple(
        price
        for provider_id, price in here.mapped.items()
        if provider_id not in there and price.archived_at is None
    )


def _product(
    db: Session, here: _Here, group: Group, chosen: Chosen, candidate: Candidate
) -> Product:
    name_field, slug_field = f"name-{group.provider_id}", f"slug-{group.provider_id}"
    name = typed.line(
        chosen.names.get(group.provider_id, group.name),
        name_field,
        required="Enter the name of the product.",
    )
    slug = slugs.checked(chosen.slugs.get(group.provider_id, group.slug), slug_field, here.slugs)
    here.slugs.add(slug)
    described = candidate.price.product_description if candidate.price else None
    product = Product(app_id=here.app.id, name=name, slug=slug, description=described)
    db.add(product)
    db.flush()
    return product


def _price(db: Session, here: _Here, product: Product, candidate: Candidate) -> None:
    there = candidate.price
    assert there is not None
    price = _known_here(db, here, there) or _new(db, product, there)
    row = here.rows.get(price.id) or ProviderPrice(
        price_id=price.id, provider_account_id=here.at.id
    )
    if row.provider_id not in (None, there.provider_price_id):
        raise Conflict("%(price)s is another price at the provider already.", price=price.price_id)
    row.provider_id = there.provider_price_id
    row.provider_product_id = there.provider_product_id
    db.add(row)
    db.flush()


def _known_here(db: Session, here: _Here, there: CataloguePrice) -> Price | None:
    """Answer our price that was pushed there, or that was imported by an account before this."""
    own = select(Price).join(Price.product).where(Product.app_id == here.app.id)
    pushed = _uuid(there.uuid)
    if pushed is not None:
        price = db.scalars(own.where(Price.uuid == pushed)).one_or_none()
        if price is not None:
            return price
    return db.scalars(own.where(Price.price_id == there.provider_price_id)).one_or_none()


def _uuid(text: str | None) -> UUID | None:
    # Anybody may write into an object's metadata at the provider.
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _new(db: Session, product: Product, there: CataloguePrice) -> Price:
    provider_id = there.provider_price_id or ""
    is_taken = db.scalar(select(Price.id).where(Price.price_id == provider_id)) is not None
    price = Price(
        product_id=product.id,
        # Another app may have taken the same account's price over: an id is one price's own.
        price_id=price_settings.new_id() if is_taken else provider_id,
        currency=there.amount.currency,
        unit_amount=there.amount.minor,
        interval=there.interval,
        tax_behavior=there.tax_behavior,
        trial_days=min(there.trial_days, price_settings.LONGEST_TRIAL) if there.interval else 0,
    )
    db.add(price)
    db.flush()
    return price
