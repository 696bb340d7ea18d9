"""Access checks: load everything that the checks need at once, then decide by the rules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from models.usage import counting, reservations
from models.usage import store as usage
from models.usage.counting import Uncounted
from models.usage.reservations import Holds
from models.usage.store import Owner, WindowTallies
from resolvers.access.probe import decide_by_probe
from resolvers.context import Context
from resolvers.credits.accounts import AccountAt, open_accounts
from resolvers.customers import CustomerView, load_customers, standpoint_at, warm_cache
from resolvers.snapshot import Snapshot, in_snapshot
from rules.access.decision import AccessCheck, Decision, ResolvedCheck, decide, resolve_check
from rules.customers.effective import features_in_effect
from rules.customers.facts import Customer, earliest
from rules.revisions import Revision
from rules.standpoints import PRESENT, Standpoint
from rules.usage.counters import aggregation_of
from rules.usage.metering import Window, whole_window
from rules.usage.reservations import total_reserved

NO_TALLIES: WindowTallies = {}


async def access(context: Context, question: AccessCheck, at: datetime | None = None) -> Decision:
    """Answer one check, now or at another instant; unknown keys are denied and raise no error."""
    return (await accesses(context, [question], at))[0]


async def accesses(
    context: Context, questions: Sequence[AccessCheck], at: datetime | None = None
) -> list[Decision]:
    """Answer many checks at one instant, in their order."""
    decisions = await _decide_by_probe(context, questions) if at is None else None
    if decisions is not None:
        return decisions

    async def decided(seen: Snapshot) -> list[Decision]:
        known = await load_customers(seen, {question.customer for question in questions})
        return await answer(seen, known, questions, at)

    return await in_snapshot(context, decided)


async def _decide_by_probe(context: Context, questions: Sequence[AccessCheck]) -> list[Decision] | None:
    """Answer by the probe; load customers that are not cached and try once more. None where that fails."""
    decisions = await decide_by_probe(context, questions)
    if decisions is None and await warm_cache(context, {question.customer for question in questions}):
        return await decide_by_probe(context, questions)
    return decisions


async def accesses_of(
    context: Context, key: str, features: Iterable[str] | None = None, at: datetime | None = None
) -> list[Decision]:
    """Answer a check for each feature named, or for each that any source of the customer mentions."""

    async def decided(seen: Snapshot) -> list[Decision]:
        known = await load_customers(seen, {key})
        return await answer(seen, known, _questions(seen, key, known.get(key), features, at), at)

    return await in_snapshot(context, decided)


async def supposed_accesses(
    context: Context,
    about: CustomerView,
    questions: Sequence[AccessCheck] | None = None,
    at: datetime | None = None,
) -> list[Decision]:
    """Answer checks, by default of every feature, for a customer as an edit would leave them."""
    about = about.moved(at)
    key, now = about.customer.key, about.now

    async def decided(seen: Snapshot) -> list[Decision]:
        seen = replace(seen, flat=about.flat)
        asked = _questions(seen, key, about.customer, None, now) if questions is None else questions
        return await answer(seen, {key: about.customer}, asked, now, about.standpoint)

    return await in_snapshot(context, decided)


def _questions(
    seen: Snapshot, key: str, customer: Customer | None, features: Iterable[str] | None, at: datetime | None
) -> list[AccessCheck]:
    """Return a check for each feature named, or for each feature in effect."""
    if features is None:
        features = (
            [] if customer is None else features_in_effect(seen.flat, customer, _instant(seen, customer, at))
        )
    return [AccessCheck(customer=key, feature=each) for each in features]


async def answer(
    seen: Snapshot,
    known: Mapping[str, Customer],
    questions: Iterable[AccessCheck],
    at: datetime | None = None,
    standpoint: Standpoint | None = None,
) -> list[Decision]:
    """Decide checks of customers that were loaded, as seen from a standpoint."""
    subjects = [_subject(seen, known.get(question.customer), question, at) for question in questions]
    if standpoint is None:
        standpoint = standpoint_at(seen.other(at))
    if standpoint is not PRESENT:
        subjects = [replace(subject, standpoint=standpoint) for subject in subjects]
    subjects = await with_credits(seen, subjects)
    tallies = await _tallies(seen, subjects)
    _remember(seen, subjects, tallies)
    holds = await _holds(seen, subjects, at)
    coming = await _next_usage(seen, subjects)
    return [
        decide(
            subject,
            tallies.get(_owner(seen, subject), NO_TALLIES),
            total_reserved(
                holds.get(_owner(seen, subject), {}).values(), subject.question.feature, subject.now
            ),
            coming.get(index),
        )
        for index, subject in enumerate(subjects)
    ]


async def with_credits(seen: Snapshot, subjects: Sequence[ResolvedCheck]) -> list[ResolvedCheck]:
    """Attach the credit accounts that pay for usage; runs no statement where no check has a rate."""
    paying = {
        index: AccountAt(customer=subject.customer, credit_type=subject.rate.credit_type, at=subject.now)
        for index, subject in enumerate(subjects)
        if subject.rate is not None and subject.customer is not None
    }
    books = dict(zip(paying, await open_accounts(seen, paying.values()), strict=True)) if paying else {}
    return [replace(subject, book=books.get(index)) for index, subject in enumerate(subjects)]


def _instant(seen: Snapshot, customer: Customer | None, at: datetime | None) -> datetime:
    """Return the instant to evaluate at; an ``at`` equal to the clock's instant is the same as None."""
    if at is not None and at != seen.now:
        return at
    return seen.now if customer is None else customer.asked_at(seen.now)


