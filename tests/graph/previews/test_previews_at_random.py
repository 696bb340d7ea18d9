"""What is previewed is what comes of it, number for number, whatever the catalog and the customers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from hypothesis import event, given, settings
from hypothesis import strategies as st

from models.database.transactions import Database
from resolvers import catalog, customers, previews
from resolvers.access import check as access
from resolvers.catalog_code import documents as catalog_code
from resolvers.catalog_code.documents import CatalogDocument, CatalogFormat
from resolvers.context import Services
from rules.access.decision import AccessCheck, Decision
from rules.catalog.facts import Catalog, PublishScope
from rules.catalog_code.version_diff import version_changes
from rules.catalog_code.writer import document_of
from rules.catalog_edits.packages import with_package
from rules.commands.change_plan import ChangePlan
from rules.errors import Problem, Rejected
from rules.previews.impact import MOST_EXAMPLES, Impact
from tests.graph.client import Clock
from tests.graph.worlds import WHO, World, histories, is_heard, told
from tests.profiles import FULL
from tests.rules.builders.acts_at_random import Step, changes
from tests.rules.builders.small_shop import START
from tests.rules.builders.tweaks import Edit, Tweak, edits, had, tweaks
from tests.rules.customers.test_lives import FEATURES

EFFORT = settings(max_examples=100 if FULL else 15)

Answer = TypeVar("Answer")
Strategy = st.SearchStrategy[Any]
Answers = dict[tuple[str, str], Decision]


def compare_impact(impact: Impact, before: Answers, after: Answers) -> None:
    """Compare what was previewed with what has come of it."""
    differing = {
        place: (before[place], after[place])
        for place in before
        if told(before[place]) != told(after[place]) and is_heard(before[place], after[place])
    }
    event("some differ" if differing else "nothing differs")

    def count(fits: Callable[[Decision, Decision], bool]) -> int:
        return len({who for (who, _), pair in differing.items() if fits(*pair)})

    assert impact.exact
    assert impact.affected == len({who for who, _ in differing})
    assert impact.gain_access == count(lambda was, is_: is_.allowed and not was.allowed)
    assert impact.lose_access == count(lambda was, is_: was.allowed and not is_.allowed)
    assert impact.over_limit == count(lambda _, is_: is_.usage is not None and is_.usage.overage > 0)
    shown = {
        (one.after.subject.question.customer, one.after.subject.question.feature): one
        for one in (example.difference for example in impact.examples)
    }
    assert len(shown) == min(MOST_EXAMPLES, len(differing))
    for place, example in shown.items():
        assert tuple(map(told, differing[place])) == (told(example.before), told(example.after))


async def attempt(doing: Awaitable[Answer]) -> Answer | tuple[Problem, ...]:
    """What something gives, or all that it is refused for."""
    try:
        return await doing
    except Rejected as refusal:
        return refusal.problems


async def compare_publish(world: World, tweak: Tweak) -> None:
    """Preview a publish, do it, and compare."""
    theirs = sorted(had(await world.customer(WHO[0]))) or ["basic"]
    key = theirs[tweak.nth % len(theirs)]

    def drafted(shop: Catalog, _: datetime) -> Catalog:
        package = shop.packages[key]
        return with_package(shop, replace(package, draft=tweak.of(package.newest)))

    await catalog.edit(world.context, drafted)
    before, kept = await world.answers(), await world.kept()
    preview = await attempt(previews.preview_publish(world.context, key, tweak.scope))
    if isinstance(preview, tuple):
        assert await attempt(catalog.publish_package(world.context, key, tweak.scope)) == preview
        return

    assert await world.kept() == kept
    assert {k: told(v) for k, v in (await world.answers()).items()} == {k: told(v) for k, v in before.items()}
    published = await catalog.publish_package(world.context, key, tweak.scope)
    compare_impact(preview.impact, before, await world.answers())
    package = published.flat.catalog.packages[key]
    assert preview.changes == version_changes(published.flat, package, len(package.versions))
    assert preview.cascaded == published.cascaded


async def compare_document(world: World, made: list[Edit]) -> None:
    """Compare a document with the catalog, apply it, and compare."""
    text = json.dumps(document_of(await world.edited(*made)), default=str)
    scope = next((edit.scope for edit in made if isinstance(edit, Tweak)), PublishScope.ALL_CUSTOMERS)
    document = CatalogDocument(text=text, format=CatalogFormat.JSON, scope=scope)
    before, kept = await world.answers(), await world.kept()
    compared = await attempt(catalog_code.compare(world.context, document))
    if isinstance(compared, tuple):
        assert await attempt(catalog_code.apply_document(world.context, document)) == compared
        return

    assert await world.kept() == kept
    applied = await catalog_code.apply_document(world.context, document)
    assert compared.changes == applied.changes
    assert compared.impact is not None
    compare_impact(compared.impact, before, await world.answers())


async def compare_change(world: World, who: str, act: ChangePlan) -> None:
    """Preview a change of plan, make it, and compare the answers at the instant at which it takes effect."""
    kept = await world.kept()
    preview = await attempt(previews.preview_plan_change(world.context, who, act))
    if isinstance(preview, tuple):
        assert await attempt(customers.customer_command(world.context, who, act)) == preview
        return

    assert await world.kept() == kept
    at = preview.planned.effective_at
    before = await answers_at(world, who, at)
    done = await customers.customer_command(world.context, who, act)
    after = await answers_at(world, who, at)
    differing = {
        feature: (told(before[feature]), told(after[feature]))
        for feature in before
        if told(before[feature]) != told(after[feature]) and is_heard(before[feature], after[feature])
    }
    event(f"{preview.planned.timing}: {'some differ' if differing else 'nothing differs'}")
    found = {one.after.subject.question.feature: one for one in preview.differences}
    assert {key: (told(one.before), told(one.after)) for key, one in found.items()} == differing
    assert done.state.customer is not None
    (changed,) = (
        known for known in done.state.customer.subscriptions if known.number == done.outcome["subscription"]
    )
    scheduled = changed.scheduled_change(done.now)
    assert (preview.planned.timing.value == "PERIOD_END") == (scheduled is not None)
    assert at == max(done.now, changed.opens_at) if scheduled is None else scheduled.starts_at


async def answers_at(world: World, who: str, at: datetime) -> dict[str, Decision]:
    """Every answer about a customer, about an instant."""
    asked = [AccessCheck(customer=who, feature=feature) for feature in FEATURES]
    return dict(zip(FEATURES, await access.accesses(world.context, asked, at), strict=True))


def in_worlds(url: str, compare: Callable[[World, Any], Coroutine[Any, Any, None]], what: Strategy) -> None:
    """Compare something that is drawn in many worlds."""
    clock = Clock(START)
    with asyncio.Runner() as runner:
        services = Services.on(Database(url), clock)

        @EFFORT
        @given(histories, what)
        def compared(history: tuple[Any, Any], drawn: object) -> None:
            async def lived() -> None:
                world = await World.opened(services, clock)
                await world.lives(*history)
                await compare(world, drawn)

            runner.run(lived())

        compared()
        runner.run(services.close())


def test_a_publish_does_what_was_previewed_and_a_preview_leaves_no_trace(database_url: str) -> None:
    in_worlds(database_url, compare_publish, tweaks)


def test_a_document_does_what_was_previewed_and_a_preview_leaves_no_trace(database_url: str) -> None:
    in_worlds(database_url, compare_document, st.lists(edits, min_size=1, max_size=3))


def test_a_change_of_plan_does_what_was_previewed_and_a_preview_leaves_no_trace(database_url: str) -> None:
    async def compare(world: World, change: Step) -> None:
        assert isinstance(change.act, ChangePlan)
        await compare_change(world, WHO[change.who], change.act)

    in_worlds(database_url, compare, changes)
