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
    """Make an enum of the rules one of the graph; raises KeyError for a value without a description."""
    strawberry.enum(enum, name=name, description=description)
    definition: Any = enum.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = values[value.name]


describe(
    FeatureType,
    "How a feature is entitled.",
    {
        "BOOLEAN": "Included or not included.",
        "CONFIG": "A setting: a number, a text, choices or an object.",
        "METERED": "Counted usage with a limit.",
    },
)


describe(
    ConfigKind,
    "The type of a CONFIG feature's value.",
    {
        "NUMBER": "An exact number; several sources add up.",
        "TEXT": "A text; the newest source decides.",
        "CHOICE": "Some of the feature's choices; several sources unite.",
        "OBJECT": "A JSON object; the newest source decides.",
    },
)


describe(
    FeatureStatus,
    "Whether a feature can be used.",
    {
        "ACTIVE": "The feature can be used.",
        "SUSPENDED": "Every access is denied until the feature is active again.",
        "ARCHIVED": "Every access is denied, and the catalog no longer lists the feature for new use.",
    },
)


describe(
    Aggregation,
    "How events or reports become one quantity.",
    {
        "COUNT": "The number of events.",
        "SUM": "The sum of a property, or of what is reported.",
        "MAX": "The largest value of a property in the period.",
        "UNIQUE": "The number of different values of a property in the period.",
        "LATEST": "The last value of a property, by `occurredAt`; no period resets it.",
    },
)


describe(
    FilterOperator,
    "How the filter of a meter compares a property of an event with its values.",
    {
        "EQ": "Equal as text.",
        "NEQ": "Not equal as text, or missing.",
        "IN": "Equal as text to one of the values.",
        "NOT_IN": "Equal as text to none of the values, or missing.",
        "GT": "Greater as a decimal.",
        "GTE": "Greater or equal as a decimal.",
        "LT": "Less as a decimal.",
        "LTE": "Less or equal as a decimal.",
        "EXISTS": "The property is present.",
        "NOT_EXISTS": "The property is missing.",
    },
)


describe(
    PricingType,
    "Whether a plan is free, paid or sold on request.",
    {
        "FREE": "Free of charge.",
        "PAID": "Sold for a listed price.",
        "CUSTOM": "Sold on request, through sales.",
    },
)


describe(
    PackageStatus,
    "Whether new subscriptions can use a package.",
    {
        "DRAFT": "Not yet: no version is published.",
        "PUBLISHED": "The package can be subscribed to.",
        "ARCHIVED": "Not for new subscriptions; existing ones stay.",
    },
)


describe(
    PublishScope,
    "The subscriptions that a publish holds for.",
    {
        "ALL_CUSTOMERS": "Everyone on the package, from the instant of the publish.",
        "NEW_CUSTOMERS": "New subscriptions only; existing ones keep their version.",
    },
)


describe(
    CatalogFormat,
    "The syntax of a catalog document.",
    {"YAML": "YAML 1.2, in which `no` is a string.", "JSON": "JSON as in RFC 8259."},
)


describe(
    ChangeKind,
    "What a change does to a place in the catalog.",
    {
        "ADDED": "The place is new.",
        "REMOVED": "The place is gone.",
        "CHANGED": "The place has another value.",
    },
)


describe(
    VersionState,
    "The state of a version of a package.",
    {
        "DRAFT": "The version is not published.",
        "PUBLISHED": "The newest published version.",
        "SUPERSEDED": "A newer version is published; grandfathered subscriptions may stay on this one.",
    },
)


describe(
    CreditCadence,
    "How often a credit entitlement mints credits.",
    {
        "ONE_TIME": "Once per subscription and package.",
        "MONTHLY": "Every month, from the subscription's anchor.",
        "YEARLY": "Every year, from the subscription's anchor.",
        "BILLING_PERIOD": "Every billing period of the subscription's price.",
    },
)


