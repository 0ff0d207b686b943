"""Memberships: roles change, people leave, and an admin stays."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from app import clock
from app.billing.errors import Conflict, Invalid, NotAllowed, NotFound
from app.billing.people import memberships
from app.billing.tenants import tenants
from app.db.engine import Database
from tests import together
from tests.billing.purchases import Buyer


def roles(buyer: Buyer) -> dict[str, str]:
    found = tenants.people(buyer.db, buyer.world.globex)
    buyer.db.commit()
    return {one.user.email.partition("@")[0]: one.role for one in found}


def change(buyer: Buyer, uuid: UUID, role: str) -> None:
    now = buyer.site.clock.now()
    memberships.change_role(buyer.db, membership=buyer.membership, uuid=uuid, role=role, now=now)
    buyer.db.commit()


def remove(buyer: Buyer, uuid: UUID) -> None:
    now = buyer.site.clock.now()
    memberships.remove(buyer.db, membership=buyer.membership, uuid=uuid, now=now)
    buyer.db.commit()


class TestChangeRole:
    def test_makes_an_admin_of_a_member_and_back(self, tara: Buyer, milo: Buyer) -> None:
        change(tara, milo.user.uuid, "admin")
        assert roles(tara)["milo"] == "admin"

        change(tara, milo.user.uuid, "member")
        assert roles(tara)["milo"] == "member"

    def test_to_the_role_they_have_changes_nothing(self, tara: Buyer) -> None:
        change(tara, tara.user.uuid, "admin")

        assert roles(tara) == {"tara": "admin", "milo": "member"}

    def test_leaves_an_admin(self, tara: Buyer) -> None:
        with pytest.raises(Conflict, match="the only admin"):
            change(tara, tara.user.uuid, "member")
        tara.db.rollback()

        assert roles(tara)["tara"] == "admin"

    def test_knows_two_roles(self, tara: Buyer, milo: Buyer) -> None:
        with pytest.raises(Invalid):
            change(tara, milo.user.uuid, "owner")

    def test_is_for_admins(self, milo: Buyer) -> None:
        with pytest.raises(NotAllowed):
            change(milo, milo.user.uuid, "admin")

    @pytest.mark.parametrize("who", ["peter", "nobody"])
    def test_knows_nobody_of_another_tenant(self, tara: Buyer, who: str) -> None:
        uuid = tara.world.peter.uuid if who == "peter" else uuid4()

        with pytest.raises(NotFound):
            change(tara, uuid, "admin")


class TestRemove:
    def test_ends_the_access_at_once(self, tara: Buyer, milo: Buyer) -> None:
        remove(tara, milo.user.uuid)

        assert roles(tara) == {"tara": "admin"}
        with pytest.raises(NotFound):
            tenants.find(tara.db, user_id=milo.user.id, tenant_uuid=tara.world.globex.uuid)

    def test_lets_an_admin_go_where_another_one_stays(self, tara: Buyer, milo: Buyer) -> None:
        change(tara, milo.user.uuid, "admin")

        remove(tara, tara.user.uuid)

        assert roles(tara) == {"milo": "admin"}

    def test_leaves_an_admin(self, tara: Buyer) -> None:
        with pytest.raises(Conflict, match="Make somebody else an admin first"):
            remove(tara, tara.user.uuid)

    def test_is_for_admins(self, milo: Buyer) -> None:
        with pytest.raises(NotAllowed):
            remove(milo, milo.world.tara.uuid)

    def test_of_a_stranger_is_of_nobody(self, tara: Buyer, peter: Buyer) -> None:
        with pytest.raises(NotFound):
            remove(tara, peter.user.uuid)

    def test_of_two_admins_who_remove_each_other_one_stays(
        self, tara: Buyer, milo: Buyer, database: Database
    ) -> None:
        change(tara, milo.user.uuid, "admin")
        pairs = [(tara.membership, milo.user.uuid), (milo.membership, tara.user.uuid)]

        def press(number: int) -> bool:
            membership, uuid = pairs[number]
            with database.writer() as db:
                try:
                    memberships.remove(db, membership=membership, uuid=uuid, now=clock.wall())
                except (Conflict, NotFound):
                    return False
                db.commit()
                return True

        assert together.each(press, range(2)).count(True) == 1
        assert list(roles(tara).values()) == ["admin"]
