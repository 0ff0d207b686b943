"""Seed 000: POST /v1/tenants/:tenantId/checkout-sessions, as its document says it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.billing.access import api_keys, tokens
from app.billing.demo.demo_world import API_KEYS
from app.billing.site import Site
from app.billing.tax import countries
from app.models import ProviderAccount, User
from tests import payer
from tests.api.conftest import Caller, Json, Strangers, checkouts, key_headers
from tests.cast import World
from tests.pages import Visitor
from tests.sandbox_server import SandboxServer

STATE = "aZ09._-" + "x" * 57
# Parts of a token that no parser of JSON goes to the bottom of.
DEEP = base64.urlsafe_b64encode(b'{"aud":' + b"[" * 4000).decode().rstrip("=")
NESTED = f"Bearer {DEEP}.{DEEP}.x"
NO_DATA = {"success": False, "message": None, "data": None}
BearerOf = Callable[[User], Caller]


@pytest.fixture
def path(world: World) -> str:
    """Answer the address of Globex's checkout sessions."""
    return f"/v1/tenants/{world.globex.uuid}/checkout-sessions"


@pytest.fixture
def body(world: World) -> Json:
    """Answer the seed's example with the demo's ids in place of "String" and "Number"."""
    return {
        "price": world.price("team").price_id,
        "taxRate": "txr_demoDE19",
        "allowedCountry": "DE",
        "paymentMethodType": "card",
        "billingAddressCollection": False,
        "mode": "subscription",
        "quantity": 2,
        "isReverseCharge": False,
        "test": True,
        "state": STATE,
    }


@pytest.fixture
def payer_of(flask_app: Flask) -> Visitor:
    """Answer the browser the payer opens `nextAction.url` in."""
    return Visitor(flask_app)


def refusal(response: TestResponse) -> str:
    """Answer the sentence of a refusal, whose other keys are as the seed says."""
    answered = json.loads(response.data)
    error = answered.pop("error")
    assert answered == NO_DATA
    assert response.mimetype == "application/json"
    assert isinstance(error, str) and error
    return error


def data_of(response: TestResponse) -> Json:
    """Answer the checkout session of an answer."""
    answered: Json = json.loads(response.data)["data"]
    return answered


def next_url(response: TestResponse) -> str:
    """Answer where the payer goes, with the state its caller appends."""
    return f"{data_of(response)['nextAction']['url']}&state={STATE}"


