"""Previews: what an edit of the catalog or a change of plan would do, before it is done.

Everything is read at one instant, and nothing is written or cached: checks against the edited catalog use a
copy.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from models.customers import affected
from models.customers import store as customers
from models.customers.affected import AffectedCustomers
from models.customers.subscriptions import CustomerFactsCache
from models.usage import reservations
from models.usage.reservations import Holds
from models.usage.store import Owner
from resolvers.access.check import NO_TALLIES, answer, tallies_of, with_credits
from resolvers.context import Context
from resolvers.customers import load_customers
from resolvers.snapshot import Snapshot, open_snapshot
from rules.access.decision import AccessCheck, Decision, ResolvedCheck, decide, resolve_check
from rules.catalog.facts import Catalog, PublishScope
from rules.catalog.inheritance import ResolvedCatalog
from rules.catalog_code.diff import CatalogDifference
from rules.catalog_code.version_diff import version_changes
from rules.catalog_edits.publishing import publish
from rules.commands.change_plan import ChangePlan
from rules.customers.facts import Customer
from rules.errors import unreachable
from rules.previews.affected import CatalogEdit
from rules.previews.impact import (
    DecisionChange,
    Impact,
    PlannedChange,
    differences,
    features_mentioned,
    plan_change_effect,
)
from rules.standpoints import Standpoint, supposition
from rules.usage.counters import Tallies
from rules.usage.reservations import total_reserved

MOST_COUNTED = 10_000
"""The most affected customers that are all counted; beyond, a sample of this size is counted."""

NO_DOUBT = 1.25
"""How many times as many an estimate must be for no full count to follow."""

PAGE = 100
"""Customers evaluated at a time."""

Numbers = AsyncIterator[Sequence[int]]
"""Pages of customers' numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPreview:
    """What publishing would change, with the catalog as it is."""

    flat: ResolvedCatalog
    changes: Sequence[CatalogDifference]
    cascaded: Sequence[str]
    impact: Impact


async def preview_publish(context: Context, key: str, scope: PublishScope) -> PublishPreview:
    """Return what publishing a package's draft would do; raises Rejected where it would be refused."""
    async with context.services.previewing, open_snapshot(context) as seen:
        done = publish(seen.flat.catalog, key, now=seen.now, scope=scope)
        package = done.catalog.packages[key]
        return PublishPreview(
            flat=seen.flat,
            changes=version_changes(ResolvedCatalog(done.catalog), package, len(package.versions)),
            cascaded=done.cascaded,
            impact=await impact_of(seen, done.catalog, supposition("publish", key, scope)),
        )


async def impact_of(seen: Snapshot, edited: Catalog, supposed: str) -> Impact:
    """Return what an environment's customers would notice of an edit; ``supposed`` names it."""
    edit = CatalogEdit(seen.flat, ResolvedCatalog(edited, supposed))
    whom = AffectedCustomers(
        environment=seen.environment.number,
        since=seen.now,
        packages=edit.packages,
        versions=edit.versions,
        features=edit.features,
    )
    if not whom.packages and not whom.features:
        return Impact()
    count = await affected.count_affected(seen.session, whom)
    if count <= MOST_COUNTED:
        return await _count_impact(seen, edit, _everyone(seen, whom))
    sample = await affected.sample(seen.session, whom, MOST_COUNTED)
    estimate = (await _count_impact(seen, edit, _in_pages(sample))).estimated(len(sample), count)
    if estimate.affected > MOST_COUNTED * NO_DOUBT:
        return estimate
    impact = await _count_impact(seen, edit, _everyone(seen, whom))
    return impact if impact.affected <= MOST_COUNTED else estimate


async def _everyone(seen: Snapshot, whom: AffectedCustomers) -> Numbers:
    # Many numbers at once: to find them, PostgreSQL reads all customers that come after.
    numbers = await affected.affected_after(seen.session, whom, 0, MOST_COUNTED)
    while numbers:
        async for page in _in_pages(numbers):
            yield page
        numbers = await affected.affected_after(seen.session, whom, numbers[-1], MOST_COUNTED)


async def _in_pages(numbers: Sequence[int]) -> Numbers:
    for start in range(0, len(numbers), PAGE):
        yield numbers[start : start + PAGE]


