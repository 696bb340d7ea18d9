from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.access.decision import ALLOWING, AccessReason, Decision
from rules.catalog.facts import CreditRate, FeatureStatus
from rules.catalog.inheritance import ResolvedCatalog
from rules.credits.accounts import CreditAccount
from rules.numbers import ONE
from rules.revisions import Revision
from rules.values import (
    Choices,
    Granted,
    Metered,
    Number,
    Object,
    ResetInterval,
    Text,
    Value,
)
from tests.rules.builders.customer_builders import (
    DAY,
    FEATURES,
    INSTANT,
    SOFT,
    START,
    World,
    ask,
    content,
    customer,
    instants,
    limited,
    published_plan,
    republished,
    revoking,
    selling,
    subscription,
    units,
    worlds,
)

DENIALS = (
    AccessReason.CUSTOMER_NOT_FOUND,
    AccessReason.CUSTOMER_ARCHIVED,
    AccessReason.FEATURE_NOT_FOUND,
    AccessReason.FEATURE_UNAVAILABLE,
    AccessReason.TYPE_MISMATCH,
    AccessReason.REVOKED,
    AccessReason.NO_ACTIVE_SUBSCRIPTION,
    AccessReason.NOT_ENTITLED,
    AccessReason.VALUE_NOT_INCLUDED,
    AccessReason.LIMIT_EXCEEDED,
    AccessReason.INSUFFICIENT_CREDITS,
)
"""As the contract lists them."""

VALUES: dict[str, Value] = {
    "sso": Granted(),
    "storage": Number(number=0),
    "support": Text(text="mail"),
    "branding": Object(object={}),
    "regions": Choices(choices=("eu", "us")),
    "calls": limited(5),
    "seats": limited(5),
}

FLAT = selling(published_plan("basic", VALUES))
ACME = customer(subscription())
COSTLY = (CreditRate(feature="calls", credit_type="ai", credits=ONE),)

# A yes


@pytest.mark.parametrize("feature", ["sso", "storage", "support", "branding", "regions"])
def test_what_is_not_metered_is_granted_where_a_row_applies(feature: str) -> None:
    decision = ask(FLAT, ACME, feature)

    assert (decision.allowed, decision.reason) == (True, AccessReason.GRANTED)
    assert decision.subject.entitlement.value == VALUES[feature]
    assert decision.usage is None


@pytest.mark.parametrize(
    ("value", "used", "reason"),
    [
        (limited(5), 4, AccessReason.WITHIN_LIMIT),
        (limited(None), 10**6, AccessReason.UNLIMITED),
        (limited(None, enforcement=SOFT), 10**6, AccessReason.UNLIMITED),
        (limited(5, enforcement=SOFT), 4, AccessReason.WITHIN_LIMIT),
        (limited(5, enforcement=SOFT), 5, AccessReason.OVERAGE_ALLOWED),
        (limited(0, enforcement=SOFT), 0, AccessReason.OVERAGE_ALLOWED),
    ],
)
def test_the_reason_for_a_yes_says_how_it_stands_to_the_limit(
    value: Metered, used: int, reason: AccessReason
) -> None:
    decision = ask(selling(published_plan("basic", {"calls": value})), ACME, "calls", used=units(used))

    assert (decision.allowed, decision.reason) == (True, reason)


# A no


def test_a_no_is_an_answer_and_never_an_error_for_unknown_keys_too() -> None:
    nobody = ask(FLAT, None, "sso")
    nothing = ask(FLAT, ACME, "teleport")

    assert (nobody.allowed, nobody.reason) == (False, AccessReason.CUSTOMER_NOT_FOUND)
    assert (nothing.allowed, nothing.reason) == (False, AccessReason.FEATURE_NOT_FOUND)
    assert nobody.usage is nothing.usage is None


def test_an_archived_customer_has_no_access() -> None:
    assert ask(FLAT, customer(archived=True), "sso").reason is AccessReason.CUSTOMER_ARCHIVED


@pytest.mark.parametrize("status", [FeatureStatus.SUSPENDED, FeatureStatus.ARCHIVED])
@pytest.mark.parametrize("feature", sorted(VALUES))
def test_suspended_and_archived_features_deny(feature: str, status: FeatureStatus) -> None:
    flat = selling(published_plan("basic", VALUES), features=[replace(FEATURES[feature], status=status)])

    assert ask(flat, ACME, feature).reason is AccessReason.FEATURE_UNAVAILABLE


@pytest.mark.parametrize("feature", sorted(VALUES))
def test_a_quantity_of_what_is_not_metered_is_a_type_mismatch(feature: str) -> None:
    mismatched = ask(FLAT, ACME, feature, requested=0).reason is AccessReason.TYPE_MISMATCH

    assert mismatched is (feature not in {"calls", "seats"})


