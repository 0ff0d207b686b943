"""Portal links: a short way into one tenant's portal, used once."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Literal
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session, contains_eager, joinedload, undefer

from app import clock
from app.billing.access import origins
from app.billing.errors import Conflict, Invalid, NotFound
from app.billing.site import Site
from app.billing.tenants import tenant_currencies
from app.models import ApiKey, App, CheckoutSession, Membership, PortalLink, Price, Tenant, User

Status = Literal["open", "used", "revoked", "expired"]
LIFETIME = timedelta(minutes=10)
# What a link may open.
OFFERED = ("portal", "plans", "checkout", "payment-methods", "invoices", "cancel")


def issue(
    db: Session,
    site: Site,
    *,
    tenant: Tenant,
    user: User | None = None,
    scope: str = "portal",
    price: Price | None = None,
    quantity: int | None = None,
    return_url: str | None = None,
    lifetime: timedelta = LIFETIME,
    api_key: ApiKey | None = None,
) -> tuple[PortalLink, str]:
    """Make a link and answer it with its address, which is shown only now.

    It signs in `user`, by default the tenant's oldest admin. A link to the checkout names the price
    that is bought there, and how many (one, unless said). Raises Invalid naming the field for a
    scope without a page, a price the tenant cannot buy or that has no place in this scope, a
    quantity out of range, a user outside the tenant, or a return URL outside the app's registered
    origins.
    """
    if scope not in OFFERED:
        raise Invalid("must be one of %(offered)s", field="scope", offered=", ".join(OFFERED))
    _refuse_unsound(db, tenant, scope, price, quantity)
    if return_url is not None and not origins.is_registered(db, tenant.app_id, return_url):
        raise Invalid("must begin with one of the app's registered origins", field="return_url")
    uuid = uuid4()
    token = _token(site, uuid)
    link = PortalLink(
        uuid=uuid,
        tenant=tenant,
        user=_member(db, tenant, user),
        api_key_id=api_key.id if api_key else None,
        digest=_digest(token),
        scope=scope,
        price=price,
        quantity=(quantity or 1) if price is not None else None,
        return_url=return_url,
        expires_at=clock.wall() + lifetime,
    )
    db.add(link)
    db.flush()
    return link, _url(site, token)


def address(site: Site, link: PortalLink) -> str | None:
    """Answer a link's address for whoever made it; None where the secret key it was made with is
    no longer the newest."""
    token = _token(site, link.uuid)
    return _url(site, token) if _digest(token) == link.digest else None


def peek(db: Session, token: str) -> PortalLink:
    """Answer a link that can still be used, with user, tenant, app and price, using nothing up.

    Raises NotFound for an unknown, used, expired or revoked one.
    """
    found = (
        select(PortalLink)
        .join(PortalLink.user)
        .join(PortalLink.tenant)
        .join(Tenant.app)
        .options(
            contains_eager(PortalLink.user),
            contains_eager(PortalLink.tenant).contains_eager(Tenant.app),
            joinedload(PortalLink.price),
        )
        .where(PortalLink.digest == _digest(token), *_usable(), *_present())
        .execution_options(populate_existing=True)
    )
    link = db.scalars(found).one_or_none()
    if link is None:
        raise _spent()
    return link


def redeem(db: Session, token: str) -> PortalLink:
    """Use a link up and answer it; of several at once, one succeeds. Raises NotFound."""
    link = peek(db, token)
    used = db.execute(
        update(PortalLink)
        .where(PortalLink.id == link.id, *_usable())
        .values(consumed_at=clock.wall())
        .returning(PortalLink.id)
        .execution_options(synchronize_session=False)
    )
    if used.first() is None:
        raise _spent()
    db.refresh(link, ["consumed_at"])
    return link


def listed(db: Session, tenant: Tenant, *, page: int, limit: int) -> tuple[list[PortalLink], int]:
    """Answer a page of a tenant's links, the newest first, and how many there are; pages count from
    zero."""
    of_tenant = PortalLink.tenant_id == tenant.id
    found = (
        select(PortalLink)
        .options(undefer("*"), joinedload(PortalLink.user), joinedload(PortalLink.price))
        .where(of_tenant)
        .order_by(PortalLink.id.desc())
        .limit(limit)
        .offset(page * limit)
    )
    total = db.scalar(select(func.count()).select_from(PortalLink).where(of_tenant))
    return list(db.scalars(found)), total or 0


def revoke(db: Session, tenant: Tenant, uuid: UUID) -> PortalLink:
    """Withdraw a link of a tenant and answer it; a link withdrawn or expired before stays as it is.

    Raises NotFound for another tenant's, and Conflict for one that was used: its visit ends by
    itself, an hour after it began.
    """
    withdrawn = (
        update(PortalLink)
        .where(PortalLink.tenant_id == tenant.id, PortalLink.uuid == uuid, *_usable())
        .values(revoked_at=clock.wall())
        .execution_options(synchronize_session=False)
    )
    db.execute(withdrawn)
    link = db.scalars(
        select(PortalLink)
        .options(joinedload(PortalLink.user), joinedload(PortalLink.price))
        .where(PortalLink.tenant_id == tenant.id, PortalLink.uuid == uuid)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if link is None:
        raise NotFound("There is no such link.")
    if link.consumed_at is not None:
        raise Conflict("This link has been used already, so it cannot be withdrawn any more.")
    return link


def status(link: PortalLink) -> Status:
    """Answer whether a link can still be used and, if not, why."""
    if link.consumed_at is not None:
        return "used"
    if link.revoked_at is not None:
        return "revoked"
    return "open" if link.expires_at > clock.wall() else "expired"


def lead_back(db: Session, checkout: UUID, url: str) -> None:
    """Store where the payer of a checkout that was begun by a link goes back to. Commits."""
    db.execute(
        update(CheckoutSession).where(CheckoutSession.uuid == checkout).values(return_url=url)
    )
    db.commit()


def app_of(db: Session, token: str) -> int | None:
    """Answer the row of the app a link is of, whether it can still be used or not."""
    found = select(Tenant.app_id).join(PortalLink, PortalLink.tenant_id == Tenant.id)
    return db.scalar(found.where(PortalLink.digest == _digest(token)))


def _spent() -> NotFound:
    return NotFound(
        "This link does not work any more: it was used, it is too old, or it was withdrawn. Ask"
        " for a new one."
    )


def _member(db: Session, tenant: Tenant, user: User | None) -> User:
    found = (
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.tenant_id == tenant.id,
            Membership.deleted_at.is_(None),
            User.deleted_at.is_(None),
        )
        .order_by(Membership.id)
        .limit(1)
    )
    if user is None:
        member = db.scalars(found.where(Membership.role == "admin")).first()
        if member is None:
            raise Invalid("is required: this tenant has no admin", field="user")
    else:
        member = db.scalars(found.where(User.id == user.id)).first()
        if member is None:
            raise Invalid("does not belong to this tenant", field="user")
    return member


def _refuse_unsound(
    db: Session, tenant: Tenant, scope: str, price: Price | None, quantity: int | None
) -> None:
    if scope != "checkout":
        for field, given in (("price", price), ("quantity", quantity)):
            if given is not None:
                raise Invalid("goes with the scope checkout only", field=field)
        return
    if price is None:
        raise Invalid("is required for the scope checkout", field="price")
    if not tenant_currencies.pays_in(db, tenant, price.currency):
        raise Invalid(
            "is in %(currency)s, and this tenant pays in %(own)s",
            field="price",
            currency=price.currency,
            own=tenant_currencies.of(tenant),
        )
    if not 1 <= (quantity or 1) <= price.max_quantity:
        raise Invalid("must be from 1 to %(most)s", field="quantity", most=price.max_quantity)


def _usable() -> tuple[ColumnElement[bool], ...]:
    return (
        PortalLink.consumed_at.is_(None),
        PortalLink.revoked_at.is_(None),
        PortalLink.expires_at > clock.wall(),
    )


def _present() -> tuple[ColumnElement[bool], ...]:
    return (User.deleted_at.is_(None), Tenant.deleted_at.is_(None), App.deleted_at.is_(None))


def _token(site: Site, uuid: UUID) -> str:
    """Made of the link's id and our secret, so that it can be told again without being kept."""
    _, token = site.sign("portal link", str(uuid))
    return token


def _url(site: Site, token: str) -> str:
    return site.url(f"/link/{token}")


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
