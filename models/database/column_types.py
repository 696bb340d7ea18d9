"""Column types: the same values, exact and in the same order, on SQLite and PostgreSQL.

SQLite tables are STRICT and support INTEGER, TEXT and REAL only, so every type here names the one that it
uses there.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Boolean, Dialect, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(instant: datetime) -> int:
    """Return the microseconds since 1970, exactly; ValueError if the instant has no time zone."""
    if instant.utcoffset() is None:
        message = f"an instant must have a zone: {instant.isoformat()}"
        raise ValueError(message)
    return (instant - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the instant, in UTC, of so many microseconds since 1970; OverflowError beyond year 9999."""
    return _EPOCH + micros * _MICROSECOND


class Count(BigInteger):
    """A whole number of 64 bits: a quantity, a revision, a position."""


class Micros(Count):
    """A quantity, credits or money in millionths, as in rules/numbers.py."""


class Flag(Boolean):
    """Yes or no; 1 or 0 on SQLite."""


class Key(Text):
    """A name for lookups, ordered by code points on both databases."""


class Instant(TypeDecorator[datetime]):
    """An instant, stored as microseconds since 1970; always aware and in UTC when it is read."""

    impl = Count
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Return the microseconds; ValueError if the instant has no time zone."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the instant in UTC."""
        return None if value is None else from_micros(value)


_written = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


class Document(TypeDecorator[object]):
    """Any JSON value, its integers exact at any size; ``None`` is the absence of one (NULL)."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """JSON on PostgreSQL, which keeps numbers as they were written, and text elsewhere."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.JSON(none_as_null=True))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: object, dialect: Dialect) -> object:
        """Serialize the document; ValueError for NaN and Infinity, which are no JSON."""
        if value is None or dialect.name == "postgresql":
            return value
        return _written(value)

    def process_result_value(self, value: object, dialect: Dialect) -> object:
        """Parse the document."""
        if isinstance(value, str) and dialect.name != "postgresql":
            return json.loads(value)
        return value


@compiles(Count, "sqlite")
@compiles(Micros, "sqlite")
@compiles(Flag, "sqlite")
def _integer_on_sqlite(*_: object, **__: object) -> str:
    return "INTEGER"


@compiles(Key, "postgresql")
def _text_by_code_points(*_: object, **__: object) -> str:
    return 'TEXT COLLATE "C"'
