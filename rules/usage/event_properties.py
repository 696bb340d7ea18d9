"""Properties of usage: what an application sends with it, and what meters read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import assert_never

from rules.catalog.facts import Aggregation, FilterOperator, Meter, MeterFilter
from rules.catalog.validation import (
    LARGEST_METADATA_BYTES,
    invalid,
    is_external_key,
    json_bytes,
    missing_value,
    out_of_range,
)
from rules.errors import Problem
from rules.numbers import ONE, from_decimal, number_in

Properties = Mapping[str, object]


def properties_problems(properties: object) -> Iterator[Problem]:
    """Check that properties are a JSON object of at most 16 kB."""
    if not isinstance(properties, Mapping):
        yield invalid("Properties must be a JSON object.", "properties")
    elif len(json_bytes(properties)) > LARGEST_METADATA_BYTES:
        yield out_of_range("Properties have at most 16 kB.", "properties")


def readable(properties: object) -> Properties:
    """Return the properties; empty if they are left out, or no object."""
    return properties if isinstance(properties, Mapping) else {}


def text_of(properties: Properties, name: str) -> str | None:
    """Return a property as the text that filters compare; None if it is missing or null.

    Numbers are written in plain digits, so that 1 and 1.0 are equal; lists and objects as JSON.
    """
    value = properties.get(name)
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case float() if not value.is_integer():
            return _plain(Decimal(repr(value)))
        case int() | float():
            return str(int(value))
        case _:
            return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _plain(number: Decimal) -> str:
    text = f"{number:f}" if number else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text


def satisfies(condition: MeterFilter, properties: Properties) -> bool:
    """Return whether properties meet a meter's condition.

    A missing property satisfies NOT_EXISTS, NEQ and NOT_IN only; a text that is no number is neither
    greater nor less than any.
    """
    found, wanted = text_of(properties, condition.property), condition.values
    match condition.operator:
        case FilterOperator.EXISTS:
            return found is not None
        case FilterOperator.NOT_EXISTS:
            return found is None
        case FilterOperator.EQ | FilterOperator.IN:
            return found in wanted
        case FilterOperator.NEQ | FilterOperator.NOT_IN:
            return found not in wanted
        case FilterOperator.GT | FilterOperator.GTE | FilterOperator.LT | FilterOperator.LTE:
            return _compares(condition.operator, found, wanted[0])
        case _:
            assert_never(condition.operator)


_COMPARISONS: Mapping[FilterOperator, Callable[[Decimal, Decimal], bool]] = {
    FilterOperator.GT: Decimal.__gt__,
    FilterOperator.GTE: Decimal.__ge__,
    FilterOperator.LT: Decimal.__lt__,
    FilterOperator.LTE: Decimal.__le__,
}


def _compares(operator: FilterOperator, found: str | None, wanted: str) -> bool:
    number = None if found is None else number_in(found)
    return number is not None and _COMPARISONS[operator](number, Decimal(wanted))


def observe(meter: Meter, properties: Properties) -> tuple[int, str | None]:
    """Return what an event counts for: micros, and for UNIQUE the value that is counted once.

    Raises ValueError, with a sentence, if the property that the meter reads is missing, is no number that
    can be counted, or is negative.
    """
    if meter.aggregation is Aggregation.COUNT or meter.property is None:
        return ONE, None
    found = text_of(properties, meter.property)
    if found is None:
        message = f"The property '{meter.property}' is missing."
        raise ValueError(message)
    if meter.aggregation is Aggregation.UNIQUE:
        return ONE, _distinct(meter.property, found)
    return _quantity(meter.property, found), None


def distinct_value(meter: Meter, properties: Properties) -> str | None:
    """Return the value that UNIQUE counts once; None for other meters, and if it is missing."""
    unique = meter.aggregation is Aggregation.UNIQUE and meter.property is not None
    return text_of(properties, meter.property or "") if unique else None


def _distinct(name: str, value: str) -> str:
    if not is_external_key(value):
        message = f"The property '{name}' must have 1 to 255 printable characters."
        raise ValueError(message)
    return value


def _quantity(name: str, text: str) -> int:
    number = number_in(text)
    if number is None:
        message = f"The property '{name}' is not a number."
        raise ValueError(message)
    if number < 0:
        message = f"The property '{name}' is negative."
        raise ValueError(message)
    try:
        return from_decimal(number)
    except ValueError as problem:
        message = f"The property '{name}' {problem}."
        raise ValueError(message) from problem


def distinct_problems(meter: Meter, properties: Properties) -> Iterator[Problem]:
    """Check that a report has the value that UNIQUE counts."""
    name = meter.property or ""
    found = text_of(properties, name)
    if found is None:
        yield missing_value(f"'{name}' is what the meter counts: it is required.", "properties", name)
    elif not is_external_key(found):
        yield invalid(f"'{name}' must have 1 to 255 printable characters.", "properties", name)
