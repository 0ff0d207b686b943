"""The doors for providers: verified, stored once, answered at once; everything else is turned away
and changes nothing."""

from __future__ import annotations

import hmac
import io
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app
from app.billing.reconciliation import sweep
from app.billing.site import Credentials, Site
from app.db.engine import Database
from app.models import App, CheckoutSession, ProviderAccount, ProviderEvent
from config import Config
from tests import payer
from tests.billing.purchases import Buyer, deliveries
from tests.cast import World
from tests.sandbox_server import SandboxServer

MEGABYTES_10 = 10 * 1024 * 1024
NOBODY = "0b6f5c9e-3f0b-4f0e-9a5e-6f1d0c8b7a61"


@pytest.fixture
def client(config: Config, site: Site, database: Database, world: World) -> Iterator[FlaskClient]:
    """Give somebody who knocks at our doors."""
    flask_app = create_app(config, site=site, database=database)
    with flask_app.test_client() as visitor:
        yield visitor


@pytest.fixture
def tara(world: World, site: Site, sandbox: SandboxServer) -> Buyer:
    """Answer Tara, who buys for Globex."""
    return Buyer(world, site, sandbox, world.tara)


def stored(db: Session) -> list[ProviderEvent]:
    """Answer the events that were let in."""
    found = db.scalars(
        select(ProviderEvent).order_by(ProviderEvent.id).execution_options(populate_existing=True)
    ).all()
    db.commit()
    return list(found)


def hook(world: World, site: Site, provider: str) -> str:
    """Answer the path a provider calls."""
    account = world.account(provider)
    url = site.hook_url(account)
    world.db.commit()
    assert url is not None
    return url.removeprefix(site.config.PUBLIC_URL)


def secret(world: World, site: Site) -> str:
    """Answer what Stripe signs with."""
    account = world.account("stripe")
    world.db.commit()
    found = site.credentials(account.sealed_credentials).webhook_secret
    assert found is not None
    return found


def signature(body: bytes, key: str, at: float | None = None) -> dict[str, str]:
    """Sign a body as Stripe does (Stripe: "Verify webhook signatures manually")."""
    moment = int(time.time() if at is None else at)
    signed = hmac.new(key.encode(), f"{moment}.".encode() + body, sha256).hexdigest()
    return {"Stripe-Signature": f"t={moment},v1={signed}"}


def an_event(**changes: Any) -> bytes:
    """Answer the body of an event."""
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "checkout.session.completed",
        "created": 1_780_000_000,
        "livemode": False,
        "data": {"object": {"id": "cs_1", "object": "checkout.session"}},
    }
    return json.dumps(event | changes).encode()


class TestStripesDoor:
    def test_lets_a_signed_event_in_once(
        self, client: FlaskClient, world: World, site: Site
    ) -> None:
        path, body = hook(world, site, "stripe"), an_event()
        headers = signature(body, secret(world, site))

        answers = [client.post(path, data=body, headers=headers) for _ in range(3)]

        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert [answer.json for answer in answers] == [{"received": True}] * 3
        assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
        (event,) = stored(world.db)
        assert (event.provider_event_id, event.object_id, event.state) == (
            "evt_1",
            "cs_1",
            "received",
        )
        assert json.loads(event.payload)["id"] == "evt_1"

    def test_turns_away_what_stripe_did_not_sign(
        self, client: FlaskClient, world: World, site: Site
    ) -> None:
        path, body, key = hook(world, site, "stripe"), an_event(), secret(world, site)
        other = signature(an_event(id="evt_2"), key)
        forged: list[dict[str, str]] = [
            {},
            {"Stripe-Signature": ""},
            {"Stripe-Signature": "t=1,v1="},
            {"Stripe-Signature": "t=now,v1=abc"},
            {"Stripe-Signature": f"t={int(time.time())},v1={'0' * 64}"},
            {"Stripe-Signature": "t=" + "9" * 5000 + ",v1=00"},
            signature(body, "whsec_of_another_account"),
            signature(body, ""),
            other,
            signature(body, key, at=time.time() - 301),
        ]

        answers = [client.post(path, data=body, headers=headers) for headers in forged]

        assert {answer.status_code for answer in answers} == {400}
        assert stored(world.db) == []

    def test_turns_away_signed_nonsense(
        self, client: FlaskClient, world: World, site: Site
    ) -> None:
        path, key = hook(world, site, "stripe"), secret(world, site)
        nonsense = [
            b"",
            b"null",
            b"[]",
            b"{}",
            b"not json",
            b"\xff\xfe",
            b"[" * 50_000,
            an_event(id=None),
            an_event(id=""),
            an_event(id="e" * 10_000),
            an_event(id=7),
            an_event(data=None),
            an_event(data={"object": []}),
            an_event(data={"object": {"id": ["x"]}}),
            an_event(created="yesterday"),
            an_event(created=1e30),
            an_event(type=None),
        ]

        answers = [client.post(path, data=body, headers=signature(body, key)) for body in nonsense]

        assert {answer.status_code for answer in answers} == {400}
        assert stored(world.db) == []

    def test_turns_away_characters_a_database_cannot_keep(
        self, client: FlaskClient, world: World, site: Site
    ) -> None:
        path, key = hook(world, site, "stripe"), secret(world, site)

        for body in (an_event(id="evt_\x00"), an_event(type="a\x00b")):
            assert client.post(path, data=body, headers=signature(body, key)).status_code == 400

        assert stored(world.db) == []

    def test_does_not_take_the_signature_of_another_account(
        self, client: FlaskClient, world: World, site: Site
    ) -> None:
        body = an_event()
        headers = signature(body, secret(world, site))
        theirs = _another_account(world, site)

        assert client.post(f"/hooks/stripe/{theirs}", data=body, headers=headers).status_code == 400
        assert stored(world.db) == []


