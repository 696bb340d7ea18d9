from __future__ import annotations

from dataclasses import replace

import pytest

from rules.catalog.facts import Catalog, Package
from rules.commands.custom_entitlements import SetCustomEntitlement
from rules.commands.subscribe import AddonQuantity, Subscribe
from rules.commands.subscriptions import CancelSubscription
from rules.customers.facts import CustomEntitlementMode
from rules.numbers import ONE
from rules.values import (
    Choices,
    Granted,
    LimitEnforcement,
    Metered,
    Money,
    Number,
    OverageRate,
    Reset,
    ResetInterval,
    Text,
    Value,
    WrittenLimit,
)
from tests.rules.builders.lives import Life, subscribed
from tests.rules.builders.small_shop import START, addon, day, limit, opened, plan, row, sold

SOFT = LimitEnforcement.SOFT
DAILY, WEEKLY = Reset(every=ResetInterval.DAY), Reset(every=ResetInterval.WEEK)


def rate(units: int) -> OverageRate:
    """What usage beyond a limit costs."""
    return OverageRate(amount=Money(amount=units * ONE, currency="USD"))


def shop(feature: str, **said: Value) -> Catalog:
    """A shop of the plans "app" and "desk" and two add-ons of each, which say this about a feature."""
    makers: dict[str, Package] = {"app": plan("app"), "desk": plan("desk", of="desk")}
    makers |= {key: addon(key, of="app") for key in ("a", "b")} | {"c": addon("c", of="desk")}
    rows = {key: [row(feature, what)] for key, what in said.items()}
    return opened(*(sold(package, *rows.get(key, [])) for key, package in makers.items()))


def owner(catalog: Catalog, **quantities: int) -> Life:
    """Somebody on both plans, on that of "app" first, with so many of the add-ons."""
    held = [AddonQuantity(key, quantity) for key, quantity in quantities.items()]
    of_desk = tuple(known for known in held if known.addon == "c")
    of_app = tuple(known for known in held if known.addon != "c")
    life = subscribed(Subscribe(plan="app", addons=of_app, start_at=day(1, 5)), shop=catalog)
    return life.does(Subscribe(plan="desk", addons=of_desk, start_at=START))


def value(life: Life, feature: str) -> Value | None:
    """What somebody has of a feature."""
    return life.asks(feature).subject.entitlement.value


def test_a_boolean_is_or() -> None:
    life = owner(shop("sso", desk=Granted(), a=Granted()), a=1)

    assert (life.asks("sso").allowed, life.sources("sso")) == (True, ["desk*", "a*"])


def test_limits_sum_with_every_addon_times_its_quantity() -> None:
    life = owner(shop("calls", app=limit(100), desk=limit(20), a=limit(3), c=limit(1)), a=2, c=5)

    assert life.limit() == 131
    assert life.sources() == ["app*", "desk*", "a x2*", "c x5*"]


def test_number_configs_sum_with_every_addon_times_its_quantity() -> None:
    life = owner(shop("storage", app=Number(number=7), a=Number(number=3)), a=2)

    assert value(life, "storage") == Number(number=13)


@pytest.mark.parametrize("key", ["app", "desk", "a"])
def test_unlimited_absorbs(key: str) -> None:
    limits = {"app": limit(1), "desk": limit(1), "a": limit(1)} | {key: limit(None)}

    assert owner(shop("calls", **limits), a=2).limit() is None


def test_choices_unite() -> None:
    life = owner(shop("regions", app=Choices(choices=("asia",)), a=Choices(choices=("eu",))), a=1)

    assert value(life, "regions") == Choices(choices=("eu", "asia"))


def test_enforcement_is_soft_if_any_row_is() -> None:
    soft = Metered(limit=ONE, enforcement=SOFT)
    life = owner(shop("calls", app=limit(1), a=soft), a=1).uses("calls", 5)

    assert life.asks("calls").reason.value == "OVERAGE_ALLOWED"


