"""The enums of customers, their subscriptions, access and usage."""

from rules.access.decision import AccessReason
from rules.commands.change_plan import ChangeTiming, UsageOnChange
from rules.commands.report_usage import UsageMode
from rules.credits.grants import CreditSource, EntryKind, GrantStatus
from rules.customers.effective import SourceKind
from rules.customers.facts import CustomEntitlementMode, SubscriptionStatus, TrialEnd
from rules.explanations.remedies import RemedyKind
from rules.usage.reservations import ReservationStatus
from rules.usage.series import UsageBucket
from schema.enums import describe

describe(
    SubscriptionStatus,
    "The state of a subscription, derived from its facts and the clock.",
    {
        "SCHEDULED": "The subscription has not started.",
        "IN_TRIAL": "The subscription is in force, on trial.",
        "ACTIVE": "The subscription is in force.",
        "CANCELED": "A cancellation ended the subscription.",
        "EXPIRED": "The subscription ended with a trial that was not converted.",
    },
)

describe(
    TrialEnd,
    "What happens when a trial ends.",
    {
        "CONVERT": "The paid period starts.",
        "EXPIRE": "The subscription ends unless it was converted before.",
    },
)

describe(
    ChangeTiming,
    "When a change takes effect.",
    {
        "AUTO": "Upgrades now, downgrades at the end of the period.",
        "NOW": "The change takes effect at once.",
        "PERIOD_END": "The change takes effect at the end of the period, or of the trial while one runs.",
    },
)

describe(
    UsageOnChange,
    "What a change of plan does to usage.",
    {"RESET": "Usage starts again from zero.", "CARRY": "Usage and its period go on."},
)

describe(
    UsageMode,
    "How a reported value changes usage.",
    {
        "ADD": "The value is added to the usage; below 0 gives usage back.",
        "SET": "The value replaces the usage; the difference is recorded.",
    },
)

describe(
    UsageBucket,
    "The length of the buckets of a usage series.",
    {
        "HOUR": "Full hours in UTC.",
        "DAY": "Days in the customer's time zone.",
        "MONTH": "Months in the customer's time zone.",
        "PERIOD": "The periods over which usage counted, cut where usage started again.",
    },
)
describe(
    ReservationStatus,
    "The state of a reservation, derived from its facts and the clock.",
    {
        "HELD": "It counts against the limit.",
        "SETTLED": "Its usage is recorded.",
        "RELEASED": "It was released without usage.",
        "EXPIRED": "It was not settled in time; it can still be settled.",
    },
)

describe(
    CustomEntitlementMode,
    "How a custom entitlement combines with the entitlements of packages.",
    {
        "GRANT": "Adds to what the customer has.",
        "OVERRIDE": "Replaces what the customer has while a subscription is in force.",
        "REVOKE": "Takes the feature away from the customer.",
    },
)

describe(
    SourceKind,
    "The kind of source of an entitlement.",
    {
        "PLAN": "The plan of a subscription.",
        "ADDON": "An add-on of a subscription.",
        "CUSTOM_GRANT": "A custom grant of this customer.",
        "CUSTOM_OVERRIDE": "A custom override of this customer.",
        "CUSTOM_REVOCATION": "A custom revocation of this customer.",
    },
)

describe(
    AccessReason,
    "The reason for an answer. Denials are tested in the order in which they stand here.",
    {
        "GRANTED": "Allowed: an entitlement includes the feature.",
        "WITHIN_LIMIT": "Allowed: the request fits into the limit.",
        "UNLIMITED": "Allowed: the entitlement has no limit.",
        "OVERAGE_ALLOWED": "Allowed: the request passes the limit, and the limit is soft.",
        "WITHIN_CREDITS": "Allowed: credits pay for what is beyond the limit.",
        "CUSTOMER_NOT_FOUND": "Denied: no customer has this key.",
        "CUSTOMER_ARCHIVED": "Denied: the customer is archived.",
        "FEATURE_NOT_FOUND": "Denied: no feature has this key.",
        "FEATURE_UNAVAILABLE": "Denied: the feature is suspended or archived.",
        "TYPE_MISMATCH": "Denied: `requested` needs a METERED feature, `values` one of kind CHOICE.",
        "REVOKED": "Denied: a custom entitlement revokes the feature for this customer.",
        "NO_ACTIVE_SUBSCRIPTION": "Denied: nothing mentions the feature and no subscription is in force.",
        "NOT_ENTITLED": "Denied: no entitlement of the customer includes the feature.",
        "VALUE_NOT_INCLUDED": "Denied: a requested choice is not among those included.",
        "LIMIT_EXCEEDED": "Denied: the request does not fit into what is left of the hard limit.",
        "INSUFFICIENT_CREDITS": "Denied: the credits do not cover what is beyond the limit.",
    },
)

describe(
    RemedyKind,
    "What would turn a denial into an approval.",
    {
        "SUBSCRIBE": "Subscribe to the plan.",
        "UPGRADE": "Change to the plan, which takes effect at once.",
        "ADD_ADDON": "Add `amount` more of the add-on.",
        "TOP_UP_CREDITS": "Grant more credits.",
        "REQUEST_LESS": "Request less, or fewer choices.",
        "WAIT_FOR_RESET": "Wait for the next period.",
    },
)

describe(
    CreditSource,
    "The origin of a grant of credits.",
    {
        "PROMOTIONAL": "Credits that were given for free.",
        "RECURRING": "Credits that a subscription minted for a cadence period.",
        "PAID": "Credits that the customer bought.",
    },
)

describe(
    GrantStatus,
    "The state of a grant of credits, derived from its facts and the clock.",
    {
        "SCHEDULED": "The grant takes effect later.",
        "ACTIVE": "Some of the grant is left.",
        "DEPLETED": "Nothing of the grant is left.",
        "EXPIRED": "The grant has expired.",
        "VOIDED": "The grant was voided.",
    },
)

describe(
    EntryKind,
    "What an entry of the credit ledger records.",
    {
        "GRANTED": "A grant took effect.",
        "CONSUMED": "Credits were consumed; a positive amount was given back.",
        "EXPIRED": "The remainder of a grant expired.",
        "VOIDED": "The remainder of a grant was voided.",
        "ROLLED_OVER": "The remainder of a grant was carried into the next period: two entries that sum to "
        "zero.",
        "SETTLED": "A grant paid an overdraft: two entries that sum to zero.",
    },
    name="CreditEntryKind",
)
