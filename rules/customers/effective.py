"""Effective entitlements: all sources that apply to one feature, combined into one value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from rules.catalog.facts import Feature
from rules.catalog.inheritance import ResolvedCatalog, ResolvedRow
from rules.customers.facts import CustomEntitlement, CustomEntitlementMode, Customer, Subscription
from rules.customers.terms import addons_in_force, version_at, version_in_force
from rules.values import (
    Choices,
    Credits,
    Granted,
    LimitEnforcement,
    Metered,
    Number,
    Object,
    Revoked,
    Text,
    Value,
)


class SourceKind(StrEnum):
    """The kind of a source."""

    PLAN = "PLAN"
    ADDON = "ADDON"
    CUSTOM_GRANT = "CUSTOM_GRANT"
    CUSTOM_OVERRIDE = "CUSTOM_OVERRIDE"
    CUSTOM_REVOCATION = "CUSTOM_REVOCATION"


_CUSTOM = {
    CustomEntitlementMode.GRANT: SourceKind.CUSTOM_GRANT,
    CustomEntitlementMode.OVERRIDE: SourceKind.CUSTOM_OVERRIDE,
    CustomEntitlementMode.REVOKE: SourceKind.CUSTOM_REVOCATION,
}
GRANTS = (SourceKind.PLAN, SourceKind.ADDON, SourceKind.CUSTOM_GRANT)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """A row as one version of a package has it."""

    package: str
    version: int
    resolved: ResolvedRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source of a feature, and whether it is among those that decide.

    A package's row has a subscription; a custom entitlement has none.
    """

    kind: SourceKind
    value: Value | None
    subscription: Subscription | None = None
    row: VersionRow | None = None
    custom: CustomEntitlement | None = None
    quantity: int = 1
    winning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodAnchor:
    """Where the usage periods of a value are counted from: a subscription, or an instant and a time zone."""

    subscription: Subscription | None
    anchor: datetime
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveEntitlement:
    """What a customer has of one feature: the sources and their value, None if none gives any."""

    value: Value | None = None
    sources: tuple[Source, ...] = ()
    counting: PeriodAnchor | None = None
    revoked: bool = False


NOTHING = EffectiveEntitlement()


def gather(flat: ResolvedCatalog, customer: Customer, feature: str, now: datetime) -> list[Source]:
    """Return all sources of a feature: plans, add-ons, then custom entitlements.

    Plans and add-ons are ordered by the age of their subscription. An override applies only while a
    subscription is in force.
    """
    in_force = customer.in_force(now)
    plans = [source for s in in_force for source in _plan_rows(flat, s, feature, now)]
    addons = [source for s in in_force for source in _addon_rows(flat, s, feature, now)]
    custom = [
        Source(kind=_CUSTOM[known.mode], value=known.value, custom=known)
        for known in customer.custom_in_force(feature, now)
        if in_force or known.mode is not CustomEntitlementMode.OVERRIDE
    ]
    return [*plans, *addons, *custom]


def _plan_rows(
    flat: ResolvedCatalog, subscription: Subscription, feature: str, now: datetime
) -> Iterator[Source]:
    term = subscription.term(now)
    number = version_in_force(flat.catalog, subscription, now)
    resolved = flat.held(term.plan, number, term.price).get(feature)
    if resolved is not None:
        row = VersionRow(package=term.plan, version=number, resolved=resolved)
        value = _value_of(resolved)
        yield Source(kind=SourceKind.PLAN, value=value, subscription=subscription, row=row)


def _addon_rows(
    flat: ResolvedCatalog, subscription: Subscription, feature: str, now: datetime
) -> Iterator[Source]:
    for held in addons_in_force(flat.catalog, subscription, now):
        number = version_at(flat.catalog.packages[held.addon], held.version, now)
        resolved = flat.held(held.addon, number, None).get(feature)
        if resolved is not None:
            yield Source(
                kind=SourceKind.ADDON,
                value=_value_of(resolved),
                subscription=subscription,
                row=VersionRow(package=held.addon, version=number, resolved=resolved),
                quantity=held.quantity,
            )


def _value_of(resolved: ResolvedRow) -> Value:
    value = resolved.row.value
    if isinstance(value, Revoked):
        message = f"a revocation is silent: {resolved.row.key}"
        raise TypeError(message)
    return value


def effective_entitlement(
    flat: ResolvedCatalog, customer: Customer, feature: Feature, now: datetime
) -> EffectiveEntitlement:
    """Combine all sources of a feature at an instant."""
    sources = gather(flat, customer, feature.key, now)
    has = combine(feature, sources)
    if isinstance(has.value, Metered):
        return replace(has, counting=_period_anchor(customer, has, now))
    return has


