"""An app's server says where it wants to be told, and sees what it was sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.billing.site import Site
from app.billing.webhooks import webhook_types
from app.models import AuditEntry, WebhookEndpoint
from config import Config
from tests.api.conftest import Caller, Json, Strangers, key_headers
from tests.billing.telling import Telling, receivers
from tests.cast import World

URL = "https://app.example.com/hooks"
NOBODY = "0b6f5c9e-3f0b-4f0e-9a5e-6f1d0c8b7a61"


def path_of(world: World, *rest: str) -> str:
    return "/".join([f"/api/v1/apps/{world.app.uuid}/webhook-endpoints", *rest])


def made(server: Caller, world: World, **body: object) -> Json:
    """Make an endpoint and answer its item."""
    answer = server.posts(path_of(world), {"url": URL, **body})
    assert answer.status_code == 201
    (item,) = answer.get_json()["items"]
    found: Json = item
    return found


@pytest.fixture
def telling(world: World, site: Site) -> Iterator[Telling]:
    """Give the app, with an endpoint that leads to a receiver."""
    for receiver in receivers():
        yield Telling(world, site, receiver)


class TestCreate:
    def test_tells_the_secret_once(self, server: Caller, reader: Caller, world: World) -> None:
        item = made(server, world, types=["subscription.activated"])

        (listed,) = reader.gets(path_of(world)).get_json()["items"]
        assert item["secret"].startswith("whsec_")
        assert listed == {**item, "secret": None}
        assert (item["types"], item["isEnabled"]) == (["subscription.activated"], True)

    def test_is_not_repeated_for_the_same_key(
        self, server: Caller, world: World, db: Session
    ) -> None:
        body = {"url": URL}

        first = server.posts(path_of(world), body, Idempotency_Key="a")
        again = server.posts(path_of(world), body, Idempotency_Key="a")
        changed = server.posts(path_of(world), {"url": f"{URL}/2"}, Idempotency_Key="a")

        assert first.get_json() == again.get_json()
        assert len(db.scalars(select(AuditEntry)).all()) == 1
        assert changed.status_code == 400
        assert len(db.scalars(select(WebhookEndpoint)).all()) == 1

    def test_keeps_the_secret_sealed(self, server: Caller, world: World, db: Session) -> None:
        item = made(server, world)

        (row,) = db.scalars(select(WebhookEndpoint))
        assert item["secret"] not in row.sealed_secret

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ({}, "url is required"),
            ({"url": "app.example.com"}, "url must be an absolute https address"),
            ({"url": URL + "#a"}, "url must be an https address without a fragment"),
            ({"url": URL, "types": ["ping"]}, "types: 'ping' is not a type of event"),
            ({"url": URL, "types": "all"}, "types "),
        ],
    )
    def test_refuses_what_is_wrong(
        self, server: Caller, world: World, db: Session, body: Json, message: str
    ) -> None:
        answer = server.posts(path_of(world), body)

        assert answer.status_code == 400
        assert answer.get_json()["errors"][0]["message"].startswith(message)
        assert db.scalars(select(WebhookEndpoint)).all() == []

    def test_takes_no_more_than_sixteen(self, server: Caller, world: World) -> None:
        for _ in range(16):
            made(server, world)

        answer = server.posts(path_of(world), {"url": URL})

        assert answer.status_code == 400
        assert "at most 16 endpoints" in answer.get_json()["errors"][0]["message"]


class TestOutsideTheDemo:
    @pytest.fixture
    def config(self, config: Config) -> Config:
        """Answer the settings of an installation without a demo."""
        return config.model_copy(update={"DEMO": False})

    @pytest.mark.parametrize("url", ["http://app.example.com/", "https://10.0.0.1/"])
    def test_refuses_this_network(
        self, flask_app: Flask, server: Caller, world: World, url: str
    ) -> None:
        assert server.posts(path_of(world), {"url": url}).status_code == 400


class TestChange:
    def test_changes_what_is_given_and_nothing_else(
        self, server: Caller, reader: Caller, world: World
    ) -> None:
        item = made(server, world, types=["invoice.paid"])
        path = path_of(world, item["uuid"])

        answer = patch(server, path, {"isEnabled": False, "url": f"{URL}/new"})

        (changed,) = answer.get_json()["items"]
        assert (changed["url"], changed["types"]) == (f"{URL}/new", ["invoice.paid"])
        assert (changed["isEnabled"], changed["disabledReason"]) == (False, "owner")
        (shown,) = reader.gets(path).get_json()["items"]
        assert shown == changed

    def test_enables_again(self, server: Caller, world: World) -> None:
        path = path_of(world, made(server, world)["uuid"])
        patch(server, path, {"isEnabled": False})

        (item,) = patch(server, path, {"isEnabled": True}).get_json()["items"]

        assert (item["isEnabled"], item["disabledAt"], item["disabledReason"]) == (True, None, None)

    def test_removes(self, server: Caller, reader: Caller, world: World) -> None:
        path = path_of(world, made(server, world)["uuid"])

        removed = server.calls("DELETE", path)

        assert removed.get_json()["items"][0]["deletedAt"]
        assert server.calls("DELETE", path).status_code == 404
        assert reader.gets(path).status_code == 404
        assert reader.gets(path_of(world)).get_json()["items"] == []

    def test_gives_a_new_secret(self, server: Caller, world: World) -> None:
        item = made(server, world)

        answer = server.posts(path_of(world, item["uuid"], "rotate-secret"))

        (changed,) = answer.get_json()["items"]
        assert changed["secret"].startswith("whsec_")
        assert changed["secret"] != item["secret"]


class TestTheAuditLog:
    def test_names_each_change_and_the_key_that_made_it(
        self, server: Caller, world: World, db: Session
    ) -> None:
        path = path_of(world, made(server, world)["uuid"])
        patch(server, path, {"isEnabled": False})
        server.posts(f"{path}/rotate-secret")
        server.calls("DELETE", path)

        lines = db.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        done = ["created", "changed", "secret_rotated", "removed"]
        assert [line.action for line in lines] == [f"webhook_endpoint.{what}" for what in done]
        assert {(line.subject, line.user_id) for line in lines} == {(URL, None)}
        assert None not in {line.api_key_id for line in lines}


class TestDeliveries:
    def test_show_each_attempt_and_are_sent_again(
        self, server: Caller, reader: Caller, world: World, telling: Telling
    ) -> None:
        path = path_of(world, str(telling.endpoint.uuid), "deliveries")
        telling.receiver.statuses = [500]
        telling.happens()
        telling.delivers()

        (item,) = reader.gets(path).get_json()["items"]
        assert (item["state"], item["type"]) == ("waiting", "subscription.changed")
        assert item["tenantUuid"] == str(world.globex.uuid)
        assert [attempt["responseStatus"] for attempt in item["attempts"]] == [500]

        again = server.posts(f"{path}/{item['uuid']}/resend")
        telling.delivers()

        assert again.get_json()["items"][0]["uuid"] == item["uuid"]
        (item,) = reader.gets(path).get_json()["items"]
        assert [attempt["responseStatus"] for attempt in item["attempts"]] == [500, 200]
        assert (item["state"], item["nextTryAt"]) == ("delivered", None)
        assert item["eventUuid"] == telling.receiver.taken[0].headers["webhook-id"]

    def test_come_page_by_page_and_by_state(
        self, reader: Caller, world: World, telling: Telling
    ) -> None:
        path = path_of(world, str(telling.endpoint.uuid), "deliveries")
        for type_ in ("subscription.activated", "subscription.changed", "subscription.canceled"):
            telling.happens(type_)
            telling.delivers()

        first = reader.gets(f"{path}?limit=2").get_json()
        rest = reader.gets(f"{path}?limit=2&after={first['items'][-1]['uuid']}").get_json()

        assert first["totalItems"] == 3
        assert [item["type"][13:] for item in first["items"]] == ["canceled", "changed"]
        assert [item["type"][13:] for item in rest["items"]] == ["activated"]
        assert reader.gets(f"{path}?state=failed").get_json()["totalItems"] == 0

    @pytest.mark.parametrize("query", ["state=open", "limit=0", "after=x"])
    def test_refuse_a_query_that_is_none(
        self, reader: Caller, world: World, telling: Telling, query: str
    ) -> None:
        path = path_of(world, str(telling.endpoint.uuid), "deliveries")

        assert reader.gets(f"{path}?{query}").status_code == 400

    def test_send_a_ping(self, server: Caller, world: World, telling: Telling) -> None:
        answer = server.posts(path_of(world, str(telling.endpoint.uuid), "test"))

        telling.delivers()

        assert answer.get_json()["items"][0]["type"] == webhook_types.PING
        assert telling.heard() == ["ping"]


class TestStrangers:
    def test_reach_nothing(
        self, server: Caller, reader: Caller, world: World, strangers: Strangers, db: Session
    ) -> None:
        uuid = made(server, world)["uuid"]
        stranger = Caller(server.client, db, key_headers(strangers.app, strangers.key))
        own = path_of(world).replace(str(world.app.uuid), str(strangers.app.uuid))

        for base, status in ((path_of(world), 401), (own, 404)):
            assert patch(stranger, f"{base}/{uuid}", {"isEnabled": False}).status_code == status
            assert stranger.calls("DELETE", f"{base}/{uuid}").status_code == status
            for verb in ("rotate-secret", "test", f"deliveries/{NOBODY}/resend"):
                assert stranger.posts(f"{base}/{uuid}/{verb}").status_code == status
        assert db.scalars(select(WebhookEndpoint)).one().is_enabled

    def test_write_nothing_with_a_read_key(
        self, server: Caller, reader: Caller, world: World
    ) -> None:
        uuid = made(server, world)["uuid"]

        for path in (path_of(world), path_of(world, uuid, "rotate-secret")):
            assert reader.posts(path, {"url": URL}).status_code == 401
        assert reader.calls("DELETE", path_of(world, uuid)).status_code == 401

    def test_read_nothing_with_a_write_key(self, server: Caller, world: World) -> None:
        uuid = made(server, world)["uuid"]

        for path in ("", f"/{uuid}", f"/{uuid}/deliveries"):
            assert server.gets(f"{path_of(world)}{path}").status_code == 401

    def test_reach_no_delivery_of_another_endpoint(
        self, server: Caller, reader: Caller, world: World, telling: Telling
    ) -> None:
        telling.happens()
        telling.delivers()
        delivery = str(telling.rows()[0].uuid)
        other = path_of(world, made(server, world)["uuid"], "deliveries")

        assert server.posts(f"{other}/{delivery}/resend").status_code == 404
        assert reader.gets(f"{other}?after={delivery}").status_code == 404


def patch(caller: Caller, path: str, body: Json) -> TestResponse:
    """Change something by JSON."""
    return caller.client.patch(path, json=body, headers=caller.sends({}))
