"""Seed 002: POST /api/v1/apps/:appUuid/payment-providers/mollie/checkout-sessions with a bearer
token, and its sibling for Stripe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.billing.reconciliation import sweep
from app.billing.site import Site
from app.models import Membership, PaymentMethod, Subscription, TaxRate, User
from tests import payer
from tests.api.conftest import Caller, Json, Strangers, checkouts
from tests.cast import World
from tests.sandbox_server import SandboxServer

# The seed's request, verbatim but for the ids.
SEED: Json = {
    "tenantUuid": "11111111-1111-1111-1111-111111111111",
    "productPriceUuid": "22222222-2222-2222-2222-222222222222",
    "taxRateUuid": "33333333-3333-3333-3333-333333333333",
    "paymentMethod": "card",
    "quantity": 1,
    "mode": "subscription",
    "billingAddressCollection": False,
    "shippingAddressCollection": False,
    "currency": "EUR",
    "successUrl": "https://app.example.com/billing/success",
    "cancelUrl": "https://app.example.com/billing/cancel",
    "termsOfServiceUrl": "https://app.example.com/terms",
    "collectTermsOfServiceConsent": True,
    "isTaxIdCollectionEnabled": False,
    "isTaxIdCollectionRequired": False,
}
NOBODY = "0b6f5c9e-3f0b-4f0e-9a5e-6f1d0c8b7a61"
EXAMPLE = [
    "tenantUuid",
    "productPriceUuid",
    "taxRateUuid",
    "paymentMethod",
    "quantity",
    "mode",
    "currency",
    "successUrl",
    "cancelUrl",
]
Bearer = Callable[[User], Caller]


def path(world: World, provider: str = "mollie", app: object = None) -> str:
    return f"/api/v1/apps/{app or world.app.uuid}/payment-providers/{provider}/checkout-sessions"


def body(world: World, **changed: Any) -> Json:
    """Answer the seed's request with the demo world's ids; a value None is left out."""
    rate = world.db.scalars(select(TaxRate).where(TaxRate.tax_rate_id == "txr_demoDE19")).one()
    ids = {
        "tenantUuid": str(world.globex.uuid),
        "productPriceUuid": str(world.price("team").uuid),
        "taxRateUuid": str(rate.uuid),
    }
    return {name: value for name, value in {**SEED, **ids, **changed}.items() if value is not None}


def at_stripe(world: World, **changed: Any) -> Json:
    """Answer the sibling's request: our ids in place of the uuids, and no payment method."""
    ours = {"priceId": world.price("team").price_id, "taxRateId": "txr_demoDE19"}
    gone = dict.fromkeys(("productPriceUuid", "taxRateUuid", "paymentMethod"))
    return body(world, **{**gone, **ours, **changed})


def code(answer: Any) -> tuple[int, str, str]:
    """Answer status, code and message of a refusal with one entry."""
    (problem,) = answer.get_json()["errors"]
    assert problem["validation"] == "error"
    return answer.status_code, problem["code"], problem["message"]


class TestCreate:
    def test_answers_the_seeds_example_with_the_seeds_keys(
        self, bearer_of: Bearer, world: World, site: Site
    ) -> None:
        answer = bearer_of(world.tara).posts(path(world), body(world))

        assert answer.status_code == 200
        said = answer.get_json()
        assert list(said) == ["kind", "totalItems", "itemsLength", "items"]
        created = said["items"][0]["createdCheckoutSession"]
        assert created["sessionId"].startswith("tr_")
        assert created["userUuid"] == str(world.tara.uuid)
        assert created["tenantUuid"] == str(world.globex.uuid)
        # The consent is asked for on our page: Mollie's has no place for it.
        assert created["nextActionUrl"].startswith(site.url("/pay/"))
        assert said["items"][0]["nextAction"]["url"] == created["nextActionUrl"]

    def test_takes_the_fields_of_the_seeds_call_alone(
        self, bearer_of: Bearer, world: World, sandbox: SandboxServer
    ) -> None:
        asked = {name: value for name, value in body(world).items() if name in EXAMPLE}

        said = bearer_of(world.tara).posts(path(world), asked).get_json()

        assert said["items"][0]["nextAction"]["url"].startswith(f"{sandbox.url}/mollie/")

    def test_has_a_sibling_at_stripe(
        self, bearer_of: Bearer, world: World, sandbox: SandboxServer
    ) -> None:
        said = bearer_of(world.tara).posts(path(world, "stripe"), at_stripe(world)).get_json()

        created = said["items"][0]["createdCheckoutSession"]
        assert created["sessionId"].startswith("cs_test_")
        assert created["nextActionUrl"].startswith(f"{sandbox.url}/stripe/")

    def test_sets_up_without_price_and_rate(
        self, bearer_of: Bearer, world: World, db: Session
    ) -> None:
        bare = body(world, mode="setup", productPriceUuid=None, taxRateUuid=None, quantity=None)
        ignored = body(world, mode="setup", quantity=0, productPriceUuid=NOBODY)

        for asked in (bare, ignored):
            assert bearer_of(world.tara).posts(path(world), asked).status_code == 200
        assert {(row.mode, row.method, row.price_id) for row in checkouts(db)} == {
            ("setup", "card", None)
        }

    def test_answers_the_session_an_idempotency_key_made(
        self, bearer_of: Bearer, world: World, db: Session
    ) -> None:
        tara = bearer_of(world.tara)
        first, again = (
            tara.posts(path(world), body(world), Idempotency_Key="one") for _ in range(2)
        )

        assert first.get_json() == again.get_json()
        assert len(checkouts(db)) == 1