@pytest.mark.parametrize("feature", sorted(VALUES))
def test_values_of_what_is_not_a_choice_are_a_type_mismatch(feature: str) -> None:
    mismatched = ask(FLAT, ACME, feature, values=("eu",)).reason is AccessReason.TYPE_MISMATCH

    assert mismatched is (feature != "regions")


def test_no_active_subscription_is_said_only_where_no_subscription_is_in_force() -> None:
    later = customer(subscription(started_at=START + INSTANT))

    assert ask(FLAT, customer(), "sso").reason is AccessReason.NO_ACTIVE_SUBSCRIPTION
    assert ask(FLAT, later, "sso").reason is AccessReason.NO_ACTIVE_SUBSCRIPTION
    assert ask(selling(published_plan("basic")), ACME, "sso").reason is AccessReason.NOT_ENTITLED


@pytest.mark.parametrize(
    ("values", "included"),
    [
        (None, True),
        ((), True),
        (("eu",), True),
        (("us", "eu"), True),
        (("asia",), False),
        (("eu", "asia"), False),
        (("mars",), False),
    ],
)
def test_every_requested_value_must_be_included(values: tuple[str, ...] | None, *, included: bool) -> None:
    reason = ask(FLAT, ACME, "regions", values=values).reason

    assert reason is (AccessReason.GRANTED if included else AccessReason.VALUE_NOT_INCLUDED)


def test_where_no_value_is_requested_something_must_be_included() -> None:
    flat = selling(published_plan("basic", {"regions": Choices(choices=())}))

    assert ask(flat, ACME, "regions").reason is AccessReason.VALUE_NOT_INCLUDED


def test_limit_0_with_no_quantity_denies() -> None:
    flat = selling(published_plan("basic", {"calls": limited(0)}))

    assert ask(flat, ACME, "calls").reason is AccessReason.LIMIT_EXCEEDED
    assert ask(flat, ACME, "calls", requested=0).reason is AccessReason.WITHIN_LIMIT


def test_the_denials_are_those_of_the_contract_in_its_order() -> None:
    assert tuple(reason for reason in AccessReason if reason not in ALLOWING) == DENIALS


def asked_with(faults: set[AccessReason], *, choice: bool) -> Decision:
    """Ask about a choice or a metered feature so that each of these is a reason for a no."""
    feature = FEATURES["regions" if choice else "calls"]
    if AccessReason.FEATURE_UNAVAILABLE in faults:
        feature = replace(feature, status=FeatureStatus.SUSPENDED)
    value: Value = Choices(choices=("eu",)) if choice else limited(5)
    burning = AccessReason.INSUFFICIENT_CREDITS in faults
    says = content({} if AccessReason.NOT_ENTITLED in faults else {feature.key: value})
    if burning:
        says = replace(says, rates=COSTLY)
    late = DAY if AccessReason.NO_ACTIVE_SUBSCRIPTION in faults else timedelta()
    acme = customer(
        subscription(started_at=START + late),
        custom=[revoking(feature.key)] if AccessReason.REVOKED in faults else [],
        archived=AccessReason.CUSTOMER_ARCHIVED in faults,
    )
    mismatched = AccessReason.TYPE_MISMATCH in faults
    wanted = ("asia" if AccessReason.VALUE_NOT_INCLUDED in faults else "eu",)
    return ask(
        selling(published_plan("basic", says), features=[feature]),
        None if AccessReason.CUSTOMER_NOT_FOUND in faults else acme,
        "teleport" if AccessReason.FEATURE_NOT_FOUND in faults else feature.key,
        used=units(5) if AccessReason.LIMIT_EXCEEDED in faults or burning else 0,
        requested=ONE if choice is mismatched else None,
        values=wanted if choice or mismatched else None,
        book=CreditAccount(credit_type="ai") if burning else None,
    )


def possible(drawn: set[AccessReason], *, choice: bool) -> set[AccessReason]:
    """Those that can be reasons for one and the same no: what burns credits is limited by them alone."""
    if choice:
        return drawn - {AccessReason.LIMIT_EXCEEDED, AccessReason.INSUFFICIENT_CREDITS}
    if AccessReason.INSUFFICIENT_CREDITS in drawn:
        return drawn - {
            AccessReason.NO_ACTIVE_SUBSCRIPTION,
            AccessReason.NOT_ENTITLED,
            AccessReason.VALUE_NOT_INCLUDED,
            AccessReason.LIMIT_EXCEEDED,
        }
    return drawn - {AccessReason.VALUE_NOT_INCLUDED}


