"""Enrollments: a new tenant and its people, as an app's server names them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.billing.errors import Invalid
from app.billing.purchase import idempotency_keys
from app.billing.tenants import tenant_details
from app.billing.tenants.tenant_details import Details
from app.db import once
from app.models import App, IdempotencyKey, Membership, Tenant, User

LONGEST = 200


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of a tenant; `external_id` is what the owner's own issuer calls them."""

    email: str
    name: str | None = None
    role: str = "admin"
    external_id: str | None = None


def once_only(
    db: Session,
    app: App,
    name: str,
    people: Sequence[Person],
    details: Details | None,
    *,
    scope: str,
    key: str | None,
    body: Any,
) -> Tenant:
    """Enroll a tenant, or answer the one that a call with the same idempotency key enrolled.

    `scope` names credential and route, `body` is what was asked, as JSON values; keys live 24 hours
    of wall time. Raises what `enroll` does, and Invalid for a key that is none or was used with
    another body.
    """
    if key is None:
        return enroll(db, app, name, people, details)
    row_id = idempotency_keys.once_only(
        db,
        IdempotencyKey.tenant_id,
        lambda: enroll(db, app, name, people, details).id,
        scope=scope,
        key=key,
        body=body,
    )
    return db.get_one(Tenant, row_id)


def enroll(
    db: Session, app: App, name: str, people: Sequence[Person], details: Details | None = None
) -> Tenant:
    """Make a tenant of an app with its people, in this order, and its details where they are known.

    People are known by their e-mail address; one who has an account already keeps it. Raises
    Invalid naming the field (name, users.0.email and so on, or one of the details); nothing is
    done then.
    """
    tenant = Tenant(app=app, name=_squeezed(name))
    db.add(tenant)
    db.flush()
    if details is not None:
        tenant_details.update(db, tenant, details)
    enrolled: set[int] = set()
    for place, person in enumerate(people):
        user = _user(db, app, person, place)
        if user.id in enrolled:
            raise Invalid("is named twice", field=f"users.{place}.email")
        enrolled.add(user.id)
        db.add(Membership(tenant=tenant, user=user, role=person.role))
    db.flush()
    return tenant


def _squeezed(name: str) -> str:
    squeezed = " ".join(name.split())
    if not squeezed or len(squeezed) > LONGEST or not squeezed.isprintable():
        raise Invalid("must be 1 to %(most)s printable characters", field="name", most=LONGEST)
    return squeezed


def _user(db: Session, app: App, person: Person, place: int) -> User:
    email = _email(person.email, place)
    made = {"uuid": uuid4(), "email": email, "name": person.name, "external_id": person.external_id}
    once.insert(db, User, made)
    user = db.scalars(select(User).where(User.email == email)).one_or_none()
    if user is None:
        raise Invalid("is taken by somebody else", field=f"users.{place}.externalId")
    if user.deleted_at is not None:
        raise Invalid("is of an account that was deleted", field=f"users.{place}.email")
    if person.external_id not in (None, user.external_id):
        _name(db, app, user, str(person.external_id), place)
    return user


def _name(db: Session, app: App, user: User, external_id: str, place: int) -> None:
    """An app names its own people only: by an external id its issuer's tokens are believed."""
    field = f"users.{place}.externalId"
    elsewhere = exists().where(
        Membership.user_id == user.id, Membership.tenant_id == Tenant.id, Tenant.app_id != app.id
    )
    if user.external_id is not None or db.scalar(select(elsewhere)):
        raise Invalid("cannot be changed: this person is known already", field=field)
    if db.scalar(select(User.id).where(User.external_id == external_id)) is not None:
        raise Invalid("is taken by somebody else", field=field)
    user.external_id = external_id
    db.flush()


def _email(address: str, place: int) -> str:
    try:
        found = validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError:
        raise Invalid("must be an e-mail address", field=f"users.{place}.email") from None
    return found.lower()