async def _count_impact(seen: Snapshot, edit: CatalogEdit, pages: Numbers) -> Impact:
    """Count the customers affected; stop as soon as they are too many."""
    impact = Impact()
    async for numbers in pages:
        for differing in await _differing(seen, edit, numbers):
            impact = impact.with_customer(differing)
        if impact.affected > MOST_COUNTED:
            break
    return impact


async def _differing(seen: Snapshot, edit: CatalogEdit, numbers: Sequence[int]) -> list[list[DecisionChange]]:
    """Return for each customer what would differ."""
    # A cache of its own: these customers must not displace those that are checked again.
    found = await customers.load_by_number(seen.session, CustomerFactsCache(), numbers)
    before, after = await asyncio.to_thread(_subjects, edit, found, seen.now)
    sides = [
        await with_credits(replace(seen, flat=flat), subjects)
        for flat, subjects in ((edit.before, before), (edit.after, after))
    ]
    counted = await _load_counts(replace(seen, flat=edit.after), sides)
    return await asyncio.to_thread(counted.differences, *sides)


def _subjects(
    edit: CatalogEdit, found: Iterable[Customer], clock: datetime
) -> tuple[list[ResolvedCheck], list[ResolvedCheck]]:
    """Return the resolved checks of all that an edit touches, without the edit and with it."""
    before, after, standpoint = [], [], Standpoint(supposed=edit.after.supposed)
    for customer in found:
        now = customer.asked_at(clock)
        for feature in edit.touched(customer, now):
            question = AccessCheck(customer=customer.key, feature=feature)
            before.append(resolve_check(edit.before, customer, question, now))
            would_be = resolve_check(edit.after, customer, question, now)
            after.append(replace(would_be, standpoint=standpoint))
    return before, after


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    """The usage and reservations of the customers of a page."""

    environment: int
    tallies: Mapping[Owner, Tallies]
    holds: Mapping[Owner, Holds]

    def differences(
        self, before: Iterable[ResolvedCheck], after: Iterable[ResolvedCheck]
    ) -> list[list[DecisionChange]]:
        """Return what differs, by customer."""
        found = differences(map(self._decide, before), map(self._decide, after))
        return [list(theirs) for _, theirs in groupby(found, _customer_of)]

    def _decide(self, subject: ResolvedCheck) -> Decision:
        owner = _owner(self.environment, subject)
        holds = self.holds.get(owner, {}).values()
        return decide(
            subject,
            self.tallies.get(owner, NO_TALLIES),
            total_reserved(holds, subject.question.feature, subject.now),
        )


def _customer_of(difference: DecisionChange) -> str:
    return difference.after.subject.question.customer


def _owner(environment: int, subject: ResolvedCheck) -> Owner:
    if subject.customer is None:
        unreachable("customers are looked at who exist")
    return Owner(environment=environment, customer=subject.customer.number)


async def _load_counts(seen: Snapshot, sides: Iterable[Iterable[ResolvedCheck]]) -> _Counts:
    """Load usage and reservations once for both sides."""
    number = seen.environment.number
    needed = {
        (_owner(number, subject), subject.window)
        for subjects in sides
        for subject in subjects
        if subject.window is not None
    }
    tallies = await tallies_of(seen, needed)
    holds = await reservations.load(seen.session, {owner for owner, _ in needed}, seen.now)
    return _Counts(environment=number, tallies=tallies, holds=holds)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChangePreview:
    """What a change of plan would change, from the instant at which it would take effect."""

    planned: PlannedChange
    differences: Sequence[DecisionChange]


async def preview_plan_change(context: Context, key: str, act: ChangePlan) -> PlanChangePreview:
    """Return what a change of plan would do; raises Rejected where it would be refused."""
    async with open_snapshot(context) as seen:
        customer = (await load_customers(seen, {key})).get(key)
        change = plan_change_effect(seen.flat, customer, act, seen.now, key=key)
        at = change.effective_at
        heard = features_mentioned(seen.flat, (change.before, change.after), at)
        questions = [AccessCheck(customer=key, feature=feature) for feature in heard]
        before = await answer(seen, {key: change.before}, questions, at)
        after = await answer(seen, {key: change.after}, questions, at, _change_standpoint(key, act))
        return PlanChangePreview(planned=change, differences=differences(before, after))


def _change_standpoint(key: str, act: ChangePlan) -> Standpoint:
    """Return the standpoint of a change of plan; the idempotency key is no part of it."""
    return Standpoint(supposed=supposition("change", key, act.plan, act.price, act.timing, act.usage))
