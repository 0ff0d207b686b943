"""Taking over what Stripe has already: its ids stay, and nothing comes twice."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, func, select

from app.billing.catalogue import import_previews, imports, price_settings, pushes
from app.billing.catalogue.import_previews import Preview
from app.billing.catalogue.imports import Chosen, Imported
from app.billing.errors import Conflict, Invalid, NotAllowed, ProviderUnavailable
from app.db.engine import Database
from app.models import App, Price, Product, ProviderAccount, ProviderPrice
from app.providers import errors
from app.sandbox.store import Json
from app.sandbox.stripe import prices as stripe_prices
from app.sandbox.stripe import products as stripe_products
from tests import together
from tests.billing import owners
from tests.billing.owners import NOW
from tests.billing.purchases import Buyer, raising


def made_there(buyer: Buyer, name: str = "Gold", *prices: Json) -> tuple[str, list[str]]:
    """Make a product at Stripe as its owner did before Portico came; answer its id and those of
    its prices."""
    account = owners.at_stripe(buyer.world, buyer.site, buyer.sandbox)
    product = stripe_products.make(account, {"name": name, "description": "For fans"})
    wanted = prices or ({"recurring": {"interval": "month"}},)
    common = {"product": product["id"], "currency": "eur", "unit_amount": 4900}
    made = [stripe_prices.make(account, {**common, **price}, "") for price in wanted]
    return product["id"], [price["id"] for price in made]


def look(buyer: Buyer) -> Preview:
    account = buyer.world.account("stripe")
    return import_previews.show(buyer.db, buyer.site, buyer.world.app, account)


def take(buyer: Buyer, *prices: str, **typed: Any) -> Imported:
    member, account = owners.alice(buyer.world), buyer.world.account("stripe")
    made = imports.take(
        buyer.db, buyer.site, member, account.uuid, Chosen(prices, **typed), now=NOW
    )
    buyer.db.commit()
    return made


def count(buyer: Buyer, model: Any) -> int:
    return buyer.db.scalar(select(func.count()).select_from(model)) or 0


class TestPreview:
    def test_lists_what_can_be_sold_and_why_the_rest_cannot(self, tara: Buyer) -> None:
        made_there(
            tara,
            "Team",
            {"recurring": {"interval": "month"}},
            {"recurring": {"interval": "week"}},
            {},
            {"unit_amount": 0},
        )

        (group,) = look(tara).groups

        assert (group.name, group.slug, group.product) == ("Team", "team-2", None)
        assert [str(c.obstacle) for c in group.candidates] == [
            "It costs nothing.",
            "None",
            "Its period is neither one month nor one year.",
            "None",
        ]

    def test_shows_what_is_archived_there_and_still_sold_here(self, tara: Buyer) -> None:
        _, (price_id,) = made_there(tara)
        take(tara, price_id)
        stripe = owners.at_stripe(tara.world, tara.site, tara.sandbox)
        stripe.save("prices", {**stripe.find("prices")[-1], "active": False})

        shown = look(tara)

        assert (shown.groups, [price.price_id for price in shown.gone]) == ((), [price_id])

    def test_passes_over_what_was_made_for_one_checkout(self, tara: Buyer) -> None:
        tara.buys("team", "month")

        assert look(tara).groups == ()

    @pytest.mark.parametrize(
        ("error", "refusal"),
        [
            (errors.Unavailable("no answer"), ProviderUnavailable),
            (errors.BadCredentials("no"), Conflict),
        ],
    )
    def test_says_where_stripe_does_not_answer(
        self, tara: Buyer, error: errors.ProviderError, refusal: type[Exception]
    ) -> None:
        with pytest.raises(refusal, match="Stripe does not"):
            look(tara.where(import_catalogue=raising(error)))


class TestTake:
    def test_keeps_the_ids_of_stripe(self, tara: Buyer) -> None:
        product_id, price_ids = made_there(
            tara,
            "Gold",
            {"recurring": {"interval": "year", "trial_period_days": 7}},
            {"tax_behavior": "inclusive"},
        )

        made = take(tara, *price_ids)

        assert made == Imported(products=1, prices=2)
        prices = tara.rows(Price, Price.price_id.in_(price_ids))
        assert {p.price_id: (p.unit_amount, p.interval, p.trial_days) for p in prices} == {
            price_ids[0]: (4900, "year", 7),
            price_ids[1]: (4900, None, 0),
        }
        assert [p.tax_behavior for p in prices] == ["exclusive", "inclusive"]
        assert {p.product.slug for p in prices} == {"gold"}
        assert prices[0].product.description == "For fans"
        mapped = tara.rows(ProviderPrice)
        assert {row.provider_id for row in mapped} == set(price_ids)
        assert {row.provider_product_id for row in mapped} == {product_id}
        assert owners.noted(tara.world) == [("catalogue.imported", "Stripe")]

    def test_done_twice_does_nothing_twice(self, tara: Buyer) -> None:
        _, price_ids = made_there(tara)
        take(tara, *price_ids)
        before = [count(tara, model) for model in (Product, Price, ProviderPrice)]

        again = take(tara, *price_ids)

        assert again == Imported(products=0, prices=0)
        assert [count(tara, model) for model in (Product, Price, ProviderPrice)] == before
        assert len(owners.noted(tara.world)) == 1

    def test_pressed_twice_at_once_does_nothing_twice(
        self, tara: Buyer, database: Database
    ) -> None:
        _, price_ids = made_there(tara)
        member, account = owners.alice(tara.world), tara.world.account("stripe")
        _ = (member.app, member.user)
        tara.db.commit()

        def press(_: int) -> int:
            with database.writer() as db:
                chosen = Chosen(price_ids)
                made = imports.take(db, tara.site, member, account.uuid, chosen, now=NOW)
                db.commit()
                return made.prices

        made = together.each(press, range(4))

        assert sorted(made) == [0, 0, 0, 1]
        assert count(tara, ProviderPrice) == 1

    def test_adds_later_prices_to_the_same_product(self, tara: Buyer) -> None:
        _, (first, second) = made_there(tara, "Gold", {}, {"recurring": {"interval": "month"}})
        take(tara, first)

        made = take(tara, first, second)

        assert made == Imported(products=0, prices=1)
        prices = tara.rows(Price, Price.price_id.in_((first, second)))
        assert len({price.product_id for price in prices}) == 1

    def test_takes_the_names_that_were_typed(self, tara: Buyer) -> None:
        product_id, price_ids = made_there(tara)

        take(tara, *price_ids, names={product_id: "Gold plan"}, slugs={product_id: "the-gold"})

        (product,) = tara.rows(Product, Product.slug == "the-gold")
        assert product.name == "Gold plan"

    @pytest.mark.parametrize(
        ("name", "slug", "field"),
        [("", "gold", "name"), ("Gold", "team", "slug"), ("Gold", "Not a slug", "slug")],
    )
    def test_names_what_is_wrong_and_does_nothing(
        self, tara: Buyer, name: str, slug: str, field: str
    ) -> None:
        product_id, price_ids = made_there(tara)
        before = count(tara, Product)

        with pytest.raises(Invalid) as refused:
            take(tara, *price_ids, names={product_id: name}, slugs={product_id: slug})
        tara.db.rollback()

        assert refused.value.field == f"{field}-{product_id}"
        assert count(tara, Product) == before

    @pytest.mark.parametrize("chosen", [(), ("price_of_nobody",)])
    def test_wants_something_chosen(self, tara: Buyer, chosen: tuple[str, ...]) -> None:
        made_there(tara)

        with pytest.raises(Invalid) as refused:
            take(tara, *chosen)

        assert refused.value.field == "prices"

    def test_takes_nothing_that_cannot_be_sold(self, tara: Buyer) -> None:
        _, price_ids = made_there(tara, "Gold", {"recurring": {"interval": "week"}})

        with pytest.raises(Invalid):
            take(tara, *price_ids)

        assert count(tara, ProviderPrice) == 0

    def test_knows_again_what_was_pushed(self, tara: Buyer) -> None:
        member, account = owners.alice(tara.world), tara.world.account("stripe")
        pushes.run(tara.db, tara.site, member, account.uuid, now=NOW, seconds=600)
        before = count(tara, Price)

        shown = look(tara)

        assert all(candidate.known for group in shown.groups for candidate in group.candidates)
        tara.db.execute(delete(ProviderPrice))
        tara.db.commit()
        wanted = [c.provider_id for group in look(tara).groups for c in group.candidates]
        assert take(tara, *wanted) == Imported(products=0, prices=len(wanted))
        assert count(tara, Price) == before

    def test_gives_a_price_another_app_has_an_id_of_its_own(self, tara: Buyer) -> None:
        _, (price_id,) = made_there(tara)
        other = App(name="Acme Maps", seller_name="Acme", seller_country="DE")
        tara.db.add(other)
        tara.db.flush()
        gold = Product(app_id=other.id, slug="gold", name="Gold")
        taken = Price(price_id=price_id, currency="EUR", unit_amount=4900, product=gold)
        tara.db.add(taken)
        tara.db.commit()

        take(tara, price_id)

        (row,) = tara.rows(ProviderPrice)
        assert row.provider_id == price_id
        assert row.price_id != taken.id
        assert row.price.price_id != price_id

    def test_is_used_by_the_next_checkout(self, tara: Buyer) -> None:
        _, (price_id,) = made_there(tara, "Gold", {"recurring": {"interval": "month"}})
        take(tara, price_id)

        tara.buys("gold", "month")

        stripe = owners.at_stripe(tara.world, tara.site, tara.sandbox)
        (session,) = stripe.find("checkout_sessions")
        assert price_id in str(session)

    def test_puts_a_later_price_of_ours_under_the_product_there(self, tara: Buyer) -> None:
        product_id, (price_id,) = made_there(tara)
        take(tara, price_id)
        (gold,) = tara.rows(Product, Product.slug == "gold")
        member, account = owners.alice(tara.world), tara.world.account("stripe")
        typed = price_settings.PriceSettings(amount="490", currency="EUR", interval="year")
        price = price_settings.add(tara.db, member, gold.uuid, typed, now=NOW)

        pushes.run(tara.db, tara.site, member, account.uuid, now=NOW, seconds=600)

        stripe = owners.at_stripe(tara.world, tara.site, tara.sandbox)
        ours = {found["metadata"].get("portico_uuid"): found for found in stripe.find("prices")}
        assert ours[str(price.uuid)]["product"] == product_id

    def test_is_not_for_support(self, tara: Buyer) -> None:
        account: ProviderAccount = tara.world.account("stripe")

        with pytest.raises(NotAllowed):
            imports.take(
                tara.db,
                tara.site,
                owners.helper(tara.world),
                account.uuid,
                Chosen(("price_1",)),
                now=NOW,
            )
