"""Payment pages on both databases: many presses at once, and what is asked by whom."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app.billing.errors import Conflict, NotAllowed
from app.billing.purchase import checkouts, payment_links, payment_pages
from app.billing.purchase.payment_links import PaymentLink
from app.billing.purchase.payment_pages import Entered, PaymentPage
from app.billing.site import Site
from app.db.engine import Database
from app.models import CheckoutSession
from app.providers.base import Collect
from tests import together
from tests.billing import orders_of_apis
from tests.billing.orders_of_apis import STATE
from tests.billing.purchases import CREATES
from tests.cast import World
from tests.sandbox_server import SandboxServer

PRESSES = 12


def shown(db: Session, site: Site, uuid: UUID) -> PaymentPage:
    """Open the page as its payer does."""
    checkout = checkouts.by_uuid(db, uuid)
    assert checkout is not None
    return payment_pages.show(db, site, checkout)


class TestSendOn:
    @pytest.mark.parametrize("provider", ["stripe", "mollie"])
    def test_makes_one_checkout_of_many_presses_at_once(
        self, world: World, site: Site, database: Database, sandbox: SandboxServer, provider: str
    ) -> None:
        row = orders_of_apis.create(world, site, orders_of_apis.stated(world, provider))

        def press(_: int) -> str | None:
            with database.writer() as db:
                page = shown(db, site, row.uuid)
                return payment_pages.send_on(db, site, page, Entered())

        led_to = together.each(press, range(PRESSES))

        made = [call for call in sandbox.calls("POST") if call["path"] == CREATES[provider]]
        assert len(set(led_to)) == 1
        assert led_to[0] is not None
        assert len(made) == 1

    def test_refuses_the_second_plan_also_where_it_was_asked_for_first(
        self, world: World, site: Site
    ) -> None:
        row = orders_of_apis.create(world, site, orders_of_apis.stated(world))
        world.begin_plan(world.globex)

        with pytest.raises(Conflict):
            payment_pages.send_on(world.db, site, shown(world.db, site, row.uuid), Entered())

    def test_keeps_what_was_entered_first(self, world: World, site: Site) -> None:
        made = orders_of_apis.order(world, "mollie", collect=Collect(tax_id="optional"))
        row = orders_of_apis.create(world, site, made)
        page = shown(world.db, site, row.uuid)

        for tax_id in ("DE136695976", "DE000000000"):
            payment_pages.send_on(world.db, site, page, Entered(tax_id=tax_id))

        kept = world.db.get_one(CheckoutSession, row.id, populate_existing=True).collected
        assert kept is not None
        assert kept["tax_id"] == "DE136695976"


class TestAsked:
    def test_is_nothing_where_nothing_was_wanted(self, world: World, site: Site) -> None:
        row = orders_of_apis.create(world, site, orders_of_apis.order(world, "mollie"))

        assert payment_pages.asked(site, row) == Collect()
        assert payment_pages.next_url(site, row) == row.url

    def test_is_what_stripes_page_cannot_limit_to_a_country(self, world: World, site: Site) -> None:
        wanted = Collect(billing_address=True)
        row = orders_of_apis.create(world, site, orders_of_apis.stated(world, collect=wanted))

        assert payment_pages.asked(site, row) == wanted
        assert shown(world.db, site, row.uuid).country == "DE"


class TestFind:
    def test_needs_a_key_that_is_still_known(self, world: World, site: Site) -> None:
        row = orders_of_apis.create(world, site, orders_of_apis.stated(world))
        link = PaymentLink(
            checkout=str(row.uuid),
            client_id=str(world.app.uuid),
            kind="payment",
            session_id=str(row.uuid),
            hash=payment_links.hash_of(site, row, world.app.uuid),
            states=(STATE,),
        )
        keyed = PaymentLink(checkout=str(row.uuid), key=payment_links.secret(site, row))
        assert payment_links.find(world.db, site, link).id == row.id

        row.return_key = "00000000"
        world.db.merge(row)
        world.db.commit()

        for one in (link, keyed):
            with pytest.raises(NotAllowed):
                payment_links.find(world.db, site, one)
