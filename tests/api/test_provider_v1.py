"""Seed 001: POST /api/v1/apps/:appUuid/tenants/:tenantUuid/payment-providers/:paymentProvider/
checkout-sessions, with an API key."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.billing.demo.demo_world import API_KEYS
from app.models import Customer, Price, TaxRate
from tests.api.conftest import Caller, Json, Strangers, checkouts, key_headers
from tests.cast import World
from tests.sandbox_server import SandboxServer

# The seed's request, verbatim but for the ids.
SEED: Json = {
    "priceId": "price_12345",
    "taxRateId": "txr_12345",
    "quantity": 1,
    "mode": "subscription",
    "billingAddressCollection": True,
    "shippingAddressCollection": False,
    "currency": "EUR",
    "successUrl": "https://app.example.com/success",
    "cancelUrl": "https://app.example.com/cancel",
    "termsOfServiceUrl": "https://app.example.com/terms",
    "collectTermsOfServiceConsent": True,
    "isTaxIdCollectionEnabled": True,
    "isTaxIdCollectionRequired": False,
}
# The keys of the seed's answer, in its order.
CREATED = [
    "id",
    "uuid",
    "appUuid",
    "paymentProviderUuid",
    "sessionId",
    "nextActionUrl",
    "userUuid",
    "tenantUuid",
    "createdAt",
    "updatedAt",
    "deletedAt",
]
REQUIRED = [
    "priceId",
    "taxRateId",
    "quantity",
    "mode",
    "currency",
    "successUrl",
    "cancelUrl",
]
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
NOBODY = "0b6f5c9e-3f0b-4f0e-9a5e-6f1d0c8b7a61"
PROVIDERS = ("stripe", "mollie")

WRONG: list[tuple[str, object]] = [
    ("priceId", 5),
    ("priceId", "price_nobody_knows"),
    ("taxRateId", "txr_nobody_knows"),
    ("quantity", 0),
    ("quantity", -1),
    ("quantity", 1.5),
    ("quantity", "1"),
    ("quantity", True),
    ("quantity", 1001),
    ("mode", "donation"),
    ("mode", "payment"),
    ("billingAddressCollection", "yes"),
    ("shippingAddressCollection", 1),
    ("currency", "USD"),
    ("currency", "XXX"),
    ("currency", "EURO"),
    ("successUrl", "/success"),
    ("successUrl", "javascript:alert(1)"),
    ("cancelUrl", "https://user@app.example.com/"),
    ("cancelUrl", "https://app.example.com/a b"),
    ("termsOfServiceUrl", "terms"),
    ("collectTermsOfServiceConsent", "true"),
    ("isTaxIdCollectionEnabled", 0),
    ("isTaxIdCollectionRequired", 1),
    ("productPriceUuid", "not a uuid"),
    ("paymentMethod", "ideal"),
]


def path(world: World, provider: str = "stripe", **places: object) -> str:
    app = places.get("app", world.app.uuid)
    tenant = places.get("tenant", world.globex.uuid)
    return f"/api/v1/apps/{app}/tenants/{tenant}/payment-providers/{provider}/checkout-sessions"


def body(world: World, **changed: Any) -> Json:
    """Answer the seed's request with the demo world's ids; a value None is left out."""
    ids = {"priceId": world.price("team").price_id, "taxRateId": "txr_demoDE19"}
    merged = {**SEED, **ids, **changed}
    return {name: value for name, value in merged.items() if value is not None}


def refusal(code: str, message: str) -> Json:
    return {"errors": [{"validation": "error", "code": f"[{code}]", "message": message}]}


def messages(answer: Any) -> list[str]:
    """Answer the messages of a bad request, each of which has the seed's code."""
    assert answer.status_code == 400
    problems = answer.get_json()["errors"]
    assert {(p["validation"], p["code"]) for p in problems} == {("error", "[E4000]")}
    return [problem["message"] for problem in problems]


