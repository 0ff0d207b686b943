"""Bearer tokens by API: issued for a user, checked with published keys, rotated, or the owner's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.billing.access import tokens
from app.billing.site import Site
from app.billing.vault import Vault
from app.models import IdempotencyKey, SigningKey, Tenant, User
from tests.api.conftest import Caller, Json, Strangers, key_headers
from tests.cast import World

OWN_ISSUER = "https://id.example.com"
KID = "own-2026"


@pytest.fixture(scope="module")
def own_key() -> RSAKey:
    """Answer the key of the owner's own issuer."""
    return RSAKey.generate_key(2048)


def app_path(world: World) -> str:
    return f"/api/v1/apps/{world.app.uuid}"


def tokens_of(world: World, user: User) -> str:
    return f"{app_path(world)}/users/{user.uuid}/tokens"


def issued(server: Caller, world: World, user: User) -> str:
    answer = server.posts(tokens_of(world, user), {})
    assert answer.status_code == 201
    return str(answer.get_json()["items"][0]["accessToken"])


def is_believed(caller: Caller, world: World, token: str) -> bool:
    answer = caller.gets(
        f"{app_path(world)}/products",
        Authorization=f"Bearer {token}",
        x_api_key=None,
        x_client_id=None,
        x_api_key_type=None,
    )
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


def pem_of_bits(bits: int) -> str:
    public = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(serialization.Encoding.PEM, form).decode()


def registration(key: RSAKey, **changed: Any) -> Json:
    pem = key.as_pem(private=False).decode()
    return {"issuer": OWN_ISSUER, "kid": KID, "value": pem, **changed}


def sign(key: RSAKey, world: World, subject: str, **changed: Any) -> str:
    now = int(clock.wall().timestamp())
    claims = {
        "iss": OWN_ISSUER,
        "aud": str(world.app.uuid),
        "sub": subject,
        "iat": now,
        "exp": now + 600,
        **changed,
    }
    return jwt.encode({"alg": "RS256", "kid": KID}, claims, key, algorithms=["RS256"])


class TestCreate:
    def test_answers_what_userdocks_answers(self, server: Caller, world: World) -> None:
        answer = server.posts(tokens_of(world, world.tara), {})

        body = answer.get_json()
        assert (answer.status_code, body["kind"]) == (201, "tokens")
        (item,) = body["items"]
        assert list(item) == [
            "accessToken",
            "idToken",
            "expiresIn",
            "tokenType",
            "redirectUri",
            "refreshToken",
        ]
        assert item["tokenType"] == "Bearer"
        lasts = int(item["expiresIn"]) - clock.wall().timestamp()
        assert 3500 < lasts <= 3600

    def test_needs_no_body(self, server: Caller, world: World) -> None:
        assert server.calls("POST", tokens_of(world, world.tara)).status_code == 201

    def test_is_believed_here(self, server: Caller, world: World) -> None:
        assert is_believed(server, world, issued(server, world, world.milo))

    def test_serves_nobody_outside_the_app(
        self, server: Caller, world: World, strangers: Strangers, db: Session
    ) -> None:
        own = tokens_of(world, world.tara).replace(str(world.app.uuid), str(strangers.app.uuid))
        stranger = Caller(server.client, db, key_headers(strangers.app, strangers.key))

        assert server.posts(tokens_of(world, world.charlie), {}).status_code == 404
        assert stranger.posts(tokens_of(world, world.tara), {}).status_code == 401
        assert stranger.posts(own, {}).status_code == 404
        assert server.posts(f"{app_path(world)}/users/tara/tokens", {}).status_code == 404

    def test_is_not_for_read_keys(self, reader: Caller, world: World) -> None:
        answer = reader.posts(tokens_of(world, world.tara), {})

        assert answer.get_json()["errors"][0]["code"] == "[E4011]"


