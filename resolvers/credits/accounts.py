"""Credit accounts as of an instant of the past, present or future."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.credits import pages
from models.credits import store as stored
from models.credits.store import CreditAccountKey
from models.usage.store import Owner
from resolvers.snapshot import Snapshot
from rules.credits.accounts import CreditAccount, CreditNeed
from rules.credits.history import book_at, sum_entries
from rules.credits.roll_forward import roll_forward
from rules.customers.facts import Customer
from rules.revisions import Revision

FARTHEST = timedelta(days=25 * 366)
"""How far ahead an account is computed; at later instants it is returned as of then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAt:
    """Which account to open, and as of which instant."""

    customer: Customer
    credit_type: str
    at: datetime


def shelf_of(seen: Snapshot, customer: Customer, credit_type: str) -> CreditAccountKey:
    """Return the key under which a customer's account is stored."""
    return Owner(environment=seen.environment.number, customer=customer.number), credit_type


async def open_accounts(seen: Snapshot, wanted: Iterable[AccountAt]) -> list[CreditAccount]:
    """Return accounts as of the instants wanted, in the order of ``wanted``."""
    wanted = list(wanted)
    shelves = [shelf_of(seen, known.customer, known.credit_type) for known in wanted]
    needs = {shelf: {CreditNeed(credit_type=shelf[1])} for shelf in shelves}
    kept = await stored.load(seen.session, needs, to_read=True)
    for known, shelf in zip(wanted, shelves, strict=True):
        revision = Revision(seen.flat.catalog.revision, known.customer.revision)
        seen.memory.books.keep((known.customer.number, known.credit_type), revision, kept[shelf])
    told: dict[tuple[CreditAccountKey, datetime], CreditAccount] = {}
    for known, shelf in zip(wanted, shelves, strict=True):
        if (shelf, known.at) not in told:
            told[shelf, known.at] = await _at(seen, known, shelf, kept[shelf])
    return [told[shelf, known.at] for known, shelf in zip(wanted, shelves, strict=True)]


async def _at(
    seen: Snapshot, wanted: AccountAt, shelf: CreditAccountKey, book: CreditAccount
) -> CreditAccount:
    now = wanted.customer.asked_at(seen.now)
    present = roll_forward(book, wanted.customer, seen.flat, min(max(now, wanted.at), now + FARTHEST))
    return present if now <= wanted.at else await _past(seen, shelf, present, wanted.at)


async def _past(
    seen: Snapshot, shelf: CreditAccountKey, present: CreditAccount, at: datetime
) -> CreditAccount:
    """Return the account of a past instant, from all entries up to then, those not yet written included."""
    sums = Counter(await pages.sums_until(seen.session, shelf, at))
    for place, amount in sum_entries(entry for entry in present.entries if entry.cause.at <= at).items():
        sums[place] += amount
    named = {grant for _, grant in sums if grant is not None}
    lots = await pages.lots(seen.session, shelf, named) | {**present.closed, **present.lots}
    held = await pages.holds_at(seen.session, shelf, at)
    return book_at(shelf[1], at, sums, [lots[number] for number in named], held)
