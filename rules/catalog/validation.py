"""Validation of single catalog things: keys, names, units, meters and values.

Paths are those of the inputs, so that callers find each problem in what they sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import assert_never

from rules.catalog.facts import Aggregation, CreditType, Feature
from rules.currencies import is_currency
from rules.errors import ErrorCode, Problem
from rules.values import (
    Choices,
    ConfigKind,
    CreditCadence,
    Credits,
    FeatureType,
    Granted,
    LimitEnforcement,
    Metered,
    Money,
    Number,
    Object,
    OverageRate,
    Reset,
    ResetAnchor,
    ResetInterval,
    Text,
    Unit,
    Value,
    Written,
    WrittenLimit,
)

LONGEST_NAME = 255
LONGEST_TEXT = 10_000
LARGEST_METADATA_BYTES = 16_000
MOST_INTERVALS = 1_000

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_CONFIG_VALUES: Mapping[ConfigKind, type] = {
    ConfigKind.NUMBER: Number,
    ConfigKind.TEXT: Text,
    ConfigKind.CHOICE: Choices,
    ConfigKind.OBJECT: Object,
}


def invalid(message: str, *path: str) -> Problem:
    """A problem: the value has no meaning here."""
    return Problem(ErrorCode.INVALID, message, path)


def missing_value(message: str, *path: str) -> Problem:
    """A problem: a value is missing."""
    return Problem(ErrorCode.REQUIRED, message, path)


def out_of_range(message: str, *path: str) -> Problem:
    """A problem: a value of the right kind is too small, too large or too long."""
    return Problem(ErrorCode.OUT_OF_RANGE, message, path)


def mismatch(message: str, *path: str) -> Problem:
    """A problem: the value is of another kind than the field takes."""
    return Problem(ErrorCode.TYPE_MISMATCH, message, path)


def key_problems(key: str, *, path: str = "key") -> Iterator[Problem]:
    """Check the key of a catalog thing."""
    if _KEY.fullmatch(key) is None:
        message = (
            "A key is 1 to 128 letters, digits, dots, underscores and hyphens, "
            "and begins with a letter or digit."
        )
        yield invalid(message, path)


def is_storable(text: str) -> bool:
    """Return whether a text can be stored: PostgreSQL refuses NUL, and UTF-8 half of a surrogate pair."""
    return _UNSTORABLE.search(text) is None


def is_external_key(key: str) -> bool:
    """Return whether a caller's own id (customer, idempotency key) is 1-255 printable characters."""
    return 1 <= len(key) <= LONGEST_NAME and key.isprintable()


def text_problems(
    name: str | None, description: str | None = None, metadata: object = None
) -> Iterator[Problem]:
    """Check the name, description and metadata of a thing."""
    if name is not None:
        yield from _name_problems(name)
    if description is not None and len(description) > LONGEST_TEXT:
        yield out_of_range(f"A description has at most {LONGEST_TEXT} characters.", "description")
    if metadata is not None:
        yield from metadata_problems(metadata)


def _name_problems(name: str) -> Iterator[Problem]:
    if not name.strip():
        yield missing_value("A name is required.", "name")
    elif len(name) > LONGEST_NAME:
        yield out_of_range(f"A name has at most {LONGEST_NAME} characters.", "name")


def metadata_problems(metadata: object) -> Iterator[Problem]:
    """Check free-form metadata: a JSON object of at most 16 kB."""
    if not isinstance(metadata, Mapping):
        yield invalid("Metadata must be a JSON object.", "metadata")
    elif len(json_bytes(metadata)) > LARGEST_METADATA_BYTES:
        yield out_of_range("Metadata has at most 16 kB.", "metadata")


