"""One id, one state: whatever is asked about whichever instant, and of whatever is not done yet."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from models.database.transactions import Database
from resolvers import catalog
from resolvers.context import Services
from rules.catalog.facts import Catalog, PublishScope
from rules.catalog_code.writer import document_of
from rules.catalog_edits.packages import with_package
from rules.commands.command import Command
from rules.commands.credits import ConsumeCredits, GrantCredits
from rules.commands.reserve import Reserve
from rules.numbers import ONE
from tests.graph.client import Clock
from tests.graph.states import Asking, Store, marks, selection
from tests.graph.whole_schema import SCHEMA
from tests.graph.worlds import WHO, World, histories
from tests.profiles import FULL
from tests.rules.builders.acts_at_random import Step
from tests.rules.builders.small_shop import START
from tests.rules.builders.tweaks import Edit, Tweak, edits, tweaks

EFFORT = settings(max_examples=20 if FULL else 4)

spans = st.integers(-60 * 24, 60 * 24).map(lambda hours: timedelta(hours=hours))
instants = st.lists(spans, min_size=1, max_size=2)
"""Other instants, as seen from the clock."""


ACCESS, BALANCE = (selection(SCHEMA.type_map[kind], 1) for kind in ("Access", "CreditBalance"))
PUBLISH, CHANGE = (selection(SCHEMA.type_map[f"{kind}Preview"], 2) for kind in ("Publish", "PlanChange"))

AT_AN_INSTANT = f"""query ($who: String!, $at: DateTime) {{
  access(customer: $who, feature: "calls", at: $at) {ACCESS}
  customer(key: $who) {{
    accesses(at: $at) {ACCESS} access(feature: "exports", at: $at) {ACCESS}
    creditBalances(at: $at) {BALANCE} creditBalance(creditType: "tokens", at: $at) {BALANCE}
  }}
}}"""

IF_PUBLISHED = f"""query ($plan: String!, $scope: PublishScope!) {{
  previewPublish(package: $plan, applyTo: $scope) {PUBLISH}
}}"""

IMPACT = f"impact {selection(SCHEMA.type_map['CustomerImpact'], 2)}"

IF_CHANGED = f"""query ($who: String!, $plan: String!) {{
  previewPlanChange(input: {{ customer: $who, plan: $plan }}) {CHANGE}
}}"""


IF_APPLIED = f"""mutation ($input: ApplyCatalogInput!) {{
  applyCatalog(input: $input) {{ {IMPACT} userErrors {{ message }} }}
}}"""

SPENT: Sequence[Command] = (
    GrantCredits(credit_type="tokens", amount=50 * ONE),
    ConsumeCredits(credit_type="tokens", amount=3 * ONE),
    Reserve(feature="calls", quantity=ONE, key="of every life"),
)
"""What somebody does whose grants and holds are not the same at every instant."""


async def drafted(world: World, tweak: Tweak) -> None:
    """Leave a draft of the plan that most are on."""

    def draft(shop: Catalog, _: datetime) -> Catalog:
        package = shop.packages["basic"]
        return with_package(shop, replace(package, draft=tweak.of(package.newest)))

    await catalog.edit(world.context, draft)


async def all_told(world: World, away: Sequence[timedelta], made: Sequence[Edit]) -> Store:
    """Ask everything in a world, and compare all that is told under one id."""
    ask, store = Asking(world.context), Store()
    for who in WHO:
        # What time has made of credits is written once, and what is told is the same from then on.
        await ask.answered(
            "query ($who: String!) { customer(key: $who) { creditGrants { totalCount } } }", who=who
        )
    for who in WHO[:2]:
        for at in (None, world.clock.now, *(world.clock.now + span for span in away)):
            instant = None if at is None else at.isoformat()
            store.take(await ask.answered(AT_AN_INSTANT, who=who, at=instant))
    # What cannot be is refused, and supposes nothing.
    for plan in ("basic", "pro"):
        store.take((await ask(IF_CHANGED, who=WHO[0], plan=plan)).data)
    for scope in PublishScope:
        store.take((await ask(IF_PUBLISHED, plan="basic", scope=scope.value)).data)
    document = json.dumps(document_of(await world.edited(*made)), default=str)
    store.take((await ask(IF_APPLIED, input={"document": document, "format": "JSON", "dryRun": True})).data)
    await store.follow(ask)
    return store


def in_worlds(
    url: str, compare: Callable[[World, Sequence[timedelta], Sequence[Edit]], Awaitable[None]]
) -> None:
    """Compare what is told in many worlds."""
    clock = Clock(START)
    with asyncio.Runner() as runner:
        services = Services.on(Database(url), clock)

        @EFFORT
        @given(histories, tweaks, instants, st.lists(edits, min_size=1, max_size=2))
        def compared(
            history: tuple[Any, Any], tweak: Tweak, away: Sequence[timedelta], made: Sequence[Edit]
        ) -> None:
            async def lived() -> None:
                world = await World.opened(services, clock)
                await world.lives(*history)
                for act in SPENT:
                    await world.happens(Step(who=0, act=act))
                await drafted(world, tweak)
                clock.forward(minutes=1)
                await compare(world, away, made)

            runner.run(lived())

        compared()
        runner.run(services.close())


def test_no_id_has_two_states_and_all_but_previews_are_found_by_theirs(database_url: str) -> None:
    async def compare(world: World, away: Sequence[timedelta], made: Sequence[Edit]) -> None:
        store = await all_told(world, away, made)
        for id_, state in store.states.items():
            event(f"{state['__typename']}{marks(id_)[:1]}")

    in_worlds(database_url, compare)