class TestCreate:
    @pytest.mark.parametrize("provider", PROVIDERS)
    def test_answers_the_seeds_example_with_the_seeds_keys_and_types(
        self, server: Caller, world: World, db: Session, provider: str
    ) -> None:
        answer = server.posts(path(world, provider), body(world))

        assert answer.status_code == 200
        assert answer.content_type == "application/json"
        said = answer.get_json()
        assert list(said) == ["kind", "totalItems", "itemsLength", "items"]
        assert (said["kind"], said["totalItems"], said["itemsLength"]) == (
            "checkoutSessions",
            1,
            1,
        )
        (item,) = said["items"]
        assert list(item) == ["createdCheckoutSession", "nextAction"]
        created = item["createdCheckoutSession"]
        assert list(created) == CREATED
        (row,) = checkouts(db)
        assert created["id"] == row.id
        assert UUID(created["uuid"]) == row.uuid
        assert created["appUuid"] == str(world.app.uuid)
        assert created["paymentProviderUuid"] == str(world.account(provider).uuid)
        assert created["tenantUuid"] == str(world.globex.uuid)
        assert created["userUuid"] == str(world.tara.uuid)
        assert created["sessionId"].startswith({"stripe": "cs_test_", "mollie": "tr_"}[provider])
        assert MOMENT.fullmatch(created["createdAt"])
        assert MOMENT.fullmatch(created["updatedAt"])
        assert created["deletedAt"] is None
        assert item["nextAction"] == {"url": created["nextActionUrl"]}

    def test_takes_the_seeds_call_without_the_optional_fields(
        self, server: Caller, world: World
    ) -> None:
        left_out = dict.fromkeys(
            ("termsOfServiceUrl", "isTaxIdCollectionEnabled", "isTaxIdCollectionRequired")
        )

        assert server.posts(path(world), body(world, **left_out)).status_code == 200

    def test_sends_the_payer_to_the_providers_page(
        self, server: Caller, world: World, sandbox: SandboxServer
    ) -> None:
        for provider in PROVIDERS:
            plain = {name: None for name in SEED if name.startswith(("collect", "is", "terms"))}
            asked = body(world, **plain, billingAddressCollection=False)

            answer = server.posts(path(world, provider), asked).get_json()

            assert answer["items"][0]["nextAction"]["url"].startswith(f"{sandbox.url}/{provider}/")

    def test_sends_the_payer_to_our_page_where_mollies_does_not_collect(
        self, server: Caller, world: World, site: Any
    ) -> None:
        for flag in (
            {"billingAddressCollection": True},
            {"shippingAddressCollection": True},
            {"collectTermsOfServiceConsent": True},
            {"isTaxIdCollectionEnabled": True},
        ):
            off = dict.fromkeys(
                name for name in SEED if name.startswith(("collect", "is", "terms", "billing"))
            )
            answer = server.posts(path(world, "mollie"), body(world, **{**off, **flag})).get_json()

            created = answer["items"][0]["createdCheckoutSession"]
            assert created["sessionId"].startswith("tr_")
            assert created["nextActionUrl"].startswith(site.url(f"/pay/{created['uuid']}?key="))

    def test_makes_the_providers_customer_where_the_tenant_has_none(
        self, server: Caller, world: World, db: Session
    ) -> None:
        assert db.scalars(select(Customer)).all() == []

        server.posts(path(world), body(world))
        server.posts(path(world), body(world))

        assert len(db.scalars(select(Customer)).all()) == 1

    def test_makes_a_new_session_each_time(self, server: Caller, world: World, db: Session) -> None:
        first, second = (server.posts(path(world), body(world)).get_json() for _ in range(2))

        assert first["items"] != second["items"]
        assert [row.state for row in checkouts(db)] == ["open", "open"]

    def test_applies_the_callers_rate_as_given(
        self, server: Caller, world: World, db: Session
    ) -> None:
        server.posts(path(world), body(world, taxRateId="txr_demoSE25", quantity=3))

        (row,) = checkouts(db)
        assert (row.tax_rule, row.tax_country, row.quantity) == ("instructed", "SE", 3)
        assert (row.net, row.tax, row.total) == (5700, 1425, 7125)

    def test_ignores_price_rate_and_quantity_in_a_set_up(
        self, server: Caller, world: World, db: Session
    ) -> None:
        with_them = body(world, mode="setup", quantity=0, priceId="price_nobody_knows")
        without = body(world, mode="setup", quantity=None, priceId=None, taxRateId=None)

        for provider in PROVIDERS:
            for asked in (with_them, without):
                assert server.posts(path(world, provider), asked).status_code == 200

        assert {(row.mode, row.price_id, row.quantity) for row in checkouts(db)} == {
            ("setup", None, 1)
        }

    def test_sells_a_one_time_price(self, server: Caller, world: World, db: Session) -> None:
        price = world.price("onboarding", None).price_id

        answer = server.posts(path(world), body(world, mode="payment", priceId=price))

        assert answer.status_code == 200
        assert [row.mode for row in checkouts(db)] == ["payment"]

    def test_takes_uuids_in_place_of_ids(self, server: Caller, world: World, db: Session) -> None:
        rate = db.scalars(select(TaxRate).where(TaxRate.tax_rate_id == "txr_demoDE19")).one()
        by_uuid = body(
            world,
            priceId=None,
            taxRateId=None,
            productPriceUuid=str(world.price("team").uuid),
            taxRateUuid=str(rate.uuid),
            paymentMethod="card",
        )

        assert server.posts(path(world, "mollie"), by_uuid).status_code == 200
        (row,) = checkouts(db)
        assert (row.method, row.tax_rate_id) == ("card", rate.id)

    def test_names_no_user_where_the_tenant_has_no_admin(
        self, server: Caller, world: World, db: Session
    ) -> None:
        world.membership(world.tara).deleted_at = clock.wall()
        db.commit()

        answer = server.posts(path(world), body(world)).get_json()

        assert answer["items"][0]["createdCheckoutSession"]["userUuid"] is None

    def test_reads_the_currency_in_any_case(self, server: Caller, world: World) -> None:
        assert server.posts(path(world), body(world, currency="eur")).status_code == 200


