from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rules.catalog.facts import Feature, FeatureStatus
from rules.catalog_edits.features import create_feature
from rules.commands.command import Command
from rules.commands.custom_entitlements import RemoveCustomEntitlement, SetCustomEntitlement
from rules.commands.customers import ArchiveCustomer, UpsertCustomer
from rules.commands.subscribe import Subscribe
from rules.commands.subscriptions import CancelSubscription
from rules.customers.facts import CustomEntitlementMode
from rules.numbers import ONE
from rules.values import (
    FeatureType,
    LimitEnforcement,
    Number,
    Reset,
    ResetAnchor,
    ResetInterval,
    Text,
    WrittenLimit,
)
from tests.rules.builders.lives import Life, subscribed
from tests.rules.builders.small_shop import DAY, MOMENT, START, day, opened

GRANT, OVERRIDE, REVOKE = CustomEntitlementMode
BASIC = Subscribe(plan="basic", price="monthly")


def custom(
    units: int, mode: CustomEntitlementMode = GRANT, every: ResetInterval = ResetInterval.MONTH
) -> SetCustomEntitlement:
    """So many calls for this customer alone."""
    value = WrittenLimit(limit=units * ONE, reset=Reset(every=every))
    return SetCustomEntitlement(feature="calls", mode=mode, value=value)


REVOCATION = SetCustomEntitlement(feature="calls", mode=REVOKE)


def born() -> Life:
    """Somebody without a subscription."""
    return Life(now=START - DAY).born().comes_to(START)


def test_a_grant_applies_without_any_subscription() -> None:
    life = born().does(custom(5))

    assert (life.limit(), life.asks("calls").allowed, life.sources()) == (5, True, ["CUSTOM_GRANT*"])


def test_a_grant_adds_to_what_packages_give() -> None:
    life = subscribed(BASIC).uses("calls", 3).does(custom(5))

    assert (life.limit(), life.used(), life.sources()) == (105, 3, ["basic*", "CUSTOM_GRANT*"])


def test_a_revocation_silences_everything() -> None:
    life = subscribed(BASIC).does(custom(5), custom(7, OVERRIDE), REVOCATION)

    assert life.asks("calls").reason.value == "REVOKED"
    assert life.sources() == ["basic", "CUSTOM_GRANT", "CUSTOM_OVERRIDE", "CUSTOM_REVOCATION*"]
    assert life.asks("calls").usage is None


def test_a_revocation_applies_without_any_subscription() -> None:
    assert born().does(REVOCATION).asks("calls").reason.value == "REVOKED"


def test_an_override_is_that_value_alone() -> None:
    soft = WrittenLimit(
        limit=7 * ONE, enforcement=LimitEnforcement.SOFT, reset=Reset(every=ResetInterval.DAY)
    )
    life = subscribed(BASIC).uses("calls", 3).does(custom(5), replace(custom(0, OVERRIDE), value=soft))
    usage = life.asks("calls").usage

    assert usage is not None
    assert (life.limit(), life.sources()) == (7, ["basic", "CUSTOM_GRANT", "CUSTOM_OVERRIDE*"])
    assert usage.value.enforcement is LimitEnforcement.SOFT
    assert life.counted() == (START, START + DAY)


def test_an_override_applies_only_while_some_subscription_is_in_force() -> None:
    life = born().does(custom(7, OVERRIDE))
    assert (life.asks("calls").reason.value, life.sources()) == ("NO_ACTIVE_SUBSCRIPTION", [])

    life.comes_to(day(2, 5)).does(Subscribe(plan="team"))
    assert (life.limit(), life.sources()) == (7, ["CUSTOM_OVERRIDE*"])

    life.does(CancelSubscription(at=day(2, 10))).comes_to(day(2, 10))
    assert (life.asks("calls").reason.value, life.sources()) == ("NO_ACTIVE_SUBSCRIPTION", [])


def test_a_grant_stands_where_an_override_is_silent() -> None:
    assert born().does(custom(5), custom(7, OVERRIDE)).sources() == ["CUSTOM_GRANT*"]


