"""Checkouts from the click to the receipt, at both providers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.billing.plans import periods
from app.money import Money
from tests import payer
from tests.billing.purchases import Buyer

CARDS = ["stripe-card", "mollie-card"]
FAILING_IBAN = "DE62370400440532013001"
RETURNED = ["checkout.open", "subscription.active", "checkout.complete"]


def moves(buyer: Buyer) -> list[str]:
    """Answer what the timeline tells of checkouts and plans, not of money and methods."""
    return [kind for kind in buyer.timeline() if kind.startswith(("checkout.", "subscription."))]


class TestASubscription:
    @pytest.mark.parametrize("method", [*CARDS, "mollie-ideal"])
    def test_is_active_once_the_provider_says_it_is_paid(self, tara: Buyer, method: str) -> None:
        placed = tara.buys("team", "month", method=method)
        assert placed.url is not None

        page = tara.comes_back(payer.pays(placed.url))

        shown = tara.opens(placed)
        assert page.endswith(f"/t/{tara.world.globex.uuid}/checkouts/{placed.checkout_uuid}")
        assert (shown.status, shown.paid, shown.next_charge) == (
            "active",
            Money(4522, "EUR"),
            Money(4522, "EUR"),
        )
        assert shown.paid_at is not None and shown.next_charge_at is not None
        assert shown.next_charge_at == periods.after(shown.paid_at, "month")
        assert tara.payments() == [("paid", 4522)]
        assert tara.plans() == [("active", False)]
        assert moves(tara) == RETURNED
        told = tara.told()
        assert told.index("subscription.activated") < told.index("checkout.completed")

    @pytest.mark.parametrize(
        ("method", "saved"),
        [("stripe-card", "card"), ("mollie-card", "card"), ("mollie-ideal", "sepa")],
    )
    def test_is_shown_on_the_overview_with_what_it_is_charged_to(
        self, tara: Buyer, method: str, saved: str
    ) -> None:
        placed = tara.buys("business", "year", method=method, quantity=1)
        assert placed.url is not None

        tara.comes_back(payer.pays(placed.url))

        shown = tara.overview()
        assert shown.subscription is not None
        assert shown.subscription.shown_status == "active"
        assert shown.subscription.provider_id is not None
        assert shown.next_charge == Money(46410, "EUR")
        assert shown.payment_method is not None and shown.payment_method.type == saved
        assert tara.methods() == [(saved, "valid", True)]
        assert shown.pending is None
        assert [paid.payment.status for paid in shown.payments] == ["paid"]

    def test_begins_at_mollie_when_the_paid_period_ends(self, tara: Buyer) -> None:
        placed = tara.buys(method="mollie-card")
        assert placed.url is not None

        tara.comes_back(payer.pays(placed.url))
        tara.sweeps()

        assert tara.posts("/mollie/v2/customers/*/subscriptions") == 1
        assert tara.acts() == [("begin_subscription", "first_payment_paid", "done")]
        tara.waits("1 month")
        tara.sweeps()
        assert tara.payments() == [("paid", 4522), ("paid", 4522)]
        next_charge_at = tara.overview().next_charge_at
        assert next_charge_at is not None and next_charge_at > tara.site.clock.now()


class TestAOneTimePurchase:
    @pytest.mark.parametrize("method", [*CARDS, "mollie-ideal", "stripe-klarna"])
    def test_is_complete_once_paid_and_starts_no_plan(self, tara: Buyer, method: str) -> None:
        placed = tara.buys("onboarding", None, method=method, quantity=1)
        assert placed.url is not None

        tara.comes_back(payer.pays(placed.url))

        shown = tara.opens(placed)
        assert (shown.status, shown.paid) == ("active", Money(58310, "EUR"))
        assert (shown.next_charge, shown.next_charge_at) == (None, None)
        assert tara.plans() == []
        assert tara.timeline() == ["checkout.open", "checkout.complete", "invoice.paid"]

    def test_can_be_bought_again_afterwards(self, tara: Buyer) -> None:
        first = tara.buys("onboarding", None, method="mollie-card", quantity=1)
        assert first.url is not None
        tara.comes_back(payer.pays(first.url))

        second = tara.buys("onboarding", None, method="mollie-card", quantity=1)

        assert second.url is not None and second.url != first.url
        tara.comes_back(payer.pays(second.url))
        assert tara.reads(second) == "active"
        assert tara.acts() == []


class TestASetUp:
    def test_saves_a_card_at_stripe_without_taking_money(self, tara: Buyer) -> None:
        placed = tara.saves("stripe-card")
        assert placed.url is not None

        tara.comes_back(payer.pays(placed.url))

        assert tara.reads(placed) == "active"
        assert tara.methods() == [("card", "valid", True)]
        assert tara.payments() == []

    def test_gives_the_verification_at_mollie_back_once(self, tara: Buyer) -> None:
        placed = tara.saves("mollie-card")
        assert placed.url is not None

        tara.comes_back(payer.pays(placed.url))
        tara.sweeps()

        assert tara.reads(placed) == "active"
        assert tara.methods() == [("card", "valid", True)]
        assert tara.acts() == [("refund", "verification", "done")]
        assert tara.refunds() == [(1, "verification")]
        assert tara.posts("/mollie/v2/payments/*/refunds") == 1

    def test_makes_the_new_method_the_only_default(self, tara: Buyer) -> None:
        for method in ("stripe-card", "mollie-card"):
            placed = tara.saves(method)
            assert placed.url is not None
            tara.comes_back(payer.pays(placed.url))

        assert tara.methods() == [("card", "valid", False), ("card", "valid", True)]

    def test_gets_the_same_page_however_often_it_is_started(self, tara: Buyer) -> None:
        assert tara.saves("mollie-card") == tara.saves("mollie-card")
        assert tara.creates("mollie") == 1


class TestADecline:
    @pytest.mark.parametrize(("slug", "interval"), [("team", "month"), ("onboarding", None)])
    def test_leaves_stripes_page_open_for_another_card(
        self, tara: Buyer, slug: str, interval: str | None
    ) -> None:
        placed = tara.buys(slug, interval, method="stripe-card")
        assert placed.url is not None
        assert payer.declines(placed.url) is None
        declined = tara.opens(placed)
        tara.waits("1 minutes")

        tara.comes_back(payer.pays(placed.url, card_number="5555555555554444"))

        assert (declined.status, declined.continue_url) == ("confirming", placed.url)
        shown = tara.opens(placed)
        assert (shown.status, shown.brand, shown.decline) == ("active", "mastercard", None)
        assert [status for status, _ in tara.payments()] == ["paid"]
        assert tara.creates("stripe") == 1

    def test_is_put_into_words_on_the_page(self, tara: Buyer) -> None:
        placed = tara.buys("onboarding", None, method="stripe-card")
        assert placed.url is not None
        payer.pays(placed.url, card_number="4000000000009995")

        declined = tara.opens(placed)

        assert str(declined.decline).startswith("The account did not have enough money.")

    def test_ends_mollies_payment_and_the_next_try_is_a_new_one(self, tara: Buyer) -> None:
        first = tara.buys(method="mollie-card")
        assert first.url is not None
        tara.comes_back(payer.pays(first.url, card_number="4000000000009995"))
        declined = tara.opens(first)

        second = tara.buys(method="mollie-card")
        assert second.url is not None
        tara.comes_back(payer.pays(second.url))

        assert declined.status == "not_charged"
        assert str(declined.decline).startswith("The account did not have enough money.")
        assert declined.try_again is not None
        assert declined.try_again.price_id == tara.chooses().price_id
        assert tara.reads(second) == "active"
        assert tara.payments() == [("failed", 4522), ("paid", 4522)]
        assert tara.plans() == [("active", False)]

    @pytest.mark.parametrize("method", CARDS)
    def test_of_3d_secure_charges_nothing_and_passing_it_does(
        self, tara: Buyer, method: str
    ) -> None:
        failed = tara.buys(method=method)
        assert failed.url is not None
        payer.fails_3ds(failed.url)
        tara.opens(failed)
        assert ("paid", 4522) not in tara.payments()
        assert tara.plans() == []

        tara.waits("1 minutes")
        again = tara.buys(method=method)
        assert again.url is not None
        tara.comes_back(payer.passes_3ds(again.url))

        assert tara.reads(again) == "active"
        assert tara.payments().count(("paid", 4522)) == 1
        assert tara.plans() == [("active", False)]

    def test_is_not_yet_one_while_the_bank_asks_the_payer(self, tara: Buyer) -> None:
        placed = tara.buys("onboarding", None, method="stripe-card")
        assert placed.url is not None
        payer.press(placed.url, "sandbox-pay", card_number="4000000000003220")

        shown = tara.opens(placed)

        assert (shown.status, shown.continue_url) == ("action_needed", placed.url)


class TestADebit:
    def test_is_processing_until_the_bank_has_paid(self, tara: Buyer) -> None:
        placed = tara.buys(method="stripe-sepa")
        assert placed.url is not None

        tara.comes_back(payer.pays(placed.url))
        waiting, plan = tara.opens(placed), tara.overview().subscription
        meanwhile = plan.shown_status if plan else None
        tara.waits("6 days")
        tara.sweeps()

        assert (waiting.status, waiting.paid, waiting.has_access) == ("processing", None, True)
        assert waiting.settling_until is not None
        assert waiting.settling_until - waiting.started_at >= timedelta(days=14)
        assert meanwhile == "processing"
        assert tara.reads(placed) == "active"
        assert tara.payments() == [("paid", 4522)]
        assert moves(tara) == [
            "checkout.open",
            "checkout.processing",
            "subscription.processing",
            "subscription.active",
            "checkout.complete",
        ]

    def test_that_fails_ends_the_plan_here_and_at_stripe(self, tara: Buyer) -> None:
        placed = tara.buys(method="stripe-sepa")
        assert placed.url is not None
        tara.comes_back(payer.pays(placed.url, iban=FAILING_IBAN))
        tara.waits("6 days")

        tara.sweeps()

        assert tara.reads(placed) == "not_charged"
        assert tara.plans() == [("canceled", False)]
        assert ("cancel_subscription", "not_paid", "done") in tara.acts()
        assert [kind for kind in tara.timeline() if "active" in kind or "complete" in kind] == []
        assert "subscription.activated" not in tara.told()
        again = tara.buys(method="stripe-card")
        assert again.url is not None and again.url != placed.url

    def test_gives_no_access_meanwhile_where_the_app_grants_none(self, tara: Buyer) -> None:
        tara.world.app.settling_access = "none"
        tara.db.commit()
        placed = tara.buys(method="stripe-sepa")
        assert placed.url is not None

        tara.comes_back(payer.pays(placed.url))
        tara.waits("1 days")
        tara.sweeps()

        shown = tara.opens(placed)
        assert (shown.status, shown.has_access) == ("processing", False)
        assert tara.plans() == [("incomplete", False)]
        tara.waits("5 days")
        tara.sweeps()
        assert tara.plans() == [("active", False)]

    def test_holds_the_place_so_that_nothing_is_bought_beside_it(self, tara: Buyer) -> None:
        tara.world.app.settling_access = "none"
        tara.db.commit()
        placed = tara.buys("onboarding", None, method="stripe-sepa", quantity=1)
        assert placed.url is not None
        tara.comes_back(payer.pays(placed.url))

        again = tara.buys("onboarding", None, method="mollie-card", quantity=1)

        assert (again.checkout_uuid, again.url) == (placed.checkout_uuid, None)
        assert tara.creates("mollie") == 0

    def test_delayed_at_mollie_is_processing_and_then_active(self, tara: Buyer) -> None:
        placed = tara.buys(method="mollie-ideal")
        assert placed.url is not None

        tara.comes_back(payer.delays(placed.url))
        waiting = tara.reads(placed)
        tara.waits("2 days")
        tara.sweeps()

        assert waiting == "processing"
        assert tara.reads(placed) == "active"
        assert tara.plans() == [("active", False)]


class TestLeaving:
    def test_stripes_page_keeps_it_open_and_pay_again_leads_there(self, tara: Buyer) -> None:
        placed = tara.buys(method="stripe-card")
        assert placed.url is not None

        tara.comes_back(payer.cancels(placed.url))
        left = tara.opens(placed)
        again = tara.buys(method="stripe-card")

        assert left.status == "not_charged"
        assert left.try_again is not None and left.try_again.quantity == 2
        assert again == placed
        assert tara.creates("stripe") == 1
        assert tara.reads(placed) == "confirming"
        tara.waits("1 minutes")
        tara.comes_back(payer.pays(placed.url))
        assert tara.reads(placed) == "active"

    def test_mollies_page_ends_it_and_pay_again_makes_another(self, tara: Buyer) -> None:
        placed = tara.buys(method="mollie-card")
        assert placed.url is not None

        tara.comes_back(payer.cancels(placed.url))
        left = tara.reads(placed)
        again = tara.buys(method="mollie-card")

        assert left == "not_charged"
        assert tara.checkout(placed).state == "canceled"
        assert again.checkout_uuid != placed.checkout_uuid
        assert tara.creates("mollie") == 2


class TestExpiry:
    @pytest.mark.parametrize(
        ("method", "span"), [("stripe-card", "25 hours"), ("mollie-ideal", "1 hours")]
    )
    def test_is_noticed_without_any_call_and_frees_the_place(
        self, tara: Buyer, method: str, span: str
    ) -> None:
        placed = tara.buys(method=method)
        tara.waits(span)

        tara.sweeps()

        assert tara.reads(placed) == "expired"
        assert tara.plans() == []
        again = tara.buys(method=method)
        assert again.url is not None and again.checkout_uuid != placed.checkout_uuid

    def test_at_the_press_of_pay_leads_to_a_fresh_page(self, tara: Buyer) -> None:
        placed = tara.buys(method="stripe-card")
        tara.waits("25 hours")

        again = tara.buys(method="stripe-card")

        assert again.url is not None and again.url != placed.url
        assert tara.checkout(placed).state == "expired"
