"""Milo sees what his company pays for, and buys nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e import ledger
from tests.e2e.actors import TEAM, Payer
from tests.sandbox_server import SandboxServer


@pytest.fixture
def bought(tara: Payer) -> Payer:
    tara.orders("team", "month")
    tara.pays()
    tara.sees_checkout("active")
    return tara


class TestMemberLooks:
    def test_sees_the_plans_and_who_can_buy(self, milo: Payer) -> None:
        milo.goes_to("plans")

        milo.sees_heading("Plans for Globex")
        milo.reads("Only an admin of Globex can buy or change it. Ask tara@globex.example.")
        for control in ("plan-team", "interval-month", "quantity", "continue"):
            milo.does_not_see(control)

    def test_sees_the_plan_and_the_receipt(self, milo: Payer, bought: Payer) -> None:
        milo.sees_plan("Team, monthly")

        milo.opens(bought.page.url)

        milo.sees_checkout("active")

    def test_can_see_a_price_and_not_pay_it(self, milo: Payer) -> None:
        milo.goes_to(TEAM)

        expect(milo.at("order-net")).to_have_text("€19.00")
        milo.does_not_see("pay")

    @pytest.mark.parametrize(
        "place", ["plans", "checkout", "details", "payment-methods/new"], ids=lambda p: p
    )
    def test_is_refused_where_he_sends_a_form_all_the_same(
        self, milo: Payer, sandbox: SandboxServer, place: str
    ) -> None:
        milo.goes_to("plans")
        token = milo.page.locator("[name=csrf_token]").first.get_attribute("value")

        answer = milo.context.request.post(
            f"{milo.home}/{place}", form={"csrf_token": str(token), "act": "pay"}
        )

        assert answer.status == 403
        assert "Only an admin of Globex" in answer.text()
        assert ledger.checkouts(sandbox, "stripe") == []
