"""Pushing the catalogue to Stripe: everything once, whatever happens on the way."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update

from app.billing.catalogue import price_settings, pushes
from app.billing.catalogue.price_settings import PriceSettings
from app.billing.catalogue.pushes import PushLine
from app.billing.errors import NotAllowed, NotFound, Unsupported
from app.models import Price, ProviderPrice, ProviderTaxRate
from app.providers import errors
from tests.billing import owners
from tests.billing.owners import NOW
from tests.billing.purchases import Buyer, Died, done_but, raising

PRODUCTS, PRICES, RATES = 4, 14, 6


def push(buyer: Buyer, **asked: Any) -> list[PushLine]:
    member, account = owners.alice(buyer.world), buyer.world.account("stripe")
    buyer.db.commit()
    # However slow the machine is.
    patience = {"seconds": 600, **asked}
    lines = pushes.run(buyer.db, buyer.site, member, account.uuid, now=NOW, **patience)
    buyer.db.commit()
    return lines


def there(buyer: Buyer) -> tuple[int, int, int]:
    stripe = owners.at_stripe(buyer.world, buyer.site, buyer.sandbox)
    products, prices, rates = (
        len(stripe.find(kind)) for kind in ("products", "prices", "tax_rates")
    )
    return products, prices, rates


def names(buyer: Buyer) -> dict[str, str | None]:
    """Answer the descriptions of products at Stripe by their names."""
    stripe = owners.at_stripe(buyer.world, buyer.site, buyer.sandbox)
    return {product["name"]: product["description"] for product in stripe.find("products")}


class TestRun:
    def test_makes_everything_once(self, tara: Buyer) -> None:
        first, second = push(tara), push(tara)

        assert there(tara) == (PRODUCTS, PRICES, RATES)
        assert all(line.provider_id for line in first)
        assert [line.provider_id for line in second] == [line.provider_id for line in first]
        assert owners.noted(tara.world) == [("catalogue.pushed", "Stripe")]

    def test_goes_on_where_a_process_died(self, tara: Buyer) -> None:
        calls = []

        def dies_at_the_third(real: Any, *given: Any, **named: Any) -> Any:
            made = real.push_catalogue(*given, **named)
            calls.append(made)
            if len(calls) == 3:
                raise Died
            return made

        with pytest.raises(Died):
            push(tara.where(push_catalogue=dies_at_the_third))
        tara.db.rollback()
        tara.forgets_claims(ProviderPrice, ProviderTaxRate)

        lines = push(tara)

        assert there(tara) == (PRODUCTS, PRICES, RATES)
        assert all(line.provider_id for line in lines)

    def test_finds_what_was_made_before_the_keys_window_ended(self, tara: Buyer) -> None:
        lost = done_but("push_catalogue", errors.Unavailable("no answer"))
        first = push(tara.where(push_catalogue=lost))
        tara.waits("25 hours")

        push(tara)

        assert str(first[0].problem) == "Stripe does not answer just now. Try again in a minute."
        assert [line.provider_id for line in first[1:]] == [None] * (PRICES + RATES - 1)
        assert there(tara) == (PRODUCTS, PRICES, RATES)

    def test_says_why_a_line_is_refused_and_makes_the_others(self, tara: Buyer) -> None:
        calls = []

        def refuses_one(real: Any, *given: Any, **named: Any) -> Any:
            calls.append(given)
            if len(calls) == 2:
                raise errors.Refused("Stripe: names are too long.")
            return real.push_catalogue(*given, **named)

        lines = push(tara.where(push_catalogue=refuses_one))

        problems = [str(line.problem) for line in lines if line.problem]
        assert problems == ["Stripe refuses this: names are too long."]
        assert there(tara) == (PRODUCTS, PRICES - 1, RATES)
        assert all(line.provider_id for line in push(tara))
        assert there(tara) == (PRODUCTS, PRICES, RATES)

    def test_sends_a_new_name_where_the_old_one_was_refused(self, tara: Buyer) -> None:
        def refuses(_real: Any, *given: Any, **named: Any) -> Any:
            raise errors.Refused("Stripe: that name will not do.")

        push(tara.where(push_catalogue=refuses))
        tara.world.price("team").product.name = "Teams"

        push(tara)

        stripe = owners.at_stripe(tara.world, tara.site, tara.sandbox)
        assert "Teams" in {product["name"] for product in stripe.find("products")}

    def test_tells_a_new_name_and_nothing_that_is_the_same(self, tara: Buyer) -> None:
        push(tara)
        calls = []

        def notes(real: Any, *given: Any, **named: Any) -> Any:
            calls.append(given)
            return real.describe_product(*given, **named)

        telling = tara.where(describe_product=notes)
        team = tara.world.price("team").product
        team.name, team.description = "Teams", "For all of you."
        tara.db.commit()

        said = [push(telling) for _ in range(2)]
        team.description = None
        tara.db.commit()
        push(telling)

        renamed = [line for line in said[0] if line.product]
        assert [(line.product, bool(line.provider_id)) for line in renamed] == [(team, True)]
        assert [line for line in said[1] if line.product] == []
        sent = [(told.name, told.description) for (told,) in calls]
        assert sent == [("Teams", "For all of you."), ("Teams", "")]
        assert "Team" not in names(tara) and names(tara)["Teams"] is None
        assert there(tara) == (PRODUCTS, PRICES, RATES)
        assert len(owners.noted(tara.world)) == 3

    def test_tells_a_new_name_again_where_the_answer_was_lost(self, tara: Buyer) -> None:
        push(tara)
        tara.world.price("team").product.name = "Teams"
        tara.db.commit()

        lost = done_but("describe_product", errors.Unavailable("no answer"))
        first = push(tara.where(describe_product=lost))
        second = push(tara)

        assert [line.provider_id for line in first if line.product] == [None]
        assert all(line.provider_id for line in second if line.product)
        assert "Teams" in names(tara) and "Team" not in names(tara)
        assert [line for line in push(tara) if line.product] == []

    def test_says_why_a_name_is_refused(self, tara: Buyer) -> None:
        push(tara)
        tara.world.price("team").product.name = "Teams"
        tara.db.commit()
        refusal = raising(errors.Refused("Stripe: that name will not do."))

        lines = push(tara.where(describe_product=refusal))

        (line,) = [line for line in lines if line.problem]
        assert (line.product, str(line.problem)) == (
            tara.world.price("team").product,
            "Stripe refuses this: that name will not do.",
        )
        assert "Team" in names(tara)

    def test_leaves_the_rest_for_the_next_time_where_it_takes_long(self, tara: Buyer) -> None:
        first = push(tara, seconds=-1)

        assert [line.provider_id for line in first] == [None] * (PRICES + RATES)
        assert all(line.problem is None for line in first)

    def test_passes_over_what_stripe_cannot_hold(self, tara: Buyer) -> None:
        team = tara.world.price("team").product
        typed = PriceSettings(amount="1.234", currency="BHD", interval="month")
        price_settings.add(tara.db, owners.alice(tara.world), team.uuid, typed, now=NOW)

        lines = push(tara)

        (hindered,) = [line for line in lines if line.problem]
        assert hindered.price is not None and hindered.price.currency == "BHD"
        assert not hindered.can_be_made
        assert there(tara) == (PRODUCTS, PRICES, RATES)

    def test_makes_rates_for_prices_that_hold_the_tax_too(self, tara: Buyer) -> None:
        tara.db.execute(
            update(Price).where(Price.currency == "USD").values(tax_behavior="inclusive")
        )

        push(tara)

        assert there(tara) == (PRODUCTS, PRICES, 2 * RATES)

    def test_has_checkouts_use_what_was_made(self, tara: Buyer) -> None:
        push(tara)
        before = there(tara)

        tara.buys("team", "month")

        assert there(tara) == before
        stripe = owners.at_stripe(tara.world, tara.site, tara.sandbox)
        (row,) = tara.rows(ProviderPrice, ProviderPrice.price_id == tara.world.price("team").id)
        (session,) = stripe.find("checkout_sessions")
        assert row.provider_id in str(session)

    def test_is_not_for_support_nor_for_mollie_nor_for_strangers(self, tara: Buyer) -> None:
        support, alice = owners.helper(tara.world), owners.alice(tara.world)
        stripe, mollie = (tara.world.account(name).uuid for name in ("stripe", "mollie"))
        tara.db.commit()

        for member, account, refusal in (
            (support, stripe, NotAllowed),
            (alice, mollie, Unsupported),
            (alice, uuid4(), NotFound),
        ):
            with pytest.raises(refusal):
                pushes.run(tara.db, tara.site, member, account, now=NOW)
