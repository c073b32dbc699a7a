"""Types of columns: times that carry their offset, JSON, and words of an enumeration, on SQLite and PostgreSQL alike."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """Aware times in, UTC out, on both databases; a naive time is a bug and is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuse naive times; SQLite keeps no offset, so it always gets UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime: times carry their offset")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], datetime | None]:  # noqa: ARG002  reason: SQLAlchemy's signature
        """UTC, whatever the session's zone. SQLite's text is read here in one step: SQLAlchemy's three took ten times as long."""
        return _in_utc if dialect.name == "postgresql" else _from_text


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


def _from_text(value: str | None) -> datetime | None:
    if value is None:
        return None
    read = datetime.fromisoformat(value)
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


Json = sa.JSON().with_variant(JSONB(), "postgresql")


def words(enum: type[StrEnum]) -> sa.Enum:
    """Column of an enumeration: text with a CHECK, on both databases alike."""
    return sa.Enum(
        enum,
        native_enum=False,
        create_constraint=True,
        length=32,
        validate_strings=True,
        name=enum.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )
