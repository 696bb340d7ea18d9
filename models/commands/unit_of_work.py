"""Units of work: the state of one customer in a transaction, with the changes that commands made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from models.credits.store import Changed
from models.usage.reservations import Holds
from models.usage.store import Owner, WindowTallies
from rules.commands.command import Command, CustomerState, StateChange
from rules.credits.accounts import CreditAccount
from rules.customers.facts import Customer
from rules.numbers import LARGEST
from rules.usage.counters import Tally
from rules.usage.metering import EARLIEST, LATEST, UsageRecord, Window
from rules.usage.reservations import Reservation

NOBODY = CustomerState(customer=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedCustomer:
    """The stored state of a customer, as read under the lock."""

    owner: Owner
    customer: Customer
    tallies: WindowTallies
    holds: Holds


class UnitOfWork:
    """One customer in a transaction: the state as loaded, and the state that commands made of it."""

    __slots__ = ("_books", "_found", "_needed", "owner", "records", "state")

    def __init__(self, found: LockedCustomer) -> None:
        self.owner = found.owner
        self.state = CustomerState(customer=found.customer, tallies=found.tallies, holds=found.holds)
        self.records: list[tuple[Owner, int, UsageRecord]] = []
        self._found = found
        self._needed: set[Window] = set()
        self._books: Mapping[str, CreditAccount] = {}

    def account_for(self, act: Command) -> CustomerState:
        """Return the state for a command; a row made only for its lock is shown only to one that creates."""
        return NOBODY if self.is_left_empty and not act.creates else self.state

    @property
    def customer(self) -> Customer:
        """The customer after the commands so far."""
        customer = self.state.customer
        return self._found.customer if customer is None else customer

    @property
    def found_revision(self) -> int:
        """The customer's revision as loaded, whatever the commands so far made of it."""
        return self._found.customer.revision

    def open(self, books: Mapping[str, CreditAccount]) -> None:
        """Add credit accounts to the state, by credit type."""
        self._books = books
        self.state = replace(self.state, books=books)

    def count(self, tallies: Mapping[Window, Tally]) -> None:
        """Add counters to the state that were not stored, or that know more than those already there."""
        self.state = replace(self.state, tallies={**self.state.tallies, **tallies})

    def take(self, change: StateChange, customer: Customer, needed: Iterable[Window] = ()) -> None:
        """Continue with the state after a command, which needed the counters of some windows."""
        self.state = replace(change.state, customer=customer)
        self._needed.update(needed)
        self.records += [(self.owner, customer.revision, record) for record in change.records]

    @property
    def saved(self) -> tuple[int, Customer, Customer] | None:
        """The environment, and the customer before and after; None if no command changed anything."""
        before, after = self._found.customer, self.customer
        return None if before.revision == after.revision else (self.owner.environment, before, after)

    @property
    def is_left_empty(self) -> bool:
        """Whether the row was made only for its lock, and no command has created the customer."""
        return self.customer.revision == 0

    def changed_holds(self) -> Iterator[tuple[Owner, Reservation]]:
        """Yield the reservations that commands have made or changed."""
        if self.state.holds is not self._found.holds:
            for key, hold in self.state.holds.items():
                if self._found.holds.get(key) != hold:
                    yield self.owner, hold

    def changed_tallies(self) -> Iterator[tuple[Owner, Window, Tally]]:
        """Yield the counters that differ from the stored ones.

        Counters that only refused commands needed are not stored: such commands change nothing.
        """
        acted_at = self.customer.acted_at
        for window, tally in self.state.tallies.items():
            if window not in self._needed and window not in self._found.tallies:
                continue
            if _is_kept(window, tally, acted_at) and not _is_same(self._found.tallies.get(window), tally):
                yield self.owner, window, tally

    def needless_windows(self) -> Iterator[tuple[Owner, Window]]:
        """Yield the windows whose counters are stored and no longer needed."""
        acted_at, cut_anew = self.customer.acted_at, self._has_other_facts()
        for window in self._found.tallies:
            is_open = window.starts_at > EARLIEST and window.ends_at == LATEST
            if (cut_anew and is_open) or not _is_kept(window, self.state.tallies[window], acted_at):
                yield self.owner, window

    def _has_other_facts(self) -> bool:
        """Return whether commands may have ended windows that time alone never ends."""
        before, after = self._found.customer, self.customer
        return after.subscriptions is not before.subscriptions or after.custom is not before.custom

    def changed_books(self) -> Iterator[Changed]:
        """Yield the credit accounts that commands have changed."""
        for credit_type, before in self._books.items():
            after = self.state.books[credit_type]
            if after != before:
                yield Changed(shelf=(self.owner, credit_type), before=before, after=after)


def _is_kept(window: Window, tally: Tally, acted_at: datetime | None) -> bool:
    """Return whether to store a counter: no check needs an ended window, and a column has a maximum."""
    return acted_at is not None and acted_at < window.ends_at and tally.used <= LARGEST


def _is_same(kept: Tally | None, tally: Tally) -> bool:
    return kept is not None and (kept.used, kept.last_at) == (tally.used, tally.last_at)
