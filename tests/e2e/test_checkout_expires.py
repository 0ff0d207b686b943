"""Tara waits too long at the provider's page."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.e2e.actors import Payer


def buys_after_all(payer: Payer, method: str) -> None:
    payer.presses("try-again")
    expect(payer.at(f"method-{method}")).to_be_checked()
    payer.goes_to_pay()
    payer.pays()
    payer.sees_checkout("active")
    payer.sees_plan("Team, monthly")


class TestCheckoutExpires:
    def test_is_told_on_the_way_back_from_stripe(self, tara: Payer) -> None:
        tara.orders("team", "month", method="stripe-card")

        tara.lets_it_expire()

        tara.sees_checkout("expired")
        tara.reads("Nothing was charged, and your choices are kept.")
        buys_after_all(tara, "stripe-card")

    def test_is_told_on_the_way_back_from_mollie(self, tara: Payer) -> None:
        tara.orders("team", "month", method="mollie-card")

        tara.lets_it_expire()

        tara.sees_checkout("expired")
        buys_after_all(tara, "mollie-card")

    def test_sees_the_day_run_out(self, tara: Payer, time_passes: Callable[[str], None]) -> None:
        tara.orders("team", "month", method="stripe-card")
        tara.looks_how_it_stands()
        tara.sees_checkout("confirming")

        time_passes("25 hours")

        tara.sees_checkout("expired")
        buys_after_all(tara, "stripe-card")

    def test_orders_again_without_looking_back(
        self, tara: Payer, time_passes: Callable[[str], None]
    ) -> None:
        tara.orders("team", "month", method="mollie-ideal")
        time_passes("1 day")

        tara.orders("team", "month", method="mollie-ideal")
        tara.pays()

        tara.sees_plan("Team, monthly")