class TestWho:
    """401 [E4010] Unauthorized Token or API key · 401 [E4011] Unauthorized API key type."""

    def test_must_show_key_and_client_id(self, server: Caller, world: World) -> None:
        changes: list[dict[str, str | None]] = [
            {"x_api_key": None},
            {"x_api_key": "portico_write_nobody"},
            {"x_client_id": None},
            {"x_client_id": NOBODY},
            {"x_client_id": "not a uuid"},
        ]
        for changed in changes:
            answer = server.posts(path(world), {}, **changed)

            assert answer.status_code == 401, changed
            assert answer.get_json() == refusal("E4010", "Unauthorized Token or API key")

    def test_must_be_the_app_in_the_path(self, server: Caller, world: World) -> None:
        answer = server.posts(path(world, app=NOBODY), body(world))

        assert (answer.status_code, answer.get_json()["errors"][0]["code"]) == (401, "[E4010]")

    def test_must_say_write(self, server: Caller, world: World) -> None:
        for type in ("read", "", None):
            answer = server.posts(path(world), {}, x_api_key_type=type)

            assert answer.status_code == 401
            assert answer.get_json() == refusal("E4011", "Unauthorized API key type")

    def test_must_have_a_key_that_writes(self, server: Caller, world: World) -> None:
        answer = server.posts(path(world), {}, x_api_key=API_KEYS["read"])

        assert answer.get_json() == refusal("E4011", "Unauthorized API key type")

    def test_is_refused_where_the_app_is_disabled(
        self, server: Caller, world: World, db: Session
    ) -> None:
        """403 [E4030] App Is Disabled, before the body is looked at."""
        world.app.disabled_at = clock.wall()
        db.commit()

        answer = server.posts(path(world), {})

        assert answer.status_code == 403
        assert answer.get_json() == refusal("E4030", "App Is Disabled")

    def test_is_told_of_the_key_before_its_type_and_of_that_before_the_body(
        self, server: Caller, world: World
    ) -> None:
        both = server.posts(path(world), {}, x_api_key="wrong", x_api_key_type="read")

        assert both.get_json()["errors"][0]["code"] == "[E4010]"

    def test_sees_nothing_of_another_app(
        self, server: Caller, world: World, strangers: Strangers, db: Session
    ) -> None:
        theirs = Caller(server.client, db, key_headers(strangers.app, strangers.key))
        with_our_path = theirs.posts(path(world), body(world))
        in_their_app = theirs.posts(path(world, app=strangers.app.uuid), body(world))
        their_tenant = server.posts(path(world, tenant=strangers.tenant.uuid), body(world))

        assert with_our_path.status_code == 401
        assert messages(in_their_app) == ["tenantUuid is not a tenant of this app"]
        assert messages(their_tenant) == ["tenantUuid is not a tenant of this app"]
        assert checkouts(db) == []


