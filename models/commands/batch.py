"""One transaction of group commit: lock customers, load them, apply each command, write what changed.

On PostgreSQL a statement that waited for a lock reads other tables as they were before the wait, so
statements after the lock load everything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from models import environments
from models.access.cache import MemoryCache
from models.commands import idempotency
from models.commands.idempotency import First, TakenBy
from models.commands.unit_of_work import NOBODY, LockedCustomer, UnitOfWork
from models.credits import store as stored
from models.credits.store import CreditAccountKey
from models.customers import store as customers
from models.customers.rulebook import Rulebook, Ruling
from models.customers.store import Address
from models.usage import counting, reservations
from models.usage import store as usage
from models.usage.counting import Uncounted
from models.usage.store import Owner
from rules.catalog.inheritance import ResolvedCatalog
from rules.catalog.validation import is_external_key
from rules.commands.command import (
    Command,
    CommandContext,
    CommandResult,
    CustomerState,
    StateChange,
    conflict,
    input_digest,
)
from rules.credits.accounts import CreditAccount, CreditNeed
from rules.customers.facts import Customer
from rules.environments import Environment
from rules.errors import unreachable
from rules.revisions import Revision
from rules.usage.counters import Need, aggregation_of
from rules.usage.metering import Window

MICROSECOND = timedelta(microseconds=1)

What = TypeVar("What")


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A command and the address of its customer."""

    address: Address
    act: Command


Outcome = CommandResult | Exception


@dataclass(slots=True, kw_only=True)
class _PendingCommand:
    """A command in its transaction: when it happens, on which unit of work, and its outcome.

    A command whose rule fails changes nothing and does not affect others.
    """

    act: Command
    scene: CommandContext
    desk: UnitOfWork | None
    taken: TakenBy | None
    windows: frozenset[Window] = frozenset()
    """The windows whose counters the command needs."""
    settled: Outcome | None = None

    @property
    def state(self) -> CustomerState:
        """The state that the command finds."""
        return NOBODY if self.desk is None else self.desk.account_for(self.act)

    def asks(
        self, needs: Callable[[CommandContext, CustomerState], Iterable[What]]
    ) -> list[tuple[UnitOfWork, What]]:
        """Return the command's needs, each with the unit of work."""
        if self.desk is None:
            return []
        try:
            return [(self.desk, need) for need in needs(self.scene, self.state)]
        except Exception as error:  # noqa: BLE001 - its own caller receives it
            self.settled = error
            return []

    def tallies(self) -> list[tuple[UnitOfWork, Need]]:
        """Return the counters that the command needs, and keep their windows."""
        needs = self.asks(self.act.needs)
        self.windows = frozenset(need.window for _, need in needs)
        return needs

    def done(
        self, change: StateChange | None, number: int | None, outcome: Mapping[str, int]
    ) -> CommandResult:
        """Return the result of the command; without a change it is a replay of the first."""
        return CommandResult(
            state=self.state if change is None or change.changed else change.state,
            flat=self.scene.flat,
            now=self.scene.now,
            number=number,
            outcome=outcome,
            decision=None if change is None else change.decision,
            replayed=change is None or change.replayed,
        )


