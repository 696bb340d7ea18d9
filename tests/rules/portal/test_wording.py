from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import pytest

from rules.access.decision import Decision
from rules.catalog.facts import CreditRate, CreditType, Price
from rules.catalog.inheritance import ResolvedCatalog
from rules.catalog.wording import wait_text
from rules.credits.accounts import CreditAccount
from rules.customers.facts import Subscription, Term, TrialEnd
from rules.numbers import ONE
from rules.portal.wording import Setting, badge, events, left_text, notes, setting_text, used_text
from rules.usage.limits import UsageBalance
from rules.values import (
    BillingPeriod,
    Choices,
    Config,
    Granted,
    Metered,
    Money,
    Number,
    Object,
    ResetInterval,
    Text,
    Unit,
)
from tests.rules.builders.customer_builders import (
    DAY,
    FEATURES,
    SOFT,
    START,
    ask,
    content,
    customer,
    limited,
    published_plan,
    rate,
    selling,
    subscription,
    units,
)

MONTH = ResetInterval.MONTH
CALLS = replace(FEATURES["calls"], unit=Unit(singular="call", plural="calls"))
COSTLY = CreditRate(feature="calls", credit_type="ai", credits=5 * ONE)
AI = CreditType(key="ai", name="AI credits", unit=Unit(singular="credit", plural="credits"))


def stands(
    value: Metered, used: int, *, reserved: int = 0, costly: bool = False
) -> tuple[Decision, UsageBalance]:
    """How a limit on calls stands."""
    said = replace(content({"calls": value}), rates=(COSTLY,) if costly else ())
    flat = selling(published_plan("basic", said), features=[CALLS])
    flat = ResolvedCatalog(replace(flat.catalog, credit_types={"ai": AI}))
    book = CreditAccount(credit_type="ai") if costly else None
    decision = ask(flat, customer(subscription()), "calls", used=units(used), book=book)
    assert decision.usage is not None
    return decision, replace(decision.usage, reserved=units(reserved))


def words(value: Metered, used: int, *, reserved: int = 0, costly: bool = False) -> list[str | None]:
    """All that is said of it."""
    decision, usage = stands(value, used, reserved=reserved, costly=costly)
    return [
        " ".join(used_text(decision, usage, CALLS)),
        left_text(decision, usage),
        badge(decision, usage),
        *notes(decision, usage, CALLS),
    ]


@pytest.mark.parametrize(
    ("value", "used", "told"),
    [
        (limited(500, MONTH), 412, ["412 of 500 calls per month", "88 left", "Nearly used up"]),
        (limited(500, MONTH), 12, ["12 of 500 calls per month", "488 left", None]),
        (limited(500, ResetInterval.NEVER), 500, ["500 of 500 calls", "Nothing left", "Limit reached"]),
        (
            limited(500, MONTH),
            1_504,
            ["1,504 of 500 calls per month", "1,004 beyond the limit", "Limit reached"],
        ),
        (limited(1, MONTH), 0, ["0 of 1 call per month", "1 left", None]),
        (limited(None, MONTH), 8_214, ["8,214 calls", "No limit", None]),
        (limited(None, MONTH), 1, ["1 call", "No limit", None]),
        (
            limited(5, MONTH, enforcement=SOFT),
            5,
            [
                "5 of 5 calls per month",
                "All that is included is used",
                "Used up",
                "Beyond the limit: you can go on",
            ],
        ),
        (
            limited(0, MONTH, enforcement=SOFT, overage=rate(10_000)),
            0,
            [
                "0 of 0 calls per month",
                "Nothing is included",
                None,
                "Beyond the limit: $0.01 per call",
            ],
        ),
        (limited(0, MONTH), 0, ["0 of 0 calls per month", "Nothing left", "Limit reached"]),
        (
            limited(5, MONTH, enforcement=SOFT, overage=rate(100_000, 1_000 * ONE)),
            2_005,
            [
                "2,005 of 5 calls per month",
                "2,000 beyond the limit",
                "Beyond the limit",
                "Beyond the limit: $0.10 per 1,000 calls, $0.20 so far",
            ],
        ),
    ],
)
def test_a_limit_is_reported_in_a_few_words(value: Metered, used: int, told: list[str | None]) -> None:
    assert words(value, used) == told


def test_what_is_held_is_reported() -> None:
    assert words(limited(50, MONTH), 5, reserved=1)[1:] == [
        "44 left",
        None,
        "1 call held for what is under way",
    ]


def test_credits_that_pay_beyond_the_limit_are_reported_and_that_there_are_none() -> None:
    assert words(limited(40, MONTH), 40, costly=True) == [
        "40 of 40 calls per month",
        "Nothing left",
        "Out of credits",
        "Beyond the limit: 5 credits per call",
    ]


