"""What the provider posts at our door names what to look at, and what nobody sent is refused."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from app.providers import base, errors
from tests import payer
from tests.providers.contract.bench import Bench, new_key, page_of
from tests.providers.stripe.scripted import Answer, Request, ScriptedServer, serve

_PRODUCT = UUID("9d8f3a52-6a0e-4b6d-8a2f-0c3c9f7b1e11")
_INTERVALS: tuple[base.Interval, ...] = ("month", "year")


def listening(bench: Bench, door: ScriptedServer) -> base.Provider:
    """Answer the adapter that knows the secret of its door."""
    webhook = bench.provider.install_webhook(door.url)
    return bench.connect(webhook_secret=webhook and webhook.secret)


def read(provider: base.Provider, call: Request) -> base.ProviderEvent:
    names = {"stripe-signature": "Stripe-Signature"}
    headers = {names.get(name, name): value for name, value in call.headers.items()}
    return provider.read_event(call.body.encode(), headers)


class TestEvents:
    def test_name_the_checkout_that_was_paid(self, bench: Bench) -> None:
        with serve(Answer()) as door:
            provider = listening(bench, door)
            _, opened = bench.open(webhook_url=door.url)

            payer.pays(page_of(opened))
            bench.sandbox.wait_idle()

            events = [read(provider, call) for call in door.requests]

        assert opened.provider_id in [event.object_id for event in events]
        numbers = [e.provider_event_id for e in events if e.provider_event_id]
        assert len(set(numbers)) == len(numbers)

    def test_lead_to_the_truth_about_each_renewal(self, bench: Bench) -> None:
        with serve(Answer()) as door:
            provider = listening(bench, door)
            made = bench.subscription()
            bench.provider.set_default_method(
                bench.method().provider_id,
                customer_id=bench.customer,
                subscription_id=made.provider_id,
                key=new_key(),
            )

            bench.sandbox.advance("2 months")
            bench.sandbox.wait_idle()

            looked_at = {read(provider, call).object_id for call in door.requests}

        newest = bench.subscription_now(made).payments[0]
        # Mollie's subscription was begun without an address to call.
        assert bench.name == "mollie" or {made.provider_id, newest.provider_id} & looked_at

    @pytest.mark.parametrize(
        "body", [b"", b"id=", b"id=tr_x/../../customers", b"{}", b"\xff", b"id=tr_1&id=tr_2"]
    )
    def test_nobody_sent_are_refused(self, bench: Bench, body: bytes) -> None:
        provider = bench.connect(webhook_secret="whsec_ours")

        with pytest.raises(errors.BadSignature):
            provider.read_event(body, {"Stripe-Signature": "t=1,v1=00"})


class TestCheck:
    def test_finds_a_good_connection_fine(self, bench: Bench) -> None:
        checks = bench.provider.check(webhook_url=None)

        assert checks and "key" in [c.subject for c in checks]
        assert all(c.is_fine for c in checks if c.subject != "webhook")
        assert len({c.subject for c in checks}) == len(checks)

    def test_finds_a_wrong_key_out(self, bench: Bench) -> None:
        wrong = {"stripe": "sk_test_wrong", "mollie": "test_wrong"}[bench.name]

        checks = bench.connect(secret_key=wrong).check(webhook_url=None)

        assert [c.is_fine for c in checks if c.subject == "key"] == [False]

    def test_finds_an_installed_door_fine(self, bench: Bench) -> None:
        url = "http://127.0.0.1:9/hooks"
        webhook = bench.provider.install_webhook(url)
        provider = bench.connect(webhook_secret=webhook and webhook.secret)

        (check,) = [c for c in provider.check(webhook_url=url) if c.subject == "webhook"]

        assert check.standing == "good"

    def test_says_nothing_of_an_address_nobody_can_reach(self, bench: Bench) -> None:
        (check,) = [c for c in bench.provider.check(webhook_url=None) if c.subject == "webhook"]

        assert (check.finding, check.standing) == ("webhook_private", "note")

    def test_says_that_the_provider_does_not_answer(self, bench: Bench) -> None:
        away = bench.connect(api_url="http://127.0.0.1:9")

        assert [c.finding for c in away.check(webhook_url=None)] == ["key_silent"]


class TestIdentity:
    def test_is_the_accounts_whatever_the_key(self, bench: Bench) -> None:
        rolled = bench.connect(secret_key=bench.connection.secret_key + "__rolled")
        other = bench.connect(secret_key=bench.connection.secret_key + "other")

        identity = bench.provider.identify()

        assert identity.name == "Acme Notes"
        assert rolled.identify() == identity
        assert other.identify().provider_id != identity.provider_id

    def test_is_nobodys_for_a_key_that_opens_nothing(self, bench: Bench) -> None:
        wrong = {"stripe": "sk_test_wrong", "mollie": "test_wrong"}[bench.name]

        with pytest.raises(errors.BadCredentials):
            bench.connect(secret_key=wrong).identify()


class TestCatalogue:
    def test_is_pushed_and_read_back_where_the_provider_keeps_one(self, bench: Bench) -> None:
        line = bench.order("subscription").lines[0]
        price = base.CataloguePrice(new_key(), "Team", line.unit_amount, "month", "exclusive")
        try:
            pushed = bench.provider.push_catalogue(price, key=new_key())
        except errors.Unsupported:
            with pytest.raises(errors.Unsupported):
                bench.provider.import_catalogue()
            return

        assert pushed.provider_price_id and pushed.provider_product_id
        assert [listed.price for listed in bench.provider.import_catalogue()] == [pushed]
        assert (pushed.amount, pushed.interval) == (price.amount, price.interval)

    def test_keeps_prices_of_one_product_together_and_finds_them_again(self, bench: Bench) -> None:
        amount = bench.order("subscription").lines[0].unit_amount
        ours = [
            base.CataloguePrice(
                new_key(), "Team", amount, interval, "exclusive", product_uuid=str(_PRODUCT)
            )
            for interval in _INTERVALS
        ]
        try:
            pushed = [bench.provider.push_catalogue(price, key=new_key()) for price in ours]
        except errors.Unsupported:
            with pytest.raises(errors.Unsupported):
                bench.provider.find_price(ours[0])
            with pytest.raises(errors.Unsupported):
                told = base.CatalogueProduct(str(_PRODUCT), "Teams")
                bench.provider.describe_product(told, key=new_key())
            return

        found = [bench.provider.find_price(price) for price in ours]

        assert len({price.provider_product_id for price in pushed}) == 1
        assert [price and price.provider_price_id for price in found] == [
            price.provider_price_id for price in pushed
        ]
        assert bench.provider.find_price(replace(ours[0], uuid=new_key())) is None
        told = base.CatalogueProduct(str(_PRODUCT), "Teams", "For everybody.")
        for _ in range(2):
            at_it = bench.provider.describe_product(told, key=new_key())
            assert at_it == pushed[0].provider_product_id
        (first, *_) = bench.provider.import_catalogue()
        assert first.price is not None
        assert (first.product_name, first.price.product_description) == ("Teams", "For everybody.")
        unsaid = replace(told, description="")
        bench.provider.describe_product(unsaid, key=new_key())
        (first, *_) = bench.provider.import_catalogue()
        assert first.price is not None and not first.price.product_description
        with pytest.raises(errors.Missing):
            bench.provider.describe_product(replace(told, uuid=new_key()), key=new_key())
        listed = bench.provider.import_catalogue()
        assert {each.price and each.price.product_uuid for each in listed} == {str(_PRODUCT)}
