"""Read values of a document: settings, limits, credits, money."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from rules.catalog.facts import Feature
from rules.catalog.validation import complete_value, invalid, limit_problems
from rules.catalog_code import field_reader as read
from rules.catalog_code.field_reader import Fields
from rules.catalog_code.writer import Subject
from rules.numbers import ONE
from rules.values import (
    Choices,
    Config,
    CreditCadence,
    Credits,
    FeatureType,
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
    Value,
    Weekday,
    WrittenLimit,
)

_KINDS = ("config", "metered", "credit")
_SETTINGS = ("number", "text", "choices", "object")


def value(fields: Fields, subject: Subject) -> Value | None:
    """Read the value of a row or default; None if it is left out."""
    _refuse_several(fields, _KINDS)
    found = (
        fields.inner("metered", partial(_limit, subject)),
        fields.inner("config", partial(_config, subject)),
        fields.inner("credit", _credits),
    )
    return next((one for one in found if one is not None), None)


def _refuse_several(fields: Fields, names: tuple[str, ...]) -> None:
    given = [name for name in names if fields.has(name)]
    if len(given) > 1:
        fields.complain(invalid(f"Only one of {', '.join(names)} can be set.", given[1]))


def _limit(subject: Subject, fields: Fields) -> Metered:
    written = WrittenLimit(
        limit=fields.one("limit", read.quantity),
        unlimited=bool(fields.one("unlimited", read.flag)),
        enforcement=fields.one("enforcement", partial(read.member, LimitEnforcement))
        or LimitEnforcement.HARD,
        reset=fields.inner("reset", _reset),
        overage=fields.inner("overage", _overage),
    )
    if written.limit is not None or not fields.has("limit"):
        for problem in limit_problems(written):
            fields.complain(problem)
    unknown = Feature(key="", name="", type=FeatureType.METERED)
    settled = complete_value(subject or unknown, written)
    if not isinstance(settled, Metered):
        message = "a limit is settled as a limit"
        raise TypeError(message)
    return settled


def _reset(fields: Fields) -> Reset:
    every = fields.needed("every", partial(read.member, ResetInterval)) or ResetInterval.MONTH
    count = fields.one("count", read.whole)
    return Reset(
        every=every,
        count=1 if count is None else count,
        anchor=fields.one("anchor", partial(read.member, ResetAnchor)) or ResetAnchor.SUBSCRIPTION_START,
        weekday=fields.one("weekday", partial(read.member, Weekday)),
    )


def _overage(fields: Fields) -> OverageRate:
    return OverageRate(amount=amount(fields), per_units=per_units(fields))


def amount(fields: Fields) -> Money:
    """Read the amount of money of a price or rate."""
    return fields.needed_inner("amount", _money) or Money(amount=0, currency="")


def _money(fields: Fields) -> Money:
    return Money(
        amount=fields.needed("amount", read.quantity) or 0,
        currency=fields.needed("currency", read.text) or "",
    )


def per_units(fields: Fields) -> int:
    """Read how many units an amount is for, in micros; the default is one unit."""
    units = fields.one("perUnits", read.quantity)
    return ONE if units is None else units


def _config(subject: Subject, fields: Fields) -> Config:
    _refuse_several(fields, _SETTINGS)
    readers: dict[str, Callable[[object], Config]] = {
        "number": lambda value: Number(number=read.quantity(value)),
        "text": lambda value: Text(text=read.text(value)),
        "choices": lambda value: Choices(choices=_sort_choices(read.texts(value), subject)),
        "object": lambda value: Object(object=read.free(value)),
    }
    found = [fields.one(name, reader) for name, reader in readers.items()]
    if not any(fields.has(name) for name in _SETTINGS):
        fields.miss(f"One of {', '.join(_SETTINGS)} is required.")
    return next((value for value in found if value is not None), Text(text=""))


def _sort_choices(picked: tuple[str, ...], subject: Subject) -> tuple[str, ...]:
    """Sort choices into the order of their feature, if all of them are its own."""
    known = subject.choices if isinstance(subject, Feature) else ()
    ordered = tuple(one for one in known if one in picked)
    return ordered if len(ordered) == len(picked) else picked


def _credits(fields: Fields) -> Credits:
    return Credits(
        amount=fields.needed("amount", read.quantity) or 0,
        cadence=fields.one("cadence", partial(read.member, CreditCadence)) or CreditCadence.MONTHLY,
        rollover_limit=fields.one("rolloverLimit", read.quantity) or 0,
    )
