"""API keys: issued once, kept as digests, found by their secret."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app import clock
from app.billing.access import api_keys
from app.billing.errors import Invalid
from tests.cast import World


class TestIssue:
    @pytest.mark.parametrize("type", ["read", "write"])
    def test_shows_a_long_secret_once(self, world: World, db: Session, type: str) -> None:
        key, secret = api_keys.issue(db, world.app, "CI", type)

        stored = [str(value) for value in vars(key).values()]
        assert secret.startswith(f"portico_{type}_")
        assert len(secret) >= 50
        assert secret.endswith(key.hint)
        assert not any(secret in value for value in stored)

    def test_makes_another_secret_each_time(self, world: World, db: Session) -> None:
        made = {api_keys.issue(db, world.app, "CI", "write")[1] for _ in range(3)}

        assert len(made) == 3

    def test_refuses_a_type_that_is_none(self, world: World, db: Session) -> None:
        with pytest.raises(Invalid) as refusal:
            api_keys.issue(db, world.app, "CI", "admin")

        assert refusal.value.field == "type"


class TestFind:
    def test_answers_a_key_with_its_app(self, world: World, db: Session) -> None:
        key, secret = api_keys.issue(db, world.app, "CI", "write")

        found = api_keys.find(db, secret)

        assert found is key
        assert found.app is world.app

    @pytest.mark.parametrize("secret", ["", "unknown", "x" * 5000, "\x00", "ü"])
    def test_knows_no_other_secret(self, world: World, db: Session, secret: str) -> None:
        assert api_keys.find(db, secret) is None

    def test_does_not_take_a_digest_for_a_secret(self, world: World, db: Session) -> None:
        key, _ = api_keys.issue(db, world.app, "CI", "write")

        assert api_keys.find(db, key.digest) is None

    @pytest.mark.parametrize("spoiled", ["revoked_at", "deleted_at"])
    def test_forgets_a_key_that_was_withdrawn(
        self, world: World, db: Session, spoiled: str
    ) -> None:
        key, secret = api_keys.issue(db, world.app, "CI", "write")

        setattr(key, spoiled, clock.wall())
        db.flush()

        assert api_keys.find(db, secret) is None