class TestCreated:
    def test_answers_as_the_seed_says(
        self, server: Caller, path: str, body: Json, world: World, site: Site
    ) -> None:
        response = server.posts(path, body)

        (row,) = checkouts(world.db)
        assert response.status_code == 200
        answered = json.loads(response.data)
        assert list(answered) == ["success", "message", "error", "data"]
        assert answered["success"] is True
        assert isinstance(answered["message"], str)
        assert answered["error"] is None
        data = answered["data"]
        assert list(data) == ["kind", "id", "hash", "nextAction"]
        assert data["kind"] == "checkoutSession"
        assert data["id"] == str(row.uuid)
        assert re.fullmatch("[0-9a-f]{64}", data["hash"])
        assert list(data["nextAction"]) == ["url"]

    def test_leads_to_a_page_that_lacks_only_the_state(
        self, server: Caller, path: str, body: Json, world: World, site: Site
    ) -> None:
        data = data_of(server.posts(path, body))

        url = urlsplit(data["nextAction"]["url"])
        assert f"{url.scheme}://{url.netloc}" == site.config.PUBLIC_URL
        assert url.path == f"/pay/{data['id']}"
        assert parse_qs(url.query) == {
            "client_id": [str(world.app.uuid)],
            "type": ["payment"],
            "session_id": [data["id"]],
            "hash": [data["hash"]],
        }

    def test_is_asked_of_no_provider_before_the_payer_goes_on(
        self, server: Caller, path: str, body: Json, sandbox: SandboxServer, world: World
    ) -> None:
        before = len(sandbox.calls())

        server.posts(path, body)

        assert len(sandbox.calls()) == before
        assert [row.state for row in checkouts(world.db)] == ["starting"]

    def test_keeps_what_was_asked_and_no_state(
        self, server: Caller, path: str, body: Json, world: World
    ) -> None:
        server.posts(path, body)

        (row,) = checkouts(world.db)
        assert (row.mode, row.quantity, row.method) == ("subscription", 2, "card")
        assert (row.net, row.tax, row.total, row.currency) == (3800, 722, 4522, "EUR")
        assert (row.tax_rule, row.tax_country) == ("instructed", "DE")
        assert (row.tenant_id, row.user_id) == (world.globex.id, world.tara.id)
        assert STATE not in repr(vars(row))

    @pytest.mark.parametrize(
        ("changes", "price", "method"),
        [
            ({"mode": "payment"}, "onboarding", "card"),
            ({"mode": "payment", "paymentMethodType": "sepa"}, "onboarding", "sepa"),
            ({"mode": "payment", "paymentMethodType": "sofort"}, "onboarding", "klarna"),
            ({"paymentMethodType": "sepa"}, "team", "sepa"),
            ({"mode": "setup"}, "team", "card"),
            ({"mode": "setup", "paymentMethodType": "sepa"}, "onboarding", "sepa"),
        ],
    )
    def test_opens_at_the_provider_in_every_mode(
        self,
        server: Caller,
        path: str,
        body: Json,
        world: World,
        sandbox: SandboxServer,
        payer_of: Visitor,
        changes: Json,
        price: str,
        method: str,
    ) -> None:
        interval = None if price == "onboarding" else "month"
        named = world.price(price, interval).price_id

        response = server.posts(path, {**body, "price": named, **changes})

        assert response.status_code == 200
        (row,) = checkouts(world.db)
        assert row.method == method
        assert payer_of.posts(next_url(response)).location.startswith(f"{sandbox.url}/stripe/")

    def test_sells_by_a_set_up_nothing_that_is_sent_along(
        self, server: Caller, path: str, body: Json, world: World
    ) -> None:
        ignored = {"price": 5, "taxRate": None, "quantity": 0}

        assert server.posts(path, {**body, "mode": "setup", **ignored}).status_code == 200

        (row,) = checkouts(world.db)
        assert (row.price_id, row.quantity, row.total) == (None, 1, 0)

    def test_ignores_what_the_seed_does_not_name(
        self, server: Caller, path: str, body: Json
    ) -> None:
        assert server.posts(path, {**body, "successUrl": 7, "": None}).status_code == 200

    @pytest.mark.parametrize("count", [1, 2])
    def test_is_always_a_new_one(
        self, server: Caller, path: str, body: Json, world: World, count: int
    ) -> None:
        ids = {data_of(server.posts(path, body))["id"] for _ in range(count)}

        assert len(ids) == count == len(checkouts(world.db))

    def test_takes_every_country_there_is(self, server: Caller, path: str, body: Json) -> None:
        assert len(countries.CODES) == 249
        for code in ("AQ", "US", "ZW"):
            assert server.posts(path, {**body, "allowedCountry": code}).status_code == 200

    def test_is_bought_at_the_default_account_of_an_app_without_stripe(
        self, server: Caller, path: str, body: Json, world: World, site: Site
    ) -> None:
        world.account("stripe").disconnected_at = site.clock.now()

        assert server.posts(path, body).status_code == 200

        (row,) = checkouts(world.db)
        assert row.provider_account_id == world.account("mollie").id


class TestPaid:
    def test_ends_with_the_plan(
        self, server: Caller, path: str, body: Json, world: World, payer_of: Visitor
    ) -> None:
        url = next_url(server.posts(path, body))

        back = payer.pays(payer_of.posts(url).location)

        assert (
            "Your Team plan is active" in payer_of.opens(payer_of.opens(back or "").location).text
        )
        assert [row.state for row in checkouts(world.db)] == ["complete"]

    def test_shows_the_reverse_charge(
        self, server: Caller, path: str, body: Json, world: World, payer_of: Visitor
    ) -> None:
        reverse = next(rate for rate in world.rates() if rate.is_reverse_charge)
        sent = {**body, "taxRate": reverse.tax_rate_id, "isReverseCharge": True}

        page = payer_of.opens(next_url(server.posts(path, sent)))

        assert page.words("order-total") == "€38.00"
        assert "Reverse charge" in page.words()

    def test_asks_for_an_address_in_the_allowed_country(
        self, server: Caller, path: str, body: Json, payer_of: Visitor
    ) -> None:
        sent = {**body, "billingAddressCollection": True, "allowedCountry": "AT"}

        page = payer_of.opens(next_url(server.posts(path, sent)))

        assert [option.get("value") for option in page.all("option")] == ["AT"]

    def test_does_not_open_with_another_state(
        self, server: Caller, path: str, body: Json, payer_of: Visitor
    ) -> None:
        url = data_of(server.posts(path, body))["nextAction"]["url"]

        assert payer_of.opens(url).status == 403
        assert payer_of.opens(f"{url}&state={STATE[::-1]}").status == 403


