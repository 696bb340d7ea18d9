"""Previews: what an edit of the catalog or a change of plan would do, told before it is done.

Everything is read at one instant, and nothing is written or remembered: what is asked of the edited
catalog is asked of a copy.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from models import concerned, customers
from models.concerned import Concerned
from models.subscriptions import Belongings
from resolvers.access import answer
from resolvers.context import Context
from resolvers.customers import found
from resolvers.reading import Look, look
from rules.access import Question
from rules.catalog import Catalog, PublishScope
from rules.changes import Change
from rules.concerns import CatalogEdit
from rules.inheritance import Flattened
from rules.plan_changes import ChangePlan
from rules.previews import Difference, Impact, PlannedChange, differences, heard_of, planned
from rules.publishing import publish
from rules.version_changes import version_changes

MOST_COUNTED = 10_000
"""Affected customers up to whom every one is counted; beyond, so many are looked at as a sample."""

NO_DOUBT = 1.25
"""How many times as many an estimate must tell, for nobody to count them after all."""

PAGE = 100
"""Customers who are looked at in one go."""

Numbers = AsyncIterator[Sequence[int]]
"""Pages of customers' numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPreview:
    """What publishing would change, with the catalog as it is."""

    flat: Flattened
    changes: Sequence[Change]
    cascaded: Sequence[str]
    impact: Impact


async def preview_publish(context: Context, key: str, scope: PublishScope) -> PublishPreview:
    """Tell what publishing a package's draft would do; raises Rejected with what it would be refused for."""
    async with context.services.previewing, look(context) as seen:
        done = publish(seen.flat.catalog, key, now=seen.now, scope=scope)
        package = done.catalog.packages[key]
        return PublishPreview(
            flat=seen.flat,
            changes=version_changes(Flattened(done.catalog), package, len(package.versions)),
            cascaded=done.cascaded,
            impact=await impact_of(seen, done.catalog),
        )


async def impact_of(seen: Look, edited: Catalog) -> Impact:
    """Tell what the customers of an environment would notice of an edit."""
    edit = CatalogEdit(seen.flat, Flattened(edited))
    whom = Concerned(environment=seen.environment.number, packages=edit.packages, features=edit.features)
    if not whom.packages and not whom.features:
        return Impact()
    count = await concerned.count(seen.session, whom)
    if count <= MOST_COUNTED:
        return await _counted(seen, edit, _everyone(seen, whom))
    sample = await concerned.sample(seen.session, whom, MOST_COUNTED)
    estimate = (await _counted(seen, edit, _in_pages(sample))).estimated(len(sample), count)
    if estimate.affected > MOST_COUNTED * NO_DOUBT:
        return estimate
    impact = await _counted(seen, edit, _everyone(seen, whom))
    return impact if impact.affected <= MOST_COUNTED else estimate


async def _everyone(seen: Look, whom: Concerned) -> Numbers:
    numbers = await concerned.behind(seen.session, whom, 0, PAGE)
    while numbers:
        yield numbers
        numbers = await concerned.behind(seen.session, whom, numbers[-1], PAGE)


async def _in_pages(numbers: Sequence[int]) -> Numbers:
    for start in range(0, len(numbers), PAGE):
        yield numbers[start : start + PAGE]


async def _counted(seen: Look, edit: CatalogEdit, pages: Numbers) -> Impact:
    """Count those who are affected, as soon as they are too many no further."""
    impact = Impact()
    async for numbers in pages:
        for differing in await _differing(seen, edit, numbers):
            impact = impact.with_customer(differing)
        if impact.affected > MOST_COUNTED:
            break
    return impact


async def _differing(seen: Look, edit: CatalogEdit, numbers: Sequence[int]) -> list[list[Difference]]:
    """Give for each customer what would differ."""
    # What these customers own is not remembered, lest it take the place of what is asked for again.
    known = {one.key: one for one in await customers.numbered(seen.session, Belongings(), numbers)}
    questions = [
        Question(customer=key, feature=feature)
        for key, customer in known.items()
        for feature in edit.touched(customer, customer.asked_at(seen.now))
    ]
    before = await answer(replace(seen, flat=edit.before), known, questions)
    after = await answer(replace(seen, flat=edit.after), known, questions)
    found = differences(before, after)
    return [list(theirs) for _, theirs in groupby(found, lambda one: one.after.subject.question.customer)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChangePreview:
    """What a change of plan would change, from the instant on at which it would take effect."""

    planned: PlannedChange
    differences: Sequence[Difference]


async def preview_plan_change(context: Context, key: str, act: ChangePlan) -> PlanChangePreview:
    """Tell what a change of plan would do; raises Rejected with what it would be refused for."""
    async with look(context) as seen:
        customer = (await found(seen, {key})).get(key)
        change = planned(seen.flat, customer, act, seen.now)
        at = change.effective_at
        heard = heard_of(seen.flat, (change.before, change.after), at)
        questions = [Question(customer=key, feature=feature) for feature in heard]
        before = await answer(seen, {key: change.before}, questions, at)
        after = await answer(seen, {key: change.after}, questions, at)
        return PlanChangePreview(planned=change, differences=differences(before, after))
