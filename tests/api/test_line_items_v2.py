"""Seed 004: /api/v2/checkout-sessions, as it stands in the document and as it may vary."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import ANY
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import create_app
from app.billing.demo.demo_world import API_KEYS
from app.billing.purchase import openings
from app.billing.reconciliation import sweep
from app.billing.site import Site
from app.db.engine import Database
from app.models import App, CheckoutSession, Membership, User
from tests import payer
from tests.api.conftest import Caller, Json, Strangers, checkouts
from tests.cast import World
from tests.sandbox_server import SandboxServer

PATH = "/api/v2/checkout-sessions"
NOTHING = "0b6f5c9e-3f0b-4f0e-9a5e-6f1d0c8b7a61"
# The names and types of the seed's answer.
TYPES: dict[str, type] = {
    "id": str,
    "status": str,
    "payment_intent_id": str,
    "success_url": str,
    "cancel_url": str,
    "checkout_session_url": str,
    "client_reference_id": str,
    "expiry": str,
    "metadata": dict,
    "line_items": list,
    "created": str,
    "updated": str,
    "customer_id": str,
    "customer_email": str,
    "amount_total": int,
}


def basic(app: App, key: str) -> dict[str, str]:
    """Answer the header of an app's server."""
    encoded = base64.b64encode(f"{app.uuid}:{key}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


@pytest.fixture
def dots(flask_app: Flask, world: World, db: Session) -> Caller:
    """Answer the app's server."""
    return Caller(flask_app.test_client(), db, basic(world.app, API_KEYS["write"]))


@pytest.fixture
def order(world: World) -> Json:
    """Answer the seed's request, its ids and placeholders filled in."""
    return {
        "line_items": [
            {
                "price_data": {
                    "currency": "usd",
                    "amount": 123,
                    "product_data": {
                        "name": "Notebook",
                        "description": "A5, dotted",
                        "images": ["https://app.example.com/notebook.png"],
                        "metadata": {},
                    },
                },
                "quantity": 123,
            }
        ],
        "customer_email": "jsmith@example.com",
        "client_reference_id": "order-4711",
        "success_url": "https://app.example.com/success?session={id}&b=%20#top",
        "cancel_url": "https://app.example.com/cancel",
        "mode": "payment",
        "user_id": str(world.tara.uuid),
        "customer_id": str(world.globex.uuid),
        "expires_in": 5400,
        "metadata": {},
    }


def item(**changed: Any) -> Json:
    """Answer a line item with some of its fields changed, wherever they are."""
    product: Json = {"name": "Notebook"}
    price: Json = {"currency": "usd", "amount": 500, "product_data": product}
    line: Json = {"price_data": price, "quantity": 2}
    for name, value in changed.items():
        place = next(p for p in (line, price, product) if name in p or p is product)
        place[name] = value
    return line


def refused(answer: TestResponse) -> tuple[int, str, str | None]:
    """Answer status, code and field of a refusal, its shape checked."""
    body: Any = answer.json
    assert answer.content_type == "application/json"
    assert list(body) == ["error", "code", "field"]
    assert isinstance(body["error"], str) and body["error"]
    return answer.status_code, body["code"], body["field"]


def at(text: str) -> datetime:
    """Read a moment of an answer."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def goes_to_pay(world: World, site: Site, session_id: str) -> str:
    """Press pay on the payment page, and answer where that leads."""
    (row,) = [row for row in checkouts(world.db) if str(row.uuid) == session_id]
    opened = openings.resume(world.db, site, row.id)
    assert opened is not None and opened.url is not None
    return opened.url


def sweep_all(world: World, site: Site) -> None:
    """Look at everything, whether it is due or not."""
    world.db.execute(update(CheckoutSession).values(next_check_at=site.clock.now()))
    world.db.commit()
    sweep.run(world.db, site)


class TestCreate:
    def test_answers_the_seeds_request(self, dots: Caller, order: Json) -> None:
        answer = dots.posts(PATH, order)

        body: Any = answer.json
        assert (answer.status_code, answer.content_type) == (200, "application/json")
        assert {name: type(value) for name, value in body.items()} == TYPES
        assert list(body) == list(TYPES)
        assert body["status"] == "open"
        assert body["amount_total"] == 123 * 123
        assert [line["quantity"] for line in body["line_items"]] == [123]
        assert [list(line) for line in body["line_items"]] == [["quantity", "price_id"]]
        assert at(body["expiry"]) - at(body["created"]) == timedelta(seconds=5400)
        for name in (
            "success_url",
            "cancel_url",
            "client_reference_id",
            "metadata",
            "customer_id",
            "customer_email",
        ):
            assert body[name] == order[name]
        assert all(UUID(body[name]) for name in ("id", "payment_intent_id"))

    def test_asks_no_provider_yet(self, dots: Caller, order: Json, sandbox: SandboxServer) -> None:
        dots.posts(PATH, order)

        assert sandbox.calls("POST") == []

    def test_takes_the_amounts_as_final(self, dots: Caller, order: Json, world: World) -> None:
        dots.posts(PATH, order)

        (row,) = checkouts(world.db)
        assert (row.currency, row.net, row.tax, row.total) == ("USD", 15129, 0, 15129)
        assert (row.tax_rule, row.tax_rate_id) == ("instructed", None)
        assert (row.origin, row.mode, row.is_deferred) == ("line_items_v2", "payment", True)

    def test_needs_little(self, dots: Caller) -> None:
        body: Any = dots.posts(
            PATH,
            {"line_items": [item()], "success_url": "https://app.example.com", "mode": "payment"},
        ).json

        absent = ("cancel_url", "client_reference_id", "customer_id", "customer_email")
        assert list(body) == list(TYPES)
        assert [body[name] for name in absent] == [None] * 4
        assert body["metadata"] == {}
        assert at(body["expiry"]) - at(body["created"]) == timedelta(seconds=10800)

    @pytest.mark.parametrize("seconds", [1, 10800, None])
    def test_takes_every_lifetime_up_to_three_hours(
        self, dots: Caller, order: Json, seconds: int | None
    ) -> None:
        body: Any = dots.posts(PATH, order | {"expires_in": seconds}).json

        assert at(body["expiry"]) - at(body["created"]) == timedelta(seconds=seconds or 10800)

    def test_keeps_what_the_caller_adds(self, dots: Caller, order: Json) -> None:
        metadata = {"order": "4711", "nested": {"list": [1, None, 2.5, True]}, "ü": "☃"}

        body: Any = dots.posts(PATH, order | {"metadata": metadata}).json

        assert body["metadata"] == metadata

    @pytest.mark.parametrize(("currency", "amount"), [("eur", 100), ("EUR", 100), ("jpy", 100)])
    def test_takes_every_currency_of_the_apps_account(
        self, dots: Caller, order: Json, currency: str, amount: int
    ) -> None:
        lines = [item(currency=currency, amount=amount)]

        body: Any = dots.posts(PATH, order | {"line_items": lines}).json

        assert body["amount_total"] == 200

    def test_names_prices_that_stay_the_same(self, dots: Caller, order: Json) -> None:
        lines = [item(), item(name="Pencil")]

        body: Any = dots.posts(PATH, order | {"line_items": lines}).json

        again: Any = dots.gets(f"{PATH}/{body['id']}").json
        assert len({line["price_id"] for line in body["line_items"]}) == 2
        assert again["line_items"] == body["line_items"]

    def test_finds_the_customer_of_a_user_who_has_only_one(
        self, dots: Caller, order: Json, world: World
    ) -> None:
        order["customer_id"] = None

        body: Any = dots.posts(PATH, order).json

        assert body["customer_id"] == str(world.globex.uuid)

    def test_leaves_the_customer_open_for_a_user_of_several(
        self, dots: Caller, order: Json, world: World
    ) -> None:
        world.db.add(Membership(tenant_id=world.initech.id, user_id=world.tara.id, role="member"))
        order["customer_id"] = None

        body: Any = dots.posts(PATH, order).json

        (row,) = checkouts(world.db)
        assert body["customer_id"] is None
        assert (row.tenant_id, row.user_id) == (None, world.tara.id)


class TestLife:
    def test_is_complete_once_it_is_paid(
        self, dots: Caller, order: Json, world: World, site: Site
    ) -> None:
        body: Any = dots.posts(PATH, order).json
        back = payer.pays(goes_to_pay(world, site, body["id"]))

        assert back is not None
        onward = dots.gets(back.removeprefix(site.config.PUBLIC_URL), Authorization=None)

        after: Any = dots.gets(f"{PATH}/{body['id']}").json
        assert onward.headers["Location"] == order["success_url"]
        assert after == body | {"status": "complete", "updated": after["updated"]}
        assert at(after["updated"]) >= at(body["updated"])

    def test_is_open_again_after_a_visit_without_payment(
        self, dots: Caller, order: Json, world: World, site: Site
    ) -> None:
        body: Any = dots.posts(PATH, order).json
        back = payer.cancels(goes_to_pay(world, site, body["id"]))

        assert back is not None
        onward = dots.gets(back.removeprefix(site.config.PUBLIC_URL), Authorization=None)

        after: Any = dots.gets(f"{PATH}/{body['id']}").json
        assert onward.headers["Location"] == order["cancel_url"]
        assert after["status"] == "open"

    @pytest.mark.parametrize("is_opened", [False, True])
    def test_is_expired_at_the_second_even_if_nobody_has_looked(
        self,
        dots: Caller,
        order: Json,
        world: World,
        site: Site,
        sandbox: SandboxServer,
        is_opened: bool,
    ) -> None:
        body: Any = dots.posts(PATH, order | {"expires_in": 90}).json
        if is_opened:
            goes_to_pay(world, site, body["id"])

        sandbox.advance_to(body["expiry"])

        after: Any = dots.gets(f"{PATH}/{body['id']}").json
        listed: Any = dots.gets(PATH).json
        assert after == body | {"status": "expired", "updated": body["expiry"]}
        assert listed["data"] == [after]

    def test_stays_expired_where_the_provider_took_money_after_the_second(
        self, dots: Caller, order: Json, world: World, site: Site, sandbox: SandboxServer
    ) -> None:
        body: Any = dots.posts(PATH, order | {"expires_in": 90}).json
        url = goes_to_pay(world, site, body["id"])
        sandbox.advance("2 minutes")
        back = payer.pays(url)

        assert back is not None
        onward = dots.gets(back.removeprefix(site.config.PUBLIC_URL), Authorization=None)

        after: Any = dots.gets(f"{PATH}/{body['id']}").json
        assert [(row.state, row.review) for row in checkouts(world.db)] == [
            ("needs_review", "late")
        ]
        assert "/pay/" in onward.headers["Location"]
        assert after["status"] == "expired"

    def test_is_complete_where_the_bank_settles_after_the_second(
        self, dots: Caller, order: Json, world: World, site: Site, sandbox: SandboxServer
    ) -> None:
        lines = [item(currency="eur")]
        body: Any = dots.posts(PATH, order | {"expires_in": 90, "line_items": lines}).json
        url = goes_to_pay(world, site, body["id"])
        payer.delays(url)
        sweep_all(world, site)
        assert dots.gets(f"{PATH}/{body['id']}").json == body | {"updated": ANY}

        sandbox.advance("15 days")
        sweep_all(world, site)

        after: Any = dots.gets(f"{PATH}/{body['id']}").json
        assert after["status"] == "complete"

    @pytest.mark.parametrize("ends", ["job", "sweep"])
    def test_is_ended_at_the_provider_at_the_second(
        self,
        dots: Caller,
        order: Json,
        world: World,
        site: Site,
        sandbox: SandboxServer,
        ends: str,
    ) -> None:
        body: Any = dots.posts(PATH, order | {"expires_in": 90}).json
        url = goes_to_pay(world, site, body["id"])
        sandbox.advance_to(body["expiry"])
        (row,) = checkouts(world.db)

        if ends == "job":
            sweep.end_on_time(world.db, site, row.id)
        else:
            sweep.run(world.db, site)

        assert [row.state for row in checkouts(world.db)] == ["expired"]
        assert len(sandbox.calls("POST", "/expire")) == 1
        with pytest.raises(payer.NoSuchButton):
            payer.pays(url)

    def test_is_not_ended_before_its_time(
        self, dots: Caller, order: Json, world: World, site: Site
    ) -> None:
        body: Any = dots.posts(PATH, order).json
        goes_to_pay(world, site, body["id"])
        (row,) = checkouts(world.db)

        sweep.end_on_time(world.db, site, row.id)

        assert [row.state for row in checkouts(world.db)] == ["open"]

    def test_ends_without_the_provider_where_nobody_pressed_pay(
        self, dots: Caller, order: Json, world: World, site: Site, sandbox: SandboxServer
    ) -> None:
        body: Any = dots.posts(PATH, order | {"expires_in": 1}).json
        sandbox.advance_to(body["expiry"])
        (row,) = checkouts(world.db)

        sweep.end_on_time(world.db, site, row.id)

        assert [row.state for row in checkouts(world.db)] == ["expired"]
        assert sandbox.calls("POST") == []


class TestList:
    @pytest.fixture
    def ids(self, dots: Caller, order: Json) -> list[str]:
        """Answer the ids of five sessions, newest first."""
        made: list[Any] = [dots.posts(PATH, order).json for _ in range(5)]
        return [body["id"] for body in reversed(made)]

    def page(self, dots: Caller, query: str) -> tuple[list[str], bool]:
        body: Any = dots.gets(f"{PATH}?{query}").json
        assert list(body) == ["has_more", "data"]
        return [one["id"] for one in body["data"]], body["has_more"]

    def test_is_empty_at_first(self, dots: Caller) -> None:
        assert dots.gets(PATH).json == {"has_more": False, "data": []}

    def test_tells_the_newest_first(self, dots: Caller, ids: list[str]) -> None:
        assert self.page(dots, "") == (ids, False)
        assert self.page(dots, "limit=5") == (ids, False)
        assert self.page(dots, "limit=4") == (ids[:4], True)

    def test_goes_on_where_a_page_ended(self, dots: Caller, ids: list[str]) -> None:
        assert self.page(dots, f"limit=2&starting_after={ids[1]}") == (ids[2:4], True)
        assert self.page(dots, f"limit=2&starting_after={ids[3]}") == (ids[4:], False)
        assert self.page(dots, f"starting_after={ids[4]}") == ([], False)

    def test_goes_back_to_the_page_before(self, dots: Caller, ids: list[str]) -> None:
        assert self.page(dots, f"limit=2&ending_before={ids[3]}") == (ids[1:3], True)
        assert self.page(dots, f"limit=2&ending_before={ids[2]}") == (ids[:2], False)
        assert self.page(dots, f"ending_before={ids[0]}") == ([], False)

    def test_holds_what_get_tells(self, dots: Caller, ids: list[str]) -> None:
        listed: Any = dots.gets(f"{PATH}?limit=1").json

        assert listed["data"] == [dots.gets(f"{PATH}/{ids[0]}").json]

    def test_is_read_with_either_key(self, dots: Caller, ids: list[str], world: World) -> None:
        reader = basic(world.app, API_KEYS["read"])

        assert dots.gets(PATH, **reader).status_code == 200
        assert dots.gets(f"{PATH}/{ids[0]}", **reader).status_code == 200

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("limit=ten", "limit"),
            ("starting_after=x", "starting_after"),
            (f"starting_after={NOTHING}", "starting_after"),
            (f"ending_before={NOTHING}", "ending_before"),
            (f"starting_after={NOTHING}&ending_before={NOTHING}", "ending_before"),
        ],
    )
    def test_refuses_a_query(self, dots: Caller, query: str, field: str) -> None:
        assert refused(dots.gets(f"{PATH}?{query}")) == (400, "invalid-input", field)


class TestWho:
    @pytest.mark.parametrize("is_urlsafe", [False, True])
    @pytest.mark.parametrize("is_padded", [False, True])
    def test_may_be_written_in_either_alphabet_with_or_without_padding(
        self,
        dots: Caller,
        world: World,
        is_urlsafe: bool,
        is_padded: bool,
    ) -> None:
        encode = base64.urlsafe_b64encode if is_urlsafe else base64.b64encode
        token = encode(f"{world.app.uuid}:{API_KEYS['write']}".encode()).decode()
        token = token if is_padded else token.rstrip("=")

        assert dots.gets(PATH, Authorization=f"Basic {token}").status_code == 200

    @pytest.mark.parametrize("method", ["POST", "GET", "GET one"])
    def test_is_asked_on_every_route(
        self, dots: Caller, order: Json, world: World, strangers: Strangers, method: str
    ) -> None:
        key = API_KEYS["write"]
        wrong = [
            None,
            "Basic",
            "Basic %%%",
            "Basic " + base64.b64encode(b"\xff\xfe").decode(),
            f"Bearer {key}",
            basic(world.app, "")["Authorization"],
            basic(world.app, "portico_write_unknown")["Authorization"],
            basic(world.app, strangers.key)["Authorization"],
            basic(strangers.app, key)["Authorization"],
        ]
        for header in wrong:
            if method == "POST":
                answer = dots.posts(PATH, order, Authorization=header)
            else:
                place = PATH if method == "GET" else f"{PATH}/{uuid4()}"
                answer = dots.gets(place, Authorization=header)
            assert refused(answer) == (401, "unauthorized", None)
            assert answer.headers["WWW-Authenticate"].startswith("Basic ")
        assert checkouts(world.db) == []


class TestStrangers:
    @pytest.fixture
    def stranger(self, flask_app: Flask, strangers: Strangers, db: Session) -> Caller:
        """Answer the server of another app."""
        return Caller(flask_app.test_client(), db, basic(strangers.app, strangers.key))

    def test_see_no_session_of_ours(self, dots: Caller, stranger: Caller, order: Json) -> None:
        body: Any = dots.posts(PATH, order).json

        answer = stranger.gets(f"{PATH}/{body['id']}")

        assert answer.json == {
            "error": "CheckoutSession not found",
            "code": "not-found",
            "field": None,
        }
        assert answer.json == stranger.gets(f"{PATH}/{uuid4()}").json
        assert stranger.gets(PATH).json == {"has_more": False, "data": []}
        assert refused(stranger.gets(f"{PATH}?starting_after={body['id']}")) == (
            400,
            "invalid-input",
            "starting_after",
        )

    def test_cannot_name_our_customers_and_users(
        self, stranger: Caller, order: Json, world: World, strangers: Strangers
    ) -> None:
        stripe = world.account("stripe")
        world.db.add(
            type(stripe)(
                app_id=strangers.app.id,
                provider="stripe",
                sealed_credentials=stripe.sealed_credentials,
            )
        )
        for ours, field in (("customer_id", "user_id"), ("user_id", "customer_id")):
            answer = stranger.posts(PATH, order | {field: None})
            assert refused(answer) == (404, "not-found", ours)
        assert checkouts(world.db) == []

    def test_of_other_dialects_are_not_listed(self, dots: Caller, world: World, site: Site) -> None:
        shop = {"x-api-key": API_KEYS["write"]}
        basket = {
            "CompanyId": str(world.globex.uuid),
            "CountryCode": "DE",
            "Articles": [{"ArticleId": 1, "ArticleTypeId": 1, "Quantity": 1}],
            "InternalReferenceId": "booking",
        }
        dots.posts("/payment/stripe/v1/checkout", basket, **shop)
        (row,) = checkouts(world.db)

        assert dots.gets(PATH).json == {"has_more": False, "data": []}
        assert refused(dots.gets(f"{PATH}/{row.uuid}"))[0] == 404


class TestRefusals:
    @pytest.mark.parametrize(
        ("changed", "code", "field"),
        [
            ({"line_items": None}, "invalid-input", "line_items"),
            ({"line_items": []}, "invalid-input", "line_items"),
            ({"line_items": [{"quantity": 1}]}, "invalid-input", "line_items.0.price_data"),
            ({"line_items": [item(), item()]}, "invalid-input", "line_items"),
            ({"line_items": [item(quantity=0)]}, "invalid-input", "line_items.0.quantity"),
            ({"line_items": [item(quantity=1.0)]}, "invalid-input", "line_items.0.quantity"),
            ({"line_items": [item(quantity=True)]}, "invalid-input", "line_items.0.quantity"),
            ({"line_items": [item(amount=0)]}, "invalid-input", "line_items.0.price_data.amount"),
            (
                {"line_items": [item(amount="1")]},
                "invalid-input",
                "line_items.0.price_data.amount",
            ),
            (
                {"line_items": [item(currency="usdollar")]},
                "invalid-input",
                "line_items.0.price_data.currency",
            ),
            ({"line_items": [item(currency="xxx")]}, "invalid-input", "line_items"),
            (
                {"line_items": [item(), item(name="Pencil", currency="eur")]},
                "invalid-input",
                "line_items",
            ),
            ({"line_items": [item(amount=99_999_999)]}, "invalid-input", "line_items"),
            (
                {"line_items": [item(name=" ")]},
                "invalid-input",
                "line_items.0.price_data.product_data.name",
            ),
            (
                {"line_items": [item(images=["notebook.png"])]},
                "invalid-input",
                "line_items.0.price_data.product_data.images.0",
            ),
            ({"customer_email": "jsmith"}, "invalid-email", "customer_email"),
            ({"client_reference_id": "x" * 201}, "invalid-input", "client_reference_id"),
            ({"success_url": None}, "invalid-input", "success_url"),
            ({"success_url": "/success"}, "invalid-input", "success_url"),
            ({"success_url": "javascript:alert(1)"}, "invalid-input", "success_url"),
            ({"cancel_url": "https://"}, "invalid-input", "cancel_url"),
            ({"mode": None}, "invalid-input", "mode"),
            ({"mode": "subscription"}, "invalid-input", "mode"),
            ({"user_id": "tara"}, "invalid-input", "user_id"),
            ({"customer_id": 7}, "invalid-input", "customer_id"),
            ({"expires_in": 0}, "invalid-input", "expires_in"),
            ({"expires_in": -1}, "invalid-input", "expires_in"),
            ({"expires_in": 10801}, "invalid-input", "expires_in"),
            ({"expires_in": 1.5}, "invalid-input", "expires_in"),
            ({"expires_in": "5400"}, "invalid-input", "expires_in"),
            ({"metadata": []}, "invalid-input", "metadata"),
        ],
    )
    def test_name_the_field(
        self,
        dots: Caller,
        order: Json,
        world: World,
        changed: Json,
        code: str,
        field: str,
    ) -> None:
        answer = dots.posts(PATH, order | changed)

        assert refused(answer) == (400, code, field)
        assert checkouts(world.db) == []

    @pytest.mark.parametrize("name", ["customer_id", "user_id"])
    def test_of_somebody_unknown(self, dots: Caller, order: Json, name: str) -> None:
        answer = dots.posts(PATH, order | {name: str(uuid4())})

        assert refused(answer) == (404, "not-found", name)

    def test_of_a_user_who_belongs_to_nobody_here(
        self, dots: Caller, order: Json, world: World
    ) -> None:
        charlie: User = world.charlie

        answer = dots.posts(PATH, order | {"user_id": str(charlie.uuid), "customer_id": None})

        assert refused(answer) == (404, "not-found", "user_id")

    def test_of_a_user_of_another_customer(self, dots: Caller, order: Json, world: World) -> None:
        answer = dots.posts(PATH, order | {"user_id": str(world.peter.uuid)})

        assert refused(answer) == (400, "invalid-input", "user_id")

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", b"[" * 100_000, b'{"metadata":{"a":NaN}}', b'{"metadata":{"a":1e999}}'],
    )
    def test_of_what_is_no_json(self, dots: Caller, body: bytes) -> None:
        status, code, _ = refused(dots.posts(PATH, body))

        assert (status, code) == (400, "invalid-input")

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
    def test_of_a_number_json_does_not_have(
        self, dots: Caller, order: Json, world: World, number: str
    ) -> None:
        text = dots.client.application.json.dumps(order | {"metadata": {"a": "here"}})

        answer = dots.posts(PATH, text.replace('"here"', number).encode())

        assert refused(answer) == (400, "invalid-input", "metadata")
        assert checkouts(world.db) == []

    def test_of_other_methods_paths_types_and_sizes(self, dots: Caller, order: Json) -> None:
        wrong = dots.calls("DELETE", PATH)
        assert refused(wrong) == (405, "method-not-allowed", None)
        assert "POST" in wrong.headers["Allow"]
        assert refused(dots.posts(f"{PATH}/{uuid4()}", order))[:2] == (405, "method-not-allowed")
        assert refused(dots.gets("/api/v2/other")) == (404, "not-found", None)
        assert refused(dots.gets("/api/v2")) == (404, "not-found", None)
        assert refused(dots.gets(f"{PATH}/not-a-uuid")) == (404, "not-found", None)
        assert refused(dots.posts(PATH, b"a=1", Content_Type="text/plain")) == (
            415,
            "unsupported-media-type",
            None,
        )
        assert refused(dots.posts(PATH, b"x" * 300_000)) == (413, "too-large", None)

    def test_of_too_many_calls_say_when_to_come_back(
        self, dots: Caller, site: Site, database: Database
    ) -> None:
        few = replace(site, config=site.config.model_copy(update={"API_CALLS_PER_MINUTE": 1}))
        client = create_app(few.config, site=few, database=database).test_client()
        client.get(PATH, headers=dots.sends({}))

        answer = client.get(PATH, headers=dots.sends({}))

        assert refused(answer) == (429, "too-many-requests", None)
        assert 0 < int(answer.headers["Retry-After"]) <= 61

    def test_of_a_key_that_only_reads(self, dots: Caller, order: Json, world: World) -> None:
        answer = dots.posts(PATH, order, **basic(world.app, API_KEYS["read"]))

        assert refused(answer) == (403, "forbidden", None)
        assert checkouts(world.db) == []

    def test_of_a_disabled_app(self, dots: Caller, order: Json, world: World) -> None:
        world.app.disabled_at = world.app.created_at

        assert refused(dots.posts(PATH, order)) == (403, "forbidden", None)

    def test_of_an_app_without_a_provider(self, dots: Caller, order: Json, world: World) -> None:
        for provider in ("stripe", "mollie"):
            world.account(provider).disconnected_at = world.app.created_at

        assert refused(dots.posts(PATH, order))[:2] == (400, "invalid-input")

    def test_of_a_fault_of_ours_tell_nothing(self, dots: Caller, order: Json) -> None:
        body: Any = dots.posts(PATH, order).json
        (row,) = checkouts(dots.db)
        row.return_key = "no such key"

        answer = dots.gets(f"{PATH}/{body['id']}")

        assert refused(answer) == (500, "internal-error", None)
        assert answer.json is not None and answer.json["error"] == "Internal Server Error"


class TestIdempotencyKey:
    def test_answers_the_same_session_once_more(
        self, dots: Caller, order: Json, world: World
    ) -> None:
        first = dots.posts(PATH, order, Idempotency_Key="order-4711")
        again = dots.posts(PATH, order, Idempotency_Key="order-4711")

        assert first.status_code == again.status_code == 200
        assert first.json == again.json
        assert len(checkouts(world.db)) == 1

    def test_makes_another_session_without_one(
        self, dots: Caller, order: Json, world: World
    ) -> None:
        dots.posts(PATH, order)
        dots.posts(PATH, order)

        rows: list[CheckoutSession] = checkouts(world.db)
        assert [row.state for row in rows] == ["starting", "starting"]

    def test_is_refused_for_another_order(self, dots: Caller, order: Json) -> None:
        dots.posts(PATH, order, Idempotency_Key="order-4711")

        answer = dots.posts(PATH, order | {"expires_in": 60}, Idempotency_Key="order-4711")

        assert refused(answer) == (400, "invalid-input", "Idempotency-Key")
