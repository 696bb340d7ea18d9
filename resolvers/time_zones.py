"""Time zone rules: what a process does at its start when they have changed."""

from __future__ import annotations

import asyncio
from itertools import groupby
from operator import itemgetter

import structlog

from models.customers import store as customers
from models.customers.rulebook import Newer, Rulebook, load_with_schedule
from models.customers.store import Address
from models.database.transactions import Session
from resolvers.context import Services
from rules.commands.follow_time_zones import FollowTimeZones
from rules.credits.moved_boundaries import with_moved_changes
from rules.customers.facts import Customer

_log = structlog.get_logger(__name__)


async def take_up_rules(services: Services) -> None:
    """Adopt the time zone rules of this process where they are the newest; log what differs.

    Stored results of changed rules are computed again: changes scheduled for the end of a period move with
    it. Usage counters and credit periods are computed again as they are needed.
    """
    rulebook = services.rulebook
    if rulebook is None:
        return
    async with services.database.read() as session:
        has_newest = await rulebook.has_newest(session)
        release, behind = await rulebook.behind(session)
    if behind:
        _warn_older(services, rulebook, release, behind)
    if has_newest:
        # Only in this case does the start wait for writers.
        async with services.database.write() as session:
            newer = await rulebook.take_up(session)
        if newer is not None:
            await _follow(services, rulebook, newer)


async def is_behind(services: Services) -> bool:
    """Return whether the database uses newer rules of a zone in use than this process has."""
    rulebook = services.rulebook
    if rulebook is None:
        return False
    async with services.database.read() as session:
        release, zones = await rulebook.behind(session)
    if zones:
        _warn_older(services, rulebook, release, zones)
    return bool(zones)


def _warn_older(services: Services, rulebook: Rulebook, release: str, zones: frozenset[str]) -> None:
    def said() -> bool:
        _log.warning(
            "the database is served by newer rules of time zones: acts in those that differ are refused here",
            rules=rulebook.own.release,
            newest=release,
            zones=sorted(zones),
        )
        return True

    # Once, however often readiness is checked.
    services.own((_warn_older, release, zones), said)


async def _follow(services: Services, rulebook: Rulebook, newer: Newer) -> None:
    async def found(session: Session) -> list[Address]:
        return await _customers_to_move(services, session, newer)

    concerned = await services.database.snapshot(found)
    acts = (services.ledger.commit(*address, FollowTimeZones()) for address in concerned)
    moved = sum(done.number is not None for done in await asyncio.gather(*acts))
    if newer.before is not None or moved:
        _log.warning(
            "the rules of time zones are newer than those the database was last served with",
            rules=rulebook.own.release,
            before=newer.before,
            zones=len(newer.zones),
            moved=moved,
        )


async def _customers_to_move(services: Services, session: Session, newer: Newer) -> list[Address]:
    """Return the customers whose scheduled changes have to move, which are few of those scheduled."""
    scheduled = await load_with_schedule(session, newer.zones, services.clock())
    concerned: list[Address] = []
    for environment, places in groupby(sorted(scheduled), itemgetter(0)):
        keys = [key for _, key in places]
        known = await customers.load(session, services.memory.facts_cache, environment, keys)
        concerned += [(environment, key) for key, customer in known.items() if _moves(services, customer)]
    return concerned


def _moves(services: Services, customer: Customer) -> bool:
    now = customer.acted_at or services.clock()
    return any(with_moved_changes(known, now) != known for known in customer.subscriptions)