@given(drawn=st.sets(st.sampled_from(DENIALS)), choice=st.booleans())
def test_the_reasons_for_a_no_are_tested_in_the_order_of_the_contract(
    *, drawn: set[AccessReason], choice: bool
) -> None:
    faults = possible(drawn, choice=choice)
    yes = AccessReason.GRANTED if choice else AccessReason.WITHIN_LIMIT

    decision = asked_with(faults, choice=choice)

    assert decision.reason is next((reason for reason in DENIALS if reason in faults), yes)
    assert decision.allowed is not bool(faults)


def test_usage_is_reported_with_a_no_too() -> None:
    suspended = replace(FEATURES["calls"], status=FeatureStatus.SUSPENDED)

    exceeded = ask(FLAT, ACME, "calls", used=units(9)).usage
    unavailable = ask(
        selling(published_plan("basic", VALUES), features=[suspended]), ACME, "calls", used=units(9)
    ).usage

    assert exceeded is not None
    assert unavailable is not None
    assert (exceeded.used, exceeded.limit) == (unavailable.used, unavailable.limit) == (units(9), units(5))


def test_an_answer_names_how_much_of_the_catalog_and_of_the_customer_it_has_seen() -> None:
    flat = ResolvedCatalog(replace(FLAT.catalog, revision=3))

    assert ask(flat, replace(ACME, revision=7), "sso").revision == Revision(catalog=3, customer=7)
    assert ask(flat, None, "sso").revision == Revision(catalog=3, customer=0)


# How long an answer holds


def test_an_answer_about_usage_holds_until_the_period_ends() -> None:
    assert ask(FLAT, ACME, "calls").valid_until == START.replace(month=2, day=28)


def test_an_answer_holds_until_the_next_subscription_starts() -> None:
    later = subscription("mail", number=2, product="mail", started_at=START + DAY)
    flat = selling(published_plan("basic", VALUES), published_plan("mail", product="mail"))

    assert ask(flat, customer(subscription(), later), "calls").valid_until == START + DAY
    assert ask(flat, customer(subscription(), later), "sso").valid_until == START + DAY
    assert ask(flat, customer(later), "sso").valid_until == START + DAY


def test_an_answer_about_the_past_holds_until_the_plan_was_published_again() -> None:
    sold = republished(published_plan("basic", VALUES), {}, at=START + DAY)
    sold = republished(sold, VALUES, at=START + 2 * DAY)

    assert ask(selling(sold), ACME, "sso").valid_until == START + DAY
    assert ask(selling(sold), ACME, "sso", at=START + DAY).valid_until == START + 2 * DAY
    assert ask(selling(sold), ACME, "sso", at=START + 2 * DAY).valid_until is None


def test_what_a_customer_has_is_reported_in_words_and_by_name_where_there_is_nothing() -> None:
    assert ask(FLAT, ACME, "calls").display_text == "calls: 5 per billing period"
    assert ask(FLAT, ACME, "regions").display_text == "regions: eu, us"
    assert ask(FLAT, customer(), "regions").display_text == "regions"
    assert ask(FLAT, ACME, "teleport").display_text == "teleport"


def test_an_answer_about_an_unknown_key_holds_until_something_is_written() -> None:
    later = customer(subscription(started_at=START + DAY))

    assert ask(FLAT, later, "teleport").valid_until is None
    assert ask(FLAT, None, "calls").valid_until is None


def test_an_answer_that_time_alone_cannot_change_holds_forever() -> None:
    endless = selling(published_plan("basic", {"calls": limited(5, ResetInterval.NEVER)}))

    assert ask(FLAT, ACME, "sso").valid_until is None
    assert ask(endless, ACME, "calls").valid_until is None


features = st.sampled_from(sorted(FEATURES))


def answer(world: World, feature: str, at: datetime) -> tuple[object, ...]:
    """What is told at an instant, nothing new having been written."""
    decision = ask(world.flat, world.customer, feature, at=at, records=world.records)
    return decision.reason, decision.usage, decision.subject.entitlement, decision.subject.billing


@given(worlds(subscriptions=1), features, instants, st.data())
def test_an_answer_is_valid_no_longer_than_until_it_changes_with_no_new_write(
    world: World, feature: str, now: datetime, data: st.DataObject
) -> None:
    until = ask(world.flat, world.customer, feature, at=now, records=world.records).valid_until
    end = now + 1000 * DAY if until is None else until
    steps = data.draw(st.lists(st.integers(1, 999), max_size=5))

    assert now < end
    for at in (now + (end - now) * step // 1000 for step in steps):
        assert answer(world, feature, at) == answer(world, feature, now)
    assert answer(world, feature, end - INSTANT) == answer(world, feature, now)


@given(worlds(subscriptions=2), features, instants)
def test_in_what_order_subscriptions_are_kept_does_not_matter_to_the_answer(
    world: World, feature: str, at: datetime
) -> None:
    turned = replace(world, customer=customer(*reversed(world.customer.subscriptions)))

    assert answer(turned, feature, at) == answer(world, feature, at)
