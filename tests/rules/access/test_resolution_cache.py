"""What is resolved of a customer is kept for features that are sold, and goes with its catalog."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

from rules.access.decision import AccessCheck, resolve_check
from rules.access.resolution_cache import cached_check, rate, resolutions_for, window
from rules.catalog.inheritance import ResolvedCatalog
from rules.usage.metering import whole_window
from rules.values import Metered
from tests.rules.builders.customer_builders import (
    DAY,
    START,
    content,
    customer,
    published_plan,
    republished,
    selling,
    subscription,
)

NOW = START + DAY


def shop() -> ResolvedCatalog:
    """A catalog whose plan has a limit."""
    return selling(published_plan("basic", {"calls": Metered(limit=10)}))


def test_a_check_is_resolved_once_and_as_without_the_cache() -> None:
    flat, acme = shop(), customer(subscription())
    question = AccessCheck(customer="acme", feature="calls")

    first = cached_check(flat, acme, question, NOW)

    assert first == resolve_check(flat, acme, question, NOW)
    assert cached_check(flat, acme, question, NOW).entitlement is first.entitlement


def test_features_that_nobody_sells_are_not_kept() -> None:
    flat, acme = shop(), customer(subscription())

    for key in ("calls", *(f"unknown-{number}" for number in range(9))):
        cached_check(flat, acme, AccessCheck(customer="acme", feature=key), NOW)
        assert rate(flat, acme, key, NOW) is None
        window(flat, acme, key, NOW)

    assert list(resolutions_for(flat)) == [(1, "calls")]


def test_what_is_kept_goes_with_its_catalog() -> None:
    flat, acme = shop(), customer(subscription())
    cached_check(flat, acme, AccessCheck(customer="acme", feature="calls"), NOW)
    gone = weakref.ref(flat)

    del flat
    gc.collect()

    assert gone() is None


def test_a_plan_has_ever_metered_what_any_of_its_versions_or_base_plans_has() -> None:
    base = republished(published_plan("base", {"calls": Metered(limit=10)}), {"sso": Metered(limit=1)})
    once = replace(content({"images": Metered(limit=10)}), base="base")
    old = republished(published_plan("basic", once), {})
    flat = selling(base, old, published_plan("other"))

    assert flat.ever_metered("base") == {"calls", "sso"}
    assert flat.ever_metered("basic") == {"calls", "images", "sso"}
    assert flat.ever_metered("other") == frozenset()
    assert window(flat, customer(subscription("other")), "calls", NOW) == whole_window("calls")
