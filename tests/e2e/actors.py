"""The people of the journeys, each in a browser of their own.

They know the portal by the test ids that are part of the product, and the sandbox by its buttons.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, cast

from playwright.sync_api import Browser, Locator, Response, expect

from tests.cast import PASSWORDS
from tests.e2e.complaints import Complaints

# Milliseconds, as Playwright counts.
PATIENCE = 60_000
# The checkout page of the demo's Team plan, for those who come by address.
TEAM = "checkout?price=price_demoTeamMonthEUR&quantity=1"
Cookies = MutableMapping[str, list[Any]]


@dataclass
class Actor:
    """Somebody with a browser; `tenant` is the uuid of whose portal they go to. `kept` holds the
    sign-ins of this test worker by e-mail address."""

    browser: Browser
    url: str
    sandbox_url: str
    email: str
    tenant: str
    kept: Cookies = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.context = self.browser.new_context(base_url=self.url, **self.settings)
        self.context.set_default_timeout(PATIENCE)
        self.complaints = Complaints(self.context)
        self.page = self.context.new_page()

    def leaves(self) -> None:
        """Close the browser."""
        self.context.close()

    @property
    def way(self) -> str:
        """The pages this person was given, one a line, and what they saw last."""
        seen = "(closed)" if self.page.is_closed() else self.page.locator("body").inner_text()
        return "\n".join([*self.complaints.pages, "", seen])

    @property
    def home(self) -> str:
        """The address of their tenant's portal."""
        return f"/t/{self.tenant}"

    def signs_in(self) -> None:
        """Come in by password; later journeys of this test worker go on with the same cookie."""
        if self.email not in self.kept:
            self.types_password()
            self.kept[self.email] = list(self.context.cookies())
        self.context.add_cookies(self.kept[self.email])

    def types_password(self, password: str | None = None) -> Response:
        """Open the sign-in page and send it filled in."""
        self.opens("/sign-in")
        return self.fills_in_the_sign_in(password)

    def fills_in_the_sign_in(self, password: str | None = None) -> Response:
        """Send the sign-in page this person is on, by default with the right password."""
        self.at("sign-in-email").fill(self.email)
        self.at("sign-in-password").fill(password or PASSWORDS[self.email])
        return self.presses("sign-in-submit")

    def opens(self, address: str) -> Response:
        """Go to an address and answer what came."""
        return _unbroken(cast(Response, self.page.goto(address)))

    def goes_to(self, place: str) -> Response:
        """Open a page of their tenant's portal, such as "plans"; "" is the overview."""
        return self.opens(f"{self.home}/{place}")

    def at(self, test_id: str) -> Locator:
        """Answer the element with a test id."""
        return self.page.get_by_test_id(test_id)

    def presses(self, test_id: str) -> Response:
        """Press what leads to another page, and answer what came."""
        with self.page.expect_navigation() as arriving:
            self.at(test_id).click()
        return _unbroken(arriving.value)

    def writes_unseen(self, name: str, value: str) -> None:
        """Change what a form sends along unseen, as no button of the page does."""
        self.page.locator(f"[name={name}]").evaluate_all(
            "(fields, value) => fields.forEach((field) => { field.value = value; })", value
        )

    def reads(self, text: str | re.Pattern[str]) -> None:
        """See this on the page."""
        expect(self.page.get_by_role("main")).to_contain_text(text)

    def sees_heading(self, text: str | re.Pattern[str]) -> None:
        """See this as the page's heading."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)

    def does_not_see(self, test_id: str) -> None:
        """Find no such element on the page."""
        expect(self.at(test_id)).to_have_count(0)

    def is_told_of(self, *problems: str) -> None:
        """See the list of problems in front, with focus on it, and "Error:" in the tab."""
        summary = self.page.get_by_role("alert")
        expect(summary.get_by_role("listitem")).to_have_text(list(problems))
        expect(summary).to_be_focused()
        expect(self.page).to_have_title(re.compile("^Error: "))


class Payer(Actor):
    """Somebody who buys for a tenant."""

    def chooses(self, plan: str, interval: str | None = "month", *, seats: int = 1) -> None:
        """Choose on the plans page and go on to the checkout page."""
        self.goes_to("plans")
        if interval:
            self.at(f"interval-{interval}").check()
        self.at(f"plan-{plan}").check()
        self.at("quantity").fill(str(seats))
        self.presses("continue")

    def is_taxed(self, country: str, vat_number: str = "") -> None:
        """Name the tax country and the VAT number."""
        self.at("tax-country").select_option(country)
        self.at("vat-number").fill(vat_number)

    def picks(self, method: str) -> None:
        """Choose a payment method, such as "stripe-card"."""
        self.at(f"method-{method}").check()

    def goes_to_pay(self) -> None:
        """Press the button that leads to the provider's page."""
        self.presses("pay")
        self.is_at_the_provider()

    def is_at_the_provider(self) -> None:
        """Be on the provider's page."""
        expect(self.page).to_have_url(re.compile(f"^{re.escape(self.sandbox_url)}/"))

    def orders(
        self,
        plan: str = "team",
        interval: str | None = "month",
        *,
        method: str = "stripe-card",
        seats: int = 1,
        country: str = "DE",
        vat_number: str = "",
    ) -> None:
        """Choose a plan and how to pay, and arrive at the provider's page."""
        self.chooses(plan, interval, seats=seats)
        self.is_taxed(country, vat_number)
        self.picks(method)
        self.goes_to_pay()

    def adds_a_card(self, method: str) -> None:
        """Begin to save a payment method, and arrive at the provider's page."""
        self.goes_to("payment-methods/new")
        self.picks(method)
        self.presses("continue")
        self.is_at_the_provider()

    def pays(self) -> None:
        """Pay with what the provider's page has filled in."""
        self.presses("sandbox-pay")

    def pays_by_card(self, number: str) -> None:
        """Pay with the card of this number."""
        self.page.locator("[name=card_number]").fill(number)
        self.pays()

    def declines(self) -> None:
        """Have the bank refuse."""
        self.presses("sandbox-decline")

    def cancels(self) -> None:
        """Go back from the provider's page without paying."""
        self.presses("sandbox-cancel")

    def lets_it_expire(self) -> None:
        """Let the provider's page run out of time."""
        self.presses("sandbox-expire")

    def looks_how_it_stands(self) -> None:
        """Find the purchase that was begun by way of the overview."""
        self.goes_to("")
        self.page.get_by_role("link", name="See how it stands").click()

    def sees_checkout(self, status: str) -> None:
        """See the checkout's page come to this status."""
        expect(self.at("checkout-status")).to_have_attribute("data-status", status)

    def sees_plan(self, name: str, status: str = "active") -> None:
        """Open the overview and see this plan in this status."""
        self.goes_to("")
        expect(self.at("plan-name")).to_have_text(name)
        expect(self.at("plan-status")).to_have_attribute("data-status", status)

    def has_no_plan(self) -> None:
        """Open the overview and see that no plan runs."""
        self.goes_to("")
        self.does_not_see("plan-status")


def _unbroken(answer: Response) -> Response:
    # Said at once: on such a page every later step would wait in vain.
    assert answer.status != 500, f"{answer.url} broke"
    return answer
