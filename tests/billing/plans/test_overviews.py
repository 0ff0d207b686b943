"""The overview: what runs, what it costs next, what was paid, what happens if nobody acts."""

from __future__ import annotations

from datetime import UTC, datetime

from app.models import Subscription
from app.money import Money
from tests import payer
from tests.billing.purchases import Buyer


def bought(
    buyer: Buyer, slug: str = "team", interval: str | None = "month", **order: object
) -> None:
    placed = buyer.buys(slug, interval, **order)
    assert placed.url is not None
    buyer.comes_back(payer.pays(placed.url))


class TestAnOverview:
    def test_of_a_new_tenant_is_empty(self, tara: Buyer) -> None:
        shown = tara.overview()

        assert (shown.subscription, shown.next_charge, shown.pending) == (None, None, None)
        assert (shown.payments, shown.forecast, shown.timeline) == ([], [], [])
        assert shown.payment_method is None

    def test_leads_to_the_purchase_that_waits(self, tara: Buyer) -> None:
        placed = tara.buys(method="stripe-sepa")
        before = tara.overview().pending
        assert placed.url is not None
        tara.comes_back(payer.pays(placed.url))

        after = tara.overview().pending

        assert before is not None and before.uuid == placed.checkout_uuid
        assert after is not None and after.uuid == placed.checkout_uuid

    def test_leads_to_a_purchase_before_a_method_that_is_not_saved(self, tara: Buyer) -> None:
        placed = tara.buys(method="stripe-sepa")
        saving = tara.saves()
        assert placed.checkout_uuid != saving.checkout_uuid

        waits = tara.overview().pending

        assert waits is not None and waits.uuid == placed.checkout_uuid

    def test_tells_what_happens_next_in_order(self, tara: Buyer) -> None:
        bought(tara)

        shown = tara.overview()

        assert [line.kind for line in shown.forecast] == ["renewal"] * 3 + ["card_expires"]
        assert shown.forecast[0].amount == shown.next_charge == Money(4522, "EUR")
        assert shown.forecast[0].at == shown.next_charge_at
        card = shown.payment_method
        assert card is not None and card.exp_year is not None
        assert shown.forecast[-1].at > datetime(card.exp_year, 1, 1, tzinfo=UTC)

    def test_of_a_plan_that_ends_announces_no_charge(self, tara: Buyer) -> None:
        bought(tara)
        row = tara.rows(Subscription)[0]
        row.status = "canceling"
        tara.db.commit()

        shown = tara.overview()

        assert (shown.next_charge, shown.next_charge_at) == (None, None)
        assert shown.forecast[0].kind == "ends"

    def test_of_a_plan_that_has_ended_still_names_it(self, tara: Buyer) -> None:
        bought(tara)
        row = tara.rows(Subscription)[0]
        row.status = "canceled"
        tara.db.commit()

        shown = tara.overview()

        assert shown.subscription is not None and shown.next_charge is None
        assert [line.kind for line in shown.forecast] == ["card_expires"]

    def test_shows_the_latest_payments_with_their_purchases(self, tara: Buyer) -> None:
        bought(tara)
        bought(tara, "onboarding", None, method="mollie-ideal")

        shown = tara.overview()

        assert [paid.payment.amount for paid in shown.payments] == [116620, 4522]
        assert all(paid.checkout_uuid for paid in shown.payments)
        assert len(shown.timeline) == 5
        assert [told.entry.kind for told in shown.timeline][:2] == [
            "invoice.paid",
            "checkout.complete",
        ]
        assert shown.timeline[0].mode == "payment"

    def test_shows_nothing_of_another_tenant(self, tara: Buyer, peter: Buyer) -> None:
        bought(tara)

        shown = peter.overview()

        assert (shown.subscription, shown.payments, shown.timeline) == (None, [], [])

    def test_shows_nothing_of_another_mode(self, tara: Buyer) -> None:
        bought(tara)
        tara.world.app.livemode = True
        tara.db.commit()

        shown = tara.overview()

        assert (shown.subscription, shown.payments, shown.timeline) == (None, [], [])
        assert shown.payment_method is None