class TestKeys:
    def test_check_a_token_as_pem(self, server: Caller, reader: Caller, world: World) -> None:
        token = issued(server, world, world.tara)

        body = reader.gets(f"{app_path(world)}/keys").get_json()

        assert body["kind"] == "appKeys"
        key = RSAKey.import_key(body["items"][0]["value"])
        claims = jwt.decode(token, key, algorithms=["RS256"]).claims
        assert (claims["sub"], claims["aud"]) == (str(world.tara.uuid), str(world.app.uuid))
        assert claims["iss"] == body["items"][0]["issuer"]
        assert "PRIVATE" not in str(body)

    def test_check_a_token_as_a_key_set_that_anybody_may_read(
        self, server: Caller, world: World, own_key: RSAKey
    ) -> None:
        token = issued(server, world, world.tara)
        server.posts(f"{app_path(world)}/keys", registration(own_key))

        answer = server.client.get(f"{app_path(world)}/jwks.json")

        assert len(answer.get_json()["keys"]) == 1
        assert set(answer.get_json()["keys"][0]) == {"kty", "n", "e", "kid", "use", "alg"}
        keys = KeySet.import_key_set(answer.get_json())
        claims = jwt.decode(token, keys, algorithms=["RS256"]).claims
        assert claims["sub"] == str(world.tara.uuid)
        assert answer.headers["Cache-Control"] == "public, max-age=300"

    def test_are_of_one_app(self, server: Caller, world: World, strangers: Strangers) -> None:
        theirs = server.client.get(f"/api/v1/apps/{strangers.app.uuid}/jwks.json")

        assert theirs.get_json() == {"keys": []}
        assert server.client.get("/api/v1/apps/nobody/jwks.json").status_code == 404

    def test_are_hidden_from_strangers(
        self, server: Caller, world: World, strangers: Strangers, db: Session
    ) -> None:
        stranger = Caller(server.client, db, key_headers(strangers.app, strangers.key))
        key = db.scalars(select(SigningKey)).one()
        paths = {
            f"{app_path(world)}/keys": 401,
            f"/api/v1/apps/{strangers.app.uuid}/keys": 404,
        }

        for path, status in paths.items():
            assert stranger.calls("DELETE", f"{path}/{key.uuid}").status_code == status
        assert stranger.posts(f"{app_path(world)}/keys", {}).status_code == 401
        assert stranger.gets(f"{app_path(world)}/keys", x_api_key_type="read").status_code == 401
        db.refresh(key)
        assert key.retired_at is None


class TestRotation:
    def test_signs_with_the_new_key_and_believes_the_old_one(
        self, server: Caller, reader: Caller, world: World
    ) -> None:
        old = issued(server, world, world.tara)

        server.posts(f"{app_path(world)}/keys", {})
        answer = server.posts(f"{app_path(world)}/keys", {})
        new = issued(server, world, world.tara)

        assert answer.status_code == 201
        kid = answer.get_json()["items"][0]["kid"]
        keys = reader.gets(f"{app_path(world)}/keys").get_json()["items"]
        assert [keys[0]["kid"], len(keys)] == [kid, 3]
        assert [key["retiresAt"] is None for key in keys] == [True, False, False]
        assert is_believed(server, world, old)
        assert is_believed(server, world, new)

    def test_ends_the_old_key_after_an_hour(
        self, server: Caller, reader: Caller, world: World, db: Session
    ) -> None:
        old = issued(server, world, world.tara)
        server.posts(f"{app_path(world)}/keys", {})
        (retires,) = db.scalars(
            select(SigningKey.retired_at).where(SigningKey.retired_at.is_not(None))
        )
        assert retires is not None
        left = retires - clock.wall()

        db.execute(
            update(SigningKey)
            .where(SigningKey.retired_at.is_not(None))
            .values(retired_at=clock.wall())
        )

        assert timedelta(minutes=59) < left <= timedelta(hours=1)
        assert not is_believed(server, world, old)
        assert len(reader.gets(f"{app_path(world)}/keys").get_json()["items"]) == 1

    def test_ends_a_leaked_key_at_once(self, server: Caller, reader: Caller, world: World) -> None:
        old = issued(server, world, world.tara)
        (key,) = reader.gets(f"{app_path(world)}/keys").get_json()["items"]

        answer = server.calls("DELETE", f"{app_path(world)}/keys/{key['uuid']}")

        assert answer.status_code == 200
        assert answer.get_json()["items"][0]["retiresAt"] is not None
        assert not is_believed(server, world, old)
        assert is_believed(server, world, issued(server, world, world.tara))


