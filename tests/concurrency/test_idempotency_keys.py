"""Calls with one idempotency key make one session, from fifty threads and after a death."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock, create_app
from app.billing.demo.demo_world import API_KEYS
from app.billing.reconciliation import sweep
from app.billing.site import Site
from app.db.engine import Database
from app.models import CheckoutSession, IdempotencyKey
from tests import together
from tests.billing.purchases import AlteredSite, Died, Verb, done_but, raising
from tests.cast import World
from tests.sandbox_server import SandboxServer

CREATES = {"stripe": "/stripe/v1/checkout/sessions", "mollie": "/mollie/v2/payments"}
PROVIDERS = tuple(CREATES)


class Asker:
    """An app's server that asks for the same session with the same key."""

    def __init__(self, flask_app: Flask, world: World, provider: str) -> None:
        self._flask_app = flask_app
        self._path = (
            f"/api/v1/apps/{world.app.uuid}/tenants/{world.globex.uuid}"
            f"/payment-providers/{provider}/checkout-sessions"
        )
        self._headers = {
            "x-api-key": API_KEYS["write"],
            "x-client-id": str(world.app.uuid),
            "x-api-key-type": "write",
            "Idempotency-Key": "order-4711",
        }
        self._body = {
            "priceId": world.price("team").price_id,
            "taxRateId": "txr_demoDE19",
            "quantity": 1,
            "mode": "subscription",
            "currency": "EUR",
            "successUrl": "https://app.example.com/success",
            "cancelUrl": "https://app.example.com/cancel",
        }
        world.db.commit()

    def asks(self) -> tuple[int, Any]:
        """Answer status and body."""
        client = self._flask_app.test_client()
        answer = client.post(self._path, json=self._body, headers=self._headers)
        return answer.status_code, answer.get_json()


def session_of(body: Any) -> str:
    return str(body["items"][0]["createdCheckoutSession"]["uuid"])


def made(sandbox: SandboxServer, provider: str) -> int:
    """Answer how many different sessions the provider was asked to make."""
    calls = [c for c in sandbox.calls("POST") if c["path"] == CREATES[provider]]
    return len({call["idempotency_key"] for call in calls})


def rows(db: Session) -> list[tuple[str, str]]:
    """Answer (uuid, state) of each checkout."""
    found = db.execute(select(CheckoutSession.uuid, CheckoutSession.state)).all()
    db.commit()
    return [(str(uuid), state) for uuid, state in found]


@pytest.mark.parametrize("provider", PROVIDERS)
class TestOnce:
    def test_makes_one_session_for_fifty_threads(
        self,
        world: World,
        site: Site,
        database: Database,
        db: Session,
        sandbox: SandboxServer,
        provider: str,
    ) -> None:
        asker = Asker(create_app(site.config, site=site, database=database), world, provider)

        answers = together.each(lambda _: asker.asks(), range(50))

        ((uuid, state),) = rows(db)
        assert state == "open"
        assert {status for status, _ in answers} <= {200, 409}
        assert {session_of(body) for status, body in answers if status == 200} == {uuid}
        assert asker.asks()[0] == 200
        assert made(sandbox, provider) == 1

    @pytest.mark.parametrize(
        "died", [done_but("open_checkout", Died()), raising(Died())], ids=["after", "before"]
    )
    def test_answers_the_same_session_after_a_death(
        self,
        world: World,
        site: Site,
        database: Database,
        db: Session,
        sandbox: SandboxServer,
        provider: str,
        died: Verb,
    ) -> None:
        dying = AlteredSite(config=site.config, clock=site.clock, verbs={"open_checkout": died})
        victim = Asker(create_app(site.config, site=dying, database=database), world, provider)
        asker = Asker(create_app(site.config, site=site, database=database), world, provider)

        with pytest.raises(Died):
            victim.asks()
        ((uuid, state),) = rows(db)
        assert state == "starting"
        in_flight = asker.asks()
        _forget_claims(db)
        status, body = asker.asks()

        assert (in_flight[0], in_flight[1]["errors"][0]["code"]) == (409, "[E4090]")
        assert (status, session_of(body)) == (200, uuid)
        assert rows(db) == [(uuid, "open")]
        assert made(sandbox, provider) == 1
        assert len(db.scalars(select(IdempotencyKey)).all()) == 1


def _forget_claims(db: Session) -> None:
    """Let the claim of the process that died run out: it counts wall time."""
    past = clock.wall() - timedelta(seconds=1)
    db.execute(update(CheckoutSession).values(claimed_until=past))
    db.commit()


class TestSweep:
    def test_forgets_keys_that_are_not_kept_any_longer(
        self, world: World, site: Site, database: Database, db: Session
    ) -> None:
        asker = Asker(create_app(site.config, site=site, database=database), world, "stripe")
        asker.asks()
        sweep.run(db, site)
        assert len(db.scalars(select(IdempotencyKey)).all()) == 1

        db.execute(update(IdempotencyKey).values(expires_at=clock.wall()))
        db.commit()
        sweep.run(db, site)

        assert db.scalars(select(IdempotencyKey)).all() == []
