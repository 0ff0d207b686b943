"""Finding tenants: by what a name or an address begins with, page by page, each with its plan."""

from __future__ import annotations

import pytest

from app.billing.ordering import storefronts
from app.billing.people import viewings
from app.billing.tenants import tenant_lists
from app.models import Tenant
from tests.cast import World


def found(world: World, text: str, *, limit: int = 25) -> list[list[str]]:
    """Answer the names of every page."""
    pages, after = [], None
    while True:
        page = tenant_lists.page(world.db, world.app, text, after=after, limit=limit)
        pages.append([line.tenant.name for line in page.lines])
        after = page.after
        if after is None:
            return pages


class TestTheList:
    def test_begins_with_the_newest(self, world: World) -> None:
        assert found(world, "") == [["Initech", "Globex"]]
        assert found(world, "", limit=1) == [["Initech"], ["Globex"]]

    @pytest.mark.parametrize(
        ("text", "names"),
        [
            ("GLOBEX", ["Globex"]),
            ("  globex ", ["Globex"]),
            ("invoices@i", ["Initech"]),
            ("Milo@", ["Globex"]),
            ("i", ["Initech", "Globex"]),
            ("nobody", []),
            ("%", []),
            ("alice@", []),
        ],
    )
    def test_finds_what_begins_so(self, world: World, text: str, names: list[str]) -> None:
        assert sorted(sum(found(world, text), [])) == sorted(names)

    def test_tells_names_apart_byte_by_byte(self, world: World) -> None:
        names = ["Umbrella-B", "Umbrella A", "Umbrellab", "Umbrella, Inc.", "Ümbrella", "Umbrellä"]
        world.db.add_all(Tenant(app_id=world.app.id, name=name) for name in names)
        world.db.commit()

        assert found(world, "umbrella-") == [["Umbrella-B"]]
        assert found(world, "ü") == [["Ümbrella"]]
        paged = found(world, "umbrella", limit=2)
        assert sorted(sum(paged, [])) == sorted(names[:4])
        assert sum(paged, []) == sum(found(world, "umbrella"), [])

    def test_shows_the_plan_that_runs(self, world: World) -> None:
        world.begin_plan(world.globex)
        world.begin_plan(world.globex, price=world.price("business"), status="canceled")

        (line,) = tenant_lists.page(world.db, world.app, "globex").lines

        assert line.plan is not None
        assert (line.plan.price.product.slug, line.plan.status) == ("team", "active")

    def test_leaves_out_who_left_and_what_is_deleted(self, world: World) -> None:
        membership = world.membership(world.milo)
        membership.deleted_at = membership.created_at
        world.initech.deleted_at = membership.created_at
        world.db.commit()

        assert found(world, "milo@") == [[]]
        assert found(world, "") == [["Globex"]]


class TestAViewing:
    def test_is_oneself_with_a_role_that_may_do_nothing(self, world: World) -> None:
        alice, globex = world.alice.id, world.globex.uuid

        viewing = viewings.find(world.db, user_id=alice, tenant_uuid=globex)
        visit = storefronts.view(world.db, user_id=alice, tenant_uuid=globex)

        assert (viewing.user.email, viewing.tenant.name) == ("alice@acme.example", "Globex")
        assert (visit.user.email, visit.tenant.name) == ("alice@acme.example", "Globex")
        assert [viewing.role, visit.role] == ["viewer", "viewer"]
        assert not viewing.may_buy and not visit.may_buy