class TestRead:
    """400 [E4000] Bad Request / validation error: one entry for each field, in the schema's order,
    beginning with its name."""

    def test_names_every_missing_field(self, server: Caller, world: World) -> None:
        said = messages(server.posts(path(world), {}))

        assert said == [f"{name} is required" for name in REQUIRED]

    def test_refuses_a_wrong_value_by_name(self, server: Caller, world: World, db: Session) -> None:
        for field, value in WRONG:
            said = messages(server.posts(path(world), body(world, **{field: value})))

            assert [message.split()[0] for message in said] == [field], value
        assert checkouts(db) == []

    def test_names_several_at_once_in_order(self, server: Caller, world: World) -> None:
        wrong = body(world, cancelUrl="no", quantity=0, currency="XXX")

        said = messages(server.posts(path(world), wrong))

        assert [message.split()[0] for message in said] == ["quantity", "currency", "cancelUrl"]

    def test_refuses_a_required_tax_id_that_is_not_asked_for(
        self, server: Caller, world: World
    ) -> None:
        wrong = body(world, isTaxIdCollectionEnabled=False, isTaxIdCollectionRequired=True)

        assert messages(server.posts(path(world), wrong)) == [
            "isTaxIdCollectionRequired needs isTaxIdCollectionEnabled"
        ]

    def test_refuses_what_is_no_json_object(self, server: Caller, world: World) -> None:
        for sent, type in [
            (b"{", "application/json"),
            (b"", "application/json"),
            (b"[]", "application/json"),
            (b"null", "application/json"),
            (b'{"mode": "\xff"}', "application/json"),
            (b"mode=payment", "application/x-www-form-urlencoded"),
            (b"{}", "text/plain"),
        ]:
            (message,) = messages(server.posts(path(world), sent, Content_Type=type))

            assert message.startswith("The body "), sent

    def test_refuses_what_no_database_keeps(self, server: Caller, world: World) -> None:
        """PostgreSQL takes no NUL in a text."""
        assert messages(server.posts(path(world), body(world, priceId="price_\x00")))
        assert messages(server.posts(path(world, "%00"), body(world)))
        assert messages(server.posts(path(world, tenant="%00"), body(world)))

    def test_refuses_a_price_that_is_not_sold_any_more(
        self, server: Caller, world: World, db: Session
    ) -> None:
        price = world.price("team")
        price.archived_at = clock.wall()
        db.commit()

        assert messages(server.posts(path(world), body(world, priceId=price.price_id))) == [
            "priceId is not used any more"
        ]

    def test_refuses_another_provider(self, server: Caller, world: World) -> None:
        for provider in ("paypal", "Stripe"):
            (message,) = messages(server.posts(path(world, provider), body(world)))

            assert message.startswith("paymentProvider ")

    def test_refuses_a_provider_that_is_not_connected(
        self, server: Caller, world: World, db: Session
    ) -> None:
        world.account("mollie").disconnected_at = clock.wall()
        db.commit()

        assert messages(server.posts(path(world, "mollie"), body(world))) == [
            "paymentProvider is not connected to this app"
        ]

    def test_refuses_an_unknown_tenant(self, server: Caller, world: World) -> None:
        for tenant in ("nobody", NOBODY):
            (message,) = messages(server.posts(path(world, tenant=tenant), body(world)))

            assert message.startswith("tenantUuid ")

    def test_refuses_a_second_plan(self, server: Caller, world: World) -> None:
        world.begin_plan(world.globex)

        (message,) = messages(server.posts(path(world), body(world)))

        assert "already has a plan" in message

    def test_ignores_a_tenant_in_the_body(
        self, server: Caller, world: World, strangers: Strangers
    ) -> None:
        asked = body(world, tenantUuid=str(strangers.tenant.uuid))

        answer = server.posts(path(world), asked).get_json()

        created = answer["items"][0]["createdCheckoutSession"]
        assert created["tenantUuid"] == str(world.globex.uuid)


