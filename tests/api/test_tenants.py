"""Tenants by API: enrolled with their people, once, and read."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Tenant, User
from tests.api.conftest import Caller, Json, Strangers, key_headers
from tests.cast import World

DETAILS = {
    "legalName": "Umbrella GmbH",
    "addressLine1": "Hauptstrasse 1",
    "postalCode": "10115",
    "city": "Berlin",
    "country": "DE",
    "invoiceEmail": "invoices@umbrella.example",
}
BODY: Json = {
    "name": "Umbrella",
    "users": [
        {"email": "Ada@Umbrella.example", "name": "Ada", "externalId": "user-1"},
        {"email": "bob@umbrella.example", "role": "member"},
    ],
    "details": DETAILS,
}


def tenants_of(world: World) -> str:
    return f"/api/v1/apps/{world.app.uuid}/tenants"


def count(db: Session) -> int:
    db.expire_all()
    return db.scalars(select(func.count()).select_from(Tenant)).one()


class TestCreate:
    def test_enrolls_a_tenant_that_can_buy_at_once(self, server: Caller, world: World) -> None:
        answer = server.posts(tenants_of(world), BODY)

        assert answer.status_code == 201
        (item,) = answer.get_json()["items"]
        assert item["details"] == {
            **DETAILS,
            "addressLine2": None,
            "region": None,
        }
        people = [(user["email"], user["role"]) for user in item["users"]]
        assert people == [("ada@umbrella.example", "admin"), ("bob@umbrella.example", "member")]
        made = server.posts(f"{tenants_of(world)}/{item['uuid']}/portal-links", {})
        url = made.get_json()["items"][0]["nextAction"]["url"]
        page = server.client.get(urlsplit(url).path).get_data(as_text=True)
        assert "Continue as ada@umbrella.example?" in page

    def test_needs_no_more_than_a_name(self, server: Caller, world: World) -> None:
        (item,) = server.posts(tenants_of(world), {"name": "  Umbrella  Ltd "}).get_json()["items"]

        assert item["name"] == "Umbrella Ltd"
        assert item["users"] == []
        assert set(item["details"].values()) == {None}

    def test_leaves_people_who_have_an_account_as_they_are(
        self, server: Caller, world: World, db: Session
    ) -> None:
        digest = world.peter.password_digest
        people = [{"email": world.peter.email.upper(), "name": "Somebody"}]

        (item,) = server.posts(tenants_of(world), {"name": "Umbrella", "users": people}).get_json()[
            "items"
        ]

        db.refresh(world.peter)
        assert item["users"][0]["uuid"] == str(world.peter.uuid)
        assert world.peter.password_digest == digest
        assert world.peter.name != "Somebody"

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"name": None}, "name "),
            ({"name": " "}, "name must be 1 to"),
            ({"name": "a" * 201}, "name "),
            ({"users": [{"email": "ada"}]}, "users.0.email must be an e-mail address"),
            ({"users": [{"email": "a@b.example", "role": "owner"}]}, "users.0.role "),
            ({"users": [{"email": "a@b.example", "externalId": ""}]}, "users.0.externalId "),
            (
                {"users": [{"email": "a@b.example"}, {"email": "A@b.example"}]},
                "users.1.email is named twice",
            ),
            ({"details": {**DETAILS, "country": "XX"}}, "details.country: Choose"),
            ({"details": {**DETAILS, "city": " "}}, "details.city: Enter"),
            ({"details": {"legalName": "Umbrella"}}, "details.addressLine1 is required"),
            ({"details": {**DETAILS, "invoiceEmail": "x"}}, "details.invoiceEmail: Enter"),
        ],
    )
    def test_refuses_what_is_wrong_and_makes_nothing(
        self, server: Caller, world: World, db: Session, changed: Json, message: str
    ) -> None:
        answer = server.posts(tenants_of(world), {**BODY, **changed})

        assert answer.status_code == 400
        assert answer.get_json()["errors"][0]["message"].startswith(message)
        assert count(db) == 2
        assert db.scalars(select(User).where(User.email.contains("umbrella"))).all() == []

    def test_gives_no_external_id_that_is_taken_or_to_somebody_elses_people(
        self, server: Caller, world: World, db: Session
    ) -> None:
        server.posts(tenants_of(world), BODY)
        taken = {"email": "eve@umbrella.example", "externalId": "user-1"}
        renamed = {"email": "ada@umbrella.example", "externalId": "user-2"}
        first = {"email": "bob@umbrella.example", "externalId": "user-3"}

        answers = [
            server.posts(tenants_of(world), {"name": "Other", "users": [person]})
            for person in (taken, renamed, first)
        ]

        assert [answer.status_code for answer in answers] == [400, 400, 201]
        messages = [a.get_json()["errors"][0]["message"] for a in answers[:2]]
        assert all(message.startswith("users.0.externalId ") for message in messages)

    def test_names_no_people_of_another_app(
        self, server: Caller, world: World, strangers: Strangers, db: Session
    ) -> None:
        stranger = Caller(server.client, db, key_headers(strangers.app, strangers.key))
        people = [{"email": world.tara.email, "externalId": "mine"}]

        answer = stranger.posts(
            f"/api/v1/apps/{strangers.app.uuid}/tenants", {"name": "Trap", "users": people}
        )

        assert answer.status_code == 400
        db.refresh(world.tara)
        assert world.tara.external_id is None


class TestIdempotencyKey:
    def test_enrolls_once(self, server: Caller, world: World, db: Session) -> None:
        first = server.posts(tenants_of(world), BODY, Idempotency_Key="one")
        again = server.posts(tenants_of(world), BODY, Idempotency_Key="one")
        other = server.posts(tenants_of(world), BODY, Idempotency_Key="two")

        assert again.get_json()["items"] == first.get_json()["items"]
        assert other.get_json()["items"] != first.get_json()["items"]
        assert count(db) == 4

    def test_is_refused_for_another_body(self, server: Caller, world: World, db: Session) -> None:
        server.posts(tenants_of(world), BODY, Idempotency_Key="one")

        answer = server.posts(tenants_of(world), {**BODY, "name": "Other"}, Idempotency_Key="one")

        assert answer.status_code == 400
        assert "Idempotency-Key was used" in answer.get_json()["errors"][0]["message"]
        assert count(db) == 3

    def test_is_free_again_where_nothing_was_made(
        self, server: Caller, world: World, db: Session
    ) -> None:
        server.posts(tenants_of(world), {**BODY, "name": " "}, Idempotency_Key="one")

        answer = server.posts(tenants_of(world), BODY, Idempotency_Key="one")

        assert answer.status_code == 201

    def test_is_each_callers_own(
        self, server: Caller, world: World, strangers: Strangers, db: Session
    ) -> None:
        stranger = Caller(server.client, db, key_headers(strangers.app, strangers.key))
        body = {"name": "Umbrella"}

        ours = server.posts(tenants_of(world), body, Idempotency_Key="one")
        theirs = stranger.posts(
            f"/api/v1/apps/{strangers.app.uuid}/tenants", body, Idempotency_Key="one"
        )

        assert theirs.status_code == 201
        assert theirs.get_json()["items"][0]["uuid"] != ours.get_json()["items"][0]["uuid"]


class TestShow:
    def test_answers_a_tenant_with_its_people(self, reader: Caller, world: World) -> None:
        answer = reader.gets(f"{tenants_of(world)}/{world.globex.uuid}")

        (item,) = answer.get_json()["items"]
        assert (item["name"], item["appUuid"]) == ("Globex", str(world.app.uuid))
        assert [user["email"] for user in item["users"]] == [
            "tara@globex.example",
            "milo@globex.example",
        ]
        assert item["details"]["country"] == "DE"

    def test_answers_nobody_elses(
        self, reader: Caller, server: Caller, world: World, strangers: Strangers
    ) -> None:
        headers = key_headers(strangers.app, strangers.key, "read")
        stranger = Caller(reader.client, reader.db, headers)

        asked = [
            reader.gets(f"{tenants_of(world)}/{strangers.tenant.uuid}"),
            reader.gets(f"{tenants_of(world)}/globex"),
            stranger.gets(f"{tenants_of(world)}/{world.globex.uuid}"),
            server.gets(f"{tenants_of(world)}/{world.globex.uuid}"),
            Caller(reader.client, reader.db).posts(tenants_of(world), BODY),
        ]

        assert [answer.status_code for answer in asked] == [404, 404, 401, 401, 401]
