"""What every row has, and how it survives the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from app.db.engine import Database
from app.models import App, TaxRate, User
from tests.cast import World


class TestBase:
    def test_gives_a_row_its_identity_and_times(self, db: Session) -> None:
        user = User(email="new@globex.example")
        db.add(user)
        db.commit()

        db.refresh(user)
        assert user.uuid.version == 4
        assert user.created_at.tzinfo is UTC
        assert user.deleted_at is None

    def test_moves_updated_at_with_a_change(self, world: World, db: Session) -> None:
        before = world.tara.updated_at

        world.tara.name = "Tara Tenant-Smith"
        db.commit()

        assert world.tara.updated_at > before

    def test_keeps_a_moment_of_any_zone_as_utc(self, db: Session, database: Database) -> None:
        moment = datetime(2027, 3, 28, 3, 30, 15, 123456, timezone(timedelta(hours=2)))
        db.add(User(email="new@globex.example", deleted_at=moment))
        db.commit()

        with database.reader() as other:
            kept = other.scalars(select(User.deleted_at)).one()

        assert kept == moment
        assert kept is not None
        assert kept.tzinfo is UTC

    def test_refuses_a_moment_without_a_zone(self, db: Session) -> None:
        db.add(User(email="new@globex.example", deleted_at=datetime(2027, 1, 1)))

        with pytest.raises(StatementError, match="without a time zone"):
            db.flush()

    def test_keeps_percentages_exactly(self, world: World, db: Session) -> None:
        rate = TaxRate(app_id=world.app.id, tax_rate_id="txr_swiss", percentage=Decimal("8.1234"))
        db.add(rate)
        db.commit()

        db.refresh(rate)
        assert rate.percentage == Decimal("8.1234")

    def test_finds_a_row_by_its_uuid(self, world: World, db: Session) -> None:
        uuid = UUID(str(world.app.uuid))

        assert db.scalars(select(App).where(App.uuid == uuid)).one() is world.app
