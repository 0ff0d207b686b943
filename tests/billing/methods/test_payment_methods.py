"""Saved cards and mandates: one default, invalid ones are not offered."""

from __future__ import annotations

import pytest

from app.billing.methods import payment_methods
from app.models import PaymentMethod
from app.providers.base import MethodState
from tests import payer
from tests.billing.purchases import Buyer


def save(buyer: Buyer, method: str) -> None:
    placed = buyer.saves(method)
    assert placed.url is not None
    buyer.comes_back(payer.pays(placed.url))


class TestListed:
    def test_answers_the_default_first_and_no_invalid_one(self, tara: Buyer) -> None:
        for method in ("stripe-card", "mollie-card", "stripe-sepa"):
            save(tara, method)
        tara.waits("6 days")
        tara.sweeps()
        rows = tara.rows(PaymentMethod)
        rows[0].status = "invalid"
        tara.db.commit()

        shown = payment_methods.listed(tara.db, tara.membership.tenant)

        assert rows[0].id not in [method.id for method in shown]
        assert shown[0].is_default and not shown[1].is_default
        assert {method.type for method in shown} == {"card", "sepa"}

    def test_answers_nothing_of_another_tenant(self, tara: Buyer, peter: Buyer) -> None:
        save(tara, "stripe-card")

        assert payment_methods.listed(peter.db, peter.membership.tenant) == []


class TestAOneTimePayment:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-ideal"])
    def test_leaves_nothing_on_file(self, tara: Buyer, method: str) -> None:
        placed = tara.buys("onboarding", None, method=method)
        assert placed.url is not None

        tara.comes_back(payer.pays(placed.url))

        assert payment_methods.listed(tara.db, tara.membership.tenant) == []


class TestRecord:
    def test_writes_a_method_once_and_keeps_what_an_answer_leaves_out(self, tara: Buyer) -> None:
        save(tara, "stripe-card")
        row = tara.rows(PaymentMethod)[0]
        subject = tara.checkout(tara.saves("stripe-card"))
        short = MethodState(provider_id=row.provider_id, type="card", status="valid")

        again = payment_methods.record(
            tara.db, short, subject, cause="test", now=tara.site.clock.now()
        )

        assert again is not None and again.id == row.id
        assert (again.brand, again.last4, again.exp_year) == ("visa", "4242", row.exp_year)
        tara.db.rollback()

    def test_writes_nothing_for_nobody(self, tara: Buyer) -> None:
        subject = tara.checkout(tara.saves("stripe-card"))
        subject.tenant_id = None
        state = MethodState(provider_id="pm_1", type="card")

        now = tara.site.clock.now()
        assert payment_methods.record(tara.db, state, subject, cause="test", now=now) is None
        tara.db.rollback()


class TestASetUp:
    def test_of_a_bank_account_is_saved_once_the_bank_agrees(self, tara: Buyer) -> None:
        save(tara, "stripe-sepa")
        tara.waits("6 days")
        tara.sweeps()

        assert tara.methods() == [("sepa", "valid", True)]
        assert tara.payments() == []

    def test_that_is_declined_saves_nothing(self, tara: Buyer) -> None:
        placed = tara.saves("mollie-card")
        assert placed.url is not None
        tara.comes_back(payer.declines(placed.url))

        assert tara.reads(placed) == "not_charged"
        assert tara.methods() == [] and tara.acts() == []

    def test_that_is_left_can_be_gone_on_with(self, tara: Buyer) -> None:
        placed = tara.saves("stripe-card")
        assert placed.url is not None
        tara.comes_back(payer.cancels(placed.url))

        assert tara.reads(placed) == "not_charged"
        assert tara.saves("stripe-card") == placed
