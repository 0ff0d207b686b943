"""Apps: how they begin, whose they are, and what in them waits for a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, contains_eager, selectinload

from app.billing.apps import audits
from app.billing.errors import NotFound
from app.billing.invoicing import invoice_prefixes
from app.models import App, AppMember, CheckoutSession, User


def find(db: Session, uuid: UUID) -> App | None:
    """Answer the app of a uuid, if there still is one."""
    return db.scalars(select(App).where(App.uuid == uuid, App.deleted_at.is_(None))).one_or_none()


def named(db: Session, uuid: UUID) -> App:
    """Answer the app of a uuid; raises NotFound."""
    app = find(db, uuid)
    if app is None:
        raise NotFound("There is no app with this uuid.")
    return app


def of(db: Session, user_id: int) -> list[App]:
    """Answer the apps a person runs, by name."""
    found = (
        select(App)
        .join(AppMember, AppMember.app_id == App.id)
        .join(User, User.id == AppMember.user_id)
        .where(
            AppMember.user_id == user_id,
            AppMember.deleted_at.is_(None),
            App.deleted_at.is_(None),
            User.deleted_at.is_(None),
        )
        .order_by(App.name, App.id)
    )
    return list(db.scalars(found))


def make(db: Session, owner: User, values: dict[str, Any], *, now: datetime) -> AppMember:
    """Make an app of checked settings, in test mode, and answer its owner's place in it.

    Raises Invalid naming `invoice_prefix` where another app of the owner has it.
    """
    prefix = values["invoice_prefix"] or invoice_prefixes.make(db, owner.id, values["name"])
    invoice_prefixes.require_free(db, owner.id, prefix)
    app = App(**{**values, "invoice_prefix": prefix})
    db.add(app)
    db.flush()
    member = AppMember(app=app, user=owner, role="owner")
    db.add(member)
    db.flush()
    audits.note(db, member, "app.created", app.name, now=now)
    return member


def owned(db: Session, user_id: int) -> bool:
    """Answer whether a person owns an app here."""
    found = exists().where(
        AppMember.user_id == user_id,
        AppMember.role == "owner",
        AppMember.deleted_at.is_(None),
        AppMember.app_id == App.id,
        App.deleted_at.is_(None),
    )
    return bool(db.scalar(select(found)))


def attention(db: Session, apps: list[App], *, limit: int = 50) -> list[CheckoutSession]:
    """Answer the checkouts of some apps that need a person, the newest first, with app, tenant,
    price and provider account."""
    found = (
        select(CheckoutSession)
        .join(CheckoutSession.app)
        .options(
            contains_eager(CheckoutSession.app),
            selectinload(CheckoutSession.tenant),
            selectinload(CheckoutSession.price),
            selectinload(CheckoutSession.provider_account),
        )
        .where(
            CheckoutSession.app_id.in_([app.id for app in apps]),
            CheckoutSession.state == "needs_review",
        )
        .order_by(CheckoutSession.id.desc())
        .limit(limit)
    )
    return list(db.scalars(found))