def _another_account(world: World, site: Site) -> str:
    """Connect an account of another app, and answer its uuid."""
    app = App(name="Other", seller_name="Other", seller_country="DE")
    world.db.add(app)
    world.db.flush()
    account = ProviderAccount(
        app_id=app.id,
        provider="stripe",
        livemode=False,
        sealed_credentials=site.seal(Credentials("sk_test_sandbox_other", "whsec_theirs")),
    )
    world.db.add(account)
    world.db.commit()
    return str(account.uuid)


class TestMolliesDoor:
    def test_keeps_one_call_for_each_payment(
        self, client: FlaskClient, world: World, site: Site
    ) -> None:
        path = hook(world, site, "mollie")

        answers = [client.post(path, data={"id": id_}) for id_ in ("tr_1", "tr_1", "tr_2")]

        assert [answer.status_code for answer in answers] == [200, 200, 200]
        kept = [(event.object_id, event.provider_event_id) for event in stored(world.db)]
        assert kept == [("tr_1", None), ("tr_2", None)]

    def test_turns_away_whatever_is_no_payment(
        self, client: FlaskClient, world: World, site: Site, sandbox: SandboxServer
    ) -> None:
        path, before = hook(world, site, "mollie"), len(sandbox.calls())
        ids = [
            "tr_x/../../customers",
            "tr_",
            "tr_x ",
            "tr_x\n",
            "tr_x\x00",
            "tr_é",
            "tr_x?embed=1",
            "sub_1",
            "",
            "tr_" + "x" * 2000,
        ]

        answers = [client.post(path, data={"id": id_}) for id_ in ids]
        answers += [
            client.post(path),
            client.post(path, data=b"\xff\xfe"),
            client.post(path, data={"id": ["tr_1", "tr_2"]}),
            client.post(path, json={"id": {"tr_1": 1}}),
            client.post(path, data=b"[" * 1000, content_type="application/json"),
            *(
                client.post(
                    path, data='{"id": "tr_1"}'.encode(encoding), content_type="application/json"
                )
                for encoding in ("utf-16", "utf-16-le", "utf-32")
            ),
        ]

        assert {answer.status_code for answer in answers} == {400}
        assert stored(world.db) == []
        assert len(sandbox.calls()) == before

    def test_takes_a_call_with_other_fields_beside_the_id(
        self, client: FlaskClient, world: World, site: Site
    ) -> None:
        answer = client.post(hook(world, site, "mollie"), data={"id": "tr_1", "x": "1"})

        assert answer.status_code == 200
        assert [event.object_id for event in stored(world.db)] == ["tr_1"]

    def test_stays_shut_without_its_secret(
        self, client: FlaskClient, world: World, site: Site
    ) -> None:
        path = hook(world, site, "mollie")
        door, _, key = path.rpartition("/")
        guesses = [door, f"{door}/", f"{door}/{key[:-1]}", f"{door}/x", f"{door}/é"]

        answers = [client.post(guess, data={"id": "tr_1"}) for guess in guesses]

        assert {answer.status_code for answer in answers} <= {404, 308}
        assert stored(world.db) == []


