"""Imports: products and prices a provider has already, taken over with its ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing import typed
from app.billing.apps import audits
from app.billing.catalogue import import_previews, price_settings, provider_products, pushes, slugs
from app.billing.catalogue.import_previews import Candidate, Group, Here
from app.billing.errors import Conflict, Invalid
from app.billing.people import app_members
from app.billing.site import Site
from app.db import lock
from app.models import App, AppMember, Price, Product, ProviderPrice
from app.providers.base import CataloguePrice


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


def take(
    db: Session, site: Site, member: AppMember, account_uuid: UUID, chosen: Chosen, *, now: datetime
) -> Imported:
    """Take over what was chosen, in one transaction after the provider was asked again; what is
    here already is left as it is.

    Raises NotAllowed for support, Invalid where nothing that can be taken over was chosen or, with
    the field `name-<provider id>` or `slug-<provider id>`, a name will not do, and as
    `import_previews.show` and `pushes.account` do.
    """
    app_members.require_owner(member)
    at = pushes.account(db, site, member.app, account_uuid)
    listed = import_previews.fetch(db, site, at)
    lock.one(db, App, member.app_id)
    here = Here(db, member.app, at)
    products, prices = _take(db, here, import_previews.grouped(here, listed), chosen)
    if prices:
        details = {"provider": at.provider, "products": products, "prices": prices}
        name = site.capabilities(at.provider).name
        audits.note(db, member, "catalogue.imported", name, now=now, details=details)
    db.flush()
    return Imported(products, prices)


def _take(db: Session, here: Here, groups: Sequence[Group], chosen: Chosen) -> tuple[int, int]:
    wanted = {
        group.provider_id: [
            c for c in group.candidates if c.price and c.provider_id in chosen.prices
        ]
        for group in groups
    }
    if not any(wanted.values()):
        raise Invalid("Choose at least one price.", field="prices")
    products = prices = 0
    for group in groups:
        new = [candidate for candidate in wanted[group.provider_id] if not candidate.known]
        if new:
            products += group.product is None
            prices += len(new)
            product = group.product or _product(db, here, group, chosen, new[0])
            described = new[0].price.product_description if new[0].price else None
            provider_products.note(db, product.id, here.at, group.name, described)
            # The provider lists the newest first; ours shall be in the order they were made.
            for candidate in reversed(new):
                _price(db, here, product, candidate)
    return products, prices


def _product(
    db: Session, here: Here, group: Group, chosen: Chosen, candidate: Candidate
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


def _price(db: Session, here: Here, product: Product, candidate: Candidate) -> None:
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


def _known_here(db: Session, here: Here, there: CataloguePrice) -> Price | None:
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