def _subject(
    seen: Snapshot, customer: Customer | None, question: AccessCheck, at: datetime | None
) -> ResolvedCheck:
    asked = _instant(seen, customer, at)
    past = asked < _instant(seen, customer, None)
    return resolve_check(seen.flat, customer, question, asked, past=past)


def _owner(seen: Snapshot, subject: ResolvedCheck) -> Owner | None:
    if subject.customer is None:
        return None
    return Owner(environment=seen.environment.number, customer=subject.customer.number)


async def _tallies(seen: Snapshot, subjects: Iterable[ResolvedCheck]) -> Mapping[Owner | None, WindowTallies]:
    """Return the counters that the checks need."""
    needed = {
        (owner, subject.window)
        for subject in subjects
        if subject.window is not None and (owner := _owner(seen, subject)) is not None
    }
    return dict[Owner | None, WindowTallies]((await tallies_of(seen, needed)).items())


def _remember(
    seen: Snapshot, subjects: Iterable[ResolvedCheck], tallies: Mapping[Owner | None, WindowTallies]
) -> None:
    """Cache the counters that were computed; they hold until the customer's next write."""
    for subject in subjects:
        if subject.window is not None and subject.customer is not None and not subject.past:
            tally = tallies[_owner(seen, subject)][subject.window]
            revision = Revision(seen.flat.catalog.revision, subject.customer.revision)
            seen.memory.counted.keep((subject.customer.number, subject.window), revision, tally)


async def tallies_of(seen: Snapshot, needed: Collection[tuple[Owner, Window]]) -> dict[Owner, WindowTallies]:
    """Return the counters of windows, stored ones where they exist, else computed from the records."""
    kept = await usage.load_counters(seen.session, {owner for owner, _ in needed})
    missing = [
        Uncounted(owner=owner, window=window, aggregation=aggregation_of(seen.flat.catalog, window.feature))
        for owner, window in needed
        if window not in kept[owner]
    ]
    counted = await counting.count_anew(seen.session, missing)
    return {owner: tallies | counted.get(owner, NO_TALLIES) for owner, tallies in kept.items()}


async def _holds(
    seen: Snapshot, subjects: Iterable[ResolvedCheck], at: datetime | None
) -> Mapping[Owner | None, Holds]:
    """Return the reservations that are open at the instant of the check."""
    metered = {_owner(seen, subject) for subject in subjects if subject.window is not None}
    owners = [owner for owner in metered if owner is not None]
    past = at if at is not None and at < seen.now else None
    loaded = await reservations.load(seen.session, owners, at or seen.now, made_by=past)
    return dict[Owner | None, Holds](loaded.items())


async def _next_usage(seen: Snapshot, subjects: Sequence[ResolvedCheck]) -> Mapping[int, datetime]:
    """Return, for checks of the past, the instant of the next usage: the answer holds until then."""
    later = {
        index: (owner, whole_window(subject.feature.key).after(subject.now))
        for index, subject in enumerate(subjects)
        if subject.past and subject.window is not None and subject.feature is not None
        if (owner := _owner(seen, subject)) is not None
    }
    used = await counting.first_in(seen.session, list(dict.fromkeys(later.values())))
    places = {(owner, window.feature) for owner, window in later.values()}
    begun = await reservations.first_after(
        seen.session, places, min((s.now for s in subjects), default=seen.now)
    )
    first = {
        index: earliest((used.get((owner, window)), begun.get((owner, window.feature))))
        for index, (owner, window) in later.items()
    }
    return {index: instant for index, instant in first.items() if instant is not None}