def test_without_a_unit_a_number_stands_alone() -> None:
    decision, usage = stands(limited(None), 8)

    assert used_text(decision, usage, FEATURES["calls"]) == ("8", "used")


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("support", Text(text="24/7"), Setting(name="support", words="24/7")),
        ("storage", Number(number=units(10)), Setting(name="storage", words="10")),
        ("regions", Choices(choices=("eu", "us")), Setting(name="regions", words="eu, us")),
        ("branding", Object(object={}), Setting(name="branding", words="Included")),
        (
            "branding",
            Object(object={"gb": 5, "on": True, "off": False, "none": None, "all": [1, {"a": "b"}]}),
            Setting(
                name="branding",
                pairs=(("gb", "5"), ("on", "yes"), ("off", "no"), ("none", "none"), ("all", "1, a: b")),
            ),
        ),
    ],
)
def test_a_setting_is_reported_without_its_name(key: str, value: Config, told: Setting) -> None:
    flat = selling(published_plan("basic", {key: value}))

    assert setting_text(ask(flat, customer(subscription()), key), FEATURES[key]) == told


@pytest.mark.parametrize(
    ("seconds", "waiting"),
    [
        (1, "1 second"),
        (2, "2 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (3_597, "60 minutes"),
        (86_400, "24 hours"),
    ],
)
def test_how_long_to_wait_is_reported_roughly(seconds: int, waiting: str) -> None:
    assert wait_text(seconds) == waiting


# What comes of a subscription


PAID = Price(key="paid", billing_period=BillingPeriod.MONTHLY, amount=Money(amount=ONE, currency="USD"))
SHOP = selling(
    published_plan("basic", content({"sso": Granted()}, prices={"paid": BillingPeriod.MONTHLY})),
    published_plan("once", content({"sso": Granted()}, prices={"paid": BillingPeriod.ONE_TIME})),
    published_plan("small"),
)
MARCH = datetime.fromisoformat("2026-02-28T09:00Z")
AT = START + 3 * DAY


def told(held: Subscription, at: datetime = AT) -> Iterable[tuple[str, datetime]]:
    """What is said of a subscription, and when that is."""
    return [
        (", ".join(filter(None, [event.words, event.then])), event.at)
        for event in events(SHOP.catalog, held, at)
    ]


def changing(at: datetime) -> Subscription:
    """A subscription that changes to another plan."""
    held = subscription(price="paid")
    later = replace(held.terms[0], plan="small", price=None, starts_at=at, scheduled=True)
    return replace(held, terms=(*held.terms, later))


def on_trial(after: TrialEnd, canceled_at: datetime | None = None) -> Subscription:
    """A subscription on a trial of nine days."""
    held = subscription(price="paid")
    trial = replace(held.terms[0], trial=True)
    terms: tuple[Term, ...] = (trial,)
    if after is TrialEnd.CONVERT:
        terms = (trial, replace(trial, trial=False, starts_at=START + 9 * DAY))
    return replace(
        held, terms=terms, trial_ends_at=START + 9 * DAY, after_trial=after, canceled_at=canceled_at
    )


def test_a_paid_plan_renews_and_one_without_a_price_or_paid_once_does_not() -> None:
    assert told(subscription(price="paid")) == [("Renews", MARCH)]
    assert told(subscription()) == []
    assert told(subscription("once", price="paid")) == []


def test_a_change_at_the_end_of_a_period_is_reported_in_place_of_its_renewal() -> None:
    assert told(changing(MARCH)) == [("Changes to small", MARCH)]
    assert told(changing(MARCH + DAY)) == [("Renews", MARCH), ("Changes to small", MARCH + DAY)]


def test_a_cancellation_is_reported_in_place_of_a_renewal_and_of_a_change() -> None:
    assert told(replace(changing(MARCH), canceled_at=MARCH)) == [("Ends", MARCH)]
    assert told(replace(subscription(price="paid"), canceled_at=START + DAY)) == [("Ended", START + DAY)]


def test_a_trial_says_what_comes_behind_it() -> None:
    end = START + 9 * DAY

    assert told(on_trial(TrialEnd.CONVERT)) == [("Trial ends, then the paid period begins", end)]
    assert told(on_trial(TrialEnd.EXPIRE)) == [("Trial ends, unless you go on with it before", end)]
    assert told(on_trial(TrialEnd.CONVERT, canceled_at=end)) == [("Ends", end)]
    assert told(on_trial(TrialEnd.EXPIRE), end) == [("Ended", end)]


def test_what_has_not_begun_says_when_it_will() -> None:
    assert told(subscription(price="paid"), START - DAY) == [("Begins", START)]
