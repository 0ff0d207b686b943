"""The storefront: the same offer as `products.offer`, in one statement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app import clock
from app.billing.catalogue import products
from app.billing.errors import NotFound
from app.billing.ordering import storefronts
from app.billing.tenants import tenants
from app.models import Subscription
from tests.cast import World
from tests.statements import Statements


def names(offer: products.Offer) -> list[str]:
    return [plan.product.name for plan in (*offer.plans, *offer.one_time)]


def amounts(offer: products.Offer) -> list[int | None]:
    return [
        price.unit_amount if price else None
        for plan in (*offer.plans, *offer.one_time)
        for price in (plan.month, plan.year, plan.once)
    ]


class TestEnter:
    def test_answers_what_the_membership_does(self, db: Session, world: World) -> None:
        asked: dict[str, Any] = {"user_id": world.milo.id, "tenant_uuid": world.globex.uuid}

        visit = storefronts.enter(db, **asked)
        membership = tenants.find(db, **asked)

        assert visit.may_buy == membership.may_buy
        assert visit.user.email == membership.user.email
        assert visit.tenant.uuid == membership.tenant.uuid
        assert visit.tenant.name == membership.tenant.name
        assert visit.tenant.app.name == membership.tenant.app.name
        assert visit.tenant.app.brand_color == membership.tenant.app.brand_color
        assert not visit.has_bought

    def test_knows_no_stranger(self, db: Session, world: World) -> None:
        with pytest.raises(NotFound):
            storefronts.enter(db, user_id=world.peter.id, tenant_uuid=world.globex.uuid)

    @pytest.mark.parametrize(
        "removed",
        [
            lambda world: world.membership(world.tara),
            lambda world: world.globex,
            lambda world: world.app,
            lambda world: world.tara,
        ],
        ids=["membership", "tenant", "app", "user"],
    )
    def test_knows_nobody_who_was_removed(
        self, db: Session, world: World, removed: Callable[[World], Any]
    ) -> None:
        removed(world).deleted_at = clock.wall()
        db.flush()

        with pytest.raises(NotFound):
            storefronts.enter(db, user_id=world.tara.id, tenant_uuid=world.globex.uuid)


class TestOffer:
    @pytest.mark.parametrize("currency", [None, "USD", "EUR", "XXX"])
    def test_is_the_one_of_the_catalogue(
        self, db: Session, world: World, currency: str | None
    ) -> None:
        visit = storefronts.enter(db, user_id=world.tara.id, tenant_uuid=world.globex.uuid)

        offer = storefronts.offer(db, visit, currency)
        known = products.offer(db, world.globex, currency)

        assert (offer.currency, offer.currencies) == (known.currency, known.currencies)
        assert offer.intervals == known.intervals
        assert names(offer) == names(known)
        assert amounts(offer) == amounts(known)

    def test_marks_what_runs(self, db: Session, world: World) -> None:
        price = world.price("team", "year")
        db.add(
            Subscription(
                app_id=world.app.id,
                tenant_id=world.globex.id,
                provider_account_id=world.account("stripe").id,
                price_id=price.id,
                livemode=False,
                family="default",
                status="active",
                quantity=1,
                currency="EUR",
                net=19000,
                tax=0,
                total=19000,
                started_at=clock.wall(),
                anchor_at=clock.wall(),
            )
        )
        db.flush()
        visit = storefronts.enter(db, user_id=world.tara.id, tenant_uuid=world.globex.uuid)

        offer = storefronts.offer(db, visit)

        assert visit.has_bought
        assert offer.running is not None
        assert [plan.product.slug for plan in offer.plans if plan.is_current] == ["team"]
        assert offer.currencies == ()

    def test_asks_once_while_the_catalogue_stays(
        self, db: Session, world: World, statements: Statements
    ) -> None:
        for _ in range(2):
            visit = storefronts.enter(db, user_id=world.tara.id, tenant_uuid=world.globex.uuid)
            statements.said.clear()
            storefronts.offer(db, visit)

        assert statements.said == []

    def test_shows_a_new_price_at_once(self, db: Session, world: World) -> None:
        asked: dict[str, Any] = {"user_id": world.tara.id, "tenant_uuid": world.globex.uuid}
        storefronts.offer(db, storefronts.enter(db, **asked))

        world.price("team", "month").unit_amount = 2500
        db.flush()

        assert 2500 in amounts(storefronts.offer(db, storefronts.enter(db, **asked)))

    def test_drops_a_product_at_once(self, db: Session, world: World) -> None:
        asked: dict[str, Any] = {"user_id": world.tara.id, "tenant_uuid": world.globex.uuid}
        storefronts.offer(db, storefronts.enter(db, **asked))

        world.price("onboarding", None).product.archived_at = clock.wall()
        db.flush()

        assert "Onboarding" not in names(storefronts.offer(db, storefronts.enter(db, **asked)))


@pytest.fixture
def statements(database: Any, world: World) -> Statements:
    """Count from here on."""
    return Statements(database)
