"""Credits: commands on them, and balances, grants and ledger entries as of an instant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from models.credits import pages
from models.credits import store as stored
from models.credits.pages import Made
from models.credits.store import CreditAccountKey
from models.database.column_types import from_micros, to_micros
from models.usage.store import Owner
from resolvers.context import Context
from resolvers.credits.accounts import AccountAt, open_accounts, shelf_of
from resolvers.customers import CustomerView, load_customers, view_at
from resolvers.paging import BadPage, Cursors, Page, PageRequest
from resolvers.snapshot import Snapshot, open_snapshot
from rules.access.decision import Decision
from rules.commands.command import Command, CommandResult
from rules.commands.credits import BringUpCredits, is_news
from rules.credits.accounts import CreditAccount, CreditNeed, Entry
from rules.credits.grants import Lot
from rules.credits.history import not_entered
from rules.credits.roll_forward import roll_forward
from rules.customers.facts import Customer


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditAccountView:
    """A customer's credit account, rolled forward to the instant of the view."""

    seen: CustomerView
    book: CreditAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantView:
    """A grant and what is left of it, at the instant of its customer's view."""

    seen: CustomerView
    credit_type: str
    lot: Lot


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntryView:
    """A ledger entry, and the grant that it changes."""

    seen: CustomerView
    credit_type: str
    entry: Entry
    lot: Lot | None


def credits_of(decision: Decision) -> CreditAccountView | None:
    """Return the credits that pay for usage of the feature that was checked; None where none do."""
    subject = decision.subject
    if decision.book is None or subject.customer is None:
        return None
    return CreditAccountView(seen=CustomerView.of(subject, subject.customer), book=decision.book)


async def credit_command(context: Context, customer: str, deed: Command) -> CommandResult:
    """Run a command on a customer's credits; raises Rejected with every problem."""
    return await context.services.commands.commit(context.environment, customer, deed)


def balance_after(done: CommandResult, credit_type: str) -> CreditAccountView | None:
    """Return the account as a command left it; None without the customer or the credit type."""
    customer = done.state.customer
    if customer is None or credit_type not in done.flat.catalog.credit_types:
        return None
    book = done.state.books.get(credit_type, CreditAccount(credit_type=credit_type))
    return CreditAccountView(
        seen=CustomerView.after(done), book=roll_forward(book, customer, done.flat, done.now)
    )


async def grant_after(
    context: Context, done: CommandResult, credit_type: str, number: int
) -> GrantView | None:
    """Return the current state of the grant that a command, or its first run, created or voided."""
    after = balance_after(done, credit_type)
    if after is None:
        return None
    book = after.book
    if number in book.lots or number in book.closed:
        return GrantView(seen=after.seen, credit_type=credit_type, lot=book.lot(number))
    async with open_snapshot(context) as seen:
        kept = await pages.lots(seen.session, shelf_of(seen, after.seen.customer, credit_type), {number})
    return GrantView(seen=after.seen, credit_type=credit_type, lot=kept[number])


async def entries_after(context: Context, done: CommandResult, credit_type: str) -> list[LedgerEntryView]:
    """Return the entries that a command, or its first run, wrote."""
    first, last = done.outcome.get("first", 1), done.outcome.get("last", 0)
    if done.state.customer is None or last < first:
        return []
    seen_customer = CustomerView.after(done)
    async with open_snapshot(context) as seen:
        shelf = shelf_of(seen, done.state.customer, credit_type)
        lines = await pages.entries(seen.session, shelf, last + 1, last - first + 1, first)
        return await _with_grants(seen, seen_customer, shelf, list(reversed(lines)))


async def _with_grants(
    seen: Snapshot, customer: CustomerView, shelf: CreditAccountKey, lines: Sequence[Entry]
) -> list[LedgerEntryView]:
    numbers = {line.grant for line in lines if line.grant is not None}
    lots = await pages.lots(seen.session, shelf, numbers)
    return [
        LedgerEntryView(seen=customer, credit_type=shelf[1], entry=line, lot=lots.get(line.grant or 0))
        for line in lines
    ]


async def balance(
    context: Context,
    key: str,
    credit_type: str,
    at: datetime | None = None,
    supposed: CustomerView | None = None,
) -> CreditAccountView | None:
    """Return a customer's account, or that of a ``supposed`` customer; None for an unknown type."""
    async with open_snapshot(context) as seen:
        about = await _about(seen, key, at, supposed)
        return None if about is None else next(iter(await _books(seen, about, [credit_type])), None)


async def balances(
    context: Context, key: str, at: datetime | None = None, supposed: CustomerView | None = None
) -> list[CreditAccountView]:
    """Return the accounts of every credit type that a customer, or a ``supposed`` one, ever held."""
    async with open_snapshot(context) as seen:
        about = await _about(seen, key, at, supposed)
        every = [] if about is None else await _books(seen, about, sorted(about.flat.catalog.credit_types))
    return [known for known in every if known.book.last_grant or known.book.sums]


async def _about(
    seen: Snapshot, key: str, at: datetime | None, supposed: CustomerView | None = None
) -> CustomerView | None:
    """Return the customer that a query is about; None where there is none."""
    if supposed is not None:
        return supposed.moved(at)
    customer = (await load_customers(seen, {key})).get(key)
    return None if customer is None else view_at(seen, customer, seen.other(at))


async def _books(seen: Snapshot, about: CustomerView, credit_types: Iterable[str]) -> list[CreditAccountView]:
    known = about.flat.catalog.credit_types
    wanted = [
        AccountAt(customer=about.customer, credit_type=credit_type, at=about.now)
        for credit_type in credit_types
        if credit_type in known
    ]
    books = await open_accounts(replace(seen, flat=about.flat), wanted)
    return [CreditAccountView(seen=about, book=book) for book in books]


