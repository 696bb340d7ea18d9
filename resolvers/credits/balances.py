"""Credits: granted, voided and spent, and what there is of them at an instant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from models.commands.batch import Done
from models.credits import pages
from models.credits import store as stored
from models.credits.pages import Made
from models.credits.store import Shelf
from models.database.column_types import from_micros, to_micros
from models.usage.store import Owner
from resolvers.context import Context
from resolvers.credits.accounts import Wanted, opened, shelf_of
from resolvers.customers import SeenCustomer, found, seen_at
from resolvers.paging import BadPage, Cursors, Page, PageRequest
from resolvers.snapshot import Look, look
from rules.access.decision import Decision
from rules.commands.command import Act
from rules.commands.credits import BringUpCredits, is_news
from rules.credits.accounts import Book, CreditNeed, Entry
from rules.credits.grants import Lot
from rules.credits.history import not_entered
from rules.credits.roll_forward import brought_up
from rules.customers.facts import Customer


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenBook:
    """A customer's book of a credit type, brought up to the instant at which they were seen."""

    seen: SeenCustomer
    book: Book


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenLot:
    """A grant and what is left of it, as its customer was seen."""

    seen: SeenCustomer
    credit_type: str
    lot: Lot


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEntry:
    """A line of the ledger, and the grant that it is about."""

    seen: SeenCustomer
    credit_type: str
    entry: Entry
    lot: Lot | None


def credits_of(decision: Decision) -> SeenBook | None:
    """Give the credits that pay for usage of the feature that was asked about; None where none do."""
    subject = decision.subject
    if decision.book is None or subject.customer is None:
        return None
    return SeenBook(seen=SeenCustomer.of(subject, subject.customer), book=decision.book)


async def act(context: Context, customer: str, deed: Act) -> Done:
    """Do something to a customer's credits; raises Rejected with every problem."""
    return await context.services.ledger.commit(context.environment, customer, deed)


def balance_after(done: Done, credit_type: str) -> SeenBook | None:
    """Give the book as an act has left it; None where there is no such customer or credit type."""
    customer = done.account.customer
    if customer is None or credit_type not in done.flat.catalog.credit_types:
        return None
    book = done.account.books.get(credit_type, Book(credit_type=credit_type))
    return SeenBook(seen=SeenCustomer.after(done), book=brought_up(book, customer, done.flat, done.now))


async def grant_after(context: Context, done: Done, credit_type: str, number: int) -> SeenLot | None:
    """Give the grant that an act, or its first time, made or voided, in its state now."""
    after = balance_after(done, credit_type)
    if after is None:
        return None
    book = after.book
    if number in book.lots or number in book.closed:
        return SeenLot(seen=after.seen, credit_type=credit_type, lot=book.lot(number))
    async with look(context) as seen:
        kept = await pages.lots(seen.session, shelf_of(seen, after.seen.customer, credit_type), {number})
    return SeenLot(seen=after.seen, credit_type=credit_type, lot=kept[number])


async def entries_after(context: Context, done: Done, credit_type: str) -> list[SeenEntry]:
    """Give the entries that an act, or its first time, made."""
    first, last = done.outcome.get("first", 1), done.outcome.get("last", 0)
    if done.account.customer is None or last < first:
        return []
    seen_customer = SeenCustomer.after(done)
    async with look(context) as seen:
        shelf = shelf_of(seen, done.account.customer, credit_type)
        lines = await pages.entries(seen.session, shelf, last + 1, last - first + 1, first)
        return await _with_grants(seen, seen_customer, shelf, list(reversed(lines)))


async def _with_grants(
    seen: Look, customer: SeenCustomer, shelf: Shelf, lines: Sequence[Entry]
) -> list[SeenEntry]:
    numbers = {line.grant for line in lines if line.grant is not None}
    lots = await pages.lots(seen.session, shelf, numbers)
    return [
        SeenEntry(seen=customer, credit_type=shelf[1], entry=line, lot=lots.get(line.grant or 0))
        for line in lines
    ]


async def balance(
    context: Context,
    key: str,
    credit_type: str,
    at: datetime | None = None,
    supposed: SeenCustomer | None = None,
) -> SeenBook | None:
    """Give what a customer has, or would have where they are ``supposed``; None for an unknown type."""
    async with look(context) as seen:
        about = await _about(seen, key, at, supposed)
        return None if about is None else next(iter(await _books(seen, about, [credit_type])), None)


async def balances(
    context: Context, key: str, at: datetime | None = None, supposed: SeenCustomer | None = None
) -> list[SeenBook]:
    """Give what a customer has, or would have, of every credit type of which there ever was anything."""
    async with look(context) as seen:
        about = await _about(seen, key, at, supposed)
        every = [] if about is None else await _books(seen, about, sorted(about.flat.catalog.credit_types))
    return [known for known in every if known.book.last_grant or known.book.sums]


async def _about(
    seen: Look, key: str, at: datetime | None, supposed: SeenCustomer | None = None
) -> SeenCustomer | None:
    """Give whom a question is about, None where there is no such customer."""
    if supposed is not None:
        return supposed.moved(at)
    customer = (await found(seen, {key})).get(key)
    return None if customer is None else seen_at(seen, customer, seen.other(at))


async def _books(seen: Look, about: SeenCustomer, credit_types: Iterable[str]) -> list[SeenBook]:
    known = about.flat.catalog.credit_types
    wanted = [
        Wanted(customer=about.customer, credit_type=credit_type, at=about.now)
        for credit_type in credit_types
        if credit_type in known
    ]
    books = await opened(replace(seen, flat=about.flat), wanted)
    return [SeenBook(seen=about, book=book) for book in books]


