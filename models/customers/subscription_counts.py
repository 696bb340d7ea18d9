"""Counts of an environment's subscriptions by version, and its custom entitlements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from models.customers.subscriptions import custom_of
from models.customers.tables import (
    CustomEntitlementRow,
    CustomerRow,
    SubscriptionAddonRow,
    SubscriptionRow,
    SubscriptionTermRow,
)
from models.database.column_types import Instant
from models.database.dialects import table_of
from rules.customers.facts import CustomEntitlement, TrialEnd

_CUSTOMERS = table_of(CustomerRow).c
_SUBSCRIPTIONS = table_of(SubscriptionRow).c
_TERMS = table_of(SubscriptionTermRow)
_ADDONS = table_of(SubscriptionAddonRow).c
_CUSTOM = table_of(CustomEntitlementRow).c


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionCount:
    """The number of live subscriptions that were assigned a version of a package.

    ``version`` None is the newest that was published at ``since``.
    """

    package: str
    version: int | None
    since: datetime | None
    count: int


def _read_instant(clock: datetime) -> ColumnElement[datetime]:
    """Return the instant of reads about a customer: never before their last command."""
    return case((_CUSTOMERS.acted_at > clock, _CUSTOMERS.acted_at), else_=literal(clock, Instant))


async def count_by_version(session: AsyncSession, environment: int, now: datetime) -> list[VersionCount]:
    """Count the live subscriptions of an environment by their plan and by their add-ons."""
    found = [*await session.execute(_on_plans(environment, _read_instant(now)))]
    found += [*await session.execute(_on_addons(environment, _read_instant(now)))]
    return [VersionCount(package=key, version=version, since=at, count=n) for key, version, at, n in found]


def _on_plans(environment: int, now: ColumnElement[datetime]) -> Select[Any]:
    terms = _TERMS.c
    since = case((terms.version.is_(None), terms.starts_at))
    group = (terms.plan_key, terms.version, since)
    ours = and_(
        terms.customer_id == _SUBSCRIPTIONS.customer_id,
        terms.subscription == _SUBSCRIPTIONS.number,
        terms.starts_at == _current_start(now),
    )
    return select(*group, func.count()).where(ours, _is_live(environment, now)).group_by(*group)


def _current_start(now: ColumnElement[datetime]) -> ColumnElement[datetime]:
    """Return the start of the term at an instant; before the first term, that of the first."""
    other = _TERMS.alias("other").c
    same = and_(other.customer_id == _SUBSCRIPTIONS.customer_id, other.subscription == _SUBSCRIPTIONS.number)
    begun = select(func.max(other.starts_at)).where(same, other.starts_at <= now).scalar_subquery()
    first = select(func.min(other.starts_at)).where(same).scalar_subquery()
    return func.coalesce(begun, first)


def _on_addons(environment: int, now: ColumnElement[datetime]) -> Select[Any]:
    since = case((_ADDONS.version.is_(None), _ADDONS.starts_at))
    group = (_ADDONS.addon_key, _ADDONS.version, since)
    ours = and_(
        _ADDONS.customer_id == _SUBSCRIPTIONS.customer_id,
        _ADDONS.subscription == _SUBSCRIPTIONS.number,
        or_(_ADDONS.ends_at.is_(None), _ADDONS.ends_at > now),
    )
    return select(*group, func.count()).where(ours, _is_live(environment, now)).group_by(*group)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPlan:
    """A condition: on a plan at an instant, assigned one of its ``versions``; None is any.

    Subscribers without an assigned version have the newest of their start: ``since`` has the spans of such
    starts, half open; None is no bound.
    """

    plan: str
    now: datetime
    versions: Sequence[int] | None = None
    since: Sequence[tuple[datetime | None, datetime | None]] = ()


def customers_on(environment: int, on: OnPlan) -> Select[Any]:
    """Select the numbers of the customers with a subscription to the plan in force."""
    terms, now = _TERMS.c, _read_instant(on.now)
    ours = and_(
        terms.environment_id == environment,
        terms.plan_key == on.plan,
        terms.customer_id == _SUBSCRIPTIONS.customer_id,
        terms.subscription == _SUBSCRIPTIONS.number,
        terms.starts_at <= now,
        terms.starts_at == _current_start(now),
    )
    put_on = true() if on.versions is None else _put_on(on, on.versions)
    return select(_SUBSCRIPTIONS.customer_id).where(ours, put_on, _is_live(environment, now))


def _put_on(on: OnPlan, versions: Sequence[int]) -> ColumnElement[bool]:
    starts_at = _TERMS.c.starts_at
    spans = (
        and_(
            true() if start is None else starts_at >= start,
            true() if end is None else starts_at < end,
        )
        for start, end in on.since
    )
    newest = and_(_TERMS.c.version.is_(None), or_(false(), *spans))
    return or_(_TERMS.c.version.in_(versions), newest)


def _is_live(environment: int, now: ColumnElement[datetime]) -> ColumnElement[bool]:
    terms = _TERMS.alias("paid").c
    converted = exists().where(
        terms.customer_id == _SUBSCRIPTIONS.customer_id,
        terms.subscription == _SUBSCRIPTIONS.number,
        terms.trial.is_(False),
    )
    expired = and_(
        _SUBSCRIPTIONS.after_trial == TrialEnd.EXPIRE.value, _SUBSCRIPTIONS.trial_ends_at <= now, ~converted
    )
    return and_(
        _SUBSCRIPTIONS.environment_id == environment,
        _SUBSCRIPTIONS.customer_id == _CUSTOMERS.id,
        _CUSTOMERS.archived.is_(False),
        or_(_SUBSCRIPTIONS.canceled_at.is_(None), _SUBSCRIPTIONS.canceled_at > now),
        or_(_SUBSCRIPTIONS.after_trial.is_(None), ~expired),
    )


async def custom_about(
    session: AsyncSession, environment: int, now: datetime, feature: str | None = None
) -> list[tuple[str, CustomEntitlement]]:
    """Return custom entitlements of a feature, or of any, that apply now or later, with customer keys."""
    ours = and_(
        _CUSTOM.environment_id == environment,
        true() if feature is None else _CUSTOM.feature_key == feature,
        _CUSTOM.removed_at.is_(None),
        or_(_CUSTOM.expires_at.is_(None), _CUSTOM.expires_at > now),
    )
    joined = select(_CUSTOMERS.key, table_of(CustomEntitlementRow)).join(
        table_of(CustomerRow), _CUSTOMERS.id == _CUSTOM.customer_id
    )
    rows = await session.execute(joined.where(ours).order_by(_CUSTOMERS.key, _CUSTOM.number))
    return [(row.key, custom_of(row)) for row in rows]
