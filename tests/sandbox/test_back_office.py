"""Money that goes back because a person at the dashboard, or the payer's bank, wants so."""

from __future__ import annotations

import urllib.error
from typing import Any

import pytest

from tests.sandbox.shop import Shop


def intent(shop: Shop) -> Any:
    plan = shop.subscriber()
    assert plan.id
    return shop.sdk.payment_intents.list({"expand": ["data.latest_charge"]}).data[0]


class TestARefundInTheDashboard:
    def test_gives_a_part_back_and_tells_the_shop(self, shop: Shop) -> None:
        paid = intent(shop)

        told = shop.events_after(lambda: shop.sandbox.refund(paid.id, 300))

        (refund,) = shop.sdk.refunds.list({"payment_intent": paid.id}).data
        assert (refund.amount, refund.status) == (300, "succeeded")
        assert told == ["refund.created", "charge.refunded"]

    def test_of_more_than_there_is_is_refused(self, shop: Shop) -> None:
        paid = intent(shop)

        with pytest.raises(urllib.error.HTTPError, match="400"):
            shop.sandbox.refund(paid.id, paid.amount + 1)


class TestAChargeback:
    def test_disputes_the_charge_once(self, shop: Shop) -> None:
        paid = intent(shop)

        told = shop.events_after(lambda: shop.sandbox.charge_back(paid.id))

        (after,) = shop.sdk.payment_intents.list({"expand": ["data.latest_charge"]}).data
        assert after.latest_charge.disputed
        assert told == ["charge.dispute.created"]
        with pytest.raises(urllib.error.HTTPError, match="400"):
            shop.sandbox.charge_back(paid.id)

    def test_of_an_unknown_payment_is_refused(self, shop: Shop) -> None:
        with pytest.raises(urllib.error.HTTPError, match="400"):
            shop.sandbox.charge_back("tr_unknown")
