"""The first page of an app in the console."""

from __future__ import annotations

from sqlalchemy import select

from app.models import CheckoutSession, Payment
from tests import payer
from tests.billing.purchases import Buyer
from tests.cast import World
from tests.pages import Visitor


def links(visitor: Visitor, path: str) -> set[str]:
    return {link.get("href", "") for link in visitor.opens(path).all("a")}


class TestHome:
    def test_leads_to_what_was_paid_last(self, alice: Visitor, buyer: Buyer) -> None:
        home = f"/console/apps/{buyer.world.app.uuid}/"
        assert "Nobody has tried to pay yet." in alice.opens(home).words()

        placed = buyer.buys(method="mollie-card")
        assert placed.url is not None
        buyer.comes_back(payer.pays(placed.url))

        payment = buyer.db.scalars(select(Payment)).one()
        buyer.db.commit()
        assert f"{home}operations/payments/{payment.uuid}" in links(alice, home)
        assert "€45.22 · Globex" in alice.opens(home).words()

    def test_leads_to_the_payments_that_need_a_person(self, alice: Visitor, buyer: Buyer) -> None:
        home = f"/console/apps/{buyer.world.app.uuid}/"
        placed = buyer.buys(method="mollie-card")
        buyer.sandbox.fault("wrong_amount", provider="mollie")
        assert placed.url is not None
        buyer.comes_back(payer.pays(placed.url))

        checkout = buyer.db.scalars(select(CheckoutSession)).one()
        buyer.db.commit()
        assert f"{home}operations/reviews/{checkout.uuid}" in links(alice, home)

    def test_finds_anything(self, alice: Visitor, world: World) -> None:
        page = alice.opens(f"/console/apps/{world.app.uuid}/")

        assert page.has("console-operations-search")
