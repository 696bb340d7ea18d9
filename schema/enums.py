"""The enums of the graph: those of the rules, with what each value means to a client."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import strawberry

from resolvers.catalog_code.documents import CatalogFormat
from rules.auth.api_keys import ApiKeyKind, Scope
from rules.catalog.facts import (
    Aggregation,
    FeatureStatus,
    FilterOperator,
    PackageStatus,
    PricingType,
    PublishScope,
    VersionState,
    Widget,
)
from rules.catalog.inheritance import Origin
from rules.catalog_code.diff import ChangeKind
from rules.errors import ErrorCode
from rules.values import (
    BillingPeriod,
    ConfigKind,
    CreditCadence,
    FeatureType,
    LimitEnforcement,
    ResetAnchor,
    ResetInterval,
    Weekday,
)


def describe(enum: type[Enum], description: str, values: Mapping[str, str], name: str | None = None) -> None:
    """Make a rule's enum one of the graph. KeyError for a value without a description."""
    strawberry.enum(enum, name=name, description=description)
    definition: Any = enum.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = values[value.name]


describe(
    FeatureType,
    "How a feature is entitled.",
    {
        "BOOLEAN": "Included or not.",
        "CONFIG": "A setting: a number, a text, choices or an object.",
        "METERED": "A limit on counted usage.",
    },
)


describe(
    ConfigKind,
    "What the setting of a CONFIG feature is.",
    {
        "NUMBER": "An exact number; several add up.",
        "TEXT": "Words.",
        "CHOICE": "Some of the feature's choices; several unite.",
        "OBJECT": "A JSON object.",
    },
)


describe(
    FeatureStatus,
    "Whether a feature can be used at all.",
    {
        "ACTIVE": "In use.",
        "SUSPENDED": "Denied to everybody for now.",
        "ARCHIVED": "Denied to everybody, and gone from the catalog's future.",
    },
)


describe(
    Aggregation,
    "How events become usage.",
    {
        "COUNT": "How many events.",
        "SUM": "The sum of a property, or of what is reported.",
        "MAX": "The largest value of a property in the period.",
        "UNIQUE": "How many different values of a property in the period.",
        "LATEST": "The last value of a property; no period resets it.",
    },
)


describe(
    FilterOperator,
    "How a meter's filter compares an event's property with its values.",
    {
        "EQ": "Equal, as text.",
        "NEQ": "Not equal, as text, or missing.",
        "IN": "Equal to one of the values, as text.",
        "NOT_IN": "Equal to none of the values, as text, or missing.",
        "GT": "Greater, as a decimal.",
        "GTE": "Greater or equal, as a decimal.",
        "LT": "Less, as a decimal.",
        "LTE": "Less or equal, as a decimal.",
        "EXISTS": "There at all.",
        "NOT_EXISTS": "Missing.",
    },
)


describe(
    PricingType,
    "How a plan is bought.",
    {"FREE": "For nothing.", "PAID": "For a price.", "CUSTOM": "By talking to sales."},
)


describe(
    PackageStatus,
    "Whether a package can be subscribed to.",
    {
        "DRAFT": "Not yet: no version is published.",
        "PUBLISHED": "Yes.",
        "ARCHIVED": "No more; those who are on it stay.",
    },
)


describe(
    PublishScope,
    "Whom a publish holds for.",
    {
        "ALL_CUSTOMERS": "Everyone on the package, from that instant.",
        "NEW_CUSTOMERS": "Those who subscribe from then on; the others keep their version.",
    },
)


describe(
    CatalogFormat,
    "How a catalog document is written.",
    {"YAML": "YAML 1.2, in which `no` is a word.", "JSON": "JSON."},
)


describe(
    ChangeKind,
    "What happened to a place in the catalog.",
    {"ADDED": "It is new.", "REMOVED": "It is gone.", "CHANGED": "It is another."},
)


describe(
    VersionState,
    "Where a version stands.",
    {
        "DRAFT": "Not published yet.",
        "PUBLISHED": "The newest that is published.",
        "SUPERSEDED": "A newer one is published; grandfathered customers may still be on it.",
    },
)


