"""The enums of the graph: those of the rules, with what each value means to a client."""

from __future__ import annotations

from resolvers.catalog_code import CatalogFormat
from rules.access import AccessReason
from rules.catalog import (
    Aggregation,
    FeatureStatus,
    FilterOperator,
    PackageStatus,
    PricingType,
    PublishScope,
    VersionState,
    Widget,
)
from rules.changes import ChangeKind
from rules.customers import CustomEntitlementMode, SubscriptionStatus, TrialEnd
from rules.errors import ErrorCode
from rules.inheritance import Origin
from rules.keys import ApiKeyKind, Scope
from rules.plan_changes import ChangeTiming, UsageOnChange
from rules.reporting import UsageMode
from rules.reservations import ReservationStatus
from rules.sources import SourceKind
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
from schema.described import describe as _describe

_describe(
    FeatureType,
    "How a feature is entitled.",
    {
        "BOOLEAN": "Included or not.",
        "CONFIG": "A setting: a number, a text, choices or an object.",
        "METERED": "A limit on counted usage.",
    },
)
_describe(
    ConfigKind,
    "What the setting of a CONFIG feature is.",
    {
        "NUMBER": "An exact number; several add up.",
        "TEXT": "Words.",
        "CHOICE": "Some of the feature's choices; several unite.",
        "OBJECT": "A JSON object.",
    },
)
_describe(
    FeatureStatus,
    "Whether a feature can be used at all.",
    {
        "ACTIVE": "In use.",
        "SUSPENDED": "Denied to everybody for now.",
        "ARCHIVED": "Denied to everybody, and gone from the catalog's future.",
    },
)
_describe(
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
_describe(
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
_describe(
    PricingType,
    "How a plan is bought.",
    {"FREE": "For nothing.", "PAID": "For a price.", "CUSTOM": "By talking to sales."},
)
_describe(
    PackageStatus,
    "Whether a package can be subscribed to.",
    {
        "DRAFT": "Not yet: no version is published.",
        "PUBLISHED": "Yes.",
        "ARCHIVED": "No more; those who are on it stay.",
    },
)
_describe(
    PublishScope,
    "Whom a publish holds for.",
    {
        "ALL_CUSTOMERS": "Everyone on the package, from that instant.",
        "NEW_CUSTOMERS": "Those who subscribe from then on; the others keep their version.",
    },
)
_describe(
    CatalogFormat,
    "How a catalog document is written.",
    {"YAML": "YAML 1.2, in which `no` is a word.", "JSON": "JSON."},
)
_describe(
    ChangeKind,
    "What happened to a place in the catalog.",
    {"ADDED": "It is new.", "REMOVED": "It is gone.", "CHANGED": "It is another."},
)
_describe(
    VersionState,
    "Where a version stands.",
    {
        "DRAFT": "Not published yet.",
        "PUBLISHED": "The newest that is published.",
        "SUPERSEDED": "A newer one is published; grandfathered customers may still be on it.",
    },
)
_describe(
    CreditCadence,
    "How often a credit entitlement mints credits.",
    {
        "ONE_TIME": "Once per subscription.",
        "MONTHLY": "Every month.",
        "YEARLY": "Every year.",
        "BILLING_PERIOD": "Every billing period of the subscription's price.",
    },
)
_describe(
    Widget,
    "A place in which a row can be hidden.",
    {"PRICING_TABLE": "The pricing table.", "CUSTOMER_PORTAL": "The customer's own page."},
)
_describe(
    BillingPeriod,
    "How often a price is due.",
    {"MONTHLY": "Every month.", "YEARLY": "Every year.", "ONE_TIME": "Once."},
)
_describe(
    LimitEnforcement,
    "What happens beyond a limit.",
    {"HARD": "It is refused.", "SOFT": "It is allowed, and counted as overage."},
)
_describe(
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
_describe(
    ResetAnchor,
    "Where usage periods are counted from.",
    {
        "SUBSCRIPTION_START": "The subscription's anchor.",
        "CALENDAR": "Local midnight at the start of the day, week, month or year; for hours the full hour.",
    },
)
_describe(
    Weekday,
    "The day on which calendar weeks begin.",
    {day.name: f"{day.name.title()}." for day in Weekday},
)
_describe(
    Origin,
    "Where a row of a package was set.",
    {
        "OWN": "Here.",
        "INHERITED": "In a base plan.",
        "OVERRIDDEN": "Here, in place of an inherited one.",
    },
    name="EntitlementOrigin",
)
_describe(
    SubscriptionStatus,
    "Where a subscription stands in its life; it follows from its facts and the clock.",
    {
        "SCHEDULED": "Not begun yet.",
        "IN_TRIAL": "In force, on trial.",
        "ACTIVE": "In force.",
        "CANCELED": "Ended by a cancellation.",
        "EXPIRED": "Ended with a trial that was not converted.",
    },
)
_describe(
    TrialEnd,
    "What a trial becomes.",
    {
        "CONVERT": "The paid period starts when the trial ends.",
        "EXPIRE": "It ends there unless it is converted before.",
    },
)
_describe(
    ChangeTiming,
    "When a change takes effect.",
    {
        "AUTO": "Upgrades now, downgrades at the end of the period.",
        "NOW": "At once.",
        "PERIOD_END": "At the end of the period, or of the trial while one runs.",
    },
)
_describe(
    UsageOnChange,
    "What a change of plan does to usage.",
    {"RESET": "It starts anew.", "CARRY": "It goes on, and so does the period."},
)
_describe(
    UsageMode,
    "What a reported quantity is.",
    {
        "ADD": "It is added to the usage; below zero it gives back.",
        "SET": "The usage becomes it; the difference is recorded.",
    },
)
_describe(
    ReservationStatus,
    "Where a hold stands; it follows from its facts and the clock.",
    {
        "HELD": "It counts against the limit.",
        "SETTLED": "What was used of it is recorded.",
        "RELEASED": "It was let go without usage.",
        "EXPIRED": "It was not settled in time; it can still be settled.",
    },
)
_describe(
    CustomEntitlementMode,
    "What a custom entitlement does to what packages say.",
    {
        "GRANT": "Adds to what the customer has.",
        "OVERRIDE": "Replaces all of it while a subscription is in force.",
        "REVOKE": "Takes it away.",
    },
)
_describe(
    SourceKind,
    "What a row that speaks comes from.",
    {
        "PLAN": "A plan.",
        "ADDON": "An add-on.",
        "CUSTOM_GRANT": "A grant made for this customer alone.",
        "CUSTOM_OVERRIDE": "An override made for this customer alone.",
        "CUSTOM_REVOCATION": "A revocation made for this customer alone.",
    },
)
_describe(
    AccessReason,
    "Why the answer is what it is; denials stand in the order in which they are tested.",
    {
        "GRANTED": "Allowed: the customer has it.",
        "WITHIN_LIMIT": "Allowed: the limit is not reached.",
        "UNLIMITED": "Allowed: there is no limit.",
        "OVERAGE_ALLOWED": "Allowed: the limit is passed, and it is soft.",
        "CUSTOMER_NOT_FOUND": "Denied: there is no such customer.",
        "CUSTOMER_ARCHIVED": "Denied: the customer is archived.",
        "FEATURE_NOT_FOUND": "Denied: there is no such feature.",
        "FEATURE_UNAVAILABLE": "Denied: the feature is suspended or archived.",
        "TYPE_MISMATCH": "Denied: a feature of this type cannot be asked this.",
        "REVOKED": "Denied: it was taken away from this customer.",
        "NO_ACTIVE_SUBSCRIPTION": "Denied: nothing speaks, and no subscription is in force.",
        "NOT_ENTITLED": "Denied: nothing that the customer has includes the feature.",
        "VALUE_NOT_INCLUDED": "Denied: a requested value is not among those included.",
        "LIMIT_EXCEEDED": "Denied: the hard limit leaves too little.",
    },
)
_describe(
    ApiKeyKind,
    "Whom a key is for.",
    {
        "SECRET": "A back end; limited by scopes.",
        "PUBLISHABLE": "A pricing page; reads published packages only.",
    },
)
_describe(
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
_describe(
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
