"""Keys, origins, webhooks and signing keys, as the people of an app see them."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.access import api_keys, signing_keys
from app.billing.site import Site
from app.billing.webhooks import deliveries, endpoints
from app.models import ApiKey, AuditEntry, Origin, SigningKey, WebhookEndpoint
from tests.cast import World
from tests.pages import Page, Visitor

RECEIVER = "https://api.example.com/webhooks"


@pytest.fixture
def area(world: World) -> str:
    """Answer where the pages are."""
    return f"/console/apps/{world.app.uuid}/integration"


def links_of(page: Page, end: str) -> list[str]:
    """Answer the links and forms of a page whose address ends so."""
    places = [a.get("href", "") for a in page.all("a")]
    places += [form.get("action", "") for form in page.all("form")]
    return [place for place in places if place.endswith(end)]


def value_of(page: Page, test_id: str) -> str:
    return page.at(test_id).get("value", "")


def actions(db: Session) -> list[str]:
    """Answer what the audit log says was done; leaves no transaction open."""
    done = list(db.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    db.commit()
    return done


def asks_products(flask_app: Flask, world: World, secret: str) -> int:
    """Answer the status of a call with a read key."""
    headers = {
        "x-api-key": secret,
        "x-client-id": str(world.app.uuid),
        "x-api-key-type": "read",
    }
    path = f"/api/v1/apps/{world.app.uuid}/products"
    return flask_app.test_client().get(path, headers=headers).status_code


class TestTheFirstPage:
    def test_leads_to_every_part(self, alice: Visitor, area: str) -> None:
        page = alice.opens(area)

        for part in ("keys", "origins", "webhooks", "signing-keys", "playground"):
            (path,) = set(links_of(page, f"{area}/{part}"))
            assert alice.opens(path).status == 200


class TestKeys:
    def test_are_shown_once_and_work_until_they_are_revoked(
        self, alice: Visitor, area: str, world: World, db: Session, flask_app: Flask
    ) -> None:
        made = alice.posts(f"{area}/keys", {"name": "Shop server", "type": "read"})
        shown = alice.opens(made.location)
        secret = value_of(shown, "console-key-secret")
        again = alice.opens(made.location)

        assert made.status == 303
        assert secret.startswith("portico_read_")
        assert secret not in again.text and not again.has("console-key-secret")
        assert f"portico_read_…{secret[-4:]}" in again.words()
        assert "by alice@acme.example · never used" in again.words()
        assert asks_products(flask_app, world, secret) == 200
        assert "last used on" in alice.opens(f"{area}/keys").words()

        (ask,) = [
            place for place in links_of(again, "/revoke") if str(_key(db, secret).uuid) in place
        ]
        assert alice.opens(ask).heading == "Revoke Shop server?"
        alice.posts(ask)

        assert asks_products(flask_app, world, secret) == 401
        assert "Shop server" not in alice.opens(f"{area}/keys").words().partition("revoked")[2]
        assert actions(db) == ["api_key.created", "api_key.revoked"]

    def test_have_a_name_and_a_type(self, alice: Visitor, area: str, db: Session) -> None:
        answer = alice.posts(f"{area}/keys", {"name": " "})

        assert answer.status == 422
        assert answer.problems == [
            "Enter a name that tells you where the key is used.",
            "Choose whether the key reads or writes.",
        ]
        assert actions(db) == []

    def test_are_noted_in_use_once_a_minute(
        self, world: World, db: Session, flask_app: Flask
    ) -> None:
        key, secret = api_keys.issue(db, world.app, "clock", "read")
        db.commit()
        used = select(ApiKey.last_used_at).where(ApiKey.id == key.id)

        asks_products(flask_app, world, secret)
        first = db.scalars(used).one()
        db.commit()
        asks_products(flask_app, world, secret)
        second = db.scalars(used).one()
        db.execute(
            update(ApiKey)
            .where(ApiKey.id == key.id)
            .values(last_used_at=clock.wall() - timedelta(minutes=2))
        )
        db.commit()
        asks_products(flask_app, world, secret)
        third = db.scalars(used).one()

        assert first is not None and first == second
        assert third is not None and third >= first

    def test_of_another_app_are_not_found(
        self, alice: Visitor, area: str, world: World, db: Session
    ) -> None:
        other = type(world.app)(name="Other", seller_name="Other", seller_country="DE")
        key, _ = api_keys.issue(db, other, "theirs", "read")
        db.commit()

        assert alice.posts(f"{area}/keys/{key.uuid}/revoke").status == 404


def _key(db: Session, secret: str) -> ApiKey:
    found = db.scalars(select(ApiKey).where(ApiKey.digest == api_keys.digest_of(secret))).one()
    db.commit()
    return found


class TestOrigins:
    def test_are_registered_switched_and_removed(
        self, alice: Visitor, area: str, db: Session
    ) -> None:
        alice.posts(f"{area}/origins", {"origin": "https://shop.example.com"})
        origin = db.scalars(select(Origin).where(Origin.origin == "https://shop.example.com")).one()
        db.commit()
        one = f"{area}/origins/{origin.uuid}"

        alice.posts(f"{one}/embedding", {"may_embed": "1"})
        embeds = alice.opens(f"{area}/origins").words()
        asked = alice.opens(f"{one}/remove")
        alice.posts(f"{one}/remove")

        assert "https://shop.example.com May embed" in embeds
        assert asked.heading == "Remove https://shop.example.com?"
        assert f"{one}/remove" not in alice.opens(f"{area}/origins").text
        assert actions(db) == ["origin.registered", "origin.registered", "origin.withdrawn"]

    @pytest.mark.parametrize("wrong", ["https://shop.example.com/", "shop.example.com", "x"])
    def test_are_scheme_host_and_port_alone(
        self, alice: Visitor, area: str, db: Session, wrong: str
    ) -> None:
        answer = alice.posts(f"{area}/origins", {"origin": wrong})

        assert answer.status == 422
        assert answer.problems == [
            "An origin is scheme, host and port alone, such as https://app.example.com."
        ]
        assert actions(db) == []

    def test_come_with_a_server_that_shows_the_portal(
        self, alice: Visitor, area: str, world: World
    ) -> None:
        page = alice.opens(f"{area}/origins")
        snippet = "".join(page.at("console-embedding-snippet").itertext())

        compile(snippet, "snippet", "exec")
        assert f'APP = "{world.app.uuid}"' in snippet
        assert "http://127.0.0.1:9/api/v1/apps/{APP}/tenants/{TENANT}/portal-links" in snippet


class TestWebhooks:
    def test_are_added_with_a_secret_that_is_shown_once(
        self, alice: Visitor, area: str, db: Session, site: Site
    ) -> None:
        added = alice.posts(
            f"{area}/webhooks", {"url": RECEIVER, "types": "subscription.activated"}
        )
        shown = alice.opens(added.location)
        again = alice.opens(added.location)

        endpoint = db.scalars(select(WebhookEndpoint)).one()
        db.commit()
        assert value_of(shown, "console-webhook-secret") == site.vault.open(endpoint.sealed_secret)
        assert not again.has("console-webhook-secret")
        assert endpoint.types == ["subscription.activated"]
        assert "1 type of event" in alice.opens(f"{area}/webhooks").words()

    def test_refuse_an_address_that_is_none(self, alice: Visitor, area: str, db: Session) -> None:
        answer = alice.posts(f"{area}/webhooks", {"url": "ftp://api.example.com"})

        assert answer.status == 422
        assert len(answer.problems) == 1
        assert actions(db) == []

    def test_are_changed_pinged_disabled_and_removed(
        self, alice: Visitor, area: str, world: World, db: Session, site: Site
    ) -> None:
        endpoint, _ = endpoints.register(db, site, world.app, url="http://127.0.0.1:9/nobody")
        db.commit()
        one = f"{area}/webhooks/{endpoint.uuid}"

        alice.posts(f"{one}/ping")
        deliveries.deliver_due(db, site)
        pinged = alice.opens(one)
        alice.posts(one, {"url": "http://127.0.0.1:9/moved", "types": "invoice.paid"})
        alice.posts(f"{one}/switch", {"enabled": "0"})
        disabled = alice.opens(one)
        alice.posts(f"{one}/switch", {"enabled": "1"})
        enabled = alice.opens(one)
        alice.posts(f"{one}/remove")

        assert "ping" in pinged.words()
        (place,) = [
            urlsplit(a.get("href", "")).path
            for a in pinged.all("a")
            if "/operations/deliveries/" in a.get("href", "")
        ]
        assert alice.opens(place).status == 200
        assert disabled.heading == "http://127.0.0.1:9/moved"
        assert "It was disabled here" in disabled.words()
        assert enabled.has("console-webhook-ping")
        for act in ("/ping", "/switch", "/rotate", "/remove"):
            assert links_of(enabled, f"{one}{act}") == [f"{one}{act}"]
        assert alice.opens(one).status == 404
        assert actions(db) == [*["webhook_endpoint.changed"] * 3, "webhook_endpoint.removed"]

    def test_get_another_secret(
        self, alice: Visitor, area: str, world: World, db: Session, site: Site
    ) -> None:
        endpoint, before = endpoints.register(db, site, world.app, url=RECEIVER)
        db.commit()
        one = f"{area}/webhooks/{endpoint.uuid}"

        assert alice.opens(f"{one}/rotate").heading == "Make a new secret?"
        shown = alice.opens(alice.posts(f"{one}/rotate").location)

        db.refresh(endpoint)
        after = value_of(shown, "console-webhook-secret")
        assert endpoints.signing_secrets(site, endpoint) == [after, before]


class TestSigningKeys:
    def test_of_an_own_issuer_are_added_and_removed(
        self, alice: Visitor, area: str, db: Session
    ) -> None:
        public = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
        pem = public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode()
        form = {"issuer": "https://id.example.com", "kid": "one", "value": pem}

        added = alice.posts(f"{area}/signing-keys", form)
        twice = alice.posts(f"{area}/signing-keys", form)
        key = db.scalars(select(SigningKey).where(SigningKey.kid == "one")).one()
        db.commit()
        file = alice.client.get(f"{area}/signing-keys/{key.uuid}.pem")
        alice.posts(f"{area}/signing-keys/{key.uuid}/retire")

        assert added.status == 303
        assert twice.problems == ["Another key of this app has this key id."]
        assert file.get_data(as_text=True) == pem
        assert "Your own issuer" not in alice.opens(f"{area}/signing-keys").words()
        assert actions(db) == ["signing_key.registered", "signing_key.retired"]

    @pytest.mark.parametrize("wrong", ["nonsense", "-----BEGIN PRIVATE KEY-----"])
    def test_are_public_rsa_keys(self, alice: Visitor, area: str, wrong: str) -> None:
        form = {"issuer": "https://id.example.com", "kid": "one", "value": wrong}

        answer = alice.posts(f"{area}/signing-keys", form)

        assert answer.problems == [
            "Paste an RSA public key of 2048 bits or more as PEM, and no private key."
        ]

    def test_rotate_and_the_earlier_is_believed_for_an_hour(
        self, alice: Visitor, area: str, world: World, db: Session, site: Site
    ) -> None:
        before = signing_keys.ensure(db, site, world.app).kid
        db.commit()

        alice.posts(f"{area}/signing-keys/rotate")

        page = alice.opens(f"{area}/signing-keys")
        newest, earlier = signing_keys.listed(db, world.app)[:2]
        assert before == earlier.kid != newest.kid
        assert "Until" in page.words()
        db.commit()


class TestSupport:
    def test_sees_everything_and_changes_nothing(
        self, support: Visitor, area: str, world: World, db: Session, site: Site
    ) -> None:
        endpoint, _ = endpoints.register(db, site, world.app, url=RECEIVER)
        key = db.scalars(select(ApiKey)).first()
        origin = db.scalars(select(Origin)).first()
        assert key is not None and origin is not None
        db.commit()
        pages = ["", "/keys", "/origins", "/webhooks", "/signing-keys", "/playground"]
        acts = [
            *("/keys", f"/keys/{key.uuid}/revoke"),
            *("/origins", f"/origins/{origin.uuid}/embedding", f"/origins/{origin.uuid}/remove"),
            *("/signing-keys", "/signing-keys/rotate"),
            "/webhooks",
            *(f"/webhooks/{endpoint.uuid}{end}" for end in ("", "/ping", "/rotate", "/remove")),
        ]

        seen = {page: support.opens(f"{area}{page}").status for page in pages}
        done = {act: support.posts(f"{area}{act}").status for act in acts}

        assert set(seen.values()) == {200}, seen
        assert support.opens(f"{area}/webhooks/{endpoint.uuid}").status == 200
        assert set(done.values()) == {403}, done
        assert actions(db) == []
