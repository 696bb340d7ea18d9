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
    "Where a subscription stands in its life; it follows from its facts and the clock.",
    {
        "SCHEDULED": "Not begun yet.",
        "IN_TRIAL": "In force, on trial.",
        "ACTIVE": "In force.",
        "CANCELED": "Ended by a cancellation.",
        "EXPIRED": "Ended with a trial that was not converted.",
    },
)

describe(
    TrialEnd,
    "What a trial becomes.",
    {
        "CONVERT": "The paid period starts when the trial ends.",
        "EXPIRE": "It ends there unless it is converted before.",
    },
)

describe(
    ChangeTiming,
    "When a change takes effect.",
    {
        "AUTO": "Upgrades now, downgrades at the end of the period.",
        "NOW": "At once.",
        "PERIOD_END": "At the end of the period, or of the trial while one runs.",
    },
)

describe(
    UsageOnChange,
    "What a change of plan does to usage.",
    {"RESET": "It starts anew.", "CARRY": "It goes on, and so does the period."},
)

describe(
    UsageMode,
    "What a reported quantity is.",
    {
        "ADD": "It is added to the usage; below zero it gives back.",
        "SET": "The usage becomes it; the difference is recorded.",
    },
)

describe(
    UsageBucket,
    "How long the buckets of a usage series are.",
    {
        "HOUR": "Full hours, in UTC.",
        "DAY": "Days in the customer's time zone.",
        "MONTH": "Months in the customer's time zone.",
        "PERIOD": "As long as usage counts from one instant: periods, resets and changes of plan and all.",
    },
)
describe(
    ReservationStatus,
    "Where a hold stands; it follows from its facts and the clock.",
    {
        "HELD": "It counts against the limit.",
        "SETTLED": "What was used of it is recorded.",
        "RELEASED": "It was let go without usage.",
        "EXPIRED": "It was not settled in time; it can still be settled.",
    },
)

describe(
    CustomEntitlementMode,
    "What a custom entitlement does to what packages say.",
    {
        "GRANT": "Adds to what the customer has.",
        "OVERRIDE": "Replaces all of it while a subscription is in force.",
        "REVOKE": "Takes it away.",
    },
)

describe(
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

describe(
    AccessReason,
    "Why the answer is what it is; denials stand in the order in which they are tested.",
    {
        "GRANTED": "Allowed: the customer has it.",
        "WITHIN_LIMIT": "Allowed: the limit is not reached.",
        "UNLIMITED": "Allowed: there is no limit.",
        "OVERAGE_ALLOWED": "Allowed: the limit is passed, and it is soft.",
        "WITHIN_CREDITS": "Allowed: credits pay for what is beyond the limit.",
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
        "INSUFFICIENT_CREDITS": "Denied: there are too few credits for what is beyond the limit.",
    },
)

describe(
    RemedyKind,
    "What would turn a no into a yes.",
    {
        "SUBSCRIBE": "A subscription to the plan.",
        "UPGRADE": "A change to the plan, which takes effect at once.",
        "ADD_ADDON": "So many more of the add-on.",
        "TOP_UP_CREDITS": "More credits.",
        "REQUEST_LESS": "A request for less.",
        "WAIT_FOR_RESET": "The next period.",
    },
)

describe(
    CreditSource,
    "Where credits come from.",
    {
        "PROMOTIONAL": "A gift.",
        "RECURRING": "Minted by a subscription, period after period.",
        "PAID": "Bought.",
    },
)

describe(
    GrantStatus,
    "Where a grant of credits stands; it follows from its facts and the clock.",
    {
        "SCHEDULED": "It takes effect later.",
        "ACTIVE": "Something of it is left.",
        "DEPLETED": "Nothing of it is left.",
        "EXPIRED": "Its time is over.",
        "VOIDED": "It was taken back.",
    },
)

describe(
    EntryKind,
    "What a line of the ledger tells.",
    {
        "GRANTED": "A grant took effect.",
        "CONSUMED": "Credits were used; above zero, given back.",
        "EXPIRED": "What was left of a grant expired.",
        "VOIDED": "What was left of a grant was taken back.",
        "ROLLED_OVER": "What was left was carried into the next period: two lines that sum to zero.",
        "SETTLED": "A grant paid what was owed: two lines that sum to zero.",
    },
    name="CreditEntryKind",
)