async def roll_forward_now(context: Context, key: str, credit_type: str | None = None) -> CustomerView | None:
    """Write the entries that time alone has caused in a customer's accounts; None for an unknown customer."""
    async with open_snapshot(context) as seen:
        customer = (await load_customers(seen, {key})).get(key)
        if customer is None:
            return None
        behind = await _behind(seen, customer, credit_type)
        now = customer.asked_at(seen.now)
    done = [await credit_command(context, key, BringUpCredits(credit_type=known)) for known in behind]
    if done:
        context.read_newest()
        return CustomerView.after(done[-1])
    return CustomerView(flat=seen.flat, customer=customer, now=now)


async def _behind(seen: Snapshot, customer: Customer, credit_type: str | None) -> list[str]:
    """Return the credit types for which time has caused entries that are not written yet."""
    known = sorted(seen.flat.catalog.credit_types)
    shelves = {name: shelf_of(seen, customer, name) for name in known if credit_type in (None, name)}
    needs = {shelf: {CreditNeed(credit_type=name)} for name, shelf in shelves.items()}
    books, now = await stored.load(seen.session, needs), customer.asked_at(seen.now)
    return [
        name
        for name, shelf in shelves.items()
        if is_news(books[shelf], roll_forward(books[shelf], customer, seen.flat, now))
    ]


async def grants(
    context: Context, key: str, credit_type: str | None, first: int | None, after: str | None
) -> Page[GrantView]:
    """Return a page of a customer's grants, the newest first; raises BadPage."""
    cursors = Cursors(name=("credit grants", context.environment, key, credit_type or ""), kind=str)
    wanted = PageRequest.of(cursors, first, after)
    before = None if wanted.after is None else _grant_place(wanted.after)
    customer = await roll_forward_now(context, key, credit_type)
    if customer is None:
        return Page.empty()
    owner = Owner(environment=context.environment, customer=customer.customer.number)
    async with open_snapshot(context) as seen:
        known = await pages.grants(seen.session, owner, credit_type, before, wanted.limit)
        total = await pages.count_grants(seen.session, owner, credit_type)
    page = wanted.cut(known, _place_of, total)
    return page.showing([GrantView(seen=customer, credit_type=of, lot=lot) for of, lot in page.items])


def _place_of(found: tuple[str, Lot]) -> str:
    """Return the position of a grant in its list, which ``_grant_place`` reads."""
    credit_type, lot = found
    return f"{to_micros(lot.grant.made_at)} {lot.number} {credit_type}"


def _grant_place(place: str | int) -> Made:
    """Parse the position of a grant; raises BadPage."""
    try:
        micros, number, credit_type = str(place).split(" ", 2)
        return from_micros(int(micros)), credit_type, int(number)
    except (ValueError, OverflowError):
        message = "The cursor is not one of this list."
        raise BadPage(message) from None


async def ledger(
    context: Context, key: str, credit_type: str, first: int | None, after: str | None
) -> Page[LedgerEntryView]:
    """Return a page of the ledger, the newest entries first; raises BadPage."""
    cursors = Cursors(name=("credit ledger", context.environment, key, credit_type), kind=int)
    wanted = PageRequest.of(cursors, first, after)
    before = None if wanted.after is None else int(wanted.after)
    customer = await roll_forward_now(context, key, credit_type)
    if customer is None:
        return Page.empty()
    async with open_snapshot(context) as seen:
        shelf = shelf_of(seen, customer.customer, credit_type)
        lines = await pages.entries(seen.session, shelf, before, wanted.limit)
        page = wanted.cut(lines, lambda line: line.number, 0)
        return page.showing(await _with_grants(seen, customer, shelf, page.items))


async def grant(
    context: Context, key: str, credit_type: str, number: int, at: datetime | None = None
) -> GrantView | None:
    """Return a grant by its number, now or as of another instant; None where there is none."""
    if at is not None:
        return await _grant_at(context, key, credit_type, number, at)
    customer = await roll_forward_now(context, key, credit_type)
    if customer is None:
        return None
    async with open_snapshot(context) as seen:
        kept = await pages.lots(seen.session, shelf_of(seen, customer.customer, credit_type), {number})
    return GrantView(seen=customer, credit_type=credit_type, lot=kept[number]) if number in kept else None


async def _grant_at(
    context: Context, key: str, credit_type: str, number: int, at: datetime
) -> GrantView | None:
    """Return a grant as of an instant, also where it is no longer or not yet in force."""
    async with open_snapshot(context) as seen:
        customer = (await load_customers(seen, {key})).get(key)
        if customer is None or credit_type not in seen.flat.catalog.credit_types:
            return None
        about = view_at(seen, customer, at)
        (known,) = await _books(seen, about, [credit_type])
        lot = known.book.lots.get(number) or known.book.closed.get(number)
        if lot is None:
            kept = await pages.lots(seen.session, shelf_of(seen, customer, credit_type), {number})
            past = about.now < customer.asked_at(seen.now)
            lot = not_entered(kept.get(number), about.now) if past else kept.get(number)
    return None if lot is None else GrantView(seen=about, credit_type=credit_type, lot=lot)


async def entry(context: Context, key: str, credit_type: str, number: int) -> LedgerEntryView | None:
    """Return a ledger entry by its number; None where there is none."""
    customer = await roll_forward_now(context, key, credit_type)
    if customer is None:
        return None
    async with open_snapshot(context) as seen:
        shelf = shelf_of(seen, customer.customer, credit_type)
        lines = await pages.entries(seen.session, shelf, number + 1, 1, number)
        return next(iter(await _with_grants(seen, customer, shelf, lines)), None)