class TestBothDoors:
    def test_are_shut_for_unknown_accounts_and_other_providers(
        self, client: FlaskClient, world: World, site: Site
    ) -> None:
        stripe, mollie = hook(world, site, "stripe"), hook(world, site, "mollie")
        body = an_event()
        headers = signature(body, secret(world, site))
        swapped = f"/hooks/stripe/{mollie.split('/')[3]}"
        wrong = [
            client.post(f"/hooks/stripe/{uuid4()}", data=body, headers=headers),
            client.post(swapped, data=body, headers=headers),
            client.post(f"/hooks/mollie/{stripe.split('/')[3]}/x", data={"id": "tr_1"}),
            client.post("/hooks/stripe/not-a-uuid", data=body, headers=headers),
            client.post("/hooks/paypal/1", data=body),
        ]

        assert {answer.status_code for answer in wrong} == {404}
        assert client.get(stripe).status_code == 405
        assert stored(world.db) == []

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "", 404),
            ("POST", "/nobody/1", 404),
            ("POST", f"/stripe/{NOBODY}", 404),
            ("GET", f"/stripe/{NOBODY}", 405),
            ("DELETE", f"/mollie/{NOBODY}/x", 405),
        ],
    )
    def test_refuse_in_json(self, client: FlaskClient, method: str, path: str, status: int) -> None:
        answer = client.open(f"/hooks{path}", method=method)

        assert (answer.status_code, answer.mimetype) == (status, "application/json")
        assert answer.get_json()["received"] is False
        assert ("Allow" in answer.headers) is (status == 405)
        assert answer.headers.getlist("X-Content-Type-Options") == ["nosniff"]

    def test_say_in_json_that_they_broke(
        self, world: World, site: Site, config: Config, tmp_path: Path
    ) -> None:
        path = hook(world, site, "mollie")
        other = Database(f"sqlite:///{tmp_path / 'without-tables.sqlite3'}")
        broken = create_app(config, site=site, database=other).test_client()

        answer = broken.post(path, data={"id": "tr_1"})
        other.close()

        assert (answer.status_code, answer.mimetype) == (500, "application/json")
        assert answer.get_json() == {"received": False, "error": "Internal Server Error"}

    @pytest.mark.parametrize("provider", ["stripe", "mollie"])
    def test_take_no_body_of_ten_megabytes(
        self, client: FlaskClient, world: World, site: Site, provider: str
    ) -> None:
        body = b"id=tr_1&x=" + b"x" * MEGABYTES_10

        answer = client.post(
            hook(world, site, provider),
            data=body,
            headers=signature(body, secret(world, site)),
            content_type="application/x-www-form-urlencoded",
        )

        assert (answer.status_code, answer.mimetype) == (413, "application/json")
        assert stored(world.db) == []

    def test_take_none_that_hides_its_length_either(
        self, client: FlaskClient, world: World, site: Site
    ) -> None:
        answer = client.post(
            hook(world, site, "mollie"),
            input_stream=io.BytesIO(b"id=tr_1&x=" + b"x" * MEGABYTES_10),
            content_type="application/x-www-form-urlencoded",
            environ_overrides={"wsgi.input_terminated": True},
        )

        assert answer.status_code in (400, 413)
        assert stored(world.db) == []

    def test_close_when_the_account_is_disconnected(
        self, client: FlaskClient, world: World, site: Site
    ) -> None:
        path = hook(world, site, "mollie")
        world.account("mollie").disconnected_at = datetime.now(UTC)
        world.db.commit()

        assert client.post(path, data={"id": "tr_1"}).status_code == 404
        assert stored(world.db) == []

    @pytest.mark.parametrize("method", ["stripe-card", "mollie-card"])
    def test_take_what_the_providers_really_send(
        self, client: FlaskClient, world: World, site: Site, tara: Buyer, method: str
    ) -> None:
        placed = tara.buys(method=method)
        assert placed.url is not None
        payer.pays(placed.url)
        sent = deliveries(tara)

        for row, headers in sent:
            path = hook(world, site, row["provider"])
            assert client.post(path, data=row["body"], headers=headers).status_code == 200
        sweep.process_events(tara.db, site)

        assert sent
        assert tara.checkout(placed).state == "complete"
        assert [row.state for row in tara.rows(CheckoutSession)] == ["complete"]
        assert {event.state for event in stored(world.db)} == {"done"}
