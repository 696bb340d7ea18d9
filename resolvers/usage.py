"""Usage: record it, and return the state after it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from models.usage.counting import Uncounted, count_anew, flow
from models.usage.reservations import ReservationFilter, count, find, page
from models.usage.store import Owner
from resolvers.context import Context
from resolvers.customers import CustomerView
from resolvers.paging import Cursors, Page, PageRequest
from resolvers.snapshot import open_snapshot
from rules.access.decision import AccessCheck, Decision, decide, resolve_check
from rules.catalog.validation import is_external_key
from rules.commands.command import CommandResult
from rules.commands.consume import Consume
from rules.commands.ingest_event import IngestEvent
from rules.commands.report_usage import ReportUsage
from rules.commands.reserve import ReleaseReservation, Reserve, SettleReservation
from rules.credits.roll_forward import roll_forward
from rules.usage.counters import aggregation_of
from rules.usage.reservations import Reservation, ReservationStatus, total_reserved
from rules.usage.series import Series, Span, buckets, windows_of
from rules.usage.series import series as put_together
from rules.values import FeatureType


async def report_usage(context: Context, customer: str, act: ReportUsage) -> tuple[CommandResult, Decision]:
    """Record usage, and decide the feature again; raises Rejected with every problem."""
    done = await context.services.commands.commit(context.environment, customer, act)
    return done, state_after(done, AccessCheck(customer=customer, feature=act.feature))


async def ingest(context: Context, customer: str, act: IngestEvent) -> CommandResult:
    """Count an event in the features whose meters it matches; raises Rejected with every problem."""
    return await context.services.commands.commit(context.environment, customer, act)


async def consume(context: Context, customer: str, act: Consume | Reserve) -> tuple[CommandResult, Decision]:
    """Consume or reserve a quantity if that is allowed; raises Rejected for bad input, never for a denial."""
    done = await context.services.commands.commit(context.environment, customer, act)
    if done.decision is not None and done.state.customer is not None:
        return done, done.decision
    # On a replay, and for a customer who does not exist, the answer is the current state.
    return done, state_after(done, act.question(customer))


async def end_hold(
    context: Context, customer: str, act: SettleReservation | ReleaseReservation
) -> tuple[CommandResult, Decision]:
    """Settle or release a reservation, and decide its feature again; raises Rejected with every problem."""
    done = await context.services.commands.commit(context.environment, customer, act)
    feature = done.state.holds[act.key].feature
    return done, state_after(done, AccessCheck(customer=customer, feature=feature))


def state_after(done: CommandResult, question: AccessCheck) -> Decision:
    """Decide a check on the state that a command left."""
    state = done.state
    subject = resolve_check(done.flat, state.customer, question, done.now)
    if subject.rate is not None and state.customer is not None:
        book = state.books[subject.rate.credit_type]
        subject = replace(subject, book=roll_forward(book, state.customer, done.flat, done.now))
    decision = decide(
        subject, state.tallies, total_reserved(state.holds.values(), question.feature, done.now)
    )
    cost = done.outcome.get("cost")
    if decision.payment is None or cost is None:
        return decision
    return replace(decision, payment=replace(decision.payment, cost=cost))


async def usage_series(context: Context, about: CustomerView, span: Span) -> Series | None:
    """Return a customer's usage over time; None unless the key names a METERED feature; raises BadSpan."""
    flat, customer = about.flat, about.customer
    feature = flat.catalog.features.get(span.feature)
    if feature is None or feature.type is not FeatureType.METERED:
        return None
    # In a thread: two thousand buckets take a tenth of a second.
    async with context.services.drawing:
        found = await asyncio.to_thread(buckets, flat, customer, span)
    owner = Owner(environment=context.environment, customer=customer.number)
    aggregation = aggregation_of(flat.catalog, span.feature)
    needed = {
        Uncounted(owner=owner, window=window, aggregation=aggregation)
        for window in windows_of(flat, span, found)
    }
    async with open_snapshot(context) as seen:
        counted = (await count_anew(seen.session, needed)).get(owner, {})
        places = [(owner, window) for window in windows_of(flat, span, found)]
        flows = await flow(seen.session, places) if any(one.gave_back for one in counted.values()) else []
    async with context.services.drawing:
        return await asyncio.to_thread(put_together, flat, span, found, counted, flows)


async def reservation(context: Context, about: CustomerView, key: str) -> Reservation | None:
    """Return one of a customer's reservations by its key; None where the view has none."""
    # Skip keys that no reservation can have: PostgreSQL refuses some of them as text.
    if not is_external_key(key):
        return None
    owner = Owner(environment=context.environment, customer=about.customer.number)
    async with open_snapshot(context) as seen:
        hold = await find(seen.session, owner, key)
    not_yet = hold is not None and about.standpoint.at is not None and about.now < hold.created_at
    return None if not_yet else hold


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldQuery:
    """Which of a customer's reservations to list, and which page of them."""

    about: CustomerView
    status: ReservationStatus | None
    first: int | None
    after: str | None


async def reservations(context: Context, asked: HoldQuery) -> Page[Reservation]:
    """Return a page of a customer's reservations, the newest first; raises BadPage."""
    about = asked.about
    owner = Owner(environment=context.environment, customer=about.customer.number)
    # A cursor is a position among all reservations: it is valid at every instant.
    cursors = Cursors(name=("reservations", owner.environment, owner.customer), kind=int)
    wanted = PageRequest.of(cursors, asked.first, asked.after)
    other = about.standpoint.at is not None
    async with open_snapshot(context) as seen:
        now = about.now if other else about.customer.asked_at(seen.now)
        shelf = ReservationFilter(owner=owner, status=asked.status, now=now, other=other)
        found = await page(seen.session, shelf, wanted.after, wanted.limit)
        total = await count(seen.session, shelf)
    return wanted.cut(found, lambda hold: hold.number, total)