describe(
    CreditCadence,
    "How often a credit entitlement mints credits.",
    {
        "ONE_TIME": "Once per subscription.",
        "MONTHLY": "Every month.",
        "YEARLY": "Every year.",
        "BILLING_PERIOD": "Every billing period of the subscription's price.",
    },
)


describe(
    Widget,
    "A place in which a row can be hidden.",
    {"PRICING_TABLE": "The pricing table.", "CUSTOMER_PORTAL": "The customer's own page."},
)


describe(
    BillingPeriod,
    "How often a price is due.",
    {"MONTHLY": "Every month.", "YEARLY": "Every year.", "ONE_TIME": "Once."},
)


describe(
    LimitEnforcement,
    "What happens beyond a limit.",
    {"HARD": "It is refused.", "SOFT": "It is allowed, and counted as overage."},
)


describe(
    ResetInterval,
    "The unit in which a usage period is measured.",
    {
        "NEVER": "One period without an end.",
        "HOUR": "Hours, absolute.",
        "DAY": "Days of the customer's time zone.",
        "WEEK": "Weeks of the customer's time zone.",
        "MONTH": "Months of the customer's time zone.",
        "YEAR": "Years of the customer's time zone.",
        "BILLING_PERIOD": "What the subscription's price says: a month or a year.",
    },
)


describe(
    ResetAnchor,
    "Where usage periods are counted from.",
    {
        "SUBSCRIPTION_START": "The subscription's anchor.",
        "CALENDAR": "Local midnight at the start of the day, week, month or year; for hours the full hour.",
    },
)


describe(
    Weekday,
    "The day on which calendar weeks begin.",
    {day.name: f"{day.name.title()}." for day in Weekday},
)


describe(
    Origin,
    "Where a row of a package was set.",
    {
        "OWN": "Here.",
        "INHERITED": "In a base plan.",
        "OVERRIDDEN": "Here, in place of an inherited one.",
    },
    name="EntitlementOrigin",
)


describe(
    ApiKeyKind,
    "Whom a key is for.",
    {
        "SECRET": "A back end; limited by scopes.",
        "PUBLISHABLE": "A pricing page; reads what is published.",
        "CUSTOMER": "A customer's browser, with a token; reads what is theirs.",
    },
)


describe(
    Scope,
    "What a secret key may do.",
    {
        "CATALOG_READ": "Read the catalog.",
        "CATALOG_WRITE": "Change the catalog.",
        "CUSTOMERS_READ": "Read customers and their access.",
        "CUSTOMERS_WRITE": "Change customers and subscriptions.",
        "USAGE_WRITE": "Report and consume usage.",
        "CREDITS_WRITE": "Grant, void and consume credits.",
        "ADMIN": "Make keys and move a sandbox's clock.",
    },
)


describe(
    ErrorCode,
    "What kind of mistake an input makes.",
    {
        "NOT_FOUND": "Something named does not exist.",
        "ALREADY_EXISTS": "Something of this name, or for this purpose, exists already.",
        "INVALID": "It cannot mean anything here.",
        "REQUIRED": "It is missing.",
        "OUT_OF_RANGE": "Too small, too large, too long, too early or too late.",
        "TYPE_MISMATCH": "A value of another kind than its place takes.",
        "CYCLE": "A plan would be its own base plan, directly or by way of others.",
        "TOO_DEEP": "The chain of base plans would hold more than 10 plans.",
        "BOOLEAN_NOT_OVERRIDABLE": "An inherited boolean row can only be revoked.",
        "NOTHING_TO_PUBLISH": "The draft says what is published already.",
        "IN_USE": "Something else refers to it; the message names what.",
        "ARCHIVED": "It was archived.",
        "IDEMPOTENCY_CONFLICT": "The idempotency key was taken by another input.",
        "VERSION_CONFLICT": "Somebody else changed it first.",
        "NOT_ALLOWED": "Not in the state in which it is.",
        "NOT_A_SANDBOX": "Only a sandbox can do that.",
    },
)
