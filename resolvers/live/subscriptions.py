"""What can be subscribed to: a customer's access and credits, and published versions."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence

from resolvers.access.check import answer
from resolvers.context import Context
from resolvers.credits.accounts import AccountAt, open_accounts
from resolvers.credits.balances import CreditAccountView
from resolvers.customers import CustomerView, load_customers
from resolvers.live.stream import LiveStream, StateView, StreamMessage, StreamTopic, at_last
from resolvers.snapshot import Snapshot, open_snapshot
from rules.access.decision import AccessCheck, Decision
from rules.catalog.inheritance import ResolvedCatalog
from rules.catalog_edits.publishing import new_versions
from rules.credits.accounts import CreditAccount
from rules.credits.roll_forward import next_instant
from rules.customers.effective import features_in_effect
from rules.customers.facts import Customer, earliest
from rules.live import visible_state_of_account, visible_state_of_decision
from rules.revisions import Revision, Sight


class NotThere(Exception):  # noqa: N818 - it says what is wrong
    """The subject of a stream does not exist."""


def access_changes(
    context: Context, customer: str, features: Sequence[str] | None, since: Sight | None
) -> AsyncGenerator[StreamMessage[Decision], None]:
    """Stream a customer's access to these features, or to all that any source mentions."""
    keys = None if features is None else tuple(dict.fromkeys(features))
    return LiveStream(context, StreamTopic(customer=customer, keys=keys), access_views).told(since)


async def balance_changes(
    context: Context, customer: str, credit_type: str, since: Sight | None
) -> AsyncGenerator[StreamMessage[CreditAccountView], None]:
    """Stream a customer's balance of a credit type; raises NotThere where either does not exist."""
    asked = StreamTopic(customer=customer, keys=(credit_type,))
    async with open_snapshot(context) as seen:
        (there,) = await balance_views(seen, [asked])
    if not there.things:
        message = f"There is no customer '{customer}' with credits of a type '{credit_type}'."
        raise NotThere(message)
    return LiveStream(context, asked, balance_views).told(since)


async def publishes(context: Context) -> AsyncGenerator[tuple[ResolvedCatalog, str, int], None]:
    """Yield every version that is published from now on, as package and number, in order.

    The catalog keeps all versions, so that a slow reader misses none.
    """
    services = context.services
    with services.notices.watch(context.environment) as watch:
        before = await _catalog(context)
        while True:
            await watch.stale(None)
            watch.snapshot()
            after = await at_last(lambda: _catalog(context))
            watch.saw(Revision(after.catalog.revision))
            for package, version in new_versions(before.catalog, after.catalog):
                yield after, package, version
            before = after


async def _catalog(context: Context) -> ResolvedCatalog:
    async with open_snapshot(context) as seen:
        return seen.flat


async def access_views(seen: Snapshot, asked: Sequence[StreamTopic]) -> list[StateView[Decision]]:
    """Read the access of several customers."""
    known = await load_customers(seen, {one.customer for one in asked})
    questions = [
        [AccessCheck(customer=one.customer, feature=key) for key in _features(seen, known, one)]
        for one in asked
    ]
    different = list(dict.fromkeys(question for several in questions for question in several))
    decided = dict(zip(different, await answer(seen, known, different), strict=True))
    return [
        _seen_access(seen, known.get(one.customer), one, [decided[question] for question in several])
        for one, several in zip(asked, questions, strict=True)
    ]


def _features(seen: Snapshot, known: Mapping[str, Customer], asked: StreamTopic) -> list[str]:
    if asked.keys is not None:
        return list(asked.keys)
    customer = known.get(asked.customer)
    spoken = [] if customer is None else features_in_effect(seen.flat, customer, customer.asked_at(seen.now))
    return list(dict.fromkeys([*spoken, *asked.told]))


def _seen_access(
    seen: Snapshot, customer: Customer | None, asked: StreamTopic, decisions: Sequence[Decision]
) -> StateView[Decision]:
    until = [decision.valid_until for decision in decisions]
    if asked.keys is None and customer is not None:
        until.append(customer.next_instant(customer.asked_at(seen.now)))
    return StateView(
        things={decision.subject.question.feature: decision for decision in decisions},
        faces={
            decision.subject.question.feature: visible_state_of_decision(decision) for decision in decisions
        },
        revision=_revision(seen, customer),
        at=seen.now if customer is None else customer.asked_at(seen.now),
        acted_at=None if customer is None else customer.acted_at,
        until=earliest(until),
    )


async def balance_views(seen: Snapshot, asked: Sequence[StreamTopic]) -> list[StateView[CreditAccountView]]:
    """Read the balances of several customers."""
    known = await load_customers(seen, {one.customer for one in asked})
    wanted = [
        AccountAt(customer=customer, credit_type=key, at=customer.asked_at(seen.now))
        for one in asked
        if (customer := known.get(one.customer)) is not None
        for key in one.keys or ()
        if key in seen.flat.catalog.credit_types
    ]
    books = await open_accounts(seen, wanted)
    there = {(one.customer.key, one.credit_type): book for one, book in zip(wanted, books, strict=True)}
    return [_seen_balance(seen, known.get(one.customer), one, there) for one in asked]


def _seen_balance(
    seen: Snapshot,
    customer: Customer | None,
    asked: StreamTopic,
    there: Mapping[tuple[str, str], CreditAccount],
) -> StateView[CreditAccountView]:
    books = [there[asked.customer, key] for key in asked.keys or () if (asked.customer, key) in there]
    at = seen.now if customer is None else customer.asked_at(seen.now)
    return StateView(
        things={
            book.credit_type: CreditAccountView(
                seen=CustomerView(flat=seen.flat, customer=customer, now=at), book=book
            )
            for book in books
            if customer is not None
        },
        faces={book.credit_type: visible_state_of_account(book) for book in books},
        revision=_revision(seen, customer),
        at=at,
        acted_at=None if customer is None else customer.acted_at,
        until=earliest(next_instant(book, customer, seen.flat) for book in books if customer is not None),
    )


def _revision(seen: Snapshot, customer: Customer | None) -> Revision:
    return Revision(seen.flat.catalog.revision, 0 if customer is None else customer.revision)
