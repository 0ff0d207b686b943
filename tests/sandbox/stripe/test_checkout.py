"""Checkout sessions from creation to what they leave behind, paid on the hosted page."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.shop import CANCEL, Shop


class TestSubscription:
    def test_is_active_once_the_card_has_paid(self, shop: Shop) -> None:
        rate, price = shop.tax_rate(19.0), shop.price(1000)
        line = {"price": price, "quantity": 3, "tax_rates": [rate]}
        data = {"metadata": {"tenant": "globex"}}
        session = shop.session(line_items=[line], subscription_data=data)

        answer = shop.press(session.url)

        assert answer.status_code == 303
        assert answer.headers["Location"] == f"https://app.example.com/done?session={session.id}"
        paid = shop.look(
            session,
            "subscription.latest_invoice",
            "invoice.payments.data.payment.payment_intent",
            "subscription.default_payment_method",
            "customer",
        )
        plan = paid.subscription
        assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
        assert (paid.amount_subtotal, paid.total_details.amount_tax, paid.amount_total) == (
            3000,
            570,
            3570,
        )
        assert (plan.status, plan.metadata["tenant"]) == ("active", "globex")
        assert plan.default_payment_method.card.last4 == "4242"
        assert plan.default_payment_method.customer == paid.customer.id
        invoice = plan.latest_invoice
        assert (invoice.status, invoice.total, invoice.billing_reason) == (
            "paid",
            3570,
            "subscription_create",
        )
        assert paid.invoice.payments.data[0].payment.payment_intent.status == "succeeded"

    def test_tells_in_a_real_order(self, shop: Shop) -> None:
        session = shop.session()

        told = shop.events_after(lambda: shop.press(session.url))

        assert told == [
            "customer.created",
            "payment_method.attached",
            "payment_intent.created",
            "customer.subscription.created",
            "invoice.created",
            "invoice.finalized",
            "charge.succeeded",
            "payment_intent.succeeded",
            "invoice_payment.paid",
            "invoice.paid",
            "invoice.payment_succeeded",
            "customer.subscription.updated",
            "checkout.session.completed",
        ]

    def test_a_trial_takes_nothing_until_it_ends(self, shop: Shop) -> None:
        session = shop.session(subscription_data={"trial_period_days": 14})
        assert session.amount_total == 0

        shop.press(session.url)
        begun = shop.look(session, "subscription.latest_invoice")
        shop.sandbox.advance("15 days")
        ended = shop.look(session, "subscription.latest_invoice")

        assert begun.payment_status == "no_payment_required"
        assert (begun.subscription.status, begun.subscription.latest_invoice.total) == (
            "trialing",
            0,
        )
        assert (ended.subscription.status, ended.subscription.latest_invoice.total) == (
            "active",
            1000,
        )
        assert "customer.subscription.trial_will_end" in shop.events()

    def test_one_time_items_come_on_the_first_invoice_only(self, shop: Shop) -> None:
        lines = [
            {"price": shop.price(1000), "quantity": 1},
            {"price": shop.price(5000, None), "quantity": 1},
        ]
        session = shop.session(line_items=lines)

        shop.press(session.url)
        first = shop.look(session, "invoice").invoice
        shop.sandbox.advance("1 month")

        assert first.total == 6000
        latest = shop.look(session, "subscription.latest_invoice").subscription.latest_invoice
        assert latest.total == 1000


class TestPayment:
    def test_is_paid_by_card(self, shop: Shop) -> None:
        data = {"metadata": {"order": "7"}, "description": "Onboarding"}
        session = shop.session("payment", payment_intent_data=data)

        shop.press(session.url)

        paid = shop.look(session, "payment_intent.latest_charge")
        intent = paid.payment_intent
        assert (paid.status, paid.payment_status) == ("complete", "paid")
        assert (intent.status, intent.metadata["order"]) == ("succeeded", "7")
        assert intent.latest_charge.payment_method_details.card.last4 == "4242"
        assert paid.customer is None
        assert paid.customer_details.email == "payer@example.com"

    @pytest.mark.parametrize("method", ["ideal", "bancontact", "klarna", "paypal", "link", "eps"])
    def test_is_paid_by_redirect(self, shop: Shop, method: str) -> None:
        session = shop.session("payment", allowed_payment_method_types=[method])

        shop.press(session.url)

        paid = shop.look(session, "payment_intent.latest_charge", "payment_intent.payment_method")
        assert paid.payment_status == "paid"
        assert paid.payment_intent.latest_charge.payment_method_details.type == method
        assert paid.payment_intent.payment_method.type == method

    def test_makes_and_keeps_when_asked(self, shop: Shop) -> None:
        data = {"setup_future_usage": "off_session"}
        session = shop.session("payment", customer_creation="always", payment_intent_data=data)

        shop.press(session.url)

        paid = shop.look(session)
        assert len(shop.sdk.customers.payment_methods.list(paid.customer).data) == 1

    def test_for_nothing_needs_no_payment(self, shop: Shop) -> None:
        line = {"price": shop.price(0, None), "quantity": 1}
        session = shop.session("payment", line_items=[line])

        shop.press(session.url)

        assert shop.look(session).payment_status == "no_payment_required"


class TestSetup:
    def test_keeps_the_card(self, shop: Shop) -> None:
        customer = shop.customer()
        session = shop.session("setup", customer=customer)

        told = shop.events_after(lambda: shop.press(session.url))

        done = shop.look(session, "setup_intent.payment_method")
        assert (done.status, done.payment_status) == ("complete", "no_payment_required")
        assert done.setup_intent.status == "succeeded"
        assert done.setup_intent.payment_method.customer == customer
        assert told == [
            "payment_method.attached",
            "setup_intent.succeeded",
            "checkout.session.completed",
        ]

    def test_a_declined_card_leaves_it_open(self, shop: Shop) -> None:
        session = shop.session("setup")

        answer = shop.press(session.url, card_number="4000 0000 0000 0002")

        intent = shop.look(session, "setup_intent").setup_intent
        assert answer.status_code == 402
        assert (intent.status, intent.last_setup_error.code) == (
            "requires_payment_method",
            "card_declined",
        )

    def test_a_bank_redirect_leaves_a_debit_behind(self, shop: Shop) -> None:
        session = shop.session("setup", customer=shop.customer())

        shop.press(session.url, method="ideal")

        method = shop.look(session, "setup_intent.payment_method").setup_intent.payment_method
        assert method.type == "sepa_debit"


class TestDecline:
    @pytest.mark.parametrize(
        ("number", "code", "decline_code"),
        [
            ("4000000000000002", "card_declined", "generic_decline"),
            ("4000000000009995", "card_declined", "insufficient_funds"),
            ("4000000000000069", "expired_card", None),
            ("4111111111111111", "card_declined", "test_mode_live_card"),
        ],
    )
    def test_leaves_the_session_open_and_says_why(
        self, shop: Shop, number: str, code: str, decline_code: str | None
    ) -> None:
        session = shop.session("payment")

        answer = shop.press(session.url, card_number=number)

        after = shop.look(session, "payment_intent.latest_charge")
        problem = after.payment_intent.last_payment_error
        assert answer.status_code == 402
        assert problem.message in answer.text.replace("&#39;", "'")
        assert (after.status, after.payment_status) == ("open", "unpaid")
        assert (problem.code, problem.to_dict().get("decline_code")) == (code, decline_code)
        assert after.payment_intent.latest_charge.status == "failed"
        assert shop.events()[-1] == "payment_intent.payment_failed"

    def test_by_button_then_another_card_pays(self, shop: Shop) -> None:
        session = shop.session()

        declined = shop.press(session.url, "decline")
        paid = shop.press(session.url)

        assert (declined.status_code, paid.status_code) == (402, 303)
        assert shop.look(session).payment_status == "paid"
        # One intent over both attempts.
        assert shop.events().count("payment_intent.created") == 1


class TestThreeDSecure:
    def test_sends_to_the_bank_and_pays_once_passed(self, shop: Shop) -> None:
        session = shop.session()

        sent = shop.press(session.url, card_number="4000002760003184")
        waiting = shop.look(session)
        paid = shop.press(sent.headers["Location"], "3ds_pass")

        assert waiting.status == "open"
        assert paid.headers["Location"].startswith("https://app.example.com/done")
        assert shop.look(session).payment_status == "paid"

    def test_failed_leaves_the_session_open(self, shop: Shop) -> None:
        session = shop.session("payment")
        sent = shop.press(session.url, card_number="4000002500003155")

        failed = shop.press(sent.headers["Location"], "3ds_fail")

        intent = shop.look(session, "payment_intent").payment_intent
        assert failed.status_code == 402
        assert intent.last_payment_error.code == "payment_intent_authentication_failure"
        assert shop.press(session.url).status_code == 303

    @pytest.mark.parametrize(("action", "status"), [("3ds_pass", 303), ("3ds_fail", 402)])
    def test_can_be_answered_on_the_first_page(self, shop: Shop, action: str, status: int) -> None:
        session = shop.session("payment")

        assert shop.press(session.url, action).status_code == status
        assert "payment_intent.requires_action" in shop.events()

    def test_is_asked_when_a_card_is_kept(self, shop: Shop) -> None:
        session = shop.session("setup", customer=shop.customer())
        sent = shop.press(session.url, card_number="4000002500003155")

        assert shop.look(session, "setup_intent").setup_intent.status == "requires_action"
        shop.press(sent.headers["Location"], "3ds_pass")

        assert shop.look(session, "setup_intent").setup_intent.status == "succeeded"


class TestDelayed:
    @pytest.mark.parametrize(("action", "method"), [("pay", "sepa_debit"), ("delay", "card")])
    def test_money_arrives_five_days_later(self, shop: Shop, action: str, method: str) -> None:
        session = shop.session()

        shop.press(session.url, action, method=method)
        early = shop.look(session, "subscription.latest_invoice")
        shop.sandbox.advance("4 days")
        assert shop.look(session).payment_status == "unpaid"
        told = shop.events_after(lambda: shop.sandbox.advance("1 day"))

        assert (early.status, early.payment_status) == ("complete", "unpaid")
        assert early.subscription.status == "active"
        assert early.subscription.latest_invoice.status == "open"
        late = shop.look(session, "subscription", "invoice")
        assert (late.payment_status, late.invoice.status) == ("paid", "paid")
        assert told == [
            "charge.succeeded",
            "payment_intent.succeeded",
            "invoice_payment.paid",
            "invoice.paid",
            "invoice.payment_succeeded",
            "checkout.session.async_payment_succeeded",
        ]

    def test_money_may_not_arrive(self, shop: Shop) -> None:
        session = shop.session("payment")
        shop.press(session.url, method="sepa_debit", iban="DE62370400440532013001")

        told = shop.events_after(lambda: shop.sandbox.advance("6 days"))

        failed = shop.look(session, "payment_intent")
        assert (failed.status, failed.payment_status) == ("complete", "unpaid")
        assert failed.payment_intent.status == "requires_payment_method"
        assert told[-1] == "checkout.session.async_payment_failed"

    def test_a_plan_whose_debit_failed_is_past_due_then_canceled(self, shop: Shop) -> None:
        plan = shop.subscriber(method="sepa_debit", iban="DE62370400440532013001")

        shop.sandbox.advance("6 days")
        assert shop.sdk.subscriptions.retrieve(plan.id).status == "past_due"
        shop.sandbox.advance("2 months")

        assert shop.sdk.subscriptions.retrieve(plan.id).status == "canceled"


class TestExpiry:
    def test_comes_by_the_clock(self, shop: Shop) -> None:
        session = shop.session()

        shop.sandbox.advance("24 hours")

        expired = shop.look(session)
        assert (expired.status, expired.url) == ("expired", None)
        assert shop.events()[-1] == "checkout.session.expired"

    def test_comes_by_call_and_only_once(self, shop: Shop) -> None:
        session = shop.session()

        assert shop.sdk.checkout.sessions.expire(session.id).status == "expired"

        with pytest.raises(stripe.InvalidRequestError, match="expired"):
            shop.sdk.checkout.sessions.expire(session.id)

    def test_comes_by_button(self, shop: Shop) -> None:
        session = shop.session()

        page = shop.press(session.url, "expire")

        assert (page.status_code, page.headers["Location"]) == (303, CANCEL)
        assert shop.look(session).status == "expired"

    def test_never_comes_after_paying(self, shop: Shop) -> None:
        session = shop.session()
        shop.press(session.url)

        shop.sandbox.advance("2 days")

        assert shop.look(session).status == "complete"

    def test_nothing_can_be_paid_afterwards(self, shop: Shop) -> None:
        session = shop.session()
        shop.press(session.url, "decline")
        shop.sdk.checkout.sessions.expire(session.id)

        page = shop.press(session.url)

        assert "expired" in page.text
        assert shop.look(session).status == "expired"
        assert "payment_intent.canceled" in shop.events()


def test_a_second_press_changes_nothing(shop: Shop) -> None:
    session = shop.session()
    first = shop.press(session.url)

    told = shop.events_after(lambda: shop.press(session.url))

    assert told == []
    assert shop.press(session.url).headers["Location"] == first.headers["Location"]


def test_looking_at_the_page_changes_nothing(shop: Shop) -> None:
    session = shop.session()
    before = shop.look(session).to_dict()

    shop.open(session.url)

    assert shop.look(session).to_dict() == before


def test_what_the_page_collects_is_told(shop: Shop) -> None:
    session = shop.session(
        customer=shop.customer(),
        customer_update={"name": "auto", "address": "auto", "shipping": "auto"},
        billing_address_collection="required",
        shipping_address_collection={"allowed_countries": ["NL", "DE"]},
        tax_id_collection={"enabled": True},
        consent_collection={"terms_of_service": "required"},
        custom_text={"terms_of_service_acceptance": {"message": "I accept the terms."}},
    )

    shop.press(session.url, city="Köln", tax_id="de123456789", shipping_country="NL")

    done = shop.look(session, "customer.tax_ids")
    assert done.customer_details.address.city == "Köln"
    assert [t.value for t in done.customer_details.tax_ids] == ["DE123456789"]
    assert done.collected_information.shipping_details.address.country == "NL"
    assert done.consent.terms_of_service == "accepted"
    assert done.customer.address.city == "Köln"
    assert [t.value for t in done.customer.tax_ids.data] == ["DE123456789"]


def test_an_embedded_session_has_a_secret_instead_of_an_address(shop: Shop) -> None:
    session = shop.session(
        success_url=None,
        cancel_url=None,
        ui_mode="embedded_page",
        return_url="https://app.example.com/back?s={CHECKOUT_SESSION_ID}",
    )
    assert session.url is None

    frame = shop.open(f"{shop.sandbox.url}/stripe/embedded/{session.client_secret}")
    done = shop.press(frame.headers["Location"])

    assert done.headers["Location"] == f"https://app.example.com/back?s={session.id}"
    assert shop.open(f"{shop.sandbox.url}/stripe/embedded/{session.id}_secret_x").status_code == 404


@pytest.mark.parametrize(
    ("currency", "mode", "offered"),
    [
        ("usd", "payment", {"card", "klarna", "paypal", "link"}),
        ("usd", "subscription", {"card", "paypal", "link"}),
        (
            "eur",
            "subscription",
            {"card", "sepa_debit", "ideal", "bancontact", "paypal", "link"},
        ),
    ],
)
def test_offers_what_fits_currency_and_mode(
    shop: Shop, currency: str, mode: str, offered: set[str]
) -> None:
    interval = "month" if mode == "subscription" else None
    line = {"price": shop.price(currency=currency, interval=interval), "quantity": 1}

    session = shop.session(mode, line_items=[line])

    assert set(session.payment_method_types) == offered


@pytest.mark.parametrize(
    ("percentage", "inclusive", "tax", "total"),
    [
        (19.0, False, 190, 1189),
        (19.0, True, 160, 999),
        (8.1, False, 81, 1080),
        (0.0, False, 0, 999),
    ],
)
def test_tax_is_rounded_half_up_by_line(
    shop: Shop, percentage: float, inclusive: bool, tax: int, total: int
) -> None:
    rate = shop.tax_rate(percentage, inclusive=inclusive)
    line = {"price": shop.price(999), "quantity": 1, "tax_rates": [rate]}

    session = shop.session(line_items=[line])

    assert (session.total_details.amount_tax, session.amount_total) == (tax, total)


def test_default_tax_rates_count_in_the_total(shop: Shop) -> None:
    session = shop.session(subscription_data={"default_tax_rates": [shop.tax_rate(10.0)]})
    shop.press(session.url)

    paid = shop.look(session, "invoice")

    assert session.amount_total == paid.amount_total == paid.invoice.total == 1100
