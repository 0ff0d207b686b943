"""The catalogue by API: products with prices, and tax rates, for servers and pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.billing.catalogue import price_settings, product_settings
from app.billing.catalogue.price_settings import PriceSettings
from app.billing.catalogue.product_settings import ProductSettings
from app.models import AppMember, Origin, User
from tests.api.conftest import Caller, Strangers, key_headers
from tests.cast import World


def path_of(world: World, rest: str) -> str:
    return f"/api/v1/apps/{world.app.uuid}/{rest}"


class TestProducts:
    def test_name_every_price_as_the_checkout_takes_it(self, reader: Caller, world: World) -> None:
        body = reader.gets(path_of(world, "products")).get_json()

        assert (body["kind"], body["totalItems"], body["itemsLength"]) == ("products", 4, 4)
        slugs = [item["productId"] for item in body["items"]]
        assert slugs == ["starter", "team", "business", "onboarding"]
        team = body["items"][1]
        price = next(
            each
            for each in team["productPrices"]
            if (each["currency"], each["recurringInterval"]) == ("EUR", "month")
        )
        ours = world.price("team")
        assert price["productPriceId"] == ours.price_id
        assert price["uuid"] == str(ours.uuid)
        assert (price["unitAmount"], price["recurring"]) == (ours.unit_amount, True)
        (once, *_) = body["items"][3]["productPrices"]
        assert (once["recurring"], once["recurringIntervalCount"]) == (False, None)

    def test_come_page_by_page(self, reader: Caller, world: World) -> None:
        first = reader.gets(path_of(world, "products?limit=3")).get_json()
        second = reader.gets(path_of(world, "products?limit=3&page=1")).get_json()
        beyond = reader.gets(path_of(world, "products?limit=3&page=2")).get_json()

        assert [b["itemsLength"] for b in (first, second, beyond)] == [3, 1, 0]
        assert {b["totalItems"] for b in (first, second, beyond)} == {4}

    def test_leave_out_what_is_not_sold_any_more(
        self, reader: Caller, world: World, db: Session
    ) -> None:
        world.price("starter").archived_at = clock.wall()
        world.price("team").product.archived_at = clock.wall()

        body = reader.gets(path_of(world, "products")).get_json()

        assert [item["productId"] for item in body["items"]] == [
            "starter",
            "business",
            "onboarding",
        ]
        assert len(body["items"][0]["productPrices"]) == 3

    def test_show_at_once_what_an_owner_made(
        self, reader: Caller, world: World, db: Session
    ) -> None:
        alice = db.scalars(select(AppMember)).one()
        made = product_settings.add(db, alice, ProductSettings(name="Studio"), now=clock.wall())
        typed = PriceSettings(amount="1.250", currency="BHD", interval="once")
        price = price_settings.add(db, alice, made.uuid, typed, now=clock.wall())
        db.commit()

        body = reader.gets(path_of(world, "products")).get_json()

        (studio,) = [item for item in body["items"] if item["productId"] == "studio"]
        (shown,) = studio["productPrices"]
        assert (shown["productPriceId"], shown["currency"]) == (price.price_id, "BHD")
        assert (shown["unitAmount"], shown["recurring"]) == (1250, False)

    def test_are_read_by_pages_of_registered_origins(
        self, bearer_of: Callable[[User], Caller], world: World, db: Session
    ) -> None:
        db.add(Origin(app_id=world.app.id, origin="https://spa.example.com"))
        milo = bearer_of(world.milo)

        answer = milo.gets(path_of(world, "products"), Origin="https://spa.example.com")

        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == "https://spa.example.com"


class TestTaxRates:
    def test_name_country_and_percentage(self, reader: Caller, world: World) -> None:
        body = reader.gets(path_of(world, "tax-rates?limit=100")).get_json()

        assert body["kind"] == "taxRates"
        by_country = {(item["country"] or {}).get("alpha2"): item for item in body["items"]}
        assert by_country["DE"]["percentage"] == 19
        assert by_country["DE"]["taxRateId"].startswith("txr_")
        assert by_country["DE"]["country"] == {
            "id": None,
            "uuid": None,
            "name": "Germany",
            "alpha2": "DE",
            "alpha3": "DEU",
        }
        assert by_country[None]["isReverseCharge"] is True

    def test_are_read_at_a_provider_too(self, reader: Caller, world: World) -> None:
        body = reader.gets(path_of(world, "payment-providers/mollie/tax-rates")).get_json()
        unknown = reader.gets(path_of(world, "payment-providers/paypal/tax-rates"))

        account = str(world.account("mollie").uuid)
        assert {item["paymentProviderUuid"] for item in body["items"]} == {account}
        assert unknown.status_code == 404

    def test_are_read_by_token(self, bearer_of: Callable[[User], Caller], world: World) -> None:
        assert bearer_of(world.tara).gets(path_of(world, "tax-rates")).status_code == 200


class TestStrangers:
    @pytest.mark.parametrize(
        "path", ["products", "tax-rates", "payment-providers/stripe/tax-rates"]
    )
    def test_are_told_nothing(
        self, reader: Caller, server: Caller, world: World, strangers: Strangers, path: str
    ) -> None:
        headers = key_headers(strangers.app, strangers.key, "read")
        stranger = Caller(reader.client, reader.db, headers)
        theirs = f"/api/v1/apps/{strangers.app.uuid}/{path}"

        asked = [
            stranger.gets(path_of(world, path)),
            reader.gets(theirs),
            reader.gets(path_of(world, path), x_api_key="wrong"),
            reader.gets(path_of(world, path), x_api_key=None),
            reader.gets(path_of(world, path), x_api_key=None, Authorization="Bearer x.y.z"),
            server.gets(path_of(world, path)),
        ]

        assert [answer.status_code for answer in asked] == [401] * 6
        codes = [answer.get_json()["errors"][0]["code"] for answer in asked]
        assert codes == ["[E4010]"] * 5 + ["[E4011]"]