class TestBody:
    @pytest.mark.parametrize(
        "field",
        [
            "price",
            "taxRate",
            "allowedCountry",
            "paymentMethodType",
            "billingAddressCollection",
            "mode",
            "quantity",
            "isReverseCharge",
            "state",
        ],
    )
    def test_needs_every_field_but_test(
        self, server: Caller, path: str, body: Json, world: World, field: str
    ) -> None:
        del body[field]

        response = server.posts(path, body)

        assert response.status_code == 400
        assert refusal(response) == f"{field} is required"
        assert checkouts(world.db) == []

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            *(("price", value) for value in ("12345", "", None, 5, "price_nobody", "PRICE_1")),
            *(("taxRate", value) for value in ("12345", "", None, 5, "txr_nobody")),
            *(("allowedCountry", value) for value in ("de", "DEU", "XK", "", None, 49, ["DE"])),
            *(("paymentMethodType", value) for value in ("ideal", "Card", "", None, 1)),
            *(("billingAddressCollection", value) for value in ("true", 1, 0, None)),
            *(("mode", value) for value in ("Payment", "", None, 1)),
            *(("quantity", value) for value in (0, -1, 1.5, "2", True, None, 10**9)),
            *(("isReverseCharge", value) for value in ("false", 0, None)),
            *(("state", value) for value in ("x" * 63, "x" * 65, "", None, 64)),
            *(("test", value) for value in ("true", 1, None)),
        ],
    )
    def test_refuses_what_is_not_as_the_seed_says(
        self, server: Caller, path: str, body: Json, world: World, field: str, value: Any
    ) -> None:
        response = server.posts(path, {**body, field: value})

        assert response.status_code == 400
        assert refusal(response).startswith(field)
        assert checkouts(world.db) == []

    def test_says_everything_that_is_wrong_at_once(
        self, server: Caller, path: str, body: Json
    ) -> None:
        error = refusal(server.posts(path, {**body, "state": "x", "allowedCountry": "xx"}))

        assert "allowedCountry" in error
        assert "state" in error

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"isReverseCharge": True}, "isReverseCharge"),
            ({"mode": "payment"}, "mode"),
            ({"paymentMethodType": "sofort"}, "paymentMethodType"),
            ({"mode": "setup", "paymentMethodType": "sofort"}, "paymentMethodType"),
            ({"test": False}, "test"),
        ],
    )
    def test_refuses_what_does_not_fit_together(
        self, server: Caller, path: str, body: Json, world: World, changes: Json, field: str
    ) -> None:
        response = server.posts(path, {**body, **changes})

        assert response.status_code == 400
        assert refusal(response).startswith(field)
        assert checkouts(world.db) == []

    def test_refuses_direct_debit_in_dollars(
        self, server: Caller, path: str, body: Json, world: World
    ) -> None:
        dollars = world.price("team", "month", "USD").price_id

        response = server.posts(path, {**body, "price": dollars, "paymentMethodType": "sepa"})

        assert response.status_code == 400
        assert refusal(response).startswith("paymentMethodType")

    def test_refuses_a_second_plan(
        self, server: Caller, path: str, body: Json, world: World
    ) -> None:
        world.begin_plan(world.globex)

        response = server.posts(path, body)

        assert response.status_code == 400
        assert "already has a plan" in refusal(response)

    @pytest.mark.parametrize(
        "sent", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b'{"state":"\\ud800"}', b"[" * 5000]
    )
    def test_refuses_what_is_no_object(self, server: Caller, path: str, sent: bytes) -> None:
        response = server.posts(path, sent)

        assert response.status_code == 400
        refusal(response)

    def test_refuses_another_type_than_json(self, server: Caller, path: str, body: Json) -> None:
        sent = json.dumps(body).encode()

        response = server.posts(path, sent, Content_Type="text/plain")

        assert response.status_code == 400
        assert "application/json" in refusal(response)


