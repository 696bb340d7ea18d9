"""The scalars of the graph: exact quantities, instants, free-form JSON and revisions.

Variables and literals are read strictly: a value that cannot be kept exactly is refused with a sentence that
says why; it is never rounded, guessed or cut.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite
from typing import NewType

import strawberry
from graphql import (
    BooleanValueNode,
    FloatValueNode,
    GraphQLError,
    GraphQLScalarType,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
)
from strawberry.types.scalar import ScalarDefinition

from rules.catalog.validation import is_storable
from rules.numbers import from_decimal, to_text
from schema.json_text import json_text

Quantity = NewType("Quantity", int)
"""Micros in Python, the scalar ``Decimal`` in the graph."""

JSON = NewType("JSON", object)
"""Any JSON value: dict, list, str, int, finite float, bool or None."""

Revision = NewType("Revision", str)
"""The opaque name of a write."""

INSTANT_MIN = datetime(1900, 1, 1, tzinfo=UTC)
"""The first instant that is accepted."""

INSTANT_END = datetime(9000, 1, 1, tzinfo=UTC)
"""The first instant that is refused: time zones and calendar arithmetic need room."""

JSON_DEPTH_MAX = 32
JSON_INTEGER_DIGITS_MAX = 4_300  # what Python reads and writes as text
REVISION_LENGTH_MAX = 255

_FRACTION_DIGITS_MAX = 6
_JSON_INTEGER_END = 10**JSON_INTEGER_DIGITS_MAX
_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.([0-9]+))?")
_EXPONENT = re.compile(r"-?[0-9.]+[eE][+-]?[0-9]+")
_HOUR_AND_MINUTE = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_INSTANT = re.compile(
    rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[Tt]{_HOUR_AND_MINUTE}:[0-9]{{2}}"
    rf"(?:\.(?P<fraction>[0-9]+))?(?P<zone>[Zz]|[+-]{_HOUR_AND_MINUTE})?"
)


def _read_quantity(value: object) -> Quantity:
    match value:
        case bool():
            message = "must be a number, not a boolean"
        case int():
            return Quantity(from_decimal(Decimal(value)))
        case str():
            return _quantity_from_text(value)
        case float():
            message = "takes no JSON float, which may have lost digits already: send a string such as '0.1'"
        case _:
            message = "must be a string such as '19.9', or an integer"
    raise ValueError(message)


def _quantity_from_text(text: str) -> Quantity:
    number = _PLAIN_NUMBER.fullmatch(text)
    if number is None:
        if _EXPONENT.fullmatch(text):
            message = f"takes no exponent: {json_text(text)}"
        else:
            message = f"must be written in plain digits such as '19.9', '-3' or '0.5': {json_text(text)}"
        raise ValueError(message)
    if len(number[1] or "") > _FRACTION_DIGITS_MAX:
        message = f"has at most {_FRACTION_DIGITS_MAX} digits after the point: {json_text(text)}"
        raise ValueError(message)
    return Quantity(from_decimal(Decimal(text)))


def _digits_as_written(node: ValueNode) -> object:
    """Return a number as text: as a float, 0.1 would no longer be a tenth."""
    return node.value if isinstance(node, IntValueNode | FloatValueNode) else _plain_value(node)


def _read_instant(value: object) -> datetime:
    if not isinstance(value, str):
        message = "must be a string such as '2026-01-31T12:00:00Z'"
        raise ValueError(message)  # noqa: TRY004 - a caller's mistake, as all others here
    instant = datetime.fromisoformat(_checked_instant(value).upper())
    if not INSTANT_MIN <= instant < INSTANT_END:
        message = f"must lie in the years {INSTANT_MIN.year} to {INSTANT_END.year - 1}: {json_text(value)}"
        raise ValueError(message)
    return instant.astimezone(UTC)


def _checked_instant(text: str) -> str:
    parts = _INSTANT.fullmatch(text)
    if parts is None:
        message = f"must be an RFC 3339 instant such as '2026-01-31T12:00:00Z': {json_text(text)}"
        raise ValueError(message)
    if parts["zone"] is None:
        message = f"needs a zone, 'Z' or an offset such as '+02:00': {json_text(text)}"
        raise ValueError(message)
    if len(parts["fraction"] or "") > _FRACTION_DIGITS_MAX:
        message = f"has at most {_FRACTION_DIGITS_MAX} digits after the second: {json_text(text)}"
        raise ValueError(message)
    return text


def _write_instant(instant: datetime) -> str:
    if instant.tzinfo is None:
        message = "an instant without a zone is not one"
        raise ValueError(message)
    in_utc = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    return f"{in_utc.isoformat()[:-6]}Z"


def _read_json(value: object) -> JSON:
    level, depth = [value], 0
    while level:
        if depth > JSON_DEPTH_MAX:
            message = f"is nested deeper than {JSON_DEPTH_MAX} levels"
            raise ValueError(message)
        level = [child for parent in level for child in _json_children(parent)]
        depth += 1
    return JSON(value)


def _json_children(value: object) -> Iterable[object]:
    match value:
        case dict():
            return (*value, *value.values())
        case list():
            return value
        case str() if not is_storable(value):
            message = f"contains a NUL character or half of a surrogate pair: {json_text(value)}"
        case float() if not isfinite(value):
            message = "contains a number that is not finite"
        case int() if abs(value) >= _JSON_INTEGER_END:
            message = f"contains an integer of more than {JSON_INTEGER_DIGITS_MAX} digits"
        case str() | float() | int() | bool() | None:
            return ()
        case _:
            message = "contains a value that JSON cannot represent"
    raise ValueError(message)


def _plain_value(node: ValueNode) -> object:
    """Return a literal as a JSON value; the parser has bounded its depth."""
    match node:
        case NullValueNode():
            return None
        case StringValueNode() | BooleanValueNode():
            return node.value
        case IntValueNode() if len(node.value.lstrip("-")) <= JSON_INTEGER_DIGITS_MAX:
            return int(node.value)
        case IntValueNode():
            message = f"contains an integer of more than {JSON_INTEGER_DIGITS_MAX} digits"
        case FloatValueNode():
            return float(node.value)
        case ListValueNode():
            return [_plain_value(item) for item in node.values]
        case ObjectValueNode():
            return {field.name.value: _plain_value(field.value) for field in node.fields}
        case _:
            message = "takes no enum value; write a string in quotes"
    raise ValueError(message)


def _read_revision(value: object) -> Revision:
    if not isinstance(value, str):
        message = "must be a string"
        raise ValueError(message)  # noqa: TRY004 - a caller's mistake, as all others here
    if len(value) > REVISION_LENGTH_MAX:
        message = f"has at most {REVISION_LENGTH_MAX} characters"
        raise ValueError(message)
    return Revision(value)


def _as_it_is(value: object) -> object:
    return value


def _scalar(
    name: str,
    description: str,
    *,
    write: Callable[..., object],
    read: Callable[[object], object],
    open_literal: Callable[[ValueNode], object] = _plain_value,
) -> ScalarDefinition:
    """Define a scalar by its writer and reader; ``read`` raises ValueError with the reason.

    The type is built here, not by Strawberry, whose own scalars would see variables inside a literal after
    they were read: a Decimal in free-form JSON would turn into micros.
    """

    def from_value(value: object) -> object:
        try:
            return read(value)
        except ValueError as problem:
            message = f"{name} {problem}"
            raise GraphQLError(message) from None

    def from_literal(node: ValueNode) -> object:
        try:
            return read(open_literal(node))
        except ValueError as problem:
            message = f"{name} {problem}"
            raise GraphQLError(message, node) from None

    implementation = GraphQLScalarType(
        name,
        description=description,
        coerce_output_value=write,
        coerce_input_value=from_value,
        coerce_input_literal=from_literal,
    )
    return replace(strawberry.scalar(name=name, description=description), implementation=implementation)


SCALARS: dict[object, ScalarDefinition] = {
    Quantity: _scalar(
        "Decimal",
        "An exact decimal as a string such as '19.9': at most 6 fractional digits, and an "
        "absolute value below 9.2e12. Input also accepts a JSON integer and, in the document, "
        "a decimal literal; never NaN, Infinity or an exponent.",
        write=to_text,
        read=_read_quantity,
        open_literal=_digits_as_written,
    ),
    datetime: _scalar(
        "DateTime",
        "An instant as in RFC 3339 with at most 6 fractional digits. Input requires a zone; "
        "output is UTC and ends in Z.",
        write=_write_instant,
        read=_read_instant,
    ),
    JSON: _scalar(
        "JSON",
        f"Free-form JSON, for metadata and object values; at most {JSON_DEPTH_MAX} levels deep.",
        write=_as_it_is,
        read=_read_json,
    ),
    Revision: _scalar(
        "Revision",
        "The opaque name of a write, which grows with every write of one customer and of the "
        "catalog. A read that passes it as `atLeast` reflects that write.",
        write=_as_it_is,
        read=_read_revision,
    ),
}
"""For ``StrawberryConfig(scalar_map=SCALARS)``: from the types of fields to the scalars of the graph."""
