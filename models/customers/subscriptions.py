"""The facts of customers: subscriptions with their terms and add-ons, and custom entitlements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, Select, and_, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from models.customers.tables import (
    CustomEntitlementRow,
    SubscriptionAddonRow,
    SubscriptionRow,
    SubscriptionTermRow,
)
from models.database.column_types import Count
from models.database.dialects import (
    dialect_of,
    in_rows,
    insert,
    parameter_rows,
    row_parameters,
    table_of,
    upsert,
)
from rules.customers.facts import (
    CustomEntitlement,
    CustomEntitlementMode,
    Customer,
    HeldAddon,
    Subscription,
    Term,
    TrialEnd,
)
from rules.values import Value

_VALUE: TypeAdapter[Value | None] = TypeAdapter(Value | None)

Key = tuple[int, int]
"""The numbers of a customer and a subscription."""


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """The subscriptions and custom entitlements of a customer."""

    subscriptions: tuple[Subscription, ...] = ()
    custom: tuple[CustomEntitlement, ...] = ()


MOST_REMEMBERED = 50_000
"""The most customers whose facts are cached; then all are dropped, and loaded again when needed."""

FactsName = tuple[int, int, int]
"""A customer's environment and number, and the revision at which their facts last changed."""


class CustomerFactsCache:
    """The facts of customers, cached by the revision at which they last changed.

    The revision must come from the transaction of all other reads, so that nothing is decided by facts that
    another process has replaced.
    """

    def __init__(self) -> None:
        self._known: dict[FactsName, CustomerFacts] = {}
        self._customers: dict[int, tuple[int, Customer]] = {}
        self._met: set[str] = set()

    def keep(self, customer: Customer, facts_revision: int) -> Customer:
        """Cache a customer with the facts of a revision."""
        if len(self._customers) >= MOST_REMEMBERED:
            self._customers.clear()
            self._met.clear()
        self._met.add(customer.key)
        self._customers[customer.number] = facts_revision, customer
        return customer

    def has_met(self, key: str) -> bool:
        """Return whether a customer with this key, in any environment, is cached as of any revision."""
        return key in self._met

    def customer(
        self, number: int, facts_revision: int, revision: int, acted_at: datetime | None
    ) -> Customer | None:
        """Return a customer; None if their facts of this revision are not cached."""
        known_revision, known = self._customers.get(number, (None, None))
        if known is None or known_revision != facts_revision:
            return None
        if known.revision == revision:
            return known
        return self.keep(replace(known, revision=revision, acted_at=acted_at), facts_revision)

    async def of(self, session: AsyncSession, names: Collection[FactsName]) -> dict[int, CustomerFacts]:
        """Return the facts of these customers, by number."""
        found = {name: known for name in names if (known := self._known.get(name)) is not None}
        missing = [name for name in names if name not in found]
        if missing:
            loaded = await _load_owned(session, [place for *place, _ in missing])
            found |= {name: loaded[name[1]] for name in missing}
            if len(self._known) + len(missing) > MOST_REMEMBERED:
                self._known.clear()
            self._known.update((name, found[name]) for name in missing)
        return {number: owned for (_, number, _), owned in found.items()}


async def _load_owned(
    session: AsyncSession, customers: Collection[Sequence[int]]
) -> Mapping[int, CustomerFacts]:
    """Load the facts of customers, given by environment and number, by their unique number."""
    subscriptions: dict[int, list[Subscription]] = defaultdict(list)
    custom: dict[int, list[CustomEntitlement]] = defaultdict(list)
    terms: dict[Key, list[Term]] = defaultdict(list)
    for row in await _rows(session, SubscriptionTermRow, customers):
        terms[row.customer_id, row.subscription].append(_term(row))
    addons: dict[Key, list[HeldAddon]] = defaultdict(list)
    for row in await _rows(session, SubscriptionAddonRow, customers):
        addons[row.customer_id, row.subscription].append(_addon(row))
    for row in await _rows(session, SubscriptionRow, customers):
        key = row.customer_id, row.number
        subscriptions[row.customer_id].append(_subscription(row, terms[key], addons[key]))
    for row in await _rows(session, CustomEntitlementRow, customers):
        custom[row.customer_id].append(custom_of(row))
    return {
        number: CustomerFacts(tuple(subscriptions[number]), tuple(custom[number])) for _, number in customers
    }


async def _rows(
    session: AsyncSession, model: type[SQLModel], customers: Collection[Sequence[int]]
) -> Sequence[Row[Any]]:
    theirs = await session.execute(_rows_statement(model, dialect_of(session)), row_parameters(customers))
    rows: Sequence[Row[Any]] = theirs.all()
    return rows


@cache
def _rows_statement(model: type[SQLModel], dialect: str) -> Select[Any]:
    table = table_of(model)
    c, them = table.c, parameter_rows(dialect, environment=Count(), customer=Count()).c
    # The environment too: without the first column of the key, the database would scan the table.
    theirs = and_(c.environment_id == them.environment, c.customer_id == them.customer)
    return select(table).where(theirs).order_by(*table.primary_key)