class TestWho:
    """401 [E4010] Unauthorized Token · 403 [E4030] · 404 [E4040] Not Found."""

    def test_must_show_a_token_of_this_app(
        self, bearer_of: Bearer, world: World, strangers: Strangers
    ) -> None:
        tara = bearer_of(world.tara)
        token = tara.headers["Authorization"]
        changes: list[str | None] = [
            None,
            "Bearer",
            "Bearer nonsense",
            "Bearer a.b.c",
            "Basic dGVzdDp0ZXN0",
            token[:-4] + "AAAA",
        ]
        for changed in changes:
            answer = tara.posts(path(world), {}, Authorization=changed)
            assert code(answer) == (401, "[E4010]", "Unauthorized Token"), changed
        for app in (strangers.app.uuid, NOBODY, "nonsense"):
            answer = tara.posts(path(world, app=app), {})
            assert code(answer) == (401, "[E4010]", "Unauthorized Token"), app

    def test_is_refused_where_the_app_is_disabled(
        self, bearer_of: Bearer, world: World, db: Session
    ) -> None:
        tara = bearer_of(world.tara)
        world.app.disabled_at = clock.wall()
        db.commit()

        assert code(tara.posts(path(world), {})) == (403, "[E4030]", "App Is Disabled")

    def test_must_be_an_admin_of_the_tenant(
        self, bearer_of: Bearer, world: World, strangers: Strangers, db: Session
    ) -> None:
        assert code(bearer_of(world.milo).posts(path(world), body(world)))[:2] == (403, "[E4030]")
        for stranger in (world.peter, world.charlie, world.alice):
            answer = bearer_of(stranger).posts(path(world), body(world))
            assert code(answer) == (404, "[E4040]", "Not Found")
        for tenant in (strangers.tenant.uuid, NOBODY):
            answer = bearer_of(world.tara).posts(path(world), body(world, tenantUuid=str(tenant)))
            assert code(answer) == (404, "[E4040]", "Not Found")
        assert checkouts(db) == []

    def test_is_not_let_in_by_a_tenant_of_another_app(
        self, bearer_of: Bearer, world: World, strangers: Strangers, db: Session
    ) -> None:
        db.add(Membership(tenant=strangers.tenant, user=world.tara, role="admin"))
        db.commit()
        asked = body(world, tenantUuid=str(strangers.tenant.uuid))

        answer = bearer_of(world.tara).posts(path(world), asked)

        assert code(answer) == (404, "[E4040]", "Not Found")


class TestRead:
    """400 [E4000] Bad Request / validation error."""

    def test_names_every_missing_field(self, bearer_of: Bearer, world: World) -> None:
        answer = bearer_of(world.tara).posts(path(world), {})

        assert answer.status_code == 400
        said = [problem["message"] for problem in answer.get_json()["errors"]]
        assert said == [f"{name} is required" for name in EXAMPLE]

    @pytest.mark.parametrize("method", ["ideal", "CARD", None])
    def test_takes_cards_only(self, bearer_of: Bearer, world: World, method: str | None) -> None:
        answer = bearer_of(world.tara).posts(path(world), body(world, paymentMethod=method))

        status, e_code, message = code(answer)
        assert (status, e_code, message.split()[0]) == (400, "[E4000]", "paymentMethod")

    def test_knows_no_price_or_rate_of_others(self, bearer_of: Bearer, world: World) -> None:
        for field in ("productPriceUuid", "taxRateUuid"):
            answer = bearer_of(world.tara).posts(path(world), body(world, **{field: NOBODY}))

            assert code(answer) == (404, "[E4040]", "Not Found")

    def test_refuses_a_plan_as_a_payment_and_another_currency(
        self, bearer_of: Bearer, world: World
    ) -> None:
        for field, value in (("mode", "payment"), ("currency", "USD")):
            answer = bearer_of(world.tara).posts(path(world), body(world, **{field: value}))

            status, e_code, message = code(answer)
            assert (status, e_code, message.split()[0]) == (400, "[E4000]", field)

    def test_refuses_a_second_plan(self, bearer_of: Bearer, world: World) -> None:
        world.begin_plan(world.globex)

        answer = bearer_of(world.tara).posts(path(world), body(world))

        assert code(answer)[:2] == (400, "[E4000]")


