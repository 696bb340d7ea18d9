"""What can be subscribed to: a customer's access and credits, and what is published."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence

from resolvers.access.check import answer
from resolvers.context import Context
from resolvers.credits.accounts import Wanted, opened
from resolvers.credits.balances import SeenBook
from resolvers.customers import SeenCustomer, found
from resolvers.live.stream import Asked, Seen, Stream, Told, at_last
from resolvers.snapshot import Look, look
from rules.access.decision import Decision, Question
from rules.catalog.inheritance import Flattened
from rules.catalog_edits.publishing import published_since
from rules.credits.accounts import Book
from rules.credits.roll_forward import next_instant
from rules.customers.effective import spoken_of
from rules.customers.facts import Customer, earliest
from rules.live import face_of_book, face_of_decision
from rules.revisions import Revision, Sight


class NotThere(Exception):  # noqa: N818 - what is the matter
    """What a stream is to tell about does not exist."""


def access_changes(
    context: Context, customer: str, features: Sequence[str] | None, since: Sight | None
) -> AsyncGenerator[Told[Decision], None]:
    """Tell what a customer may use, of these features or of all that any source speaks about."""
    keys = None if features is None else tuple(dict.fromkeys(features))
    return Stream(context, Asked(customer=customer, keys=keys), seen_accesses).told(since)


async def balance_changes(
    context: Context, customer: str, credit_type: str, since: Sight | None
) -> AsyncGenerator[Told[SeenBook], None]:
    """Tell what a customer has of a credit type; raises NotThere where there is no such thing."""
    asked = Asked(customer=customer, keys=(credit_type,))
    async with look(context) as seen:
        (there,) = await seen_balances(seen, [asked])
    if not there.things:
        message = f"There is no customer '{customer}' with credits of a type '{credit_type}'."
        raise NotThere(message)
    return Stream(context, asked, seen_balances).told(since)


async def publishes(context: Context) -> AsyncGenerator[tuple[Flattened, str, int], None]:
    """Tell every version that is published from now on, by package and number, in order.

    The catalog keeps them all, so that none is left out however slowly they are read.
    """
    services = context.services
    with services.notices.watch(context.environment) as watch:
        before = await _catalog(context)
        while True:
            await watch.stale(None)
            watch.look()
            after = await at_last(lambda: _catalog(context))
            watch.saw(Revision(after.catalog.revision))
            for package, version in published_since(before.catalog, after.catalog):
                yield after, package, version
            before = after


async def _catalog(context: Context) -> Flattened:
    async with look(context) as seen:
        return seen.flat


async def seen_accesses(seen: Look, asked: Sequence[Asked]) -> list[Seen[Decision]]:
    """See what customers may use."""
    known = await found(seen, {one.customer for one in asked})
    questions = [
        [Question(customer=one.customer, feature=key) for key in _features(seen, known, one)] for one in asked
    ]
    different = list(dict.fromkeys(question for several in questions for question in several))
    decided = dict(zip(different, await answer(seen, known, different), strict=True))
    return [
        _seen_access(seen, known.get(one.customer), one, [decided[question] for question in several])
        for one, several in zip(asked, questions, strict=True)
    ]


def _features(seen: Look, known: Mapping[str, Customer], asked: Asked) -> list[str]:
    if asked.keys is not None:
        return list(asked.keys)
    customer = known.get(asked.customer)
    spoken = [] if customer is None else spoken_of(seen.flat, customer, customer.asked_at(seen.now))
    return list(dict.fromkeys([*spoken, *asked.told]))


def _seen_access(
    seen: Look, customer: Customer | None, asked: Asked, decisions: Sequence[Decision]
) -> Seen[Decision]:
    until = [decision.valid_until for decision in decisions]
    if asked.keys is None and customer is not None:
        until.append(customer.next_instant(customer.asked_at(seen.now)))
    return Seen(
        things={decision.subject.question.feature: decision for decision in decisions},
        faces={decision.subject.question.feature: face_of_decision(decision) for decision in decisions},
        revision=_revision(seen, customer),
        at=seen.now if customer is None else customer.asked_at(seen.now),
        acted_at=None if customer is None else customer.acted_at,
        until=earliest(until),
    )


async def seen_balances(seen: Look, asked: Sequence[Asked]) -> list[Seen[SeenBook]]:
    """See what customers have of credit types."""
    known = await found(seen, {one.customer for one in asked})
    wanted = [
        Wanted(customer=customer, credit_type=key, at=customer.asked_at(seen.now))
        for one in asked
        if (customer := known.get(one.customer)) is not None
        for key in one.keys or ()
        if key in seen.flat.catalog.credit_types
    ]
    books = await opened(seen, wanted)
    there = {(one.customer.key, one.credit_type): book for one, book in zip(wanted, books, strict=True)}
    return [_seen_balance(seen, known.get(one.customer), one, there) for one in asked]


def _seen_balance(
    seen: Look, customer: Customer | None, asked: Asked, there: Mapping[tuple[str, str], Book]
) -> Seen[SeenBook]:
    books = [there[asked.customer, key] for key in asked.keys or () if (asked.customer, key) in there]
    at = seen.now if customer is None else customer.asked_at(seen.now)
    return Seen(
        things={
            book.credit_type: SeenBook(
                seen=SeenCustomer(flat=seen.flat, customer=customer, now=at), book=book
            )
            for book in books
            if customer is not None
        },
        faces={book.credit_type: face_of_book(book) for book in books},
        revision=_revision(seen, customer),
        at=at,
        acted_at=None if customer is None else customer.acted_at,
        until=earliest(next_instant(book, customer, seen.flat) for book in books if customer is not None),
    )


def _revision(seen: Look, customer: Customer | None) -> Revision:
    return Revision(seen.flat.catalog.revision, 0 if customer is None else customer.revision)
