"""Tara uses the keyboard only: everything is reached, and she always sees where she is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.cast import PASSWORDS
from tests.e2e.actors import Payer

MOST_STOPS = 60

# Where focus is, by test id; and whether an outline shows it, on the control or on the box that
# stands for it. The first stop of a page is the browser's own and is left out.
_FOCUSED = "document.activeElement?.dataset.testid ?? document.activeElement?.textContent ?? ''"
_IS_VISIBLE = """() => {
  for (let e = document.activeElement; e && e !== document.body; e = e.parentElement) {
    const style = getComputedStyle(e);
    if (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) return true;
  }
  return false;
}"""


class Typist:
    """Goes through a page with Tab and presses keys."""

    def __init__(self, payer: Payer) -> None:
        self.payer = payer
        self.keyboard = payer.page.keyboard

    def goes_to(self, test_id: str) -> None:
        """Press Tab until this has focus; every stop on the way must be seen."""
        for _ in range(MOST_STOPS):
            self.keyboard.press("Tab")
            focused = self.payer.page.evaluate(_FOCUSED)
            assert self.payer.page.evaluate(_IS_VISIBLE), f"focus is not seen on {focused!r}"
            if focused == test_id:
                return
        raise AssertionError(f"{test_id} is not reached by Tab")

    def presses(self, key: str) -> None:
        self.keyboard.press(key)

    def types(self, text: str) -> None:
        self.keyboard.press("Control+A")
        self.keyboard.type(text)

    def goes_on(self, key: str = "Enter") -> None:
        """Press what leads to another page."""
        with self.payer.page.expect_navigation():
            self.keyboard.press(key)


@pytest.fixture
def typist(payer: Payer) -> Typist:
    return Typist(payer)


@pytest.fixture
def signs_in(payer: Payer, typist: Typist) -> Callable[[], None]:
    def signs_in() -> None:
        payer.opens("/sign-in")
        typist.goes_to("sign-in-email")
        typist.types("tara@globex.example")
        typist.goes_to("sign-in-password")
        typist.types(PASSWORDS["tara@globex.example"])
        typist.goes_on()

    return signs_in


class TestPayerUsesTheKeyboard:
    def test_buys_a_plan(self, payer: Payer, typist: Typist, signs_in: Callable[[], None]) -> None:
        signs_in()
        typist.goes_to("Choose a plan")
        typist.goes_on()

        typist.goes_to("interval-month")
        typist.presses("ArrowRight")
        expect(payer.at("interval-year")).to_be_checked()
        typist.goes_to("plan-starter")
        typist.presses("ArrowDown")
        expect(payer.at("plan-team")).to_be_checked()
        typist.goes_to("quantity")
        typist.types("2")
        typist.goes_to("continue")
        typist.goes_on()

        typist.goes_to("tax-country")
        typist.types("Netherlands")
        expect(payer.at("tax-country")).to_have_value("NL")
        typist.goes_to("method-stripe-card")
        typist.presses("Space")
        expect(payer.at("method-stripe-card")).to_be_checked()
        expect(payer.at("pay")).to_be_enabled()
        typist.goes_to("pay")
        typist.goes_on()

        payer.is_at_the_provider()
        payer.at("sandbox-pay").focus()
        typist.goes_on()
        payer.sees_checkout("active")
        payer.sees_plan("Team, yearly")

    def test_skips_to_the_content(
        self, payer: Payer, typist: Typist, signs_in: Callable[[], None]
    ) -> None:
        signs_in()
        payer.goes_to("plans")

        typist.goes_to("Skip to the content")
        typist.presses("Enter")
        typist.presses("Tab")

        expect(payer.at("interval-month")).to_be_focused()

    def test_hears_the_problems_first_and_goes_to_the_field(
        self, payer: Payer, typist: Typist, signs_in: Callable[[], None]
    ) -> None:
        signs_in()
        payer.goes_to("plans")
        payer.at("continue").focus()
        typist.goes_on()
        payer.is_told_of("Choose whether to pay monthly or yearly.", "Choose a plan.")

        typist.presses("Tab")
        typist.presses("Enter")

        expect(payer.at("interval-month")).to_be_focused()
