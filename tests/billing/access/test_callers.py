"""Callers: an app's server and the tenant it asks for, found by the secret of its key."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app import clock
from app.billing.access import api_keys, callers
from app.billing.access.callers import Caller
from app.models import App, Tenant
from tests.cast import World


def found(world: World, db: Session, tenant_uuid: UUID | None) -> Caller:
    """Answer who calls with a new key of the app, for a tenant."""
    key, secret = api_keys.issue(db, world.app, "CI", "write")
    db.flush()
    caller = callers.find(db, secret, tenant_uuid)
    assert caller is not None
    assert (caller.key.id, caller.key.uuid, caller.key.type) == (key.id, key.uuid, "write")
    assert caller.app.id == world.app.id
    return caller


class TestFind:
    def test_answers_the_tenant_with_its_oldest_admin(self, world: World, db: Session) -> None:
        caller = found(world, db, world.globex.uuid)

        assert caller.tenant is not None and caller.admin is not None
        assert (caller.tenant.id, caller.tenant.name) == (world.globex.id, world.globex.name)
        assert caller.admin.uuid == world.tara.uuid

    def test_answers_a_tenant_whose_admins_are_gone(self, world: World, db: Session) -> None:
        world.tara.deleted_at = clock.wall()

        caller = found(world, db, world.globex.uuid)

        assert caller.tenant is not None
        assert caller.admin is None

    @pytest.mark.parametrize("whose", ["nobody", "another app", "gone"])
    def test_knows_no_tenant_that_is_not_the_apps(
        self, world: World, db: Session, whose: str
    ) -> None:
        other = App(name="Other", seller_name="Other Ltd", seller_country="DE")
        stranger = Tenant(app=other, name="Umbrella", country="DE")
        db.add_all([other, stranger])
        world.initech.deleted_at = clock.wall()
        db.flush()
        named = {"nobody": None, "another app": stranger.uuid, "gone": world.initech.uuid}

        caller = found(world, db, named[whose])

        assert caller.tenant is None
        assert caller.admin is None

    @pytest.mark.parametrize("spoiled", ["revoked_at", "deleted_at"])
    def test_forgets_a_key_that_was_withdrawn(
        self, world: World, db: Session, spoiled: str
    ) -> None:
        key, secret = api_keys.issue(db, world.app, "CI", "write")
        setattr(key, spoiled, clock.wall())
        db.flush()

        assert callers.find(db, secret, world.globex.uuid) is None

    @pytest.mark.parametrize("secret", ["unknown", "x" * 5000, "\x00", "ü"])
    def test_knows_no_other_secret(self, world: World, db: Session, secret: str) -> None:
        assert callers.find(db, secret, world.globex.uuid) is None
