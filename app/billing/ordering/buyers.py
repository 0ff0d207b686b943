"""Who buys: what an order needs to know of a person, their tenant and its app, a few columns of
each, since reading their whole rows costs a start more than its other questions together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, chain, pairwise, starmap
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, select
from sqlalchemy.orm import Session

from app.billing.errors import NotFound
from app.billing.ordering import sold
from app.db.base import table
from app.db.direct import Question
from app.models import App, Membership, Tenant, User


@dataclass(frozen=True, slots=True)
class SellingApp:
    """What it is bought for; as `App`."""

    id: int
    uuid: UUID
    name: str
    livemode: bool
    disabled_at: datetime | None
    seller_country: str
    vat_unknown_policy: str

    @property
    def is_enabled(self) -> bool:
        """The app may sell."""
        return self.disabled_at is None


@dataclass(frozen=True, slots=True)
class BuyingTenant:
    """The company that pays; as `Tenant`."""

    app: SellingApp
    id: int
    uuid: UUID
    name: str
    legal_name: str | None
    address_line1: str | None
    address_line2: str | None
    postal_code: str | None
    city: str | None
    region: str | None
    country: str | None
    invoice_email: str | None
    currency: str | None

    @property
    def app_id(self) -> int:
        """The row of the app."""
        return self.app.id

    @property
    def has_details(self) -> bool:
        """Legal name and address are known, so that an invoice could be written."""
        return all((self.legal_name, self.address_line1, self.city, self.country))


@dataclass(frozen=True, slots=True)
class BuyingUser:
    """The person who orders; as `User`."""

    id: int
    uuid: UUID
    locale: str | None
    session_epoch: int
    ended_sessions: list[str]


@dataclass(frozen=True, slots=True)
class Buyer:
    """A person of a tenant; answers what a membership answers."""

    user: BuyingUser
    tenant: BuyingTenant
    role: str

    @property
    def user_id(self) -> int:
        """The row of the person."""
        return self.user.id

    @property
    def may_buy(self) -> bool:
        """This person may spend the tenant's money."""
        return self.role == "admin"


class Known(NamedTuple):
    """What a row tells of app, tenant and person; None where there is none."""

    app: SellingApp
    tenant: BuyingTenant | None
    user: BuyingUser | None


_APPS, _TENANTS, _USERS = table(App), table(Tenant), table(User)
_MEMBERSHIPS = table(Membership)

_PARTS = [
    sold.columns(App, SellingApp),
    sold.columns(Tenant, BuyingTenant),
    sold.columns(User, BuyingUser),
]
# What a statement selects before anything else, so that `read` finds it there.
COLUMNS: tuple[ColumnElement[Any], ...] = tuple(chain.from_iterable(_PARTS))
_ENDS = list(accumulate(map(len, _PARTS), initial=0))
_APP, _TENANT, _USER = starmap(slice, pairwise(_ENDS))

_BUYER = Question(
    select(*COLUMNS, _MEMBERSHIPS.c.role)
    .select_from(_MEMBERSHIPS)
    .join(_TENANTS, _TENANTS.c.id == _MEMBERSHIPS.c.tenant_id)
    .join(_APPS, _APPS.c.id == _TENANTS.c.app_id)
    .join(_USERS, _USERS.c.id == _MEMBERSHIPS.c.user_id)
    .where(
        _MEMBERSHIPS.c.user_id == bindparam("user_id"),
        _TENANTS.c.uuid == bindparam("tenant_uuid"),
        *(rows.c.deleted_at.is_(None) for rows in (_MEMBERSHIPS, _TENANTS, _APPS, _USERS)),
    )
)


def find(db: Session, *, user_id: int, tenant_uuid: UUID) -> Buyer:
    """Answer who a user is at a tenant; raises NotFound as `tenants.find` does."""
    row = _BUYER.ask(db, {"user_id": user_id, "tenant_uuid": tenant_uuid})
    if row is None:
        raise NotFound("There is no such page, or it is not yours to see.")
    _, tenant, user = read(row)
    assert tenant is not None and user is not None, "they are what is asked for"
    return Buyer(user=user, tenant=tenant, role=row.role)


def read(row: Any) -> Known:
    """Answer what a row that begins with `COLUMNS` holds."""
    app, tenant, user = SellingApp(*row[_APP]), row[_TENANT], row[_USER]
    return Known(
        app=app,
        tenant=BuyingTenant(app, *tenant) if tenant[0] is not None else None,
        user=BuyingUser(*user) if user[0] is not None else None,
    )
