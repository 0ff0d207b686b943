"""The plans page."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.cast import World
from tests.pages import Visitor


@pytest.fixture
def path(world: World) -> str:
    return f"/t/{world.globex.uuid}/plans"


class TestShow:
    def test_offers_every_plan_and_presses_none(self, tara: Visitor, path: str) -> None:
        page = tara.opens(path)

        assert page.status == 200
        for test_id in ("plan-starter", "plan-team", "plan-business", "plan-onboarding"):
            assert page.at(test_id).get("checked") is None
        assert page.at("interval-month").get("checked") is None
        assert page.at("interval-year").get("checked") is None
        assert page.at("currency-EUR").get("checked") is not None
        assert page.has("continue")

    def test_works_out_what_the_address_asks_for(self, tara: Visitor, path: str) -> None:
        page = tara.opens(f"{path}?plan=team&interval=year&quantity=6&currency=EUR")

        assert "Team, yearly €1,140.00 6 seats × €190.00" in page.words()
        assert page.at("plan-team").get("checked") is not None

    def test_shows_another_currency_and_keeps_nothing(
        self, tara: Visitor, path: str, world: World
    ) -> None:
        page = tara.opens(f"{path}?plan=team&interval=month&currency=USD")

        assert "$" in page.words()
        assert "€" not in page.words()
        assert tara.opens(path).at("currency-EUR").get("checked") is not None

    def test_shows_a_member_everything_but_nothing_to_buy_with(
        self, milo: Visitor, path: str
    ) -> None:
        page = milo.opens(path)

        assert "€19" in page.words()
        assert "Ask tara@globex.example." in page.words()
        assert not page.has("plan-team")
        assert not page.has("continue")

    def test_does_not_exist_for_a_stranger(self, peter: Visitor, path: str) -> None:
        assert peter.opens(path).status == 404

    def test_asks_nobody_to_sign_in_and_keeps_the_choices(self, nobody: Visitor, path: str) -> None:
        page = nobody.opens(f"{path}?plan=team&interval=year")

        wanted = parse_qs(urlsplit(page.location).query)["next"]
        assert page.status == 303
        assert wanted == [f"{path}?plan=team&interval=year"]

    def test_ignores_what_it_does_not_offer(self, tara: Visitor, path: str) -> None:
        page = tara.opens(f"{path}?plan=nothing&interval=decade&quantity=x&currency=XXX")

        assert page.status == 200
        assert "Choose what to buy" in page.words()


class TestChoose:
    def test_goes_on_to_checkout(self, tara: Visitor, path: str, world: World) -> None:
        chosen = {"plan": "team", "interval": "year", "quantity": "6", "currency": "EUR"}

        page = tara.posts(path, chosen)

        price = world.price("team", "year")
        assert page.status == 303
        assert page.location == (
            f"/t/{world.globex.uuid}/checkout?price={price.price_id}&quantity=6"
        )

    def test_needs_no_period_for_a_one_time_product(
        self, tara: Visitor, path: str, world: World
    ) -> None:
        page = tara.posts(path, {"plan": "onboarding", "quantity": "1"})

        assert world.price("onboarding", None).price_id in page.location

    def test_keeps_the_currency_that_was_chosen(
        self, tara: Visitor, path: str, world: World
    ) -> None:
        page = tara.posts(
            path, {"plan": "team", "interval": "month", "quantity": "1", "currency": "USD"}
        )

        assert world.price("team", "month", "USD").price_id in page.location
        assert tara.opens(path).at("currency-USD").get("checked") is not None

    def test_says_everything_that_is_missing(self, tara: Visitor, path: str) -> None:
        page = tara.posts(path, {"quantity": "0"})

        assert page.status == 422
        assert page.title.startswith("Error: ")
        assert page.problems == [
            "Choose whether to pay monthly or yearly.",
            "Choose a plan.",
            "Enter a whole number from 1 to 1,000.",
        ]

    @pytest.mark.parametrize("quantity", ["0", "-1", "1000000000", "six", "1.5", "", "٣"])
    def test_refuses_a_quantity_that_is_none(self, tara: Visitor, path: str, quantity: str) -> None:
        page = tara.posts(path, {"plan": "team", "interval": "year", "quantity": quantity})

        assert page.status == 422
        assert page.at("quantity").get("value") == quantity
        assert page.at("plan-team").get("checked") is not None

    def test_refuses_a_member(self, milo: Visitor, path: str) -> None:
        page = milo.posts(path, {"plan": "team", "interval": "year", "quantity": "1"})

        assert page.status == 403
        assert "Only an admin of Globex can buy" in page.words()

    def test_does_not_exist_for_a_stranger(self, peter: Visitor, path: str) -> None:
        assert peter.posts(path, {"plan": "team"}).status == 404

    def test_takes_no_other_method(self, tara: Visitor, path: str) -> None:
        assert tara.client.put(path).status_code == 405