class TestMode:
    @pytest.fixture
    def live(self, world: World) -> ProviderAccount:
        """Answer the account of an app that has gone live, its test account staying."""
        known = world.account("stripe")
        account = ProviderAccount(
            app_id=world.app.id,
            provider="stripe",
            livemode=True,
            sealed_credentials=known.sealed_credentials,
        )
        world.app.livemode = True
        world.db.add(account)
        world.db.commit()
        return account

    @pytest.mark.parametrize(("test", "livemode"), [(True, False), (False, True), (None, True)])
    def test_of_an_app_that_is_live_is_what_test_says(
        self,
        server: Caller,
        path: str,
        body: Json,
        world: World,
        live: ProviderAccount,
        test: bool | None,
        livemode: bool,
    ) -> None:
        del body["test"]
        sent = body if test is None else {**body, "test": test}

        assert server.posts(path, sent).status_code == 200

        (row,) = checkouts(world.db)
        assert row.livemode is livemode
        assert row.provider_account.livemode is livemode

    def test_of_a_test_in_a_live_app_is_said_on_the_page(
        self,
        server: Caller,
        path: str,
        body: Json,
        live: ProviderAccount,
        payer_of: Visitor,
    ) -> None:
        page = payer_of.opens(next_url(server.posts(path, body)))

        assert "Test mode" in page.words()

    def test_is_the_apps_where_test_is_left_out(
        self, server: Caller, path: str, body: Json, world: World
    ) -> None:
        del body["test"]

        assert server.posts(path, body).status_code == 200
        assert checkouts(world.db)[0].livemode is False

    def test_needs_an_account_in_it(
        self, server: Caller, path: str, body: Json, world: World
    ) -> None:
        world.app.livemode = True

        response = server.posts(path, {**body, "test": False})

        assert response.status_code == 400
        assert "not connected" in refusal(response)


class TestWho:
    def test_is_an_admin_of_the_tenant_by_token(
        self, bearer_of: BearerOf, path: str, body: Json, world: World
    ) -> None:
        assert bearer_of(world.tara).posts(path, body).status_code == 200

        (row,) = checkouts(world.db)
        assert row.user_id == world.tara.id

    def test_is_not_a_member(
        self, bearer_of: BearerOf, path: str, body: Json, world: World
    ) -> None:
        response = bearer_of(world.milo).posts(path, body)

        assert response.status_code == 403
        refusal(response)

    @pytest.mark.parametrize("whose", ["peter", "alice", "charlie"])
    def test_is_nobody_of_another_tenant(
        self, bearer_of: BearerOf, path: str, body: Json, world: World, whose: str
    ) -> None:
        caller = bearer_of(getattr(world, whose))
        unknown = f"/v1/tenants/{uuid4()}/checkout-sessions"

        answers = [caller.posts(place, sent) for place in (path, unknown) for sent in (body, {})]

        assert {answer.status_code for answer in answers} == {403}
        assert len({refusal(answer) for answer in answers}) == 1

    def test_is_no_other_apps_server(
        self, server: Caller, path: str, body: Json, world: World, strangers: Strangers
    ) -> None:
        stranger = key_headers(strangers.app, strangers.key)
        theirs = f"/v1/tenants/{strangers.tenant.uuid}/checkout-sessions"
        unknown = f"/v1/tenants/{uuid4()}/checkout-sessions"

        answers = [
            server.posts(path, body, **stranger),
            server.posts(theirs, body),
            server.posts(unknown, body),
        ]

        assert {answer.status_code for answer in answers} == {403}
        assert len({refusal(answer) for answer in answers}) == 1
        assert checkouts(world.db) == []

    def test_is_no_other_apps_token(
        self,
        bearer_of: BearerOf,
        path: str,
        body: Json,
        world: World,
        strangers: Strangers,
        site: Site,
    ) -> None:
        token = tokens.issue(world.db, site, strangers.app, world.tara)
        caller = bearer_of(world.tara)

        response = caller.posts(path, body, Authorization=f"Bearer {token}")

        assert response.status_code == 403
        refusal(response)

    @pytest.mark.parametrize(
        "headers",
        [
            {"x_api_key": None},
            {"x_api_key": "wrong"},
            {"x_api_key": ""},
            {"x_api_key": API_KEYS["read"]},
            {"x_api_key": API_KEYS["read"], "x_api_key_type": "read"},
            {"x_api_key_type": None},
            {"x_api_key_type": "read"},
            {"x_client_id": None},
            {"x_client_id": "wrong"},
            {"x_client_id": str(uuid4())},
        ],
    )
    def test_is_nobody_whose_key_headers_are_wrong(
        self, server: Caller, path: str, body: Json, world: World, headers: dict[str, str | None]
    ) -> None:
        response = server.posts(path, body, **headers)

        assert response.status_code == 401
        refusal(response)
        assert checkouts(world.db) == []

    def test_is_told_by_the_key_where_both_are_there(
        self, server: Caller, bearer_of: BearerOf, path: str, body: Json, world: World
    ) -> None:
        token = bearer_of(world.tara).headers["Authorization"]

        assert server.posts(path, body, Authorization="Bearer x").status_code == 200
        wrong = server.posts(path, body, Authorization=token, x_api_key="wrong")
        assert wrong.status_code == 401

    @pytest.mark.parametrize(
        "authorization",
        [None, "", "Bearer", "Bearer x", "Bearer a.b.c", "Basic eDp5", "Token x", NESTED],
    )
    def test_is_nobody_whose_token_is_none(
        self, bearer_of: BearerOf, path: str, body: Json, world: World, authorization: str | None
    ) -> None:
        response = bearer_of(world.tara).posts(path, body, Authorization=authorization)

        assert response.status_code == 401
        refusal(response)

    def test_is_nobody_whose_token_is_over(
        self, bearer_of: BearerOf, path: str, body: Json, world: World, site: Site
    ) -> None:
        over = tokens.issue(world.db, site, world.app, world.tara, lifetime=timedelta(seconds=-1))

        response = bearer_of(world.tara).posts(path, body, Authorization=f"Bearer {over}")

        assert response.status_code == 401

    @pytest.mark.parametrize("by_token", [True, False])
    def test_is_nobody_of_a_disabled_app(
        self,
        server: Caller,
        bearer_of: BearerOf,
        path: str,
        body: Json,
        world: World,
        site: Site,
        by_token: bool,
    ) -> None:
        caller = bearer_of(world.tara) if by_token else server
        world.app.disabled_at = site.clock.now()

        response = caller.posts(path, body)

        assert response.status_code == 403
        refusal(response)

    def test_is_no_read_key_issued_later(
        self, server: Caller, path: str, body: Json, world: World
    ) -> None:
        _, secret = api_keys.issue(world.db, world.app, "reader", "read")

        assert server.posts(path, body, x_api_key=secret).status_code == 401


