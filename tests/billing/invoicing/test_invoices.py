"""Invoices: for every payment that bought something, exactly what was charged, once."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import update

from app.billing.invoicing import invoices
from app.billing.ordering.orders import Placed
from app.billing.plans import refunds, subscriptions
from app.billing.truth.deeds import perform
from app.models import CheckoutSession, Invoice, Payment, Refund, Subscription, Tenant
from app.money import Money
from app.providers import errors
from tests import payer
from tests.billing import orders_of_apis
from tests.billing.purchases import Buyer, due_again, raising


def pays(buyer: Buyer, placed: Placed) -> None:
    assert placed.url is not None
    buyer.comes_back(payer.pays(placed.url))


def issued(buyer: Buyer) -> list[Invoice]:
    """Answer every invoice and credit note, in the order of the moments they are of."""
    rows: list[Invoice] = buyer.rows(Invoice)
    return sorted(rows, key=lambda row: (row.issued_at, row.id))


def renews(buyer: Buyer, times: int) -> None:
    for _ in range(times):
        buyer.waits("1 months")
        buyer.waits("2 hours")
        buyer.sweeps()


def gives_back(buyer: Buyer, minor: int) -> None:
    """Give a part of the only payment back, and let the bank take its days."""
    (payment,) = buyer.rows(Payment)
    act = refunds.give(
        buyer.db,
        payment,
        Money(minor, payment.currency),
        reason="requested",
        description="Given back",
        request_uuid=uuid4(),
        now=buyer.site.clock.now(),
    )
    buyer.db.commit()
    perform(buyer.db, buyer.site, act)
    buyer.waits("12 days")
    due_again(buyer)
    buyer.sweeps()


class TestAPlanAtMollie:
    def test_has_one_of_ours_for_every_period(self, tara: Buyer) -> None:
        pays(tara, tara.buys(method="mollie-card"))
        renews(tara, 3)

        rows = issued(tara)

        assert [row.document_number for row in rows] == [
            f"TEST-ACME-{number:06d}" for number in (1, 2, 3, 4)
        ]
        assert {(row.net, row.tax, row.total) for row in rows} == {(3800, 722, 4522)}
        assert [row.payment_id for row in rows] == [p.id for p in tara.rows(Payment)]
        assert [row.period_end for row in rows[:-1]] == [row.period_start for row in rows[1:]]
        assert {row.status for row in rows} == {"paid"}

    def test_is_invoiced_once_however_often_it_is_looked_at(self, tara: Buyer) -> None:
        pays(tara, tara.buys(method="mollie-card"))
        (plan,) = tara.rows(Subscription)

        for _ in range(3):
            due_again(tara)
            tara.sweeps()
            subscriptions.sync(tara.db, tara.site, plan.id, cause="test")

        assert len(issued(tara)) == 1

    def test_carries_seller_and_buyer_of_its_moment(self, tara: Buyer) -> None:
        pays(tara, tara.buys(method="mollie-card"))
        tara.db.execute(update(Tenant).values(legal_name="Globex Europe SE"))
        tara.db.commit()
        renews(tara, 1)

        first, second = issued(tara)

        assert first.buyer["name"] == "Globex GmbH"
        assert second.buyer["name"] == "Globex Europe SE"
        assert first.buyer["address"]["city"] == "Berlin"
        assert first.seller["name"] == "Acme Notes GmbH"
        assert first.seller["vat_number"] == "DE987654328"

    def test_says_what_was_bought_and_with_what(self, tara: Buyer) -> None:
        pays(tara, tara.buys("business", "year", method="mollie-card", quantity=3))

        (row,) = issued(tara)

        assert row.lines == [
            {
                "name": "Business",
                "interval": "year",
                "quantity": 3,
                "unit": 39000,
                "tax_behavior": "exclusive",
                "net": 117000,
            }
        ]
        assert row.paid_with == {"method": "card", "brand": "visa", "last4": "4242"}

    def test_is_of_nothing_with_reverse_charge_and_its_number(self, tara: Buyer) -> None:
        number = "NL820646660B01"
        pays(tara, tara.buys(method="mollie-card", country="NL", vat_number=number))

        (row,) = issued(tara)

        assert (row.net, row.tax, row.tax_rule) == (3800, 0, "reverse_charge")
        assert (row.buyer["vat_number"], row.buyer["vat_status"]) == (number, "unknown")
        assert row.tax_sentence is not None
        assert row.tax_sentence["sentence"].startswith("Reverse charge")

    def test_says_what_it_was_charged_where_that_differs(self, tara: Buyer) -> None:
        pays(tara, tara.buys(method="mollie-card"))
        tara.db.execute(update(Subscription).values(net=9999, tax=1900, total=11899))
        tara.db.commit()
        renews(tara, 1)

        _, second = issued(tara)

        assert (second.net, second.tax, second.total) == (3800, 722, 4522)


class TestAPlanAtStripe:
    def test_has_stripes_for_every_period(self, tara: Buyer) -> None:
        pays(tara, tara.buys(method="stripe-card"))
        renews(tara, 3)

        rows = issued(tara)

        assert len(rows) == 4
        assert {(row.net, row.tax, row.total, row.status) for row in rows} == {
            (3800, 722, 4522, "paid")
        }
        assert all(row.provider_id and row.provider_number for row in rows)
        assert all(row.hosted_url and row.pdf_url for row in rows)
        assert not any(row.number or row.is_ours for row in rows)
        assert sorted(p.id for p in tara.rows(Payment)) == sorted(
            row.payment_id for row in rows if row.payment_id
        )
        assert {row.buyer["name"] for row in rows} == {"Globex GmbH"}


class TestASale:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_once_has_one_of_ours_at_either_provider(self, tara: Buyer, method: str) -> None:
        pays(tara, tara.buys("onboarding", None, method=method, quantity=1))

        (row,) = issued(tara)

        assert row.document_number == "TEST-ACME-000001"
        assert row.net + row.tax == row.total == tara.payments()[0][1]
        assert sum(line["net"] for line in row.lines) == row.net
        assert (row.subscription_id, row.period_start) == (None, None)

    def test_of_an_app_to_nobody_in_particular_is_numbered_too(self, tara: Buyer) -> None:
        order = orders_of_apis.order(
            tara.world,
            "mollie",
            mode="payment",
            family=None,
            price_row=tara.world.price("onboarding", None).id,
            tenant=None,
            user_id=None,
            email="someone@example.com",
        )
        made = orders_of_apis.create(tara.world, tara.site, order)
        assert made.url is not None
        payer.pays(made.url)
        due_again(tara)
        tara.sweeps()

        (row,) = issued(tara)

        assert (row.tenant_id, row.number) == (None, 1)
        assert (row.buyer["name"], row.buyer["email"]) == (None, "someone@example.com")

    @pytest.mark.parametrize(
        ("chosen", "read", "locale"), [("de_AT", "en", "de_AT"), (None, "de", "de")]
    )
    def test_is_in_the_language_of_the_payer(
        self, tara: Buyer, chosen: str | None, read: str, locale: str
    ) -> None:
        tara.user.locale = chosen
        choice = tara.chooses("onboarding", None, method="mollie-card", quantity=1)
        pays(tara, tara.places(tara.sees(replace(choice, language=read))))

        (row,) = issued(tara)

        assert row.locale == locale

    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_that_only_saved_a_method_has_none(self, tara: Buyer, method: str) -> None:
        pays(tara, tara.saves(method))
        tara.sweeps()

        assert issued(tara) == []

    def test_that_was_paid_twice_is_invoiced_once(self, tara: Buyer) -> None:
        first = tara.buys(method="mollie-card")
        silent = tara.where(expire_checkout=raising(errors.Unavailable("no answer")))
        second = silent.buys(method="mollie-card", quantity=3)
        pays(tara, first)
        pays(tara, second)
        due_again(tara)
        tara.sweeps()

        (kept,) = [row for row in tara.rows(CheckoutSession) if row.state == "complete"]
        assert [row.checkout_id for row in issued(tara)] == [kept.id]
        assert len(tara.refunds()) == 1


class TestATrial:
    @pytest.mark.parametrize(
        ("method", "begun", "charged"),
        [("stripe-card", [0], [0, 4522]), ("mollie-card", [], [4522])],
    )
    def test_is_invoiced_from_its_first_charge_on(
        self, tara: Buyer, method: str, begun: list[int], charged: list[int]
    ) -> None:
        tara.world.price("team").trial_days = 14
        tara.db.commit()
        pays(tara, tara.buys(method=method))
        due_again(tara)
        tara.sweeps()
        before = [row.total for row in issued(tara)]
        tara.waits("15 days")
        tara.sweeps()

        assert before == begun
        assert [row.total for row in issued(tara)] == charged


class TestACreditNote:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_follows_each_refund_and_comes_to_the_whole(self, tara: Buyer, method: str) -> None:
        pays(tara, tara.buys("onboarding", None, method=method, quantity=1))
        (sold,) = issued(tara)

        for part in (1, 3333):
            gives_back(tara, part)
        gives_back(tara, sold.total - 3334)

        corrected, *notes = issued(tara)
        assert [note.kind for note in notes] == ["credit_note"] * 3
        assert {note.listed_as for note in notes} == {"credit_note"}
        assert [note.corrects_id for note in notes] == [corrected.id] * 3
        assert [note.number for note in notes] == [2, 3, 4]
        assert [note.total for note in notes] == [1, 3333, sold.total - 3334]
        assert sum(note.net for note in notes) == sold.net
        assert sum(note.tax for note in notes) == sold.tax
        assert all(note.net + note.tax == note.total for note in notes)
        assert {note.tax_sentence["sentence"] for note in notes if note.tax_sentence} == {
            sold.tax_sentence["sentence"] if sold.tax_sentence else ""
        }

    def test_of_a_provider_s_invoice_is_ours(self, tara: Buyer) -> None:
        pays(tara, tara.buys(method="stripe-card"))
        gives_back(tara, 4522)

        bill, note = (row for row in issued(tara) if row.total == 4522)

        assert (bill.kind, bill.number) == ("invoice", None)
        assert (note.kind, note.document_number) == ("credit_note", "TEST-ACME-000001")
        assert (note.net, note.tax) == (bill.net, bill.tax)
        assert note.corrects_id == bill.id

    def test_waits_until_the_money_has_arrived(self, tara: Buyer) -> None:
        pays(tara, tara.buys("onboarding", None, method="mollie-card", quantity=1))
        (payment,) = tara.rows(Payment)
        refund = Refund(
            payment_id=payment.id,
            provider_account_id=payment.provider_account_id,
            provider_id="re_on_its_way",
            status="pending",
            amount=100,
            currency="EUR",
            reason="requested",
            recorded_at=tara.site.clock.now(),
        )
        tara.db.add(refund)
        tara.db.flush()
        now = tara.site.clock.now()

        before = invoices.credit(tara.db, refund, now=now)
        refund.status = "refunded"
        after = invoices.credit(tara.db, refund, now=now)
        again = invoices.credit(tara.db, refund, now=now)

        assert before is None
        assert after is not None and after is again
        assert (after.total, after.number) == (100, 2)

    def test_is_none_for_what_was_never_invoiced(self, tara: Buyer) -> None:
        pays(tara, tara.saves("mollie-card"))
        tara.sweeps()

        assert tara.refunds() == [(1, "verification")]
        assert issued(tara) == []
