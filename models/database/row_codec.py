"""Row codecs: plain fields of a fact in columns, and the rest, always read whole, in one document."""

from __future__ import annotations

from dataclasses import fields
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import RowMapping
from sqlmodel import SQLModel

from models.database.dialects import table_of

Fact = TypeVar("Fact")

_RENAMED = {"metadata": "extra", "product": "product_key"}
"""Fields and columns have the same names, except for names reserved by SQLAlchemy or SQL."""


class RowCodec(Generic[Fact]):
    """Reads a fact from a row of a table, and writes it as one.

    Fields with a column of their name are stored there, all others in the column named ``document``. Fields
    in ``apart`` are stored elsewhere and passed to ``read``.
    """

    def __init__(
        self, fact: type[Fact], model: type[SQLModel], document: str | None = None, *apart: str
    ) -> None:
        columns = table_of(model).columns
        # Every fact is a dataclass, which the type of a class cannot express.
        names = [field.name for field in fields(fact)]  # type: ignore[arg-type]
        self._fact = fact
        self._columns = {
            name: _RENAMED.get(name, name) for name in names if _RENAMED.get(name, name) in columns
        }
        self._document = document
        self._apart = set(apart)

    @cached_property
    def _adapter(self) -> TypeAdapter[Fact]:
        # Built with the first fact: most CLI commands, and the start of a server, read none.
        return TypeAdapter(self._fact)

    def read(self, row: RowMapping, **apart: object) -> Fact:
        """Return the fact of a row."""
        plain = {name: row[column] for name, column in self._columns.items()}
        rest = row[self._document] if self._document else {}
        return self._adapter.validate_python({**plain, **rest, **apart})

    def write(self, environment: int, fact: Fact) -> dict[str, Any]:
        """Return the row of a fact."""
        rest = self._adapter.dump_python(fact, mode="json", exclude=self._apart)
        row = {column: rest.pop(name) for name, column in self._columns.items()}
        return {"environment_id": environment, **row, **({self._document: rest} if self._document else {})}
