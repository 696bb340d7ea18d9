"""Windows: the span in which usage of an instant counts, cut at all known changes.

Rules that see one subscription (``rules/usage/metering.py``) do not know that another package, a publish or
a custom entitlement changes where usage counts from. Here the customer's other facts are considered too. A
window depends only on facts that are constant between two changes, so that all usage of such a stretch
counts in one window.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from rules.catalog.facts import Aggregation, Feature
from rules.catalog.inheritance import ResolvedCatalog
from rules.customers.effective import EffectiveEntitlement, effective_entitlement
from rules.customers.facts import Customer
from rules.customers.terms import publishes_after
from rules.usage.counters import aggregation_of
from rules.usage.metering import EARLIEST, LATEST, Metering, Window, metering, whole_window
from rules.values import Metered


def current_metering(
    flat: ResolvedCatalog, feature: Feature, has: EffectiveEntitlement, at: datetime
) -> Metering | None:
    """Return how usage counts for the customer; None if nothing meters the feature."""
    if not isinstance(has.value, Metered) or has.counting is None:
        return None
    return metering(flat.catalog, feature, has.value, has.counting, at)


def cut(
    flat: ResolvedCatalog,
    customer: Customer,
    feature: Feature,
    counted: Metering,
    held: tuple[datetime, datetime | None],
) -> Metering:
    """End a window at the first change that its usage does not survive.

    That is a change after which usage counts from later than the window's start, or at which the feature
    ceases to be metered and the window does not continue later. ``held`` is the instant for which the
    window was computed, and one before which nothing changes, None if nothing ever does.
    """
    window, (since, until), stopped = counted.window, held, None
    if window.starts_at == EARLIEST or until is None or until >= window.ends_at:
        return counted
    for change in _changes(flat, customer, since, window.ends_at):
        later = _metering_at(flat, customer, feature, change)
        if later is None:
            stopped = stopped or change
        elif later.window.starts_at > window.starts_at:
            ends_at, resets_at = stopped or change, change
            return replace(counted, window=replace(window, ends_at=ends_at), resets_at=resets_at)
        else:
            stopped = None
    return counted if stopped is None else replace(counted, window=replace(window, ends_at=stopped))


def idle_window(flat: ResolvedCatalog, customer: Customer, feature: Feature, at: datetime) -> Window:
    """Return the window of usage of an instant at which nothing meters the feature.

    It lasts from the end of the window before it to the start of the next, or is that next window if it
    reaches back to the instant. Usage that never resets counts together, whenever it occurred.
    """
    if aggregation_of(flat.catalog, feature.key) is Aggregation.LATEST:
        return whole_window(feature.key)
    if not _is_ever_metered(flat, customer, feature):
        return whole_window(feature.key)
    start = _start_of_idleness(flat, customer, feature, at)
    if start is None:
        return whole_window(feature.key)
    for change in _changes(flat, customer, at, LATEST):
        coming = _metering_at(flat, customer, feature, change)
        if coming is not None and coming.window.starts_at <= at:
            return cut(flat, customer, feature, coming, (change, change)).window
        if coming is not None:
            return Window(feature=feature.key, starts_at=start, ends_at=coming.window.starts_at)
    return Window(feature=feature.key, starts_at=start, ends_at=LATEST)


def _is_ever_metered(flat: ResolvedCatalog, customer: Customer, feature: Feature) -> bool:
    """Return whether anything that the customer has had, in any version, could meter the feature.

    Most features without a limit are never metered, such as those that credits pay for; then no change
    needs to be considered.
    """
    packages = {
        key
        for subscription in customer.subscriptions
        for key in (*(term.plan for term in subscription.terms), *(one.addon for one in subscription.addons))
    }
    return any(feature.key in flat.ever_metered(key) for key in packages) or any(
        one.feature == feature.key and isinstance(one.value, Metered) for one in customer.custom
    )


def _start_of_idleness(
    flat: ResolvedCatalog, customer: Customer, feature: Feature, at: datetime
) -> datetime | None:
    """Return when the feature was last metered; None if that usage counts together with all other."""
    start = EARLIEST
    for change in reversed(_changes(flat, customer, EARLIEST, at + datetime.resolution)):
        before = _metering_at(flat, customer, feature, change)
        if before is not None:
            return start if before.window.starts_at > EARLIEST else None
        start = change
    return EARLIEST


def _metering_at(
    flat: ResolvedCatalog, customer: Customer, feature: Feature, at: datetime
) -> Metering | None:
    return current_metering(flat, feature, effective_entitlement(flat, customer, feature, at), at)


def _changes(flat: ResolvedCatalog, customer: Customer, after: datetime, before: datetime) -> list[datetime]:
    """Return, in order, the instants inside a span at which what a customer has may change."""
    known = set(customer.instants())
    for subscription in customer.subscriptions:
        known.update(publishes_after(flat.catalog, subscription, after))
    return sorted(instant for instant in known if after < instant < before)