class TestCors:
    @pytest.mark.parametrize("provider", ["mollie", "stripe"])
    def test_lets_pages_of_registered_origins_call(
        self, bearer_of: Bearer, world: World, provider: str
    ) -> None:
        tara = bearer_of(world.tara)
        asks = {
            "Origin": "https://app.example.com",
            "Access_Control_Request_Method": "POST",
            "Access_Control_Request_Headers": "authorization,content-type",
            "Authorization": None,
        }

        before = tara.calls("OPTIONS", path(world, provider), **asks)
        answer = tara.posts(path(world, provider), {}, Origin="https://app.example.com")

        assert before.status_code == 200
        assert "POST" in before.headers["Access-Control-Allow-Methods"]
        assert "Authorization" in before.headers["Access-Control-Allow-Headers"]
        for said in (before, answer):
            assert said.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
            assert "Origin" in said.headers["Vary"]
            assert "Access-Control-Allow-Credentials" not in said.headers

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://app.example.com"])
    def test_lets_no_other_page_read_an_answer(
        self, bearer_of: Bearer, world: World, origin: str
    ) -> None:
        tara = bearer_of(world.tara)

        for said in (
            tara.calls("OPTIONS", path(world), Origin=origin),
            tara.posts(path(world), {}, Origin=origin),
        ):
            assert "Access-Control-Allow-Origin" not in said.headers

    def test_lets_no_page_use_a_key(self, server: Caller, world: World) -> None:
        keyed = (
            f"/api/v1/apps/{world.app.uuid}/tenants/{world.globex.uuid}"
            "/payment-providers/stripe/checkout-sessions"
        )

        for said in (
            server.calls("OPTIONS", keyed, Origin="https://app.example.com"),
            server.posts(keyed, {}, Origin="https://app.example.com"),
        ):
            assert "Access-Control-Allow-Origin" not in said.headers


@pytest.mark.parametrize("mode", ["setup", "payment", "subscription"])
class TestModes:
    """setup: a small refundable card-verification payment, and the mandate after the webhook.
    payment: a one-time payment. subscription: the first payment, and then the subscription."""

    def test_have_the_stated_effect(
        self, bearer_of: Bearer, world: World, site: Site, sandbox: SandboxServer, mode: str
    ) -> None:
        slug, interval = ("onboarding", None) if mode == "payment" else ("team", "month")
        asked = body(
            world,
            mode=mode,
            productPriceUuid=str(world.price(slug, interval).uuid),
            collectTermsOfServiceConsent=False,
        )
        created = bearer_of(world.tara).posts(path(world), asked).get_json()["items"][0]
        db = world.db
        assert created["createdCheckoutSession"]["sessionId"].startswith("tr_")
        assert db.scalars(select(Subscription)).all() == []

        payer.pays(created["nextAction"]["url"])
        db.commit()
        _sweep(db, site)

        (row,) = checkouts(db)
        plans = [plan.status for plan in db.scalars(select(Subscription))]
        methods = [method.status for method in db.scalars(select(PaymentMethod))]
        refunds = [call for call in sandbox.calls("POST") if call["path"].endswith("/refunds")]
        assert row.state == "complete"
        assert plans == (["active"] if mode == "subscription" else [])
        assert len(refunds) == (1 if mode == "setup" else 0)
        assert methods == ([] if mode == "payment" else ["valid"])
        assert urlsplit(row.success_url or "").path == "/billing/success"


def _sweep(db: Session, site: Site) -> None:
    """Do what the webhook asks for: nothing reaches us here, so the sweep looks."""
    for row in checkouts(db):
        row.next_check_at = site.clock.now()
    db.commit()
    sweep.run(db, site)
