"""Time zone rules: what a process does at its start when they have changed."""

from __future__ import annotations

import asyncio
from datetime import datetime
from itertools import groupby
from operator import itemgetter

import structlog

from models.customers import store as customers
from models.customers.rulebook import Newer, OlderRules, Rulebook, Ruling, load_with_schedule
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

    Every start looks for changes to move, since the rules may be stored without that: by a process that
    ended in between, or by a command.
    """
    rulebook = services.rulebook
    if rulebook is None:
        return
    async with services.database.read() as session:
        has_newest = await rulebook.has_newest(session)
        release, behind = await rulebook.behind(session)
    if behind:
        _warn_older(services, rulebook, release, behind)
    newer = None
    if has_newest:
        # Only in this case, and where a change has to move, does the start wait for writers.
        async with services.database.write() as session:
            newer = await rulebook.take_up(session)
    _tell_moved(rulebook, newer, await _follow(services, rulebook))


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


async def _follow(services: Services, rulebook: Rulebook) -> int:
    """Move scheduled changes with the ends of their periods; return how many customers' have moved."""

    async def found(session: Session) -> list[Address]:
        # A process with older rules would move them back.
        if not await rulebook.are_in_force(session):
            return []
        ruling = await rulebook.ruling(session, rulebook.own.release)
        return await _customers_to_move(services, session, ruling)

    concerned = await services.database.snapshot(found)
    return sum(await asyncio.gather(*(_has_moved(services, address) for address in concerned)))


async def _has_moved(services: Services, address: Address) -> bool:
    try:
        return (await services.commands.commit(*address, FollowTimeZones())).number is not None
    except OlderRules:
        # A process with newer rules has started meanwhile, and moves it.
        return False


def _tell_moved(rulebook: Rulebook, newer: Newer | None, moved: int) -> None:
    if newer is None and moved:
        _log.warning(
            "scheduled changes have moved by the rules of time zones", rules=rulebook.own.release, moved=moved
        )
    elif newer is not None and (newer.before is not None or moved):
        _log.warning(
            "the rules of time zones are newer than those the database was last served with",
            rules=rulebook.own.release,
            before=newer.before,
            zones=len(newer.zones),
            moved=moved,
        )


async def _customers_to_move(services: Services, session: Session, ruling: Ruling | None) -> list[Address]:
    """Return the customers whose scheduled changes have to move, which are few of those scheduled."""
    scheduled = dict(await load_with_schedule(session, services.clock()))
    concerned: list[Address] = []
    for environment, places in groupby(sorted(scheduled), itemgetter(0)):
        keys = [key for _, key in places]
        known = await customers.load(session, services.memory.facts_cache, environment, keys)
        for key, customer in known.items():
            address = environment, key
            if _moves(customer, scheduled[address]) and not (ruling and ruling.concerned(customer)):
                concerned.append(address)
    return concerned


def _moves(customer: Customer, now: datetime) -> bool:
    return any(with_moved_changes(known, now) != known for known in customer.subscriptions)
