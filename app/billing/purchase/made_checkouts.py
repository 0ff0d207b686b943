"""Checkouts as the API that made them answers: few columns of each, in one question."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.db.base import table
from app.db.direct import Question
from app.models import App, CheckoutSession, ProviderAccount, Tenant, User


@dataclass(frozen=True, slots=True)
class Concerned:
    """Somebody it concerns, by the identity they have outside."""

    uuid: UUID


@dataclass(frozen=True, slots=True)
class AskedAccount:
    """The account whose provider was asked; as `ProviderAccount`."""

    uuid: UUID
    provider: str


@dataclass(frozen=True, slots=True)
class MadeCheckout:
    """A checkout and whom it concerns; as `CheckoutSession`."""

    app: Concerned
    tenant: Concerned | None
    user: Concerned | None
    provider_account: AskedAccount
    id: int
    uuid: UUID
    provider_id: str | None
    url: str | None
    mode: str
    is_deferred: bool
    details: dict[str, Any] | None
    collected: dict[str, Any] | None
    state_digest: str | None
    return_key: str
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


_MADE, _APPS, _ACCOUNTS = table(CheckoutSession), table(App), table(ProviderAccount)
_TENANTS, _USERS = table(Tenant), table(User)

_FOUND = Question(
    select(
        _APPS.c.uuid.label("app"),
        _TENANTS.c.uuid.label("tenant"),
        _USERS.c.uuid.label("user"),
        _ACCOUNTS.c.uuid.label("account"),
        _ACCOUNTS.c.provider,
        _MADE.c.id,
        _MADE.c.uuid,
        _MADE.c.provider_id,
        _MADE.c.url,
        _MADE.c.mode,
        _MADE.c.is_deferred,
        _MADE.c.details,
        _MADE.c.collected,
        _MADE.c.state_digest,
        _MADE.c.return_key,
        _MADE.c.created_at,
        _MADE.c.updated_at,
        _MADE.c.deleted_at,
    )
    .select_from(_MADE)
    .join(_APPS, _APPS.c.id == _MADE.c.app_id)
    .join(_ACCOUNTS, _ACCOUNTS.c.id == _MADE.c.provider_account_id)
    .outerjoin(_TENANTS, _TENANTS.c.id == _MADE.c.tenant_id)
    .outerjoin(_USERS, _USERS.c.id == _MADE.c.user_id)
    .where(_MADE.c.id == bindparam("row_id"))
)


def find(db: Session, row_id: int) -> MadeCheckout:
    """Answer a checkout that was just made, or made before with the same idempotency key."""
    app, tenant, user, account, provider, *own = _FOUND.ask(db, {"row_id": row_id})
    return MadeCheckout(
        Concerned(app),
        Concerned(tenant) if tenant else None,
        Concerned(user) if user else None,
        AskedAccount(account, provider),
        *own,
    )
