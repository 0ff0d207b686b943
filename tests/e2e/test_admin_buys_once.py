"""Tara buys something that is paid once, beside a plan or without one."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.actors import Payer


class TestAdminBuysOnce:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-ideal"])
    def test_pays_and_has_a_receipt(self, tara: Payer, method: str) -> None:
        tara.orders("onboarding", None, method=method)

        tara.pays()

        tara.sees_checkout("active")
        tara.sees_heading("Onboarding is paid")
        tara.reads("€583.10")
        tara.has_no_plan()
        tara.reads("€583.10")

    def test_buys_it_beside_a_plan(self, tara: Payer) -> None:
        tara.orders("team", "month")
        tara.pays()
        tara.sees_checkout("active")

        tara.orders("onboarding", None, seats=2)
        tara.pays()

        tara.sees_heading("Onboarding is paid")
        tara.sees_plan("Team, monthly")

    def test_keeps_the_receipt(self, tara: Payer) -> None:
        tara.orders("onboarding", None)
        tara.pays()
        tara.sees_checkout("active")
        receipt = tara.page.url

        tara.goes_to("")
        row = tara.page.get_by_role("row", name="€583.10")
        row.get_by_role("link").click()
        expect(tara.page.get_by_role("heading", level=1)).to_contain_text("Invoice")

        tara.opens(receipt)
        tara.sees_checkout("active")
