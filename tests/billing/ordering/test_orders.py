"""Orders: shown with their price, placed once, refused where something is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from itsdangerous import TimestampSigner

from app.billing.errors import Conflict, Invalid, NotAllowed, NotFound
from app.billing.ordering import orders
from app.billing.ordering.orders import OrderChanged
from app.models import App, CheckoutSession, Customer, Price, Product
from tests import payer
from tests.billing.purchases import CREATES, Buyer

UNSOUND_QUANTITIES = (0, -1, 1001, 10**9, 10**30)
UNSOUND_METHODS = (
    None,
    "",
    "stripe",
    "stripe-",
    "-card",
    "paypal-card",
    "mollie-sepa",
    "x-y-z",
    "\x00",
)
METHODS = ["stripe-card", "mollie-card"]


def untouched(buyer: Buyer) -> bool:
    """Answer that nothing was written, and no provider was asked for anything."""
    asked = [call for call in buyer.sandbox.calls("POST") if "webhook" not in call["path"]]
    return not asked and not buyer.rows(CheckoutSession) and not buyer.rows(Customer)


class TestReview:
    def test_shows_the_figures_and_every_way_to_pay(self, tara: Buyer) -> None:
        choice = tara.chooses("team", "month", method=None)

        shown = orders.review(tara.db, tara.site, membership=tara.membership, choice=choice)

        assert shown.quote is not None and shown.quote_token is not None
        figures = (shown.quote.net.minor, shown.quote.tax.minor, shown.quote.total.minor)
        assert figures == (3800, 722, 4522)
        offered = [(method.id, method.settle_days) for method in shown.methods]
        assert ("stripe-card", 0) in offered and ("stripe-sepa", 14) in offered
        assert ("mollie-ideal", 0) in offered
        assert shown.problems == {} and shown.running is None and shown.pending is None
        assert untouched(tara)

    def test_offers_dollars_only_what_takes_dollars(self, peter: Buyer) -> None:
        choice = peter.chooses(currency="USD", country="US", method=None)

        shown = orders.review(peter.db, peter.site, membership=peter.membership, choice=choice)

        offered = {method.id for method in shown.methods}
        assert {"stripe-card", "mollie-card"} <= offered
        assert offered.isdisjoint({"stripe-sepa", "mollie-ideal", "mollie-bancontact"})

    def test_tells_of_the_plan_that_runs(self, tara: Buyer) -> None:
        placed = tara.buys()
        assert placed.url is not None
        tara.comes_back(payer.pays(placed.url))

        shown = orders.review(
            tara.db, tara.site, membership=tara.membership, choice=tara.chooses("business")
        )

        assert shown.running is not None and shown.running.status == "active"

    def test_tells_of_the_order_that_waits(self, tara: Buyer) -> None:
        placed = tara.buys()

        shown = orders.review(
            tara.db, tara.site, membership=tara.membership, choice=tara.chooses("business")
        )

        assert shown.pending is not None and shown.pending.uuid == placed.checkout_uuid

    def test_names_a_quantity_nobody_can_buy(self, tara: Buyer) -> None:
        for quantity in UNSOUND_QUANTITIES:
            choice = tara.chooses(quantity=quantity)

            shown = orders.review(tara.db, tara.site, membership=tara.membership, choice=choice)

            assert str(shown.problems["quantity"]) == "Choose a quantity from 1 to 1000."
            assert shown.quote is None and shown.quote_token is None


class TestPlace:
    @pytest.mark.parametrize("method", METHODS)
    def test_gets_the_same_page_however_often_it_is_pressed(self, tara: Buyer, method: str) -> None:
        placed = [tara.buys(method=method) for _ in range(3)]

        assert len(set(placed)) == 1 and placed[0].url is not None
        assert tara.creates(method.partition("-")[0]) == 1
        assert len(tara.rows(CheckoutSession)) == 1

    @pytest.mark.parametrize(
        ("first", "end"), [("stripe-card", "expired"), ("mollie-card", "canceled")]
    )
    @pytest.mark.parametrize("second", METHODS)
    def test_ends_an_earlier_order_at_its_provider_before_the_next(
        self, tara: Buyer, first: str, end: str, second: str
    ) -> None:
        earlier = tara.buys("team", method=first)
        assert earlier.url is not None

        placed = tara.buys("business", method=second)

        assert placed.url is not None and placed.url != earlier.url
        assert tara.checkout(earlier).state == end
        assert tara.checkout(earlier).superseded_by_id == tara.checkout(placed).id
        with pytest.raises(payer.NoSuchButton):
            payer.pays(earlier.url)
        calls = [call["path"] for call in tara.sandbox.calls() if call["method"] != "GET"]
        ended = calls.index(page_end(earlier_id := tara.checkout(earlier).provider_id))
        made = len(calls) - 1 - calls[::-1].index(CREATES[second.partition("-")[0]])
        assert earlier_id is not None and ended < made

    @pytest.mark.parametrize(
        "change", [{"quantity": 3}, {"country": "FR"}, {"method": "stripe-sepa"}]
    )
    def test_takes_any_change_for_another_order(self, tara: Buyer, change: dict[str, Any]) -> None:
        earlier = tara.buys()

        placed = tara.buys(**change)

        assert placed.checkout_uuid != earlier.checkout_uuid
        assert [row.state for row in tara.rows(CheckoutSession)] == ["expired", "open"]

    def test_keeps_one_time_things_and_plans_apart(self, tara: Buyer) -> None:
        plan = tara.buys("team")
        thing = tara.buys("onboarding", None)

        assert plan.url != thing.url
        assert [row.state for row in tara.rows(CheckoutSession)] == ["open", "open"]

    def test_keeps_tenants_apart(self, tara: Buyer, peter: Buyer) -> None:
        tara.buys()
        peter.buys(currency="USD", country="US")

        assert [row.state for row in tara.rows(CheckoutSession)] == ["open", "open"]

    @pytest.mark.parametrize("method", METHODS)
    def test_sends_what_was_shown_whatever_tax_applies(self, tara: Buyer, method: str) -> None:
        sold = [("DE", None, 4522), ("FR", None, 4560), ("US", None, 3800)]
        placed = [
            tara.buys(method=method, country=country, vat_number=vat_number)
            for country, vat_number, _ in sold
        ]
        accepted = [tara.checkout(one).total for one in placed]
        assert placed[-1].url is not None

        tara.comes_back(payer.pays(placed[-1].url))

        assert accepted == [total for _, _, total in sold]
        assert tara.reads(placed[-1]) == "active"
        assert tara.payments()[-1] == ("paid", 3800)

    def test_leaves_the_vat_to_a_company_abroad(self, tara: Buyer) -> None:
        placed = tara.buys(country="NL", vat_number="NL 8206.46660 B01")
        assert placed.url is not None

        tara.comes_back(payer.pays(placed.url))

        bought = tara.checkout(placed)
        assert (bought.tax_rule, bought.total) == ("reverse_charge", 3800)
        assert bought.vat_number == "NL820646660B01"
        assert tara.reads(placed) == "active"


def page_end(provider_id: str | None) -> str:
    """Answer where a checkout is ended at its provider."""
    if str(provider_id).startswith("tr_"):
        return f"/mollie/v2/payments/{provider_id}"
    return f"/stripe/v1/checkout/sessions/{provider_id}/expire"


class TestPlaceRefuses:
    def test_a_member(self, milo: Buyer) -> None:
        with pytest.raises(NotAllowed, match="Only an admin of Globex can buy"):
            milo.places(milo.chooses())
        with pytest.raises(NotAllowed):
            milo.saves()

        assert untouched(milo)

    def test_a_price_nobody_sells(self, tara: Buyer) -> None:
        for price_id in ("price_unknown", "", "x" * 5000, "price_\x00"):
            with pytest.raises(NotFound):
                tara.places(replace(tara.chooses(), price_id=price_id))

        assert untouched(tara)

    def test_a_price_of_another_app(self, tara: Buyer) -> None:
        app = App(name="Other", seller_name="Other", seller_country="DE")
        tara.db.add(app)
        tara.db.flush()
        product = Product(app_id=app.id, slug="other", name="Other")
        product.prices.append(
            Price(price_id="price_other", currency="EUR", unit_amount=1, interval="month")
        )
        tara.db.add(product)
        tara.db.commit()

        with pytest.raises(NotFound):
            tara.places(replace(tara.chooses(), price_id="price_other"))

        assert untouched(tara)

    def test_a_price_that_is_sold_no_more(self, tara: Buyer) -> None:
        choice = tara.sees(tara.chooses())
        tara.world.price("team").archived_at = datetime.now(UTC)
        tara.db.commit()

        with pytest.raises(NotFound):
            tara.places(choice)

    def test_a_price_in_a_currency_the_tenant_does_not_pay_in(self, tara: Buyer) -> None:
        placed = tara.buys()
        assert placed.url is not None
        tara.comes_back(payer.pays(placed.url))

        with pytest.raises(Invalid, match="This price is in USD") as caught:
            tara.buys("onboarding", None, currency="USD")

        assert caught.value.field == "price_id"

    def test_a_quantity_nobody_can_buy(self, tara: Buyer) -> None:
        seen = tara.sees(tara.chooses())

        for quantity in UNSOUND_QUANTITIES:
            with pytest.raises(Invalid) as caught:
                tara.places(replace(seen, quantity=quantity))

            assert caught.value.field == "quantity"
        assert untouched(tara)

    def test_a_country_that_is_none(self, tara: Buyer) -> None:
        for country in ("", "XX", "Germany", "de", "DE\x00", "D" * 3000):
            with pytest.raises(Invalid) as caught:
                tara.places(replace(tara.sees(tara.chooses()), country=country))

            assert caught.value.field == "country"
        assert untouched(tara)

    def test_a_country_where_nothing_is_sold_yet(self, tara: Buyer) -> None:
        choice = tara.sees(tara.chooses(country="PL"))

        with pytest.raises(Invalid) as caught:
            tara.places(choice)

        assert (choice.quote, caught.value.field) == (None, "country")
        assert untouched(tara)

    def test_a_vat_number_that_is_none(self, tara: Buyer) -> None:
        with pytest.raises(Invalid) as caught:
            tara.places(tara.sees(tara.chooses(country="NL", vat_number="NL000")))

        assert caught.value.field == "vat_number"
        assert untouched(tara)

    def test_a_way_to_pay_that_is_not_offered(self, tara: Buyer) -> None:
        seen = tara.sees(tara.chooses())

        for method in UNSOUND_METHODS:
            with pytest.raises(Invalid) as caught:
                tara.places(replace(seen, method=method))
            with pytest.raises(Invalid):
                tara.saves(method or "")

            assert caught.value.field == "method"
        assert untouched(tara)

    def test_a_plan_beside_the_one_that_runs(self, tara: Buyer) -> None:
        placed = tara.buys()
        assert placed.url is not None
        tara.comes_back(payer.pays(placed.url))

        for slug, method in (("team", "stripe-card"), ("business", "mollie-card")):
            with pytest.raises(Conflict, match="Globex already has a plan"):
                tara.buys(slug, method=method)

        assert len(tara.rows(CheckoutSession)) == 1


class TestTheQuote:
    def test_must_be_ours(self, tara: Buyer) -> None:
        for quote in (None, "", "e30.x.y", "\x00", "a" * 100_000):
            with pytest.raises(OrderChanged):
                tara.places(replace(tara.chooses(), quote=quote))

        assert untouched(tara)

    def test_must_not_be_altered(self, tara: Buyer) -> None:
        seen = tara.sees(tara.chooses())
        assert seen.quote is not None
        first = "A" if seen.quote[1] != "A" else "B"

        with pytest.raises(OrderChanged):
            tara.places(replace(seen, quote=seen.quote[0] + first + seen.quote[2:]))

        assert untouched(tara)

    @pytest.mark.parametrize("change", [{"quantity": 3}, {"country": "FR"}])
    def test_is_of_one_order(self, tara: Buyer, change: dict[str, Any]) -> None:
        seen = tara.sees(tara.chooses())

        with pytest.raises(OrderChanged):
            tara.places(replace(seen, **change))

        assert untouched(tara)

    def test_is_of_one_payer(self, tara: Buyer, peter: Buyer) -> None:
        foreign = peter.sees(peter.chooses())

        with pytest.raises(OrderChanged):
            tara.places(foreign)

        assert untouched(tara)

    def test_is_stale_once_the_price_has_changed(self, tara: Buyer) -> None:
        seen = tara.sees(tara.chooses())
        tara.world.price("team").unit_amount = 2100
        tara.db.commit()

        with pytest.raises(OrderChanged):
            tara.places(seen)
        placed = tara.places(tara.sees(seen))

        assert tara.checkout(placed).net == 4200

    def test_is_stale_after_half_an_hour(
        self, tara: Buyer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen = tara.sees(tara.chooses())
        later = datetime.now(UTC) + timedelta(minutes=30, seconds=2)
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: int(later.timestamp()))

        with pytest.raises(OrderChanged, match="Check the new total"):
            tara.places(seen)

        assert untouched(tara)

    def test_holds_for_either_way_to_pay(self, tara: Buyer) -> None:
        seen = tara.sees(tara.chooses(method="stripe-card"))

        placed = tara.places(replace(seen, method="mollie-ideal"))

        assert placed.url is not None
        assert tara.creates("mollie") == 1
