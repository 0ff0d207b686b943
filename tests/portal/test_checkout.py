"""The checkout page."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import CheckoutSession
from tests import payer
from tests.cast import World
from tests.pages import Page, Visitor
from tests.sandbox_server import SandboxServer

NUMBER = "NL820646660B01"


@dataclass(frozen=True)
class Order:
    """Six seats of Team for a year, on its way through the page."""

    path: str
    price: str

    def at(self, **choices: str) -> str:
        return f"{self.path}?{urlencode({'price': self.price, 'quantity': '6', **choices})}"

    def filled(self, page: Page, **choices: str) -> dict[str, str]:
        return {**page.fields(self.path), "act": "pay", **choices}


@pytest.fixture
def order(world: World) -> Order:
    price = world.price("team", "year").price_id
    world.db.commit()
    return Order(f"/t/{world.globex.uuid}/checkout", price)


def begun(db: Session) -> int:
    db.rollback()
    return db.scalar(select(func.count()).select_from(CheckoutSession)) or 0


class TestShow:
    def test_prices_the_order_for_the_tenants_own_country(
        self, tara: Visitor, order: Order
    ) -> None:
        page = tara.opens(order.at())

        assert page.fields(order.path)["country"] == "DE"
        assert page.words("order-net") == "€1,140.00"
        assert page.words("order-tax") == "€216.60"
        assert page.words("order-total") == "€1,356.60"
        assert page.words("pay") == "Continue to pay €1,356.60"

    def test_chooses_no_method_for_the_payer(self, tara: Visitor, order: Order) -> None:
        page = tara.opens(order.at())

        offered = ["method-stripe-card", "method-mollie-card", "method-mollie-ideal"]
        assert [page.at(method).get("checked") for method in offered] == [None, None, None]

    def test_names_the_act_once_a_method_is_chosen(self, tara: Visitor, order: Order) -> None:
        page = tara.opens(order.at(country="NL", vat_number=NUMBER, method="mollie-ideal"))

        assert page.words("pay") == "Continue to Mollie to pay €1,140.00"
        assert page.words("order-tax") == "€0.00"
        assert "Reverse charge" in page.words()

    def test_lets_its_form_end_at_a_provider(
        self, tara: Visitor, order: Order, sandbox: SandboxServer
    ) -> None:
        policy = tara.opens(order.at()).headers["Content-Security-Policy"]

        assert f"form-action 'self' https: {sandbox.url}" in policy

    def test_says_that_a_vat_number_is_none_of_that_country(
        self, tara: Visitor, order: Order
    ) -> None:
        page = tara.opens(order.at(country="NL", vat_number="NL1"))

        assert page.status == 422
        assert page.problems == [
            "This is not a VAT number of Netherlands. Correct it, or leave it empty."
        ]
        assert page.at("vat-number").get("aria-invalid") == "true"

    def test_leads_back_to_the_plans_with_the_choice_kept(
        self, tara: Visitor, order: Order, world: World
    ) -> None:
        page = tara.opens(order.at())

        change = next(a.get("href") for a in page.all("a") if "Change" in (a.text or ""))
        assert change == (
            f"/t/{world.globex.uuid}/plans?plan=team&interval=year&quantity=6&currency=EUR"
        )

    def test_sells_nothing_where_no_rate_is_known(self, tara: Visitor, order: Order) -> None:
        page = tara.opens(order.at(country="PL", vat_number="", method="stripe-card"))

        assert "Not sold there yet" in page.words()
        assert not page.has("order-total")

    def test_begins_with_the_plans_where_nothing_is_chosen(
        self, tara: Visitor, order: Order, world: World
    ) -> None:
        assert tara.opens(order.path).location == f"/t/{world.globex.uuid}/plans"

    def test_asks_for_details_first_and_keeps_the_choice(
        self, tara: Visitor, order: Order, world: World, db: Session
    ) -> None:
        world.globex.legal_name = None
        db.commit()

        page = tara.opens(order.at(country="NL", vat_number=NUMBER, method="mollie-ideal"))
        form = tara.opens(page.location)
        saved = tara.posts(
            f"/t/{world.globex.uuid}/details",
            {**form.fields(f"/t/{world.globex.uuid}/details"), "legal_name": "Globex SE"},
        )

        assert saved.location == order.at(country="NL", vat_number=NUMBER, method="mollie-ideal")

    def test_shows_a_member_the_order_without_a_button(self, milo: Visitor, order: Order) -> None:
        page = milo.opens(order.at())

        assert page.words("order-total") == "€1,356.60"
        assert not page.has("pay")

    def test_does_not_exist_for_a_stranger(self, peter: Visitor, order: Order) -> None:
        assert peter.opens(order.at()).status == 404

    def test_knows_no_price_of_somebody_else(self, tara: Visitor, order: Order) -> None:
        assert tara.opens(f"{order.path}?price=price_unknown").status == 404

    @pytest.mark.parametrize("quantity", ["0", "-1", "1000000000", "six", "1001"])
    def test_refuses_a_quantity_that_is_none(
        self, tara: Visitor, order: Order, quantity: str
    ) -> None:
        assert tara.opens(order.at(quantity=quantity)).status == 422


class TestUpdate:
    def test_comes_back_with_every_choice_in_the_address(
        self, tara: Visitor, order: Order, db: Session
    ) -> None:
        shown = tara.opens(order.at())

        page = tara.posts(
            order.path, order.filled(shown, act="update", country="FR", method="stripe-sepa")
        )

        assert page.status == 303
        assert page.location == order.at(country="FR", vat_number="", method="stripe-sepa")
        assert begun(db) == 0


class TestPlace:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card", "mollie-ideal"])
    def test_sends_the_payer_to_the_provider(
        self, tara: Visitor, order: Order, sandbox: SandboxServer, method: str
    ) -> None:
        shown = tara.opens(order.at(country="NL", vat_number=NUMBER, method=method))

        page = tara.posts(order.path, order.filled(shown))

        assert page.status == 303
        assert page.location.startswith(sandbox.url)

    @pytest.mark.parametrize(("asked", "locale"), [("de-AT", "de"), ("tlh", None)])
    def test_keeps_the_language_the_order_was_made_in(
        self, tara: Visitor, order: Order, db: Session, asked: str, locale: str | None
    ) -> None:
        shown = tara.opens(order.at(method="stripe-card"))

        tara.posts(order.path, order.filled(shown), **{"Accept-Language": asked})

        (buyer,) = db.scalars(select(CheckoutSession.buyer))
        assert buyer is not None
        assert buyer["locale"] == locale

    def test_makes_one_checkout_of_two_presses(
        self, tara: Visitor, order: Order, db: Session
    ) -> None:
        shown = tara.opens(order.at(method="stripe-card"))

        pages = [tara.posts(order.path, order.filled(shown)) for _ in range(2)]

        assert pages[0].location == pages[1].location
        assert begun(db) == 1

    def test_shows_a_changed_order_before_it_is_bought(
        self, tara: Visitor, order: Order, db: Session
    ) -> None:
        shown = tara.opens(order.at(method="stripe-card"))

        changed = tara.posts(order.path, order.filled(shown, country="FR"))
        bought = tara.posts(order.path, order.filled(changed))

        assert changed.status == 422
        assert changed.words("order-tax") == "€228.00"
        assert len(changed.problems) == 1
        assert bought.status == 303

    def test_refuses_a_quote_that_somebody_wrote(
        self, tara: Visitor, order: Order, db: Session
    ) -> None:
        shown = tara.opens(order.at(method="stripe-card"))

        page = tara.posts(order.path, order.filled(shown, quote="bought.for.nothing"))

        assert page.status == 422
        assert begun(db) == 0

    def test_asks_for_a_method(self, tara: Visitor, order: Order, db: Session) -> None:
        page = tara.posts(order.path, order.filled(tara.opens(order.at())))

        assert page.status == 422
        assert page.problems == ["Choose a payment method."]
        assert begun(db) == 0

    def test_keeps_the_answers_where_the_provider_is_down(
        self, tara: Visitor, order: Order, sandbox: SandboxServer
    ) -> None:
        shown = tara.opens(order.at(country="NL", vat_number=NUMBER, method="stripe-card"))
        sandbox.fault("500_before", provider="stripe", times=20)

        page = tara.posts(order.path, order.filled(shown))

        assert page.status == 503
        assert page.headers["Retry-After"]
        assert page.at("vat-number").get("value") == NUMBER
        assert page.at("method-stripe-card").get("checked") is not None

    def test_refuses_a_member(
        self, milo: Visitor, tara: Visitor, order: Order, db: Session
    ) -> None:
        chosen = order.filled(tara.opens(order.at(method="stripe-card")))
        chosen.pop("csrf_token")

        page = milo.posts(order.path, chosen)

        assert page.status == 403
        assert begun(db) == 0

    def test_refuses_a_form_without_its_token(
        self, tara: Visitor, order: Order, db: Session
    ) -> None:
        chosen = order.filled(tara.opens(order.at(method="stripe-card")), csrf_token="forged")

        page = tara.posts(order.path, chosen)

        assert page.status == 400
        assert page.heading == "This form was open for too long"
        assert begun(db) == 0

    def test_sells_no_second_plan(self, tara: Visitor, order: Order, db: Session) -> None:
        shown = tara.opens(order.at(method="stripe-card"))
        placed = tara.posts(order.path, order.filled(shown))
        back = payer.pays(placed.location)
        assert back is not None
        tara.opens(back)

        page = tara.posts(order.path, order.filled(shown))
        later = tara.opens(order.at(method="stripe-card"))

        assert page.status == 409
        assert "A plan runs already" in later.words()
        assert not later.has("pay")
        assert begun(db) == 1