class TestIdempotencyKey:
    def test_answers_the_same_token(
        self, server: Caller, world: World, db: Session, site: Site
    ) -> None:
        path = tokens_of(world, world.tara)

        first = server.posts(path, {}, Idempotency_Key="one")
        again = server.posts(path, {}, Idempotency_Key="one")
        two = server.posts(path, {}, Idempotency_Key="two")
        milos = server.posts(tokens_of(world, world.milo), {}, Idempotency_Key="one")

        assert again.status_code == first.status_code == 201
        assert again.get_json() == first.get_json()
        told = [said.get_json()["items"][0]["accessToken"] for said in (first, two, milos)]
        assert len(set(told)) == 3
        assert all(is_believed(server, world, token) for token in told)
        kept = list(db.scalars(select(IdempotencyKey.sealed_token).order_by(IdempotencyKey.id)))
        assert [site.vault.open(sealed or "") for sealed in kept] == told

    def test_answers_the_same_token_when_it_has_run_out(
        self, server: Caller, world: World, db: Session, site: Site
    ) -> None:
        old = tokens.issue(db, site, world.app, world.tara, lifetime=timedelta(seconds=-1))
        server.posts(tokens_of(world, world.tara), {}, Idempotency_Key="one")
        db.execute(update(IdempotencyKey).values(sealed_token=site.vault.seal(old)))
        db.commit()

        answer = server.posts(tokens_of(world, world.tara), {}, Idempotency_Key="one")

        (item,) = answer.get_json()["items"]
        assert (answer.status_code, item["accessToken"]) == (201, old)
        assert int(item["expiresIn"]) < clock.wall().timestamp()

    def test_issues_another_where_no_key_opens_what_was_kept(
        self, server: Caller, world: World, db: Session
    ) -> None:
        path = tokens_of(world, world.tara)
        server.posts(path, {}, Idempotency_Key="one")
        lost = Vault(["ab" * 32]).seal("a token")
        db.execute(update(IdempotencyKey).values(sealed_token=lost))
        db.commit()

        first = server.posts(path, {}, Idempotency_Key="one")
        again = server.posts(path, {}, Idempotency_Key="one")

        assert again.get_json() == first.get_json()
        assert is_believed(server, world, first.get_json()["items"][0]["accessToken"])

    def test_rotates_once(self, server: Caller, reader: Caller, world: World) -> None:
        path = f"{app_path(world)}/keys"
        server.posts(path, {}, Idempotency_Key="one")

        first = server.posts(path, {}, Idempotency_Key="two")
        again = server.posts(path, {}, Idempotency_Key="two")

        assert again.status_code == 201
        assert again.get_json() == first.get_json()
        # The first one there ever was, and two by rotation.
        assert len(reader.gets(path).get_json()["items"]) == 2 + 1

    def test_tells_what_became_of_the_key(self, server: Caller, world: World) -> None:
        path = f"{app_path(world)}/keys"
        (key,) = server.posts(path, {}, Idempotency_Key="one").get_json()["items"]
        server.calls("DELETE", f"{path}/{key['uuid']}")

        (again,) = server.posts(path, {}, Idempotency_Key="one").get_json()["items"]

        assert (again["uuid"], again["retiresAt"] is None) == (key["uuid"], False)

    def test_registers_once_and_refuses_another_body(
        self, server: Caller, world: World, own_key: RSAKey
    ) -> None:
        path = f"{app_path(world)}/keys"

        first = server.posts(path, registration(own_key), Idempotency_Key="one")
        again = server.posts(path, registration(own_key), Idempotency_Key="one")
        other = server.posts(path, registration(own_key, kid="b"), Idempotency_Key="one")
        rotation = server.posts(path, {}, Idempotency_Key="one")

        assert (first.status_code, again.get_json()) == (201, first.get_json())
        for refused in (other, rotation):
            assert refused.status_code == 400
            assert "Idempotency-Key was used" in refused.get_json()["errors"][0]["message"]

    def test_is_free_again_where_the_key_was_refused(
        self, server: Caller, world: World, own_key: RSAKey
    ) -> None:
        path = f"{app_path(world)}/keys"
        server.posts(path, registration(own_key, value="none"), Idempotency_Key="one")

        answer = server.posts(path, registration(own_key), Idempotency_Key="one")

        assert answer.status_code == 201