def test_it_applies_from_its_start_to_its_expiry() -> None:
    life = subscribed(BASIC).does(replace(custom(5), starts_at=day(2, 3), expires_at=day(2, 6)))

    assert life.asks("calls").valid_until == day(2, 3)
    assert [life.limit(at=day(2, 3) - MOMENT), life.limit(at=day(2, 3))] == [100, 105]
    assert [life.limit(at=day(2, 6) - MOMENT), life.limit(at=day(2, 6))] == [105, 100]
    assert life.comes_to(day(2, 4)).asks("calls").valid_until == day(2, 6)


def test_one_that_starts_in_the_past_has_spoken_since_then() -> None:
    life = subscribed(BASIC).comes_to(day(2, 10)).does(replace(custom(5), starts_at=day(2, 5)))

    assert [life.limit(at=day(2, 4)), life.limit(at=day(2, 6)), life.limit()] == [100, 105, 105]


def test_it_replaces_the_one_of_the_same_customer_feature_and_mode() -> None:
    life = subscribed(BASIC).does(custom(5)).comes_to(day(2, 5)).does(custom(6))

    assert [life.limit(at=day(2, 4)), life.limit()] == [105, 106]
    assert life.sources() == ["basic*", "CUSTOM_GRANT*"]


def test_it_replaces_one_that_has_not_begun() -> None:
    life = subscribed(BASIC).does(replace(custom(5), starts_at=day(2, 10))).does(custom(6))

    assert life.comes_to(day(2, 12)).limit() == 106


def test_one_of_another_mode_or_feature_stays() -> None:
    seats = replace(custom(5), feature="exports")
    life = subscribed(BASIC).does(custom(5), custom(7, OVERRIDE), seats)

    assert (life.sources(), life.limit("exports")) == (["basic", "CUSTOM_GRANT", "CUSTOM_OVERRIDE*"], 15)


@pytest.mark.parametrize(
    ("mode", "left"),
    [
        (GRANT, ["basic", "CUSTOM_OVERRIDE*"]),
        (OVERRIDE, ["basic*", "CUSTOM_GRANT*"]),
        (None, ["basic*"]),
    ],
)
def test_it_is_removed_by_its_mode_or_with_all_modes(
    mode: CustomEntitlementMode | None, left: list[str]
) -> None:
    life = subscribed(BASIC).does(custom(5), custom(7, OVERRIDE)).comes_to(day(2, 5))
    life.does(RemoveCustomEntitlement(feature="calls", mode=mode))

    assert life.sources() == left
    assert life.sources(at=day(2, 4)) == ["basic", "CUSTOM_GRANT", "CUSTOM_OVERRIDE*"]


def test_a_boolean_needs_no_value() -> None:
    assert born().does(SetCustomEntitlement(feature="sso")).asks("sso").allowed


@pytest.mark.parametrize(
    ("act", "refusals"),
    [
        (replace(custom(5), feature="none"), ["NOT_FOUND feature"]),
        (replace(custom(5), feature="gone"), ["ARCHIVED feature"]),
        (replace(custom(5), value=None), ["REQUIRED value"]),
        (replace(custom(5), value=Number(number=1)), ["TYPE_MISMATCH value.config"]),
        (replace(custom(-1)), ["OUT_OF_RANGE value.metered.limit"]),
        (replace(REVOCATION, value=WrittenLimit(limit=1)), ["INVALID value"]),
        (replace(custom(5), expires_at=START), ["OUT_OF_RANGE expiresAt"]),
        (replace(custom(5), starts_at=day(2, 5), expires_at=day(2, 5)), ["OUT_OF_RANGE expiresAt"]),
        (replace(custom(5), note="n" * 10_001), ["OUT_OF_RANGE note"]),
        (
            replace(custom(5), value=None, expires_at=START, note="n" * 10_001),
            ["REQUIRED value", "OUT_OF_RANGE expiresAt", "OUT_OF_RANGE note"],
        ),
        (RemoveCustomEntitlement(feature="none"), ["NOT_FOUND feature"]),
        (RemoveCustomEntitlement(feature="calls"), ["NOT_FOUND feature"]),
        (RemoveCustomEntitlement(feature="support", mode=GRANT), ["NOT_FOUND feature"]),
    ],
)
def test_what_cannot_be_set_or_removed_is_refused_with_every_problem(
    act: Command, refusals: list[str]
) -> None:
    gone = Feature(key="gone", name="Gone", type=FeatureType.METERED, status=FeatureStatus.ARCHIVED)
    override = SetCustomEntitlement(feature="support", mode=OVERRIDE, value=Text(text="24/7"))
    life = Life(shop=create_feature(opened(), gone), now=START).born().does(override)

    assert life.refuses(act) == refusals