class Batch:
    """The commands of one transaction, and the state that they find and leave."""

    def __init__(
        self, session: AsyncSession, memory: MemoryCache, real: datetime, rulebook: Rulebook | None = None
    ) -> None:
        self._session = session
        self._memory = memory
        self._real = real
        self._rulebook = rulebook
        self._ruling: Ruling | None = None
        self._environments: dict[int, Environment] = {}
        self._flats: dict[int, ResolvedCatalog] = {}
        self._desks: dict[Address, UnitOfWork] = {}
        self._taken: dict[TakenBy, First] = {}
        self._newly_taken: list[tuple[TakenBy, First]] = []

    async def settle(self, commands: Sequence[Submission]) -> list[Outcome]:
        """Decide and write every command; one that is refused, or whose rule fails, changes nothing."""
        await self._load(commands)
        turns = self._turns(commands)
        wanted = {turn.taken for turn in turns if turn.taken is not None}
        self._taken = await idempotency.find(self._session, wanted)
        await self._open_books([need for turn in turns for need in turn.asks(turn.act.credit_needs)])
        await self._count_anew([need for turn in turns for need in turn.tallies()])
        settled = [self._settled(turn) for turn in turns]
        await self._save()
        return settled

    async def _load(self, commands: Sequence[Submission]) -> None:
        session = self._session
        self._environments = await environments.load_many(session, {c.address[0] for c in commands})
        for number, environment in self._environments.items():
            self._flats[number] = await self._memory.catalogs.at(session, environment)
        # A key that no customer can have is not looked for: PostgreSQL would refuse some as text.
        addresses = {c.address for c in commands if is_external_key(c.address[1])}
        await customers.ensure(session, {c.address for c in commands if c.act.creates} & addresses)
        await customers.lock(session, addresses)
        locked = await customers.load_locked(session, self._memory.facts_cache, addresses)
        if self._rulebook is not None and locked.customers:
            self._ruling = await self._rulebook.ruling(session, locked.rules)
        await self._lay_out(locked.customers, commands)

    async def _lay_out(self, found: Mapping[Address, Customer], commands: Sequence[Submission]) -> None:
        """Make a unit of work for every customer who exists."""
        owners = {address: Owner(address[0], customer.number) for address, customer in found.items()}
        named = {
            (owners[command.address], key)
            for command in commands
            if (key := command.act.hold_key) is not None
            and command.address in owners
            and is_external_key(key)
        }
        tallies = await usage.load_counters(self._session, owners.values())
        holds = await reservations.load(self._session, owners.values(), self._first_instant(), named)
        self._desks = {
            address: UnitOfWork(
                LockedCustomer(
                    owner=owner, customer=found[address], tallies=tallies[owner], holds=holds[owner]
                )
            )
            for address, owner in owners.items()
        }

    def _first_instant(self) -> datetime:
        """Return an instant that is not after any command of this transaction."""
        return min(
            (environment.now(self._real) for environment in self._environments.values()), default=self._real
        )

    def _turns(self, commands: Iterable[Submission]) -> list[_PendingCommand]:
        """Give every command its own instant: the clock's, or just after the customer's last write."""
        clocks = {number: known.now(self._real) for number, known in self._environments.items()}
        last = {address: desk.customer.acted_at for address, desk in self._desks.items()}
        turns = []
        for command in commands:
            environment = command.address[0]
            now = clock = clocks[environment]
            before = last.get(command.address)
            if before is not None and before >= clock:
                now = before + MICROSECOND
            last[command.address] = now
            desk = self._desks.get(command.address)
            turns.append(
                _PendingCommand(
                    act=command.act,
                    scene=CommandContext(
                        flat=self._flats[environment], now=now, clock=clock, customer=command.address[1]
                    ),
                    desk=desk,
                    taken=None if desk is None else _taken_by(desk.owner, command.act),
                )
            )
        return turns

    async def _open_books(self, needs: Iterable[tuple[UnitOfWork, CreditNeed]]) -> None:
        """Load the credit accounts that commands need, each once; no statement if they need none."""
        wanted: defaultdict[CreditAccountKey, set[CreditNeed]] = defaultdict(set)
        desks: dict[Owner, UnitOfWork] = {}
        for desk, need in needs:
            wanted[desk.owner, need.credit_type].add(need)
            desks[desk.owner] = desk
        opened: defaultdict[Owner, dict[str, CreditAccount]] = defaultdict(dict)
        for (owner, credit_type), book in (await stored.load(self._session, wanted)).items():
            opened[owner][credit_type] = book
        for owner, books in opened.items():
            desks[owner].open(books)

    async def _count_anew(self, needs: Sequence[tuple[UnitOfWork, Need]]) -> None:
        """Count windows that are needed and have no counter, and look up the values that they hold."""
        desks = {desk.owner: desk for desk, _ in needs}
        self._remember_counted(needs)
        missing = {
            Uncounted(
                owner=desk.owner,
                window=need.window,
                aggregation=aggregation_of(self._flats[desk.owner.environment].catalog, need.window.feature),
            )
            for desk, need in needs
            if need.window not in desk.state.tallies
        }
        for owner, counted in (await counting.count_anew(self._session, missing)).items():
            desks[owner].count(counted)
            for window, tally in counted.items():
                self._memory.counted.keep((owner.customer, window), self._found_at(desks[owner]), tally)
        asked = {
            (desk.owner, window, need.value)
            for desk, need in needs
            if need.value is not None
            for window in desk.state.tallies
            if window.feature == need.window.feature
        }
        for (owner, window), known in (await counting.values_known(self._session, list(asked))).items():
            desks[owner].count({window: replace(desks[owner].state.tallies[window], known=known)})

    def _remember_counted(self, needs: Iterable[tuple[UnitOfWork, Need]]) -> None:
        """Take counts that no table has from memory, if they were made at the same revision."""
        for desk, need in needs:
            if need.window not in desk.state.tallies:
                place = (desk.owner.customer, need.window)
                tally = self._memory.counted.get(place, self._found_at(desk))
                if tally is not None:
                    desk.count({need.window: tally})

    def _found_at(self, desk: UnitOfWork) -> Revision:
        """Return the revision at which a customer was loaded; counts made at it hold until the next write."""
        return Revision(self._flats[desk.owner.environment].catalog.revision, desk.found_revision)

    def _settled(self, turn: _PendingCommand) -> Outcome:
        if turn.settled is not None:
            return turn.settled
        try:
            return self._apply(turn)
        except Exception as error:  # noqa: BLE001 - its own caller receives it
            return error

    def _apply(self, turn: _PendingCommand) -> CommandResult:
        self._check_zones(turn.state.customer)
        first = None if turn.taken is None else self._taken.get(turn.taken)
        if first is None:
            return self._done(turn)
        if not turn.act.known_by_key and first.input_digest != input_digest(turn.act):
            raise conflict(turn.act)
        return turn.done(None, first.number, first.outcome)

    def _done(self, turn: _PendingCommand) -> CommandResult:
        change = turn.act.apply(turn.scene, turn.state)
        if not change.changed:
            return turn.done(change, None, change.outcome)
        if turn.desk is None or change.state.customer is None:
            unreachable(f"{turn.act.operation} left no customer")
        self._check_zones(change.state.customer)
        number = change.state.customer.revision + 1
        left = replace(change.state.customer, revision=number, acted_at=turn.scene.now)
        turn.desk.take(change, left, turn.windows)
        if turn.taken is not None:
            first = First(input_digest=input_digest(turn.act), number=number, outcome=change.outcome)
            self._taken[turn.taken] = first
            self._newly_taken.append((turn.taken, first))
        return turn.done(change, number, change.outcome)

    def _check_zones(self, customer: Customer | None) -> None:
        """Raise OlderRules if another process uses newer rules of the customer's time zone."""
        if self._ruling is not None:
            self._ruling.refuse(customer)

    async def _save(self) -> None:
        session, desks = self._session, self._desks.values()
        await customers.save(session, [saved for desk in desks if (saved := desk.saved) is not None])
        await customers.forget(session, [desk.owner.customer for desk in desks if desk.is_left_empty])
        await usage.record(session, [record for desk in desks for record in desk.records])
        await usage.keep(session, [tally for desk in desks for tally in desk.changed_tallies()])
        await usage.drop(session, [window for desk in desks for window in desk.needless_windows()])
        await reservations.save(session, [hold for desk in desks for hold in desk.changed_holds()])
        await stored.save(session, [book for desk in desks for book in desk.changed_books()])
        await idempotency.take(session, self._newly_taken)


def _taken_by(owner: Owner, act: Command) -> TakenBy | None:
    key = act.idempotency_key
    if key is None or not is_external_key(key):
        return None
    return TakenBy(owner.environment, owner.customer, act.operation, key)
