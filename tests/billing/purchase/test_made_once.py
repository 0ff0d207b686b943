"""Customers, tax rates and prices are made once at a provider, however many ask at once."""

from __future__ import annotations

from typing import Any

import pytest

from app.billing.catalogue import provider_prices
from app.billing.errors import ProviderUnavailable
from app.billing.purchase import customers
from app.billing.tax import tax_rates
from app.db.engine import Database
from app.models import Customer, ProviderPrice, ProviderTaxRate
from app.providers import errors
from app.providers.base import Provider
from tests import together
from tests.billing.purchases import Buyer, Died, done_but, raising

KINDS = ["customer", "rate", "price"]
VERBS = {"customer": "ensure_customer", "rate": "ensure_tax_rate", "price": "push_catalogue"}
MODELS: dict[str, Any] = {
    "customer": Customer,
    "rate": ProviderTaxRate,
    "price": ProviderPrice,
}
PATHS = {
    "customer": "/stripe/v1/customers",
    "rate": "/stripe/v1/tax_rates",
    "price": "/stripe/v1/prices",
}


def ensure(buyer: Buyer, kind: str, db: Any = None) -> str:
    """Have one made at Stripe."""
    account, rate = buyer.world.account("stripe"), buyer.world.rates()[0]
    price = buyer.world.price("team")
    buyer.db.commit()
    session = db or buyer.db
    if kind == "customer":
        return customers.ensure(session, buyer.site, buyer.world.globex, account)
    if kind == "price":
        return str(provider_prices.ensure(session, buyer.site, price, account))
    return tax_rates.ensure(session, buyer.site, rate, account, inclusive=False)


def made(buyer: Buyer, kind: str) -> int:
    """Answer how many Stripe has, whatever it answered."""
    account = buyer.world.account("stripe")
    buyer.db.commit()
    key = buyer.site.credentials(account.sealed_credentials).secret_key
    there = buyer.sandbox.app.world.account("stripe", key)
    return len(there.find(PATHS[kind].rpartition("/")[2]))


@pytest.mark.parametrize("kind", KINDS)
class TestEnsure:
    def test_asks_once_and_answers_the_same_for_good(self, tara: Buyer, kind: str) -> None:
        assert ensure(tara, kind) == ensure(tara, kind)
        assert tara.posts(PATHS[kind]) == 1

    def test_asks_once_for_many_at_once(self, tara: Buyer, kind: str, database: Database) -> None:
        account, rate = tara.world.account("stripe"), tara.world.rates()[0]
        tenant, price = tara.world.globex, tara.world.price("team")
        tara.db.commit()

        def ask(_: int) -> str:
            with database.writer() as db:
                asked = {
                    "customer": lambda: customers.ensure(db, tara.site, tenant, account),
                    "rate": lambda: tax_rates.ensure(db, tara.site, rate, account, inclusive=False),
                    "price": lambda: str(provider_prices.ensure(db, tara.site, price, account)),
                }
                return asked[kind]()

        answers = together.each(ask, range(6))

        assert len(set(answers)) == 1
        assert tara.posts(PATHS[kind]) == 1

    def test_without_an_answer_says_so_and_repeats_the_same_key(
        self, tara: Buyer, kind: str
    ) -> None:
        lost = done_but(VERBS[kind], errors.Unavailable("no answer"))
        with pytest.raises(errors.Unavailable):
            ensure(tara.where(**{VERBS[kind]: lost}), kind)
        key = tara.rows(MODELS[kind])[0].idempotency_key

        ensure(tara, kind)

        row = tara.rows(MODELS[kind])[0]
        assert (row.idempotency_key, row.claimed_until) == (key, None)
        assert made(tara, kind) == 1

    def test_after_the_keys_window_finds_what_was_made(self, tara: Buyer, kind: str) -> None:
        lost = done_but(VERBS[kind], errors.Unavailable("no answer"))
        with pytest.raises(errors.Unavailable):
            ensure(tara.where(**{VERBS[kind]: lost}), kind)
        tara.waits("24 hours")

        ensure(tara, kind)

        assert made(tara, kind) == 1
        assert tara.posts(PATHS[kind]) == 1

    def test_with_a_spent_key_looks_before_it_asks_again(self, tara: Buyer, kind: str) -> None:
        spent = errors.Unavailable("the same fault", replayed=True)
        for verb in (raising(spent), done_but(VERBS[kind], spent)):
            with pytest.raises(errors.Unavailable):
                ensure(tara.where(**{VERBS[kind]: verb}), kind)
            assert tara.rows(MODELS[kind])[0].idempotency_key is None

        ensure(tara, kind)

        assert made(tara, kind) == 1

    def test_that_was_refused_asks_with_a_new_key(self, tara: Buyer, kind: str) -> None:
        with pytest.raises(errors.Refused):
            ensure(tara.where(**{VERBS[kind]: raising(errors.Refused("no"))}), kind)
        row = tara.rows(MODELS[kind])[0]
        first = (row.idempotency_key, row.first_tried_at, row.claimed_until)

        ensure(tara, kind)

        assert first[1:] == (None, None)
        assert made(tara, kind) == 1

    def test_of_a_process_that_died_is_taken_over(self, tara: Buyer, kind: str) -> None:
        for verb in (raising(Died()), done_but(VERBS[kind], Died())):
            with pytest.raises(Died):
                ensure(tara.where(**{VERBS[kind]: verb}), kind)
            tara.db.rollback()
            tara.forgets_claims(MODELS[kind])

        ensure(tara, kind)

        assert made(tara, kind) == 1

    def test_waits_for_whoever_asks_and_says_so_when_nobody_answers(
        self, tara: Buyer, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.billing.claims.WAIT_SECONDS", 0.0)

        def asked_meanwhile(real: Provider, *given: Any, **named: Any) -> str:
            with pytest.raises(ProviderUnavailable, match="Nothing was charged"):
                ensure(tara, kind)
            made_: str = getattr(real, VERBS[kind])(*given, **named)
            return made_

        ensure(tara.where(**{VERBS[kind]: asked_meanwhile}), kind)

        assert tara.posts(PATHS[kind]) == 1


class TestARate:
    def test_is_made_once_for_each_way_prices_are_shown(self, tara: Buyer) -> None:
        account, rate = tara.world.account("stripe"), tara.world.rates()[0]
        tara.db.commit()
        found = {
            tax_rates.ensure(tara.db, tara.site, rate, account, inclusive=inclusive)
            for inclusive in (True, False, True, False)
        }

        assert len(found) == 2
        assert tara.posts(PATHS["rate"]) == 2


class TestACustomer:
    def test_is_another_one_for_each_tenant_and_account(self, tara: Buyer, peter: Buyer) -> None:
        tara.buys(method="stripe-card")
        tara.buys(method="mollie-card")
        peter.buys(currency="USD", country="US")

        rows = tara.rows(Customer)
        assert len(rows) == 3 and len({row.provider_id for row in rows}) == 3
        assert {row.tenant_id for row in rows} == {tara.world.globex.id, tara.world.initech.id}
