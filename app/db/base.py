"""What every row has, and the column types of both databases."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import JSON, BigInteger, Column, DateTime, Dialect, Integer, MetaData, Table, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from app import clock


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, always in UTC; SQLite forgets the zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """A table. Identity is `id` inside and `uuid` outside."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: UtcDateTime(),
        int: BigInteger().with_variant(Integer(), "sqlite"),
        uuid.UUID: Uuid(),
        dict[str, Any]: JSON(none_as_null=True).with_variant(
            JSONB(none_as_null=True), "postgresql"
        ),
        list[int]: JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql"),
        list[str]: JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql"),
        list[dict[str, Any]]: JSON(none_as_null=True).with_variant(
            JSONB(none_as_null=True), "postgresql"
        ),
    }

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[uuid.UUID] = mapped_column(unique=True, default=uuid.uuid4)
    created_at: Mapped[datetime] = mapped_column(default=clock.wall)
    # Deferred: kept for people who look at tables, and asked for in conditions only.
    updated_at: Mapped[datetime] = mapped_column(
        default=clock.wall, onupdate=clock.wall, deferred=True
    )
    deleted_at: Mapped[datetime | None] = mapped_column(deferred=True)


def table(model: type[Base]) -> Table:
    """Answer a model's table, for statements that are built once."""
    return cast(Table, model.__table__)


def first_value(column: Column[Any]) -> Any:
    """Answer what a column holds where nothing is said."""
    default: Any = column.default
    if default is None:
        return None
    return default.arg(None) if default.is_callable else default.arg
