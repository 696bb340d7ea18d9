"""The values of entitlements: granted, a setting, a metered limit or credits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal


class FeatureType(StrEnum):
    """The type of a feature, which decides the kind of its values."""

    BOOLEAN = "BOOLEAN"
    CONFIG = "CONFIG"
    METERED = "METERED"


class ConfigKind(StrEnum):
    """The kind of a CONFIG feature's setting."""

    NUMBER = "NUMBER"
    TEXT = "TEXT"
    CHOICE = "CHOICE"
    OBJECT = "OBJECT"


class LimitEnforcement(StrEnum):
    """Whether usage beyond a limit is refused."""

    HARD = "HARD"
    SOFT = "SOFT"


class ResetInterval(StrEnum):
    """The unit of a usage period."""

    NEVER = "NEVER"
    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    YEAR = "YEAR"
    BILLING_PERIOD = "BILLING_PERIOD"


class ResetAnchor(StrEnum):
    """What usage periods are counted from."""

    SUBSCRIPTION_START = "SUBSCRIPTION_START"
    CALENDAR = "CALENDAR"


class Weekday(StrEnum):
    """The day on which calendar weeks begin."""

    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"
    SUNDAY = "SUNDAY"


class CreditCadence(StrEnum):
    """How often a credit entitlement mints a grant."""

    ONE_TIME = "ONE_TIME"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"
    BILLING_PERIOD = "BILLING_PERIOD"


class BillingPeriod(StrEnum):
    """How often a price is due."""

    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"
    ONE_TIME = "ONE_TIME"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """The singular and plural of what a feature counts."""

    singular: str
    plural: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount in micros of an ISO 4217 currency."""

    amount: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverageRate:
    """The price of usage beyond a soft limit: ``amount`` for every ``per_units`` micros used."""

    amount: Money
    per_units: int = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """Usage resets every ``count`` intervals, counted from the anchor."""

    every: ResetInterval
    count: int = 1
    anchor: ResetAnchor = ResetAnchor.SUBSCRIPTION_START
    weekday: Weekday | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A boolean feature is included."""

    kind: Literal["granted"] = "granted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A numeric setting in micros."""

    number: int
    kind: Literal["number"] = "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A setting in words."""

    text: str
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Values picked from the feature's choices, in the feature's order."""

    choices: tuple[str, ...]
    kind: Literal["choices"] = "choices"


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """A structured setting: a JSON object, once it is validated."""

    object: Any
    kind: Literal["object"] = "object"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """A usage limit in micros; ``limit`` None is unlimited."""

    limit: int | None
    enforcement: LimitEnforcement = LimitEnforcement.HARD
    reset: Reset = Reset(every=ResetInterval.BILLING_PERIOD)
    overage: OverageRate | None = None
    kind: Literal["metered"] = "metered"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenLimit:
    """A metered value as an input, before validation: exactly one of ``limit`` and ``unlimited``.

    ``reset`` None takes the feature's default.
    """

    limit: int | None = None
    unlimited: bool = False
    enforcement: LimitEnforcement = LimitEnforcement.HARD
    reset: Reset | None = None
    overage: OverageRate | None = None
    kind: Literal["metered"] = "metered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credits:
    """Credits minted for every cadence period, in micros."""

    amount: int
    cadence: CreditCadence = CreditCadence.MONTHLY
    rollover_limit: int = 0
    kind: Literal["credits"] = "credits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """The inherited row does not apply here."""

    kind: Literal["revoked"] = "revoked"


Config = Number | Text | Choices | Object
Value = Granted | Config | Metered | Credits
Written = Granted | Config | WrittenLimit | Credits
