"""What tests about the catalogue have in common: who runs the app, and what Stripe has."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from app.models import AppMember, AuditEntry
from app.sandbox.world import Account
from tests.cast import World

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def alice(world: World) -> AppMember:
    """Answer the owner's place in the app, with app and user."""
    return world.db.scalars(select(AppMember).where(AppMember.user_id == world.alice.id)).one()


def helper(world: World) -> AppMember:
    """Answer somebody of support."""
    member = AppMember(app_id=world.app.id, user_id=world.charlie.id, role="support")
    world.db.add(member)
    world.db.commit()
    return member


def noted(world: World) -> list[tuple[str, str]]:
    """Answer (action, subject) of each line of the audit log, oldest first."""
    lines = world.db.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [(line.action, line.subject) for line in lines]


def at_stripe(world: World, site: Any, sandbox: Any) -> Account:
    """Answer the app's account in the sandbox."""
    account = world.account("stripe")
    world.db.commit()
    key = site.credentials(account.sealed_credentials).secret_key
    found: Account = sandbox.app.world.account("stripe", key)
    return found