def _period_anchor(customer: Customer, has: EffectiveEntitlement, now: datetime) -> PeriodAnchor:
    """Return where the periods of the reset in force are counted from.

    A package's row is counted from its subscription. A custom row is counted from the subscription whose
    row it replaces, otherwise from the oldest in force, otherwise from the oldest custom entitlement.
    """
    spoken = (s.subscription for s in has.sources if s.subscription is not None)
    subscription = next(spoken, None) or next(iter(customer.in_force(now)), None)
    if subscription is not None:
        term = subscription.term(now)
        return PeriodAnchor(subscription=subscription, anchor=term.anchor, timezone=term.timezone)
    custom = [source.custom for source in has.sources if source.custom is not None]
    oldest = min(custom, key=lambda known: (known.starts_at, known.number))
    return PeriodAnchor(subscription=None, anchor=oldest.starts_at, timezone=oldest.timezone)


def combine(feature: Feature, sources: Sequence[Source]) -> EffectiveEntitlement:
    """Combine sources: a revocation removes all, an override replaces all, grants add up."""
    if any(source.kind is SourceKind.CUSTOM_REVOCATION for source in sources):
        return EffectiveEntitlement(sources=_mark(sources, SourceKind.CUSTOM_REVOCATION), revoked=True)
    override = next((s for s in sources if s.kind is SourceKind.CUSTOM_OVERRIDE), None)
    if override is not None:
        return EffectiveEntitlement(value=override.value, sources=_mark(sources, SourceKind.CUSTOM_OVERRIDE))
    return _add_up_grants(feature, sources)


def _add_up_grants(feature: Feature, sources: Sequence[Source]) -> EffectiveEntitlement:
    """Add up grants, which come in their order of precedence.

    Booleans: any grants. Limits and numbers: the sum; unlimited wins. Choices: all of them. Texts and
    objects cannot be added: the customer's own wins, then a plan's, then the newest.
    """
    if not sources:
        return NOTHING
    first = sources[0].value
    match first:
        case Granted() | None:
            return _all_win(Granted(), sources)
        case Number():
            total = sum(s.value.number * s.quantity for s in sources if isinstance(s.value, Number))
            return _all_win(Number(number=total), sources)
        case Choices():
            picked = {c for s in sources if isinstance(s.value, Choices) for c in s.value.choices}
            return _all_win(Choices(choices=in_order(feature.choices, picked)), sources)
        case Metered():
            return _all_win(add_up(sources), sources)
        case Text() | Object():
            return _one_wins(sources)
        case Credits():
            message = f"credits do not speak about a feature: {feature.key}"
            raise ValueError(message)
        case _:
            assert_never(first)


def in_order(choices: Iterable[str], picked: Iterable[str]) -> tuple[str, ...]:
    """Return the picked values in the order of the feature's choices."""
    wanted = set(picked)
    known = tuple(choice for choice in choices if choice in wanted)
    return known + tuple(sorted(wanted.difference(known)))


def add_up(sources: Sequence[Source]) -> Metered:
    """Add limits: unlimited wins, soft if any is, the first reset, the first overage rate."""
    limits = [(s.value, s.quantity) for s in sources if isinstance(s.value, Metered)]
    soft = any(value.enforcement is LimitEnforcement.SOFT for value, _ in limits)
    unlimited = any(value.limit is None for value, _ in limits)
    return Metered(
        limit=None if unlimited else sum((value.limit or 0) * quantity for value, quantity in limits),
        enforcement=LimitEnforcement.SOFT if soft else LimitEnforcement.HARD,
        reset=limits[0][0].reset,
        overage=next((value.overage for value, _ in limits if value.overage is not None), None),
    )


def _all_win(value: Value, sources: Iterable[Source]) -> EffectiveEntitlement:
    return EffectiveEntitlement(
        value=value, sources=tuple(replace(source, winning=True) for source in sources)
    )


_PREFERRED = (SourceKind.CUSTOM_GRANT, SourceKind.PLAN, SourceKind.ADDON)


def _one_wins(sources: Sequence[Source]) -> EffectiveEntitlement:
    kind = next(kind for kind in _PREFERRED if any(source.kind is kind for source in sources))
    winner = [source for source in sources if source.kind is kind][-1]
    marked = tuple(replace(s, winning=True) if s is winner else s for s in sources)
    return EffectiveEntitlement(value=winner.value, sources=marked)


def _mark(sources: Iterable[Source], winner: SourceKind) -> tuple[Source, ...]:
    return tuple(replace(source, winning=source.kind is winner) for source in sources)


def features_in_effect(flat: ResolvedCatalog, customer: Customer, now: datetime) -> list[str]:
    """Return the keys of all features that have a source, in the order of the plans' rows."""
    keys: dict[str, None] = {}
    in_force = customer.in_force(now)
    for subscription in in_force:
        term = subscription.term(now)
        number = version_in_force(flat.catalog, subscription, now)
        keys |= dict.fromkeys(flat.held(term.plan, number, term.price))
    for subscription in in_force:
        for held in addons_in_force(flat.catalog, subscription, now):
            number = version_at(flat.catalog.packages[held.addon], held.version, now)
            keys |= dict.fromkeys(flat.held(held.addon, number, None))
    for custom in customer.custom:
        overrides = custom.mode is CustomEntitlementMode.OVERRIDE
        if custom.in_force(now) and (in_force or not overrides):
            keys |= dict.fromkeys([custom.feature])
    return [key for key in keys if key in flat.catalog.features]
