"""Bearer tokens: signed for one app and user, for an hour at most."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.billing.access import signing_keys, tokens
from app.billing.errors import NotAuthenticated
from app.billing.site import Site
from app.billing.vault import Vault
from app.models import App, SigningKey
from tests.cast import World


def now() -> int:
    return int(clock.wall().timestamp())


def private_key(site: Site, key: SigningKey) -> RSAKey:
    return RSAKey.import_key(site.vault.open(key.sealed_private_pem or ""))


@pytest.fixture
def signing_key(world: World, db: Session, site: Site) -> SigningKey:
    return signing_keys.ensure(db, site, world.app)


@pytest.fixture
def claims(world: World, site: Site) -> dict[str, Any]:
    return {
        "iss": site.config.PUBLIC_URL,
        "aud": str(world.app.uuid),
        "sub": str(world.tara.uuid),
        "iat": now(),
        "exp": now() + 600,
    }


class TestEnsureKey:
    def test_makes_one_key_an_app_and_seals_its_private_half(
        self, world: World, db: Session, site: Site, signing_key: SigningKey
    ) -> None:
        again = signing_keys.ensure(db, site, world.app)

        assert again is signing_key
        assert "PRIVATE" not in str(vars(signing_key))
        assert "PUBLIC KEY" in signing_key.public_pem

    def test_replaces_a_key_it_can_no_longer_open(
        self, world: World, db: Session, site: Site, signing_key: SigningKey
    ) -> None:
        signing_key.sealed_private_pem = Vault(["4d" * 32]).seal("sealed elsewhere")
        db.flush()

        new = signing_keys.ensure(db, site, world.app)

        assert new.id != signing_key.id
        assert signing_key.retired_at is not None


class TestIssue:
    def test_names_user_app_issuer_and_key(
        self, world: World, db: Session, site: Site, signing_key: SigningKey
    ) -> None:
        token = tokens.issue(db, site, world.app, world.tara)

        read = jwt.decode(token, RSAKey.import_key(signing_key.public_pem), algorithms=["RS256"])
        assert read.header == {"typ": "JWT", "alg": "RS256", "kid": signing_key.kid}
        assert read.claims["sub"] == str(world.tara.uuid)
        assert read.claims["aud"] == str(world.app.uuid)
        assert read.claims["iss"] == site.config.PUBLIC_URL
        assert read.claims["exp"] - read.claims["iat"] == 3600

    def test_lasts_an_hour_at_most(self, world: World, db: Session, site: Site) -> None:
        token = tokens.issue(db, site, world.app, world.tara, lifetime=timedelta(days=1))

        read = tokens.read(db, site, world.app, token)
        assert read.expires_at <= clock.wall() + timedelta(hours=1)


class TestRead:
    def test_answers_who_it_is_about(self, world: World, db: Session, site: Site) -> None:
        read = tokens.read(db, site, world.app, tokens.issue(db, site, world.app, world.milo))

        assert read.subject == str(world.milo.uuid)
        assert read.issuer == site.config.PUBLIC_URL
        assert read.token_id

    @pytest.mark.parametrize(
        "change",
        [
            {"iss": "https://evil.example"},
            {"iss": None},
            {"aud": "81613540-f4ad-426b-8a56-4d3b8bff4376"},
            {"aud": None},
            {"aud": []},
            {"sub": ""},
            {"sub": None},
            {"sub": 7},
            {"exp": now() - 1},
            {"exp": now() + 90_000},
            {"exp": "tomorrow"},
            {"exp": 10**30},
            {"iat": now() + 86_400, "exp": now() + 86_700},
            {"iat": None},
            {"nbf": now() + 86_400},
            {"nbf": "later"},
        ],
        ids=",".join,
    )
    def test_refuses_claims_that_are_not_for_here_and_now(
        self,
        world: World,
        db: Session,
        site: Site,
        signing_key: SigningKey,
        claims: dict[str, Any],
        change: dict[str, Any],
    ) -> None:
        header = {"alg": "RS256", "kid": signing_key.kid}
        changed = {name: value for name, value in {**claims, **change}.items() if value is not None}
        token = jwt.encode(header, changed, private_key(site, signing_key))

        with pytest.raises(NotAuthenticated):
            tokens.read(db, site, world.app, token)

    def test_takes_the_claims_unchanged(
        self,
        world: World,
        db: Session,
        site: Site,
        signing_key: SigningKey,
        claims: dict[str, Any],
    ) -> None:
        header = {"alg": "RS256", "kid": signing_key.kid}
        token = jwt.encode(
            header, {**claims, "aud": [claims["aud"], "x"]}, private_key(site, signing_key)
        )

        assert tokens.read(db, site, world.app, token).subject == claims["sub"]

    @pytest.mark.parametrize("text", ["", "a.b.c", "....", "x" * 9000, "\x00", "ü.ü.ü", "a b"])
    def test_refuses_what_is_no_token(
        self, world: World, db: Session, site: Site, text: str
    ) -> None:
        with pytest.raises(NotAuthenticated):
            tokens.read(db, site, world.app, text)

    def test_refuses_a_changed_signature(self, world: World, db: Session, site: Site) -> None:
        token = tokens.issue(db, site, world.app, world.tara)
        head, body, signature = token.split(".")

        with pytest.raises(NotAuthenticated):
            tokens.read(db, site, world.app, f"{head}.{body}.{signature[:-8]}AAAAAAAA")

    def test_refuses_a_token_that_was_not_signed_by_our_key(
        self,
        world: World,
        db: Session,
        site: Site,
        signing_key: SigningKey,
        claims: dict[str, Any],
    ) -> None:
        foreign = jwt.encode(
            {"alg": "RS256", "kid": signing_key.kid}, claims, RSAKey.generate_key(2048)
        )
        # The public key as a shared secret: the oldest trick.
        confused = jwt.encode(
            {"alg": "HS256", "kid": signing_key.kid},
            claims,
            OctKey.import_key("0" * 64),
            algorithms=["HS256"],
        )

        for token in (foreign, confused):
            with pytest.raises(NotAuthenticated):
                tokens.read(db, site, world.app, token)

    def test_refuses_a_token_of_another_app(self, world: World, db: Session, site: Site) -> None:
        other = App(name="Other", seller_name="Other", seller_country="DE")
        db.add(other)
        db.flush()
        token = tokens.issue(db, site, other, world.tara)

        with pytest.raises(NotAuthenticated):
            tokens.read(db, site, world.app, token)

    def test_refuses_a_retired_key(
        self, world: World, db: Session, site: Site, signing_key: SigningKey
    ) -> None:
        token = tokens.issue(db, site, world.app, world.tara)
        signing_key.retired_at = clock.wall()
        db.flush()

        with pytest.raises(NotAuthenticated):
            tokens.read(db, site, world.app, token)
        assert db.scalars(select(SigningKey)).one() is signing_key
