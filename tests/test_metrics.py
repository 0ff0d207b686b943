"""The gauges at /metrics: who may read them, and that each tells what it says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import delete, update

from app import create_app
from app.billing.site import Site
from app.db.engine import Database
from app.models import CheckoutSession, Invoice, Payment, ProviderEvent, Subscription
from config import Config
from tests import payer
from tests.billing.purchases import Buyer, knock
from tests.cast import World
from tests.sandbox_server import SandboxServer

LOCAL = {"REMOTE_ADDR": "127.0.0.1"}
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.7"}
NAMES = (
    "paid_but_inactive",
    "active_without_payment",
    "oldest_unreconciled_seconds",
    "webhook_lag_seconds",
)


@pytest.fixture
def config(config: Config) -> Config:
    return config.model_copy(update={"METRICS_TOKEN": "let-me-read"})


@pytest.fixture
def flask_app(config: Config, site: Site, database: Database) -> Iterator[Flask]:
    yield create_app(config, site=site, database=database)


@pytest.fixture
def tara(world: World, site: Site, sandbox: SandboxServer) -> Buyer:
    return Buyer(world, site, sandbox, world.tara)


def read(flask_app: Flask) -> dict[str, float]:
    """Answer each gauge by its name, with its label in brackets."""
    answer = flask_app.test_client().get("/metrics", environ_base=LOCAL)
    assert answer.status_code == 200
    return {
        sample.name + "".join(f"[{value}]" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def watched(flask_app: Flask) -> tuple[float, ...]:
    told = read(flask_app)
    return tuple(told[name] for name in NAMES)


def bought(tara: Buyer, method: str) -> None:
    placed = tara.buys(method=method)
    assert placed.url is not None
    tara.comes_back(payer.pays(placed.url))
    tara.sweeps()


class TestWhoMayRead:
    def test_is_this_machine_and_who_has_the_token(self, flask_app: Flask) -> None:
        client = flask_app.test_client()
        token = {"Authorization": "Bearer let-me-read"}

        assert client.get("/metrics", environ_base=LOCAL).status_code == 200
        assert client.get("/metrics", environ_base=ELSEWHERE, headers=token).status_code == 200

    @pytest.mark.parametrize(
        "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "let-me-read"}]
    )
    def test_is_nobody_else(self, flask_app: Flask, headers: dict[str, str]) -> None:
        answer = flask_app.test_client().get("/metrics", environ_base=ELSEWHERE, headers=headers)

        assert (answer.status_code, answer.text) == (401, "")

    @pytest.mark.parametrize("name", ["Forwarded", "X-Forwarded-For", "X-Real-IP"])
    def test_is_nobody_behind_a_proxy_of_this_machine(self, flask_app: Flask, name: str) -> None:
        answer = flask_app.test_client().get(
            "/metrics", environ_base=LOCAL, headers={name: "203.0.113.7"}
        )

        assert answer.status_code == 401

    def test_without_a_token_is_told_of_nothing(
        self, config: Config, site: Site, database: Database
    ) -> None:
        bare = Site(config=config.model_copy(update={"METRICS_TOKEN": ""}), clock=site.clock)
        client = create_app(bare.config, site=bare, database=database).test_client()

        empty = {"Authorization": "Bearer "}
        assert client.get("/metrics", environ_base=ELSEWHERE).status_code == 404
        assert client.get("/metrics", environ_base=ELSEWHERE, headers=empty).status_code == 404


class TestGauges:
    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_are_zero_where_all_is_well(self, flask_app: Flask, tara: Buyer, method: str) -> None:
        assert watched(flask_app) == (0, 0, 0, 0)
        bought(tara, method)

        assert watched(flask_app) == (0, 0, 0, 0)

    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_tell_a_paid_purchase_that_gave_nothing(
        self, flask_app: Flask, tara: Buyer, method: str
    ) -> None:
        bought(tara, method)
        tara.db.execute(update(CheckoutSession).values(state="processing"))
        tara.db.commit()

        told = read(flask_app)

        assert told["paid_but_inactive"] == told["portico_paid_but_inactive[test]"] == 1
        assert told["portico_paid_but_inactive[live]"] == 0

    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_tell_a_paid_plan_that_does_not_run(
        self, flask_app: Flask, tara: Buyer, method: str
    ) -> None:
        bought(tara, method)
        tara.db.execute(update(Subscription).values(status="incomplete"))
        tara.db.commit()

        assert read(flask_app)["paid_but_inactive"] == 1

    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_tell_a_plan_that_runs_unpaid(self, flask_app: Flask, tara: Buyer, method: str) -> None:
        bought(tara, method)
        for model in (Invoice, Payment):
            tara.db.execute(delete(model))
        tara.db.commit()

        assert read(flask_app)["active_without_payment"] == 1

    def test_give_a_renewal_its_days(self, flask_app: Flask, tara: Buyer) -> None:
        bought(tara, "mollie-card")
        now = tara.site.clock.now()

        tara.db.execute(update(Subscription).values(period_end=now - timedelta(days=2)))
        for model in (Payment, Invoice):
            tara.db.execute(update(model).values(period_end=now - timedelta(days=2)))
        tara.db.commit()
        early = read(flask_app)["active_without_payment"]
        tara.db.execute(update(Subscription).values(period_end=now - timedelta(days=4)))
        tara.db.commit()

        assert (early, read(flask_app)["active_without_payment"]) == (0, 1)

    def test_tell_how_long_something_is_due(self, flask_app: Flask, tara: Buyer) -> None:
        tara.buys("onboarding", None)
        now = tara.site.clock.now()
        tara.db.execute(update(CheckoutSession).values(next_check_at=now - timedelta(minutes=5)))
        tara.db.commit()

        told = read(flask_app)

        assert told["oldest_unreconciled_seconds"] == pytest.approx(300, abs=60)
        assert told["portico_due[checkout]"] == 1

    def test_tell_how_long_an_event_waits(self, flask_app: Flask, tara: Buyer) -> None:
        knock(tara, "tr_1")
        now = tara.site.clock.now()
        tara.db.execute(update(ProviderEvent).values(received_at=now - timedelta(seconds=90)))
        tara.db.commit()

        told = read(flask_app)

        assert told["webhook_lag_seconds"] == told["oldest_unreconciled_seconds"]
        assert told["webhook_lag_seconds"] == pytest.approx(90, abs=60)
        assert told["portico_due[event]"] == 1

    def test_tell_what_was_given_up(self, flask_app: Flask, tara: Buyer) -> None:
        knock(tara, "tr_1")
        tara.db.execute(update(ProviderEvent).values(state="failed"))
        tara.db.commit()

        assert read(flask_app)["portico_failed[event]"] == 1