class TestRefuse:
    """500 [E0000] Internal Server Error, and what Flask refuses itself."""

    def test_says_when_to_ask_again_where_the_provider_does_not_answer(
        self, server: Caller, world: World, sandbox: SandboxServer
    ) -> None:
        server.posts(path(world), body(world))
        sandbox.fault("500_before", provider="stripe", match="sessions", times=9)

        answer = server.posts(path(world), body(world))

        assert answer.status_code == 500
        assert answer.get_json() == refusal("E0000", "Internal Server Error")
        assert int(answer.headers["Retry-After"]) > 0

    def test_hides_our_own_faults(
        self, server: Caller, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from app.billing.access import callers

        def breaks(*_given: object) -> None:
            raise RuntimeError("a secret of the house")

        monkeypatch.setattr(callers, "find", breaks)

        answer = server.posts(path(world), body(world))

        assert answer.status_code == 500
        assert answer.get_json() == refusal("E0000", "Internal Server Error")

    def test_takes_the_price_of_one_app_only(
        self, server: Caller, world: World, db: Session, strangers: Strangers
    ) -> None:
        price = db.scalars(select(Price).where(Price.price_id == world.price("team").price_id))
        price.one().product.app_id = strangers.app.id
        db.commit()

        (message,) = messages(server.posts(path(world), body(world)))

        assert message == "priceId is not known in this app"


class TestIdempotencyKey:
    def test_answers_the_same_session_for_a_day(
        self, server: Caller, world: World, db: Session
    ) -> None:
        first = server.posts(path(world), body(world), Idempotency_Key="order-1")
        again = server.posts(path(world), body(world), Idempotency_Key="order-1")

        assert again.status_code == 200
        assert again.get_json() == first.get_json()
        assert len(checkouts(db)) == 1

    def test_is_one_of_a_route(self, server: Caller, world: World, db: Session) -> None:
        for tenant in (world.globex, world.initech):
            price = world.price("team").price_id
            asked = body(world, priceId=price)
            place = path(world, tenant=tenant.uuid)
            assert server.posts(place, asked, Idempotency_Key="order-1").status_code == 200

        assert len(checkouts(db)) == 2

    def test_is_refused_with_another_body(self, server: Caller, world: World, db: Session) -> None:
        server.posts(path(world), body(world), Idempotency_Key="order-1")

        said = messages(
            server.posts(path(world), body(world, quantity=2), Idempotency_Key="order-1")
        )

        assert said == ["Idempotency-Key was used for another request; take a new key"]
        assert len(checkouts(db)) == 1

    def test_must_be_plain(self, server: Caller, world: World) -> None:
        for key in ("", "x" * 256, "ö"):
            (message,) = messages(server.posts(path(world), body(world), Idempotency_Key=key))

            assert message.startswith("Idempotency-Key ")

    def test_finishes_what_failed(
        self, server: Caller, world: World, db: Session, sandbox: SandboxServer
    ) -> None:
        server.posts(path(world), body(world))
        sandbox.fault("500_before", provider="stripe", match="sessions", times=9)
        failed = server.posts(path(world), body(world), Idempotency_Key="order-1")
        sandbox.clear_faults()

        again = server.posts(path(world), body(world), Idempotency_Key="order-1")

        assert (failed.status_code, again.status_code) == (500, 200)
        assert [row.state for row in checkouts(db)] == ["open", "open"]

    def test_is_forgotten_after_a_day(self, server: Caller, world: World, db: Session) -> None:
        from app.models import IdempotencyKey

        server.posts(path(world), body(world), Idempotency_Key="order-1")
        kept = db.scalars(select(IdempotencyKey)).one()
        assert timedelta(hours=23) < kept.expires_at - clock.wall() <= timedelta(hours=24)
        kept.expires_at = clock.wall() - timedelta(seconds=1)
        db.commit()

        again = server.posts(path(world), body(world, quantity=2), Idempotency_Key="order-1")

        assert again.status_code == 200
        assert len(checkouts(db)) == 2