def test_it_is_for_customers_who_are_there() -> None:
    assert Life().refuses(custom(5)) == ["NOT_FOUND customer"]
    assert Life().refuses(RemoveCustomEntitlement(feature="calls")) == ["NOT_FOUND customer"]
    assert born().does(ArchiveCustomer()).refuses(custom(5)) == ["ARCHIVED customer"]


def test_what_expired_cannot_be_removed() -> None:
    life = born().does(replace(custom(5), expires_at=day(2, 5))).comes_to(day(2, 5))

    assert life.refuses(RemoveCustomEntitlement(feature="calls")) == ["NOT_FOUND feature"]


def test_it_outlives_the_archiving_of_the_customer() -> None:
    life = born().does(custom(5), ArchiveCustomer(), UpsertCustomer(key="acme"))

    assert life.limit() == 5


def test_its_own_reset_counts_only_where_no_plan_or_addon_applies() -> None:
    grant = replace(custom(5, every=ResetInterval.DAY), starts_at=START)
    life = subscribed(BASIC).does(grant).comes_to(day(2, 5))
    assert life.counted() == (START, day(2, 28))

    life.does(CancelSubscription(at=day(2, 8))).comes_to(day(2, 9))
    assert life.counted() == (day(2, 9), day(2, 10))


def test_its_own_reset_is_anchored_to_the_subscription_whose_row_it_replaces() -> None:
    life = subscribed(Subscribe(plan="chat", start_at=day(1, 5)))
    life.does(replace(BASIC, start_at=START), replace(custom(7, OVERRIDE), feature="exports")).comes_to(
        day(2, 12)
    )

    assert life.counted("exports") == (START, day(2, 28))


def test_its_own_reset_is_else_anchored_to_the_oldest_subscription_in_force() -> None:
    life = subscribed(Subscribe(plan="chat", start_at=day(1, 5)))
    life.does(replace(BASIC, start_at=START), replace(custom(7), feature="seats")).comes_to(day(2, 12))
    assert life.counted("seats") == (day(2, 5), day(3, 5))

    life.does(CancelSubscription(product="desk", at=day(2, 13))).comes_to(day(2, 14))
    assert life.counted("seats") == (START, day(2, 28))


def test_its_own_reset_is_else_anchored_to_the_oldest_that_applies_about_the_feature() -> None:
    life = born().does(
        replace(custom(7), starts_at=day(1, 10)), replace(custom(7, OVERRIDE), starts_at=START)
    )

    assert life.comes_to(day(2, 12)).counted() == (day(2, 10), day(3, 10))


def test_its_calendar_is_that_of_the_customer_when_it_was_set() -> None:
    monthly = Reset(every=ResetInterval.MONTH, anchor=ResetAnchor.CALENDAR)
    act = replace(custom(5), value=WrittenLimit(limit=ONE, reset=monthly))
    life = Life(now=START - DAY).born("Asia/Tokyo").comes_to(START).does(act)
    life.does(UpsertCustomer(key="acme", timezone="America/New_York"))

    assert life.comes_to(day(2, 5)).counted()[0] == datetime(2026, 1, 31, 15, tzinfo=UTC)