async def save_owned(session: AsyncSession, changed: Iterable[tuple[int, Customer, Customer]]) -> None:
    """Write changed facts of customers: (environment, before, after) each."""
    subscriptions: list[tuple[int, int, Subscription]] = []
    custom: list[tuple[int, int, CustomEntitlement]] = []
    for environment, before, after in changed:
        place = environment, after.number
        subscriptions += [(*place, new) for new in after.subscriptions if new not in before.subscriptions]
        custom += [(*place, new) for new in after.custom if new not in before.custom]
    await upsert(session, SubscriptionRow, [_subscription_values(*known) for known in subscriptions])
    await _replace(session, SubscriptionTermRow, subscriptions, _term_values)
    await _replace(session, SubscriptionAddonRow, subscriptions, _addon_values)
    await upsert(session, CustomEntitlementRow, [_custom_values(*known) for known in custom])


async def _replace(
    session: AsyncSession,
    model: type[SQLModel],
    subscriptions: Sequence[tuple[int, int, Subscription]],
    values: Callable[[Subscription], Iterable[dict[str, Any]]],
) -> None:
    """Delete and insert the parts of subscriptions."""
    if not subscriptions:
        return
    table = table_of(model)
    place = table.c.environment_id, table.c.customer_id, table.c.subscription
    theirs = [(environment, customer, known.number) for environment, customer, known in subscriptions]
    await session.execute(delete(table).where(in_rows(dialect_of(session), place, theirs)))
    rows = [
        {"environment_id": environment, "customer_id": customer, "subscription": known.number, **part}
        for environment, customer, known in subscriptions
        for part in values(known)
    ]
    await insert(session, model, rows)


def _subscription_values(environment: int, customer: int, known: Subscription) -> dict[str, Any]:
    return {
        "environment_id": environment,
        "customer_id": customer,
        "number": known.number,
        "product_key": known.product,
        "trial_ends_at": known.trial_ends_at,
        "after_trial": known.after_trial,
        "canceled_at": known.canceled_at,
        "subscribed_at": known.subscribed_at,
    }


def _term_values(known: Subscription) -> Iterable[dict[str, Any]]:
    for term in known.terms:
        yield {
            "starts_at": term.starts_at,
            "plan_key": term.plan,
            "version": term.version,
            "price_key": term.price,
            "anchor": term.anchor,
            "timezone": term.timezone,
            "trial": term.trial,
            "resets": term.resets,
            "scheduled": term.scheduled,
        }


def _addon_values(known: Subscription) -> Iterable[dict[str, Any]]:
    for held in known.addons:
        yield {
            "addon_key": held.addon,
            "starts_at": held.starts_at,
            "version": held.version,
            "quantity": held.quantity,
            "ends_at": held.ends_at,
        }


def _custom_values(environment: int, customer: int, known: CustomEntitlement) -> dict[str, Any]:
    return {
        "environment_id": environment,
        "customer_id": customer,
        "number": known.number,
        "feature_key": known.feature,
        "mode": known.mode.value,
        "value": _VALUE.dump_python(known.value, mode="json"),
        "note": known.note,
        "timezone": known.timezone,
        "starts_at": known.starts_at,
        "expires_at": known.expires_at,
        "removed_at": known.removed_at,
    }


def _subscription(row: Row[Any], terms: Iterable[Term], addons: Iterable[HeldAddon]) -> Subscription:
    return Subscription(
        number=row.number,
        product=row.product_key,
        terms=tuple(terms),
        addons=tuple(addons),
        trial_ends_at=row.trial_ends_at,
        after_trial=None if row.after_trial is None else TrialEnd(row.after_trial),
        canceled_at=row.canceled_at,
        subscribed_at=row.subscribed_at,
    )


def _term(row: Row[Any]) -> Term:
    return Term(
        starts_at=row.starts_at,
        plan=row.plan_key,
        version=row.version,
        price=row.price_key,
        anchor=row.anchor,
        timezone=row.timezone,
        trial=row.trial,
        resets=row.resets,
        scheduled=row.scheduled,
    )


def _addon(row: Row[Any]) -> HeldAddon:
    return HeldAddon(
        addon=row.addon_key,
        version=row.version,
        quantity=row.quantity,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
    )


def custom_of(row: Row[Any]) -> CustomEntitlement:
    """Read a custom entitlement from its row."""
    return CustomEntitlement(
        number=row.number,
        feature=row.feature_key,
        mode=CustomEntitlementMode(row.mode),
        value=_VALUE.validate_python(row.value),
        note=row.note,
        timezone=row.timezone,
        starts_at=row.starts_at,
        expires_at=row.expires_at,
        removed_at=row.removed_at,
    )
