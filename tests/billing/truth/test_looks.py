"""What a look costs: the database is asked as little as it is today, each statement counted."""

from __future__ import annotations

from sqlalchemy import select

from app.billing.plans import plan_looks
from app.billing.purchase import checkouts
from app.db.engine import Database
from app.models import Subscription
from tests import payer
from tests.billing.purchases import Buyer
from tests.statements import Statements


class TestTheLooksAtAPaidPurchase:
    def test_ask_at_most_22_and_21_times(self, tara: Buyer, database: Database) -> None:
        placed = tara.buys(method="stripe-card")
        assert placed.url is not None
        payer.pays(placed.url)
        checkout_id = tara.checkout(placed).id
        tara.db.commit()
        statements = Statements(database)

        checkouts.sync(tara.db, tara.site, checkout_id, cause="test")
        at_checkout, statements.said = statements.said, []
        plan_id = tara.db.scalars(select(Subscription.id)).one()
        statements.said.clear()
        plan_looks.look(tara.db, tara.site, plan_id, cause="test")

        assert tara.checkout(placed).state == "complete"
        assert len(at_checkout) <= 22, at_checkout
        assert len(statements.said) <= 21, statements.said

    def test_ask_at_most_7_and_10_times_where_nothing_is_new(
        self, tara: Buyer, database: Database
    ) -> None:
        placed = tara.buys(method="stripe-card")
        assert placed.url is not None
        tara.comes_back(payer.pays(placed.url))
        plan_id = tara.db.scalars(select(Subscription.id)).one()
        plan_looks.look(tara.db, tara.site, plan_id, cause="test")
        checkout_id = tara.checkout(placed).id
        tara.db.commit()
        statements = Statements(database)

        checkouts.sync(tara.db, tara.site, checkout_id, cause="test")
        at_checkout, statements.said = statements.said, []
        plan_looks.look(tara.db, tara.site, plan_id, cause="test")

        assert len(at_checkout) <= 7, at_checkout
        assert len(statements.said) <= 10, statements.said
