"""Callers: an app's server that orders for a tenant, found with both in one question."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.orm import Session

from app.billing import timeline
from app.billing.access import api_keys
from app.billing.ordering import buyers, sold
from app.billing.ordering.buyers import BuyingTenant, BuyingUser, SellingApp
from app.db.base import table
from app.db.direct import Question
from app.models import ApiKey, App, Membership, Tenant, User


@dataclass(frozen=True, slots=True)
class ShownKey:
    """The key that was shown; as `ApiKey`."""

    id: int
    uuid: UUID
    type: str
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose key was shown, for which tenant of the app; `admin` is the tenant's oldest. None where
    there is none."""

    key: ShownKey
    app: SellingApp
    tenant: BuyingTenant | None
    admin: BuyingUser | None

    @property
    def scope(self) -> str:
        """What keeps this caller's idempotency keys apart from another's."""
        return f"key:{self.key.id}"

    @property
    def cause(self) -> str:
        """How a timeline names this caller."""
        return timeline.by_key(self.key.uuid)


_KEYS, _APPS, _TENANTS = table(ApiKey), table(App), table(Tenant)
_MEMBERSHIPS, _USERS = table(Membership), table(User)

_OLDEST_ADMIN = (
    select(func.min(_MEMBERSHIPS.c.id))
    .join(_USERS, _USERS.c.id == _MEMBERSHIPS.c.user_id)
    .where(
        _MEMBERSHIPS.c.tenant_id == _TENANTS.c.id,
        _MEMBERSHIPS.c.role == "admin",
        _MEMBERSHIPS.c.deleted_at.is_(None),
        _USERS.c.deleted_at.is_(None),
    )
    .correlate(_TENANTS)
    .scalar_subquery()
)
_TENANT = and_(
    _TENANTS.c.app_id == _APPS.c.id,
    _TENANTS.c.uuid == bindparam("tenant_uuid"),
    _TENANTS.c.deleted_at.is_(None),
)
_CALLER = Question(
    select(*buyers.COLUMNS, *sold.columns(ApiKey, ShownKey))
    .select_from(_KEYS)
    .join(_APPS, _APPS.c.id == _KEYS.c.app_id)
    .outerjoin(_TENANTS, _TENANT)
    .outerjoin(_MEMBERSHIPS, _MEMBERSHIPS.c.id == _OLDEST_ADMIN)
    .outerjoin(_USERS, _USERS.c.id == _MEMBERSHIPS.c.user_id)
    .where(
        _KEYS.c.digest == bindparam("digest"),
        _KEYS.c.revoked_at.is_(None),
        _KEYS.c.deleted_at.is_(None),
        _APPS.c.deleted_at.is_(None),
    )
)


def find(db: Session, secret: str, tenant_uuid: UUID | None) -> Caller | None:
    """Answer who holds the key with this secret, and a tenant of their app; None for an unknown or
    revoked key."""
    asked = {"digest": api_keys.digest_of(secret), "tenant_uuid": tenant_uuid}
    row = _CALLER.ask(db, asked)
    if row is None:
        return None
    app, tenant, admin = buyers.read(row)
    return Caller(ShownKey(*row[len(buyers.COLUMNS) :]), app, tenant, admin)