def json_bytes(value: object) -> bytes:
    """Return JSON in its shortest form; half of a surrogate pair is written as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass")


def unit_problems(unit: Unit | None) -> Iterator[Problem]:
    """Check the singular and plural of a unit."""
    if unit is None:
        return
    for form, word in (("singular", unit.singular), ("plural", unit.plural)):
        if not word.strip():
            yield missing_value(f"The {form} is needed.", "unit", form)
        elif len(word) > LONGEST_NAME:
            yield out_of_range(f"The {form} has at most {LONGEST_NAME} characters.", "unit", form)


def value_problems(subject: Feature | CreditType, value: Value | Written) -> Iterator[Problem]:
    """Check that a value is valid for its feature or credit type."""
    if isinstance(subject, CreditType):
        yield from _credit_problems(subject, value)
        return
    match value:
        case Granted():
            if subject.type is not FeatureType.BOOLEAN:
                yield missing_value(f"'{subject.key}' is {subject.type}: it needs a value.")
        case Metered() | WrittenLimit():
            yield from _metered_problems(subject, value)
        case Number() | Text() | Choices() | Object():
            yield from _config_problems(subject, value)
        case Credits():
            yield mismatch(f"'{subject.key}' is a feature, not a credit type.", "credit")
        case _:
            assert_never(value)


def _credit_problems(subject: CreditType, value: Value | Written) -> Iterator[Problem]:
    match value:
        case Credits():
            yield from _under("credit", _minting_problems(value))
        case Granted():
            yield missing_value(f"'{subject.key}' is a credit type: it needs an amount.")
        case _:
            yield mismatch(f"'{subject.key}' is a credit type: it takes a credit value.", value_field(value))


def _minting_problems(value: Credits) -> Iterator[Problem]:
    if value.amount <= 0:
        yield out_of_range("The amount must be above 0.", "amount")
    if value.rollover_limit < 0:
        yield out_of_range("The rollover limit must be 0 or more.", "rolloverLimit")
    elif value.rollover_limit and value.cadence is CreditCadence.ONE_TIME:
        yield invalid("ONE_TIME credits are never rolled over.", "rolloverLimit")


def _config_problems(subject: Feature, value: Number | Text | Choices | Object) -> Iterator[Problem]:
    if subject.type is not FeatureType.CONFIG or subject.config_kind is None:
        yield mismatch(f"'{subject.key}' is {subject.type} and takes no setting.", "config")
    elif not isinstance(value, _CONFIG_VALUES[subject.config_kind]):
        yield mismatch(f"'{subject.key}' is set by a {subject.config_kind}.", "config", value.kind)
    elif isinstance(value, Choices):
        yield from _under("config", _picked_problems(subject, value))
    elif isinstance(value, Text) and not 1 <= len(value.text) <= LONGEST_TEXT:
        yield out_of_range(f"A text has 1 to {LONGEST_TEXT} characters.", "config", "text")
    elif isinstance(value, Object) and not isinstance(value.object, Mapping):
        yield mismatch("The value must be a JSON object.", "config", "object")


def _picked_problems(subject: Feature, value: Choices) -> Iterator[Problem]:
    if not value.choices:
        yield missing_value("Pick at least one choice.", "choices")
    for index, choice in enumerate(value.choices):
        if choice not in subject.choices:
            yield invalid(f"'{choice}' is not among the choices of '{subject.key}'.", "choices", str(index))
        elif choice in value.choices[:index]:
            yield invalid(f"'{choice}' is picked twice.", "choices", str(index))


def _metered_problems(subject: Feature, value: Metered | WrittenLimit) -> Iterator[Problem]:
    if subject.type is not FeatureType.METERED:
        yield mismatch(f"'{subject.key}' is {subject.type} and takes no limit.", "metered")
        return
    if isinstance(value, WrittenLimit):
        yield from _under("metered", limit_problems(value))
    if value.limit is not None and value.limit < 0:
        yield out_of_range("A limit must be 0 or more.", "metered", "limit")
    if value.reset is not None:
        yield from _under("metered", reset_problems(value.reset))
    if value.overage is not None:
        if value.enforcement is not LimitEnforcement.SOFT:
            yield invalid("An overage rate needs a SOFT limit.", "metered", "overage")
        yield from _under("metered", _overage_problems(value.overage))


def limit_problems(value: WrittenLimit) -> Iterator[Problem]:
    """Check that a limit is either a number or unlimited."""
    if value.limit is None and not value.unlimited:
        yield missing_value("Give a limit, or unlimited: true.", "limit")
    if value.limit is not None and value.unlimited:
        yield invalid("Give a limit or unlimited: true, not both.", "unlimited")


def complete_value(subject: Feature | CreditType, written: Written | Value) -> Value:
    """Complete a value that has no problems: fill in the reset, sort choices into the feature's order."""
    if isinstance(written, WrittenLimit):
        return Metered(
            limit=None if written.unlimited else written.limit,
            enforcement=written.enforcement,
            reset=written.reset or default_reset(subject),
            overage=written.overage,
        )
    if isinstance(written, Choices) and isinstance(subject, Feature):
        return Choices(choices=tuple(c for c in subject.choices if c in written.choices))
    return written


def default_reset(subject: Feature | CreditType) -> Reset:
    """Return the reset where none is given: NEVER for LATEST, otherwise BILLING_PERIOD."""
    meter = subject.meter if isinstance(subject, Feature) else None
    level = meter is not None and meter.aggregation is Aggregation.LATEST
    return Reset(every=ResetInterval.NEVER if level else ResetInterval.BILLING_PERIOD)


def _overage_problems(overage: OverageRate) -> Iterator[Problem]:
    for problem in money_problems(overage.amount):
        yield problem.under("overage", "amount")
    if overage.per_units <= 0:
        yield out_of_range("perUnits must be above 0.", "overage", "perUnits")


def reset_problems(reset: Reset) -> Iterator[Problem]:
    """Check the parts of a reset."""
    if not 1 <= reset.count <= MOST_INTERVALS:
        yield out_of_range(f"The count must be 1 to {MOST_INTERVALS}.", "reset", "count")
    elif reset.count != 1 and reset.every in (ResetInterval.NEVER, ResetInterval.BILLING_PERIOD):
        yield invalid(f"The count must be 1 with {reset.every}.", "reset", "count")
    calendar_weeks = reset.every is ResetInterval.WEEK and reset.anchor is ResetAnchor.CALENDAR
    if reset.weekday is not None and not calendar_weeks:
        yield invalid("A weekday needs WEEK and CALENDAR.", "reset", "weekday")


def money_problems(money: Money) -> Iterator[Problem]:
    """Check an amount of money: 0 or more, of an ISO 4217 currency."""
    if money.amount < 0:
        yield out_of_range("An amount must be 0 or more.", "amount")
    if not is_currency(money.currency):
        yield invalid(f"'{money.currency}' is not an ISO 4217 currency code.", "currency")


def value_field(value: Value | Written) -> str:
    """Return the name of the input field that holds a value."""
    match value:
        case Metered() | WrittenLimit():
            return "metered"
        case Credits():
            return "credit"
        case _:
            return "config"


def _under(prefix: str, problems: Iterable[Problem]) -> Iterator[Problem]:
    return (problem.under(prefix) for problem in problems)
