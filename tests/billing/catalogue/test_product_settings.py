"""What an owner says about a product."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.billing.catalogue import product_settings, products
from app.billing.catalogue.product_settings import ProductSettings
from app.billing.errors import Invalid, NotAllowed, NotFound
from app.models import App, Product
from tests.billing import owners
from tests.billing.owners import NOW
from tests.billing.purchases import Buyer
from tests.cast import World

TYPED = ProductSettings(
    name="Grand  Café +",
    description="For every table",
    features=" Tables \n\nBills\n",
    position="7",
    article_type_id="2",
    article_id="31",
)


def add(world: World, **changed: Any) -> Product:
    settings = replace(TYPED, **changed)
    return product_settings.add(world.db, owners.alice(world), settings, now=NOW)


class TestAdd:
    def test_keeps_what_was_typed_and_names_it_in_addresses(self, world: World) -> None:
        product = add(world)

        assert (product.name, product.slug) == ("Grand Café +", "grand-cafe")
        assert product.features == ["Tables", "Bills"]
        assert (product.position, product.family) == (7, "default")
        assert (product.article_type_id, product.article_id) == (2, 31)
        assert owners.noted(world) == [("product.added", "Grand Café +")]

    def test_finds_a_free_name_in_addresses(self, world: World) -> None:
        slugs = [
            add(world, name=name, article_type_id="", article_id="").slug
            for name in ("Team!", "Team?", "日本", "a" * 90)
        ]

        assert slugs == ["team-2", "team-3", "product", "a" * 60]

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"name": " "}, "name"),
            ({"name": "x" * 201}, "name"),
            ({"name": "Te\x00am"}, "name"),
            ({"name": "Team"}, "name"),
            ({"slug": "Team Plan"}, "slug"),
            ({"slug": "team"}, "slug"),
            ({"slug": "team-"}, "slug"),
            ({"description": "x" * 201}, "description"),
            ({"features": "\n".join(map(str, range(21)))}, "features"),
            ({"family": "Main family"}, "family"),
            ({"position": "-1"}, "position"),
            ({"position": "first"}, "position"),
            ({"article_id": ""}, "article_id"),
            ({"article_type_id": ""}, "article_type_id"),
            ({"article_type_id": "1", "article_id": "1"}, "article_id"),
            ({"article_id": "1.5"}, "article_id"),
        ],
    )
    def test_names_what_is_wrong_and_does_nothing(
        self, world: World, changed: dict[str, str], field: str
    ) -> None:
        with pytest.raises(Invalid) as refused:
            add(world, **changed)

        assert refused.value.field == field
        assert owners.noted(world) == []

    def test_is_not_for_support(self, world: World) -> None:
        with pytest.raises(NotAllowed):
            product_settings.add(world.db, owners.helper(world), TYPED, now=NOW)


class TestSave:
    def test_changes_what_is_different_and_notes_it(self, world: World) -> None:
        team = world.price("team").product
        typed = replace(product_settings.of(team), name="Teams", slug="teams")

        product_settings.save(world.db, owners.alice(world), team.uuid, typed, now=NOW)
        product_settings.save(world.db, owners.alice(world), team.uuid, typed, now=NOW)

        assert (team.name, team.slug) == ("Teams", "teams")
        assert owners.noted(world) == [("product.changed", "Team")]

    @pytest.mark.parametrize(("field", "value"), [("slug", "teams"), ("family", "extra")])
    def test_leaves_what_a_sale_tied_down(self, tara: Buyer, field: str, value: str) -> None:
        tara.world.begin_plan(tara.world.globex)
        team = tara.world.price("team").product
        typed = product_settings.of(team)

        with pytest.raises(Invalid, match="stays as it is") as refused:
            product_settings.save(
                tara.db,
                owners.alice(tara.world),
                team.uuid,
                replace(typed, **{field: value}),
                now=NOW,
            )

        assert refused.value.field == field
        renamed = replace(typed, name="Teams")
        product_settings.save(tara.db, owners.alice(tara.world), team.uuid, renamed, now=NOW)
        assert team.name == "Teams"

    def test_counts_what_was_paid_once_as_sold(self, tara: Buyer) -> None:
        onboarding = tara.world.price("onboarding", None).product
        tara.db.commit()
        placed = tara.buys("onboarding", None, quantity=1)
        before = product_settings.is_sold(tara.db, onboarding)
        tara.checkout(placed).state = "complete"
        tara.db.flush()

        assert (before, product_settings.is_sold(tara.db, onboarding)) == (False, True)

    def test_finds_no_product_of_another_app(self, world: World) -> None:
        other = App(name="Acme Maps", seller_name="Acme", seller_country="DE")
        world.db.add(other)
        world.db.flush()

        with pytest.raises(NotFound):
            product_settings.find(world.db, other, world.price("team").product.uuid)


class TestArchive:
    def test_takes_a_product_off_the_plans_page_and_puts_it_back(self, world: World) -> None:
        team, alice = world.price("team").product, owners.alice(world)

        def offered() -> set[str]:
            world.db.flush()
            return {price.product.slug for price in products.for_sale(world.db, world.app.id)}

        for _twice in range(2):
            product_settings.archive(world.db, alice, team.uuid, now=NOW)
        without = offered()
        for _twice in range(2):
            product_settings.restore(world.db, alice, team.uuid, now=NOW)

        assert "team" not in without
        assert "team" in offered()
        assert [action for action, _ in owners.noted(world)] == [
            "product.archived",
            "product.restored",
        ]


class TestListed:
    def test_comes_page_by_page_in_the_order_of_the_plans_page(
        self, world: World, db: Session
    ) -> None:
        first = product_settings.listed(db, world.app, limit=3)
        second = product_settings.listed(db, world.app, after=first[-1].id, limit=3)
        beyond = product_settings.listed(db, world.app, after=second[-1].id)
        archived = product_settings.listed(db, world.app, archived=True)

        assert [p.slug for p in first] == ["starter", "team", "business"]
        assert [p.slug for p in second] == ["onboarding"]
        assert (list(beyond), list(archived)) == ([], [])
