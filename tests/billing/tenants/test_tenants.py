"""Tenants: who belongs to them."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from app import clock
from app.billing.errors import NotFound
from app.billing.tenants import tenants
from app.db.engine import Database
from app.models import Membership
from tests.cast import World
from tests.statements import Statements


class TestMemberships:
    def test_answers_the_tenants_of_a_user_by_name(self, world: World, db: Session) -> None:
        db.add(Membership(tenant_id=world.initech.id, user_id=world.tara.id, role="member"))
        db.flush()

        found = tenants.memberships(db, world.tara.id)

        assert [(m.tenant.name, m.role, m.tenant.app.name) for m in found] == [
            ("Globex", "admin", "Acme Notes"),
            ("Initech", "member", "Acme Notes"),
        ]

    def test_leaves_out_what_was_removed(self, world: World, db: Session) -> None:
        world.globex.deleted_at = clock.wall()
        db.flush()

        assert tenants.memberships(db, world.tara.id) == []
        assert tenants.memberships(db, world.charlie.id) == []


class TestFind:
    def test_answers_membership_tenant_app_and_user_in_one_query(
        self, world: World, database: Database
    ) -> None:
        with database.reader() as db:
            statements = Statements(database)

            found = tenants.find(db, user_id=world.milo.id, tenant_uuid=world.globex.uuid)

            told = (found.user.email, found.tenant.name, found.tenant.app.name, found.may_buy)
            assert told == ("milo@globex.example", "Globex", "Acme Notes", False)
            assert len(statements.said) == 1

    def test_knows_no_tenant_of_somebody_else(self, world: World, db: Session) -> None:
        for user in (world.peter, world.charlie, world.alice):
            with pytest.raises(NotFound):
                tenants.find(db, user_id=user.id, tenant_uuid=world.globex.uuid)

    def test_knows_no_tenant_that_does_not_exist(self, world: World, db: Session) -> None:
        with pytest.raises(NotFound):
            tenants.find(db, user_id=world.tara.id, tenant_uuid=uuid4())

    @pytest.mark.parametrize("removed", ["membership", "tenant", "app", "user"])
    def test_knows_nothing_that_was_removed(self, world: World, db: Session, removed: str) -> None:
        membership = world.membership(world.tara)
        rows = {
            "membership": membership,
            "tenant": world.globex,
            "app": world.app,
            "user": world.tara,
        }
        rows[removed].deleted_at = clock.wall()
        db.flush()

        with pytest.raises(NotFound):
            tenants.find(db, user_id=world.tara.id, tenant_uuid=world.globex.uuid)


class TestAdmins:
    def test_are_those_who_may_buy_the_oldest_first(self, world: World, db: Session) -> None:
        db.add(Membership(tenant_id=world.globex.id, user_id=world.charlie.id, role="admin"))
        db.flush()

        assert tenants.admins(db, world.globex.id) == [world.tara, world.charlie]