async def brought_up_to_date(
    context: Context, key: str, credit_type: str | None = None
) -> SeenCustomer | None:
    """Write what time alone has made of a customer's credits; None for an unknown customer."""
    async with look(context) as seen:
        customer = (await found(seen, {key})).get(key)
        if customer is None:
            return None
        behind = await _behind(seen, customer, credit_type)
        now = customer.asked_at(seen.now)
    done = [await act(context, key, BringUpCredits(credit_type=known)) for known in behind]
    if done:
        context.read_newest()
        return SeenCustomer.after(done[-1])
    return SeenCustomer(flat=seen.flat, customer=customer, now=now)


async def _behind(seen: Look, customer: Customer, credit_type: str | None) -> list[str]:
    """Give the credit types of which time has made something that is not written yet."""
    known = sorted(seen.flat.catalog.credit_types)
    shelves = {name: shelf_of(seen, customer, name) for name in known if credit_type in (None, name)}
    needs = {shelf: {CreditNeed(credit_type=name)} for name, shelf in shelves.items()}
    books, now = await stored.load(seen.session, needs), customer.asked_at(seen.now)
    return [
        name
        for name, shelf in shelves.items()
        if is_news(books[shelf], brought_up(books[shelf], customer, seen.flat, now))
    ]


async def grants(
    context: Context, key: str, credit_type: str | None, first: int | None, after: str | None
) -> Page[SeenLot]:
    """Give a page of a customer's grants, the newest first; raises BadPage."""
    cursors = Cursors(name=("credit grants", context.environment, key, credit_type or ""), kind=str)
    wanted = PageRequest.of(cursors, first, after)
    before = None if wanted.after is None else _made(wanted.after)
    customer = await brought_up_to_date(context, key, credit_type)
    if customer is None:
        return Page.empty()
    owner = Owner(environment=context.environment, customer=customer.customer.number)
    async with look(context) as seen:
        known = await pages.grants(seen.session, owner, credit_type, before, wanted.limit)
        total = await pages.count_grants(seen.session, owner, credit_type)
    page = wanted.cut(known, _place_of, total)
    return page.showing([SeenLot(seen=customer, credit_type=of, lot=lot) for of, lot in page.items])


def _place_of(found: tuple[str, Lot]) -> str:
    """Give the place of a grant in its list, from which ``_made`` reads it."""
    credit_type, lot = found
    return f"{to_micros(lot.grant.made_at)} {lot.number} {credit_type}"


def _made(place: str | int) -> Made:
    """Read the place of a grant; raises BadPage."""
    try:
        micros, number, credit_type = str(place).split(" ", 2)
        return from_micros(int(micros)), credit_type, int(number)
    except (ValueError, OverflowError):
        message = "The cursor is not one of this list."
        raise BadPage(message) from None


async def ledger(
    context: Context, key: str, credit_type: str, first: int | None, after: str | None
) -> Page[SeenEntry]:
    """Give a page of the ledger, the newest first; raises BadPage."""
    cursors = Cursors(name=("credit ledger", context.environment, key, credit_type), kind=int)
    wanted = PageRequest.of(cursors, first, after)
    before = None if wanted.after is None else int(wanted.after)
    customer = await brought_up_to_date(context, key, credit_type)
    if customer is None:
        return Page.empty()
    async with look(context) as seen:
        shelf = shelf_of(seen, customer.customer, credit_type)
        lines = await pages.entries(seen.session, shelf, before, wanted.limit)
        page = wanted.cut(lines, lambda line: line.number, 0)
        return page.showing(await _with_grants(seen, customer, shelf, page.items))


async def grant(
    context: Context, key: str, credit_type: str, number: int, at: datetime | None = None
) -> SeenLot | None:
    """Give a grant by its number, now or as it is at another instant; None where there is none."""
    if at is not None:
        return await _grant_at(context, key, credit_type, number, at)
    customer = await brought_up_to_date(context, key, credit_type)
    if customer is None:
        return None
    async with look(context) as seen:
        kept = await pages.lots(seen.session, shelf_of(seen, customer.customer, credit_type), {number})
    return SeenLot(seen=customer, credit_type=credit_type, lot=kept[number]) if number in kept else None


async def _grant_at(
    context: Context, key: str, credit_type: str, number: int, at: datetime
) -> SeenLot | None:
    """Give a grant as a balance of that instant lists it, one that is no longer or not yet in force too."""
    async with look(context) as seen:
        customer = (await found(seen, {key})).get(key)
        if customer is None or credit_type not in seen.flat.catalog.credit_types:
            return None
        about = seen_at(seen, customer, at)
        (known,) = await _books(seen, about, [credit_type])
        lot = known.book.lots.get(number) or known.book.closed.get(number)
        if lot is None:
            kept = await pages.lots(seen.session, shelf_of(seen, customer, credit_type), {number})
            past = about.now < customer.asked_at(seen.now)
            lot = not_entered(kept.get(number), about.now) if past else kept.get(number)
    return None if lot is None else SeenLot(seen=about, credit_type=credit_type, lot=lot)


async def entry(context: Context, key: str, credit_type: str, number: int) -> SeenEntry | None:
    """Give a line of the ledger by its number, None where there is none."""
    customer = await brought_up_to_date(context, key, credit_type)
    if customer is None:
        return None
    async with look(context) as seen:
        shelf = shelf_of(seen, customer.customer, credit_type)
        lines = await pages.entries(seen.session, shelf, number + 1, 1, number)
        return next(iter(await _with_grants(seen, customer, shelf, lines)), None)
