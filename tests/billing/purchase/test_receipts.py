"""The page of a checkout: every figure it prints, while it waits and for good."""

from __future__ import annotations

from uuid import uuid4

import pytest

from app.billing import timeline
from app.billing.errors import NotFound
from app.billing.ordering.orders import Placed
from app.billing.timeline import KINDS
from app.models import TimelineEntry
from app.money import Money
from tests import payer
from tests.billing.purchases import Buyer


class TestAReceipt:
    def test_of_an_open_purchase_leads_back_to_the_providers_page(self, tara: Buyer) -> None:
        placed = tara.buys("business", "year", quantity=3)

        shown = tara.opens(placed)

        assert (shown.status, shown.mode, shown.name) == ("confirming", "subscription", "Business")
        assert (shown.interval, shown.quantity) == ("year", 3)
        assert shown.unit == Money(39000, "EUR")
        amounts = (shown.net.minor, shown.tax.minor, shown.total.minor)
        assert amounts == (117000, 22230, 139230)
        assert (shown.paid, shown.refunded, shown.next_charge) == (None, None, None)
        assert (shown.provider_name, shown.method) == ("Stripe", "card")
        assert shown.continue_url == placed.url
        assert shown.reference == str(placed.checkout_uuid)[:8].upper()
        assert shown.next_check_at is not None
        assert (shown.paid_at, shown.confirmed_at, shown.active_at) == (None, None, None)

    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_of_a_paid_purchase_stays_the_same_for_good(self, tara: Buyer, method: str) -> None:
        placed = tara.buys(method=method)
        assert placed.url is not None
        tara.comes_back(payer.pays(placed.url))
        first = tara.opens(placed)

        tara.waits("3 months")
        tara.sweeps()
        later = tara.opens(placed)

        for shown in (first, later):
            assert (shown.status, shown.paid, shown.total) == (
                "active",
                Money(4522, "EUR"),
                Money(4522, "EUR"),
            )
            assert (shown.brand, shown.last4, shown.continue_url) == ("visa", "4242", None)
            assert shown.started_at <= shown.confirmed_at  # type: ignore[operator]
        assert first.paid_at == later.paid_at
        assert later.next_charge_at is not None and first.next_charge_at is not None
        assert later.next_charge_at > first.next_charge_at

    def test_of_a_set_up_shows_what_was_given_back(self, tara: Buyer) -> None:
        placed = tara.saves("mollie-card")
        assert placed.url is not None
        tara.comes_back(payer.pays(placed.url))

        shown = tara.opens(placed)

        assert (shown.mode, shown.unit, shown.interval) == ("setup", None, None)
        assert shown.refunded == Money(1, "EUR")
        assert shown.try_again is None

    def test_keeps_the_choices_for_another_try(self, tara: Buyer) -> None:
        placed = tara.buys(
            method="mollie-card", country="NL", vat_number="NL820646660B01", quantity=7
        )
        assert placed.url is not None
        tara.comes_back(payer.declines(placed.url))

        again = tara.opens(placed).try_again

        assert again is not None
        assert (again.quantity, again.country, again.method) == (7, "NL", "mollie-card")
        assert again.vat_number == "NL820646660B01"
        assert tara.places(tara.sees(again)).url is not None

    def test_shows_a_decline_and_the_card_that_paid_as_one_attempt(self, tara: Buyer) -> None:
        placed = tara.buys("onboarding", None)
        assert placed.url is not None
        payer.declines(placed.url)
        tara.opens(placed)
        tara.waits("1 minutes")
        tara.comes_back(payer.pays(placed.url))

        shown = tara.opens(placed)

        assert [(attempt.status, attempt.decline) for attempt in shown.attempts] == [("paid", None)]
        assert shown.decline is None

    def test_is_for_its_tenant_only(self, tara: Buyer, peter: Buyer, milo: Buyer) -> None:
        placed = tara.buys()

        assert milo.reads(placed) == "confirming"
        with pytest.raises(NotFound):
            peter.opens(placed)
        with pytest.raises(NotFound):
            tara.opens(Placed(uuid4(), None))

    def test_tells_only_what_the_pages_have_words_for(self, tara: Buyer) -> None:
        first = tara.buys(method="stripe-sepa")
        tara.buys(method="stripe-card")
        last = tara.buys(method="stripe-sepa")
        assert first.url is not None and last.url is not None
        tara.comes_back(payer.pays(last.url))
        tara.waits("6 days")
        tara.sweeps()

        entries = tara.rows(TimelineEntry)

        assert {entry.kind for entry in entries} <= set(KINDS)
        moves = [(entry.checkout_id, entry.subscription_id, entry.kind) for entry in entries]
        assert len(set(moves)) == len(moves)
        causes = {entry.cause for entry in entries}
        assert causes == {timeline.by_user(tara.user.uuid), "replaced", "return", "sweep"}
        assert [entry.kind for entry in tara.opens(first).entries] == [
            "checkout.open",
            "checkout.expired",
        ]