class TestOwnIssuer:
    def test_is_believed_by_its_registered_key(
        self, server: Caller, world: World, own_key: RSAKey
    ) -> None:
        token = sign(own_key, world, str(world.tara.uuid))
        before = is_believed(server, world, token)

        answer = server.posts(f"{app_path(world)}/keys", registration(own_key))

        assert (before, answer.status_code) == (False, 201)
        assert answer.get_json()["items"][0]["isOwnIssuer"] is True
        assert is_believed(server, world, token)

    def test_names_users_by_its_own_ids(
        self, server: Caller, world: World, db: Session, own_key: RSAKey
    ) -> None:
        server.posts(f"{app_path(world)}/keys", registration(own_key))
        world.tara.external_id = "user-4711"

        assert is_believed(server, world, sign(own_key, world, "user-4711"))
        assert not is_believed(server, world, sign(own_key, world, "user-4712"))

    def test_names_the_users_of_its_own_app_only(
        self,
        server: Caller,
        world: World,
        db: Session,
        own_key: RSAKey,
        bearer_of: Callable[[User], Caller],
    ) -> None:
        server.posts(f"{app_path(world)}/keys", registration(own_key))
        world.charlie.external_id = str(world.milo.uuid)

        for subject in (str(world.charlie.uuid), str(world.charlie.external_id)):
            token = sign(own_key, world, subject)
            believed = is_believed(server, world, token)
            assert believed is (subject == str(world.milo.uuid))
        # Our own tokens go by uuid alone.
        assert bearer_of(world.milo).gets(f"{app_path(world)}/products").status_code == 200

    @pytest.mark.parametrize(
        "changed",
        [
            {"iss": "https://else.example.com"},
            {"aud": "0b6f5c9e-3f0b-4f0e-9a5e-6f1d0c8b7a61"},
            {"exp": 1},
            {"exp": 4_000_000_000},
            {"sub": ""},
            {"sub": "\u0000"},
            {"sub": 5},
        ],
    )
    def test_is_not_believed_where_its_token_is_not_in_order(
        self, server: Caller, world: World, own_key: RSAKey, changed: Json
    ) -> None:
        server.posts(f"{app_path(world)}/keys", registration(own_key))

        token = sign(own_key, world, str(world.tara.uuid), **changed)

        assert not is_believed(server, world, token)

    def test_ends_with_its_key(self, server: Caller, world: World, own_key: RSAKey) -> None:
        body = server.posts(f"{app_path(world)}/keys", registration(own_key)).get_json()

        server.calls("DELETE", f"{app_path(world)}/keys/{body['items'][0]['uuid']}")

        assert not is_believed(server, world, sign(own_key, world, str(world.tara.uuid)))

    def test_keeps_the_key_that_signs_on_top(
        self, server: Caller, reader: Caller, world: World, own_key: RSAKey
    ) -> None:
        server.posts(f"{app_path(world)}/keys", registration(own_key))

        items = reader.gets(f"{app_path(world)}/keys").get_json()["items"]

        assert [item["isOwnIssuer"] for item in items] == [False, True]

    def test_is_refused_what_is_no_public_rsa_key(
        self, server: Caller, world: World, db: Session, own_key: RSAKey
    ) -> None:
        wrong = {
            own_key.as_pem(private=True).decode(): "value holds a private key",
            pem_of_bits(1024): "value must have at least",
            ECKey.generate_key("P-256").as_pem(private=False).decode(): "value must be an RSA",
            "-----BEGIN PUBLIC KEY-----": "value must be an RSA",
            "": "value must be 1 to",
        }
        for value, message in wrong.items():
            answer = server.posts(f"{app_path(world)}/keys", registration(own_key, value=value))
            assert answer.status_code == 400
            assert answer.get_json()["errors"][0]["message"].startswith(message)
        assert len(db.scalars(select(SigningKey)).all()) == 1

    def test_needs_all_three_fields_and_a_kid_of_its_own(
        self, server: Caller, world: World, own_key: RSAKey
    ) -> None:
        path = f"{app_path(world)}/keys"

        half = server.posts(path, registration(own_key, kid=None))
        first = server.posts(path, registration(own_key))
        second = server.posts(path, registration(own_key))
        ours = server.posts(path, registration(own_key, kid="b", issuer="http://127.0.0.1:9"))

        assert half.get_json()["errors"][0]["message"] == "kid is required"
        assert first.status_code == 201
        assert second.get_json()["errors"][0]["message"].startswith("kid is taken")
        assert ours.get_json()["errors"][0]["message"].startswith("issuer is ours")


def test_a_tenant_brings_the_ids_of_its_people(
    server: Caller, world: World, db: Session, own_key: RSAKey
) -> None:
    server.posts(f"{app_path(world)}/keys", registration(own_key))
    people = [{"email": "ada@umbrella.example", "externalId": "user-1"}]

    server.posts(f"{app_path(world)}/tenants", {"name": "Umbrella", "users": people})

    assert db.scalars(select(Tenant).where(Tenant.name == "Umbrella")).one()
    assert is_believed(server, world, sign(own_key, world, "user-1"))