class TestAgain:
    def test_answers_the_same_session(
        self, server: Caller, path: str, body: Json, world: World
    ) -> None:
        first = server.posts(path, body, Idempotency_Key="order 7")
        again = server.posts(path, body, Idempotency_Key="order 7")

        assert again.data == first.data
        assert len(checkouts(world.db)) == 1

    def test_refuses_another_body(self, server: Caller, path: str, body: Json) -> None:
        server.posts(path, body, Idempotency_Key="order 7")

        response = server.posts(path, {**body, "state": "y" * 64}, Idempotency_Key="order 7")

        assert response.status_code == 400
        assert refusal(response).startswith("Idempotency-Key")


class TestEveryFailure:
    """Below /v1 everything is said in the seed's shape."""

    @pytest.mark.parametrize("tenant", ["x", "1", "me", "%00", "11111111"])
    def test_of_a_tenant_that_is_no_uuid(self, server: Caller, body: Json, tenant: str) -> None:
        response = server.posts(f"/v1/tenants/{tenant}/checkout-sessions", body)

        assert response.status_code == 400
        refusal(response)

    @pytest.mark.parametrize("place", ["/v1", "/v1/", "/v1/x", "/v1/tenants", "/v1/a/%0A/b"])
    def test_of_an_address_that_is_not_there(self, server: Caller, place: str) -> None:
        response = server.gets(place)

        assert response.status_code == 404
        refusal(response)

    @pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
    def test_of_another_method(self, server: Caller, path: str, method: str) -> None:
        response = server.calls(method, path)

        assert response.status_code == 405
        assert "POST" in response.headers["Allow"]
        refusal(response)

    def test_of_a_body_that_is_too_large(self, server: Caller, path: str) -> None:
        response = server.posts(path, b" " * (256 * 1024 + 1))

        assert response.status_code == 413
        refusal(response)

    def test_of_a_fault_of_ours(
        self, server: Caller, path: str, body: Json, flask_app: Flask
    ) -> None:
        del flask_app.extensions["site"]

        response = server.posts(path, body)

        assert response.status_code == 500
        assert refusal(response) == "Internal Server Error"
