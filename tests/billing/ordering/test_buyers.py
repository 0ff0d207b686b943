"""Buyers: few columns of a membership, which say the same as its rows."""

from __future__ import annotations

from dataclasses import fields

import pytest
from sqlalchemy.orm import Session

from app import clock
from app.billing.errors import NotFound
from app.billing.ordering import buyers
from tests.cast import World


class TestFind:
    def test_says_what_the_rows_say(self, world: World, db: Session) -> None:
        membership = world.membership(world.milo)

        buyer = buyers.find(db, user_id=world.milo.id, tenant_uuid=world.globex.uuid)

        pairs = (
            (buyer.user, membership.user),
            (buyer.tenant, membership.tenant),
            (buyer.tenant.app, membership.tenant.app),
        )
        for value, row in pairs:
            names = {f.name for f in fields(value)} - {"app"}
            assert {n: getattr(value, n) for n in names} == {n: getattr(row, n) for n in names}
        assert (buyer.role, buyer.user_id) == (membership.role, membership.user_id)
        assert buyer.may_buy is membership.may_buy is False
        assert buyer.tenant.app_id == membership.tenant.app_id
        assert buyer.tenant.has_details is membership.tenant.has_details
        assert buyer.tenant.app.is_enabled

    @pytest.mark.parametrize("gone", ["user", "tenant", "app", "membership"])
    def test_knows_nobody_who_is_gone(self, world: World, db: Session, gone: str) -> None:
        membership = world.membership(world.tara)
        rows = {
            "user": membership.user,
            "tenant": membership.tenant,
            "app": membership.tenant.app,
            "membership": membership,
        }
        rows[gone].deleted_at = clock.wall()
        db.flush()

        with pytest.raises(NotFound):
            buyers.find(db, user_id=world.tara.id, tenant_uuid=world.globex.uuid)

    def test_knows_nobody_of_another_tenant(self, world: World, db: Session) -> None:
        with pytest.raises(NotFound):
            buyers.find(db, user_id=world.peter.id, tenant_uuid=world.globex.uuid)
