"""Nodes: objects with a global id, and the form of the id."""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import datetime

import strawberry

from models.database.column_types import from_micros, to_micros
from rules.catalog.inheritance import ResolvedCatalog
from rules.standpoints import PRESENT, Standpoint
from schema.fields import Info
from schema.scalars import INSTANT_END, INSTANT_MIN


@strawberry.interface(description="An object with a global id.")
class Node:
    id: strawberry.ID = strawberry.field(
        description="An opaque global id, unique and never reused; `node` finds the object by it. The "
        "object's state at another instant (`at`), or in a preview, has another id."
    )


def to_id(kind: str, *parts: str | int, standpoint: Standpoint = PRESENT) -> strawberry.ID:
    """Return the global id of an object in a state; the first part is the environment's number."""
    text = json.dumps([kind + _mark(standpoint), *parts], separators=(",", ":"), ensure_ascii=False)
    return strawberry.ID(base64.urlsafe_b64encode(text.encode()).decode().rstrip("="))


def catalog_id(info: Info, flat: ResolvedCatalog, kind: str, *parts: str | int) -> strawberry.ID:
    """Return the global id of an object of a catalog, which is the same at every instant."""
    standpoint = PRESENT if flat.supposed is None else Standpoint(supposed=flat.supposed)
    return to_id(kind, info.context.environment, *parts, standpoint=standpoint)


def _mark(standpoint: Standpoint) -> str:
    """Return the part of an id that tells the states of an object apart; empty for the present."""
    supposed = "" if standpoint.supposed is None else f"?{standpoint.supposed}"
    return supposed if standpoint.at is None else f"{supposed}@{written_instant(standpoint.at)}"


LONGEST_NUMBER = 18
"""The most digits of a number that the databases can look for."""


def is_number(text: str) -> bool:
    """Return whether a text can be the number of an object."""
    return text.isdecimal() and len(text) <= LONGEST_NUMBER


def written_instant(at: datetime) -> str:
    """Return an instant as ids hold it: the microseconds since 1970."""
    return str(to_micros(at))


def read_instant(text: str) -> datetime | None:
    """Return the instant in an id; None where it is invalid."""
    if not is_number(text.removeprefix("-")):
        return None
    try:
        at = from_micros(int(text))
    except OverflowError:
        return None
    return at if INSTANT_MIN <= at < INSTANT_END else None


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalId:
    """What a global id names: an object of a type, by its names below the environment, in a state."""

    kind: str
    environment: str
    names: list[str]
    standpoint: Standpoint

    @property
    def first(self) -> str:
        """The first name; for an object of a customer, the customer's key."""
        return self.names[0] if self.names else ""


_MARKED = re.compile(r"(?P<kind>\w+)(\?(?P<supposed>[\w-]+))?(@(?P<at>-?\d+))?", re.ASCII)


def from_id(text: str) -> GlobalId | None:
    """Parse a global id; None where the text is none."""
    try:
        padded = text + "=" * (-len(text) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        return None
    if not isinstance(parts, list) or not all(isinstance(part, str | int) for part in parts):
        return None
    kind, environment, *names = [str(part) for part in parts] if len(parts) > 1 else ["", ""]
    known = _MARKED.fullmatch(kind)
    standpoint = None if known is None else _standpoint(known["supposed"], known["at"])
    if known is None or standpoint is None:
        return None
    return GlobalId(kind=known["kind"], environment=environment, names=names, standpoint=standpoint)


def _standpoint(supposed: str | None, micros: str | None) -> Standpoint | None:
    """Return the state that an id names; None for an invalid instant."""
    at = None if micros is None else read_instant(micros)
    return None if at is None and micros is not None else Standpoint(at=at, supposed=supposed)
