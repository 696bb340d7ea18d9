"""Worlds at random: a shop behind the resolvers, its customers, and what happens to both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from typing import Self

from hypothesis import strategies as st
from sqlmodel import SQLModel

from resolvers import catalog, customers
from resolvers.access import check as access
from resolvers.context import Context, Services
from resolvers.environments import context_of, ensure_environment
from rules.access.decision import AccessCheck, Decision
from rules.catalog.facts import Catalog
from rules.commands.command import Command
from rules.commands.consume import Consume
from rules.commands.credits import ConsumeCredits, GrantCredits
from rules.commands.customers import UpsertCustomer
from rules.commands.reserve import Reserve
from rules.customers.facts import Customer
from rules.errors import Rejected
from rules.numbers import ONE
from tests.graph.client import Clock
from tests.rules.builders.acts_at_random import (
    Step,
    Wait,
    beginnings,
    changes,
    custom_acts,
    reports,
    spans,
    subscribes,
)
from tests.rules.builders.previewing import selling_everything
from tests.rules.builders.small_shop import START
from tests.rules.builders.tweaks import Edit, Tweak, edited, tweaks
from tests.rules.customers.test_lives import FEATURES

WHO = tuple(f"customer-{number}" for number in range(5))

Told = Mapping[str, object]
"""What an answer says, as far as it is about what somebody may and has."""

CREDITS = (
    *("granted", "consumed", "expired", "voided"),
    *("reserved", "available", "overdraft", "next_expiry"),
)

Happening = Step | Tweak | Wait

environments = (f"world-{number}" for number in count(1))

units = st.integers(1, 12).map(lambda whole: whole * ONE)
metered = st.sampled_from(["calls", "calls", "exports"])
credit_types = st.sampled_from(["ai", "ai", "tokens"])

spending = st.builds(
    Step,
    who=st.integers(0, len(WHO) - 1),
    act=st.one_of(
        st.builds(Consume, feature=metered, quantity=units),
        st.builds(Reserve, feature=metered, quantity=units, key=st.uuids().map(str)),
        st.builds(GrantCredits, credit_type=credit_types, amount=units),
        st.builds(ConsumeCredits, credit_type=credit_types, amount=units),
    ),
)
"""Somebody uses something, or is given what pays for it."""

waits = st.builds(Wait, span=spans)
happenings = st.one_of(subscribes, changes, custom_acts, reports, spending, spending, tweaks, waits)

histories = st.tuples(st.lists(beginnings, min_size=2, max_size=5), st.lists(happenings, max_size=14))
"""How customers begin, and what happens then."""


@dataclass
class World:
    """An environment of its own, seen as whoever runs the server sees it."""

    context: Context
    clock: Clock

    @classmethod
    async def opened(cls, services: Services, clock: Clock) -> Self:
        """The shop on its first day, with customers who have nothing."""
        clock.now = START
        environment = await ensure_environment(services, next(environments))
        context = await context_of(services, environment.key)
        await catalog.edit(context, lambda old, _: replace(selling_everything(), revision=old.revision))
        for who in WHO:
            await customers.upsert_customer(context, UpsertCustomer(key=who))
        clock.forward(minutes=1)
        return cls(context=context, clock=clock)

    async def lives(self, begun: Sequence[Step], rest: Sequence[Happening]) -> None:
        """Let everything happen that can."""
        for number, first in enumerate(begun):
            await self.happens(replace(first, who=number, away=()))
        for happening in rest:
            await self.happens(happening)

    async def happens(self, happening: Happening) -> None:
        """Let one thing happen, if it can."""
        match happening:
            case Wait(span=span):
                self.clock.now += span
            case Tweak():
                await self.edits(happening)
                self.clock.forward(minutes=1)
            case Step(who=who, act=act, away=away):
                given = {name: self.clock.now + span for name, span in away}
                with suppress(Rejected):
                    await self.does(WHO[who % len(WHO)], replace(act, **given))  # type: ignore[type-var]

    async def does(self, who: str, act: Command) -> None:
        """Let an act happen; raises Rejected."""
        if not isinstance(act, UpsertCustomer):
            await customers.customer_command(self.context, who, act)

    async def edits(self, *made: Edit) -> None:
        """Edit the catalog."""
        plans = await self.edited(*made)
        await catalog.edit(self.context, lambda before, _: replace(plans, revision=before.revision))

    async def edited(self, *made: Edit) -> Catalog:
        """The catalog as it would be after edits of now."""
        shop = (await catalog.current_catalog(self.context)).catalog
        for number, edit in enumerate(made):
            somebody = await self.customer(WHO[number % len(WHO)])
            shop = edited(shop, somebody, edit, self.clock.now)
        return shop

    async def customer(self, who: str) -> Customer:
        """A customer as they are."""
        seen = await customers.customer(self.context, who)
        assert seen is not None
        return seen.customer

    async def answers(self) -> dict[tuple[str, str], Decision]:
        """Every answer that there is."""
        asked = [AccessCheck(customer=who, feature=feature) for who in WHO for feature in FEATURES]
        decisions = await access.accesses(self.context, asked)
        return {
            (known.subject.question.customer, known.subject.question.feature): known for known in decisions
        }

    async def kept(self) -> dict[str, list[tuple[object, ...]]]:
        """All rows of all tables."""
        async with self.context.services.database.read() as session:
            return {
                table.name: sorted(map(tuple, (await session.execute(table.select())).all()), key=repr)
                for table in SQLModel.metadata.sorted_tables
            }


def told(decision: Decision) -> Told:
    """What an answer says."""
    usage, book, paid = decision.usage, decision.book, decision.payment
    return {
        "reason": decision.reason,
        "value": decision.subject.entitlement.value,
        "usage": None
        if usage is None
        else (usage.used, usage.reserved, usage.limit, usage.value.enforcement, usage.overage_charge),
        "period": None if usage is None else (usage.metering.reset, usage.metering.period),
        "credits": None
        if book is None
        else (
            book.granted,
            book.consumed,
            book.expired,
            book.voided,
            book.reserved,
            book.available,
            book.overdraft,
        ),
        "expiry": None if book is None else book.next_expiry,
        "cost": None if paid is None else paid.cost,
    }


def is_heard(*decisions: Decision) -> bool:
    """Whether anything speaks about a feature, or prices it in credits."""
    return any(known.subject.entitlement.sources or known.subject.rate for known in decisions)