describe(
    Widget,
    "A place that can hide an entitlement.",
    {"PRICING_TABLE": "The pricing table and its page.", "CUSTOMER_PORTAL": "The customer's own page."},
)


describe(
    BillingPeriod,
    "How often a price is charged.",
    {
        "MONTHLY": "Once a month, from the subscription's anchor.",
        "YEARLY": "Once a year, from the subscription's anchor.",
        "ONE_TIME": "Once per subscription, never again.",
    },
)


describe(
    LimitEnforcement,
    "What happens beyond a limit.",
    {
        "HARD": "Use beyond the limit is denied.",
        "SOFT": "Use beyond the limit is allowed and counted as overage.",
    },
)


describe(
    ResetInterval,
    "The unit of a usage period.",
    {
        "NEVER": "One period that never ends.",
        "HOUR": "Hours of 60 minutes.",
        "DAY": "Days in the customer's time zone.",
        "WEEK": "Weeks in the customer's time zone.",
        "MONTH": "Months in the customer's time zone.",
        "YEAR": "Years in the customer's time zone.",
        "BILLING_PERIOD": "The billing period of the subscription's price: a month or a year.",
    },
)


describe(
    ResetAnchor,
    "The instant from which usage periods are counted.",
    {
        "SUBSCRIPTION_START": "The anchor of the subscription.",
        "CALENDAR": "Local midnight at the start of the day, week, month or year; for hours the full hour "
        "in UTC.",
    },
)


describe(
    Weekday,
    "The first day of calendar weeks.",
    {day.name: f"Weeks start on {day.name.title()}." for day in Weekday},
)


describe(
    Origin,
    "Which package sets an entitlement.",
    {
        "OWN": "This package sets the entitlement.",
        "INHERITED": "A base plan sets the entitlement.",
        "OVERRIDDEN": "This plan sets it in place of an inherited one.",
    },
    name="EntitlementOrigin",
)


describe(
    ApiKeyKind,
    "The kind of client that a key is for.",
    {
        "SECRET": "A key for back ends; its scopes limit it.",
        "PUBLISHABLE": "A key for public pricing pages; reads what is published.",
        "CUSTOMER": "A token of one customer, for their browser; reads that customer's own data.",
    },
)


describe(
    Scope,
    "What a secret key may do.",
    {
        "CATALOG_READ": "Read the catalog.",
        "CATALOG_WRITE": "Write the catalog.",
        "CUSTOMERS_READ": "Read customers and their access.",
        "CUSTOMERS_WRITE": "Write customers, subscriptions and custom entitlements.",
        "USAGE_WRITE": "Report, consume and reserve usage.",
        "CREDITS_WRITE": "Grant, void and consume credits.",
        "ADMIN": "Manage API keys and advance the clock of a sandbox.",
    },
)


describe(
    ErrorCode,
    "The kind of a problem of an input.",
    {
        "NOT_FOUND": "No object has the given key or id.",
        "ALREADY_EXISTS": "Something with this key, or for this purpose, exists already.",
        "INVALID": "The value is not valid here.",
        "REQUIRED": "A required value is missing.",
        "OUT_OF_RANGE": "The value is too small, too large, too long, too early or too late.",
        "TYPE_MISMATCH": "The value is of another type than its place takes.",
        "CYCLE": "A plan would be its own base plan, directly or through others.",
        "TOO_DEEP": "The chain of base plans would have more than 10 plans.",
        "BOOLEAN_NOT_OVERRIDABLE": "An inherited boolean entitlement can only be revoked, not overridden.",
        "NOTHING_TO_PUBLISH": "The draft equals the published version.",
        "IN_USE": "Something else refers to it; the message names what.",
        "ARCHIVED": "The object is archived.",
        "IDEMPOTENCY_CONFLICT": "The idempotency key was used before with another input.",
        "VERSION_CONFLICT": "Someone else changed the object first.",
        "NOT_ALLOWED": "The present state does not allow the operation.",
        "NOT_A_SANDBOX": "The operation needs a sandbox environment.",
    },
)