def test_the_reset_is_that_of_the_first_row_and_counted_from_its_subscription() -> None:
    said = {"desk": replace(limit(1), reset=WEEKLY), "a": replace(limit(1), reset=DAILY)}
    life = owner(shop("calls", **said), a=1).comes_to(day(2, 3))
    assert life.counted() == (START, day(2, 7))

    life.does(CancelSubscription(product="desk", at=day(2, 4))).comes_to(day(2, 5))
    assert life.counted() == (day(2, 5), day(2, 6))


def test_the_overage_rate_is_that_of_the_first_row_that_has_one() -> None:
    def costly(units: int) -> Metered:
        return replace(limit(1), enforcement=SOFT, overage=rate(units))

    life = owner(shop("calls", app=limit(1), desk=costly(2), a=costly(3)), a=1)

    assert value(life, "calls") == replace(limit(3), enforcement=SOFT, overage=rate(2))


def test_addons_come_in_the_order_of_their_subscriptions() -> None:
    life = owner(shop("calls", a=limit(1), b=limit(1), c=limit(1)), c=1, b=1, a=1)

    assert life.sources() == ["a*", "b*", "c*"]


def grant(feature: str, said: WrittenLimit | Text | Number | None = None) -> SetCustomEntitlement:
    """Something for the customer alone."""
    return SetCustomEntitlement(feature=feature, value=said)


def test_a_custom_grant_comes_last() -> None:
    life = owner(shop("calls", app=limit(1), a=limit(1)), a=1)
    life.does(grant("calls", WrittenLimit(limit=ONE, reset=DAILY)))

    assert (life.sources(), life.limit()) == (["app*", "a*", "CUSTOM_GRANT*"], 3)
    assert life.counted() == (day(1, 5), day(2, 5))


@pytest.mark.parametrize(
    ("texts", "text", "sources"),
    [
        (("app", "desk", "a"), "custom", ["app", "desk", "a", "CUSTOM_GRANT*"]),
        (("app", "a"), "app", ["app*", "a"]),
        (("app", "desk"), "desk", ["app", "desk*"]),
        (("a", "b"), "b", ["a", "b*"]),
        (("a", "c"), "c", ["a", "c*"]),
    ],
)
def test_text_takes_custom_before_plan_before_addon_and_then_the_newest(
    texts: tuple[str, ...],
    text: str,
    sources: list[str],
) -> None:
    life = owner(shop("support", **{key: Text(text=key) for key in texts}), a=1, b=1, c=1)
    if text == "custom":
        life.does(grant("support", Text(text="custom")))

    assert (value(life, "support"), life.sources("support")) == (Text(text=text), sources)


def test_grants_and_addons_are_left_aside_by_an_override() -> None:
    life = owner(shop("calls", app=limit(1), a=limit(1)), a=1)
    life.does(grant("calls", WrittenLimit(limit=ONE)))
    override = replace(
        grant("calls", WrittenLimit(limit=0, reset=DAILY)), mode=CustomEntitlementMode.OVERRIDE
    )

    assert life.does(override).limit() == 0
    assert life.sources() == ["app", "a", "CUSTOM_GRANT", "CUSTOM_OVERRIDE*"]
    assert life.asks("calls").reason.value == "LIMIT_EXCEEDED"


def test_where_nothing_applies_it_matters_whether_a_subscription_is_in_force() -> None:
    life = owner(shop("calls"))
    assert life.asks("calls").reason.value == "NOT_ENTITLED"

    for product in ("app", "desk"):
        life.does(CancelSubscription(product=product, at=day(2, 1)))
    assert life.comes_to(day(2, 1)).asks("calls").reason.value == "NO_ACTIVE_SUBSCRIPTION"


def test_what_is_not_in_force_does_not_speak() -> None:
    catalog = shop("calls", app=limit(1), desk=limit(2))
    life = subscribed(Subscribe(plan="app"), shop=catalog).does(Subscribe(plan="desk", start_at=day(2, 5)))

    assert (life.limit(), life.comes_to(day(2, 5)).limit()) == (1, 3)
