"""One transaction of the ledger: lock the customers, load them, apply each act, write what changed.

On PostgreSQL a statement that waited for a lock reads other tables as they were before the wait, so
that everything is loaded by statements that come after the lock's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from models import customers, environments, idempotency, reservations, usage
from models.bookcase import Bookcase
from models.customers import Address
from models.idempotency import First, TakenBy
from models.memory import Memory
from models.reservations import Holds
from models.usage import Owner, Uncounted, WindowTallies
from rules.access import Decision
from rules.acts import Account, Act, Change, Scene, conflict, input_digest
from rules.catalog import Aggregation
from rules.credit_books import CreditNeed
from rules.customers import Customer
from rules.environments import Environment
from rules.inheritance import Flattened
from rules.metering import UsageRecord, Window
from rules.numbers import LARGEST
from rules.reservations import Hold
from rules.revisions import Revision
from rules.tallies import Need, Tally, aggregation_of
from rules.validity import is_external_key

MICROSECOND = timedelta(microseconds=1)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """An act on the customer at an address."""

    address: Address
    act: Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of an act: the account as it is now, and what the act, or its first time, did.

    ``number`` is the customer's revision of that act; None where it was answered with a no.
    """

    account: Account
    flat: Flattened
    now: datetime
    number: int | None
    outcome: Mapping[str, int]
    decision: Decision | None = None
    replayed: bool = False

    @property
    def revision(self) -> Revision | None:
        """The name of the write, on a replay of the first; None where nothing was written."""
        return None if self.number is None else Revision(self.flat.catalog.revision, self.number)


Settled = Done | Exception


class Batch:
    """The acts of one transaction, and what they find and leave."""

    def __init__(self, session: AsyncSession, memory: Memory, real: datetime) -> None:
        self._session = session
        self._memory = memory
        self._real = real
        self._environments: dict[int, Environment] = {}
        self._flats: dict[int, Flattened] = {}
        self._found: dict[Address, Customer] = {}
        self._customers: dict[Address, Customer] = {}
        self._kept: dict[Owner, WindowTallies] = {}
        self._tallies: dict[Owner, WindowTallies] = {}
        self._kept_holds: dict[Owner, Holds] = {}
        self._holds: dict[Owner, Holds] = {}
        self._books = Bookcase(session)
        self._taken: dict[TakenBy, First] = {}
        self._newly_taken: list[tuple[TakenBy, First]] = []
        self._records: list[tuple[Owner, int, UsageRecord]] = []

    async def settle(self, commands: Sequence[Command]) -> list[Settled]:
        """Decide and write every act; one that is refused, or whose rule fails, changes nothing."""
        await self._load(commands)
        acts = list(zip(commands, self._scenes(commands), strict=True))
        opened = [_attempt(self._credit_needs, command, scene) for command, scene in acts]
        await self._books.open(place for found in opened if isinstance(found, list) for place in found)
        needs = [_attempt(self._needs, command, scene) for command, scene in acts]
        await self._count_anew([place for found in needs if isinstance(found, list) for place in found])
        settled = [
            need if isinstance(need, Exception) else _attempt(self._apply, command, scene)
            for need, (command, scene) in zip(needs, acts, strict=True)
        ]
        await self._save()
        return settled

    async def _load(self, commands: Sequence[Command]) -> None:
        session = self._session
        self._environments = await environments.load_many(session, {c.address[0] for c in commands})
        for number, environment in self._environments.items():
            self._flats[number] = await self._memory.catalogs.at(session, environment)
        # A key that no customer can have is not looked for: PostgreSQL would refuse some as text.
        addresses = {c.address for c in commands if is_external_key(c.address[1])}
        await customers.ensure(session, {c.address for c in commands if c.act.creates} & addresses)
        await customers.lock(session, addresses)
        self._found = await customers.load_locked(session, self._memory.belongings, addresses)
        self._customers = dict(self._found)
        owners = [self._owner(address) for address in self._found]
        self._kept = await usage.kept(session, owners)
        self._tallies = {owner: dict(tallies) for owner, tallies in self._kept.items()}
        self._kept_holds = await reservations.load(
            session, owners, self._first_instant(), self._named(commands)
        )
        self._holds = {owner: dict(holds) for owner, holds in self._kept_holds.items()}
        wanted = {taken for command in commands if (taken := self._taken_by(command)) is not None}
        self._taken = await idempotency.find(session, wanted)

    def _first_instant(self) -> datetime:
        """Give an instant that no act of this transaction comes before."""
        return min(
            (environment.now(self._real) for environment in self._environments.values()), default=self._real
        )

    def _named(self, commands: Iterable[Command]) -> set[tuple[Owner, str]]:
        """Give the holds that acts name."""
        return {
            (self._owner(command.address), key)
            for command in commands
            if command.address in self._found
            and (key := command.act.hold_key) is not None
            and is_external_key(key)
        }

    def _owner(self, address: Address) -> Owner:
        return Owner(environment=address[0], customer=self._found[address].number)

    def _taken_by(self, command: Command) -> TakenBy | None:
        key = command.act.idempotency_key
        if key is None or command.address not in self._found or not is_external_key(key):
            return None
        owner = self._owner(command.address)
        return TakenBy(owner.environment, owner.customer, command.act.operation, key)

    def _scenes(self, commands: Iterable[Command]) -> Iterable[Scene]:
        """Give every act its own instant: the clock's, or just after the customer's last act."""
        last: dict[Address, datetime] = {}
        for command in commands:
            address = command.address
            clock = self._environments[address[0]].now(self._real)
            customer = self._customers.get(address)
            before = last.get(address, customer.acted_at if customer is not None else None)
            now = clock if before is None else max(clock, before + MICROSECOND)
            last[address] = now
            flat = self._flats[address[0]]
            yield Scene(flat=flat, now=now, clock=clock, courses=self._memory.courses)

    def _needs(self, command: Command, scene: Scene) -> list[tuple[Owner, Need]]:
        """Tell which tallies an act needs."""
        needed = list(command.act.needs(scene, self._account(command)))
        if command.address not in self._found:
            return []
        return [(self._owner(command.address), need) for need in needed]

    def _credit_needs(self, command: Command, scene: Scene) -> list[tuple[Owner, CreditNeed]]:
        """Tell which books an act needs."""
        account = self._account(command)
        needed = [] if account.customer is None else list(command.act.credit_needs(scene, account))
        return [(self._owner(command.address), need) for need in needed]

    async def _count_anew(self, needs: Sequence[tuple[Owner, Need]]) -> None:
        """Count the tallies that are needed and not kept, and find out which values those hold."""
        missing = {
            Uncounted(owner=owner, window=need.window, aggregation=self._aggregation(owner, need.window))
            for owner, need in needs
            if need.window not in self._tallies[owner]
        }
        for owner, counted in (await usage.count_anew(self._session, missing)).items():
            self._tallies[owner] |= counted
        asked = {
            (owner, window, need.value)
            for owner, need in needs
            if need.value is not None
            for window in self._tallies[owner]
            if window.feature == need.window.feature
        }
        for (owner, window), known in (await usage.values_known(self._session, list(asked))).items():
            self._tallies[owner][window] = replace(self._tallies[owner][window], known=known)

    def _aggregation(self, owner: Owner, window: Window) -> Aggregation:
        return aggregation_of(self._flats[owner.environment].catalog, window.feature)

    def _apply(self, command: Command, scene: Scene) -> Done:
        taken = self._taken_by(command)
        first = self._taken.get(taken) if taken is not None else None
        if first is not None:
            return self._replayed(command, scene, first)
        return self._done(command, scene, taken)

    def _customer(self, command: Command) -> Customer | None:
        """Give the customer whom an act finds: one only made to be locked is there for who brings them."""
        customer = self._customers.get(command.address)
        if customer is None or (customer.revision == 0 and not command.act.creates):
            return None
        return customer

    def _account(self, command: Command) -> Account:
        customer = self._customer(command)
        if customer is None:
            return Account(customer=None)
        owner = self._owner(command.address)
        return Account(
            customer=customer,
            tallies=self._tallies[owner],
            holds=self._holds[owner],
            books=self._books.of(owner),
        )

    def _replayed(self, command: Command, scene: Scene, first: First) -> Done:
        if not command.act.known_by_key and first.input_digest != input_digest(command.act):
            raise conflict(command.act)
        return Done(
            account=self._account(command),
            flat=scene.flat,
            now=scene.now,
            number=first.number,
            outcome=first.outcome,
            replayed=True,
        )

    def _done(self, command: Command, scene: Scene, taken: TakenBy | None) -> Done:
        change = command.act.apply(scene, self._account(command))
        if not change.changed:
            return self._refused(scene, change)
        if change.account.customer is None:
            message = f"{command.act.operation} left no customer"
            raise AssertionError(message)
        number = change.account.customer.revision + 1
        customer = replace(change.account.customer, revision=number, acted_at=scene.now)
        self._take(command.address, replace(change, account=replace(change.account, customer=customer)))
        if taken is not None:
            digest = input_digest(command.act)
            self._taken[taken] = First(input_digest=digest, number=number, outcome=change.outcome)
            self._newly_taken.append((taken, self._taken[taken]))
        return Done(
            account=self._account(command),
            flat=scene.flat,
            now=scene.now,
            number=number,
            outcome=change.outcome,
            decision=change.decision,
        )

    def _refused(self, scene: Scene, change: Change) -> Done:
        return Done(
            account=change.account,
            flat=scene.flat,
            now=scene.now,
            number=None,
            outcome=change.outcome,
            decision=change.decision,
            replayed=change.replayed,
        )

    def _take(self, address: Address, change: Change) -> None:
        """Go on from the account that an act left."""
        customer, owner = change.account.customer, self._owner(address)
        if customer is not None:
            self._customers[address] = customer
            self._tallies[owner] = dict(change.account.tallies)
            self._holds[owner] = dict(change.account.holds)
            self._books.take(owner, change.account.books)
            self._records += [(owner, customer.revision, record) for record in change.records]

    async def _save(self) -> None:
        session = self._session
        changed = [
            (address[0], self._found[address], customer)
            for address, customer in self._customers.items()
            if customer.revision != self._found[address].revision
        ]
        await customers.save(session, changed)
        await customers.forget(session, [c.number for c in self._customers.values() if c.revision == 0])
        await usage.record(session, self._records)
        await usage.keep(session, self._changed_tallies())
        await usage.drop(session, self._needless_windows())
        await reservations.save(session, self._changed_holds())
        await self._books.save()
        await idempotency.take(session, self._newly_taken)

    def _changed_holds(self) -> list[tuple[Owner, Hold]]:
        return [
            (owner, hold)
            for owner, holds in self._holds.items()
            for key, hold in holds.items()
            if self._kept_holds[owner].get(key) != hold
        ]

    def _changed_tallies(self) -> list[tuple[Owner, Window, Tally]]:
        return [
            (owner, window, tally)
            for owner, acted_at in self._acted_at().items()
            for window, tally in self._tallies[owner].items()
            if _is_kept(window, tally, acted_at) and not _is_same(self._kept[owner].get(window), tally)
        ]

    def _needless_windows(self) -> list[tuple[Owner, Window]]:
        return [
            (owner, window)
            for owner, acted_at in self._acted_at().items()
            for window in self._kept[owner]
            if not _is_kept(window, self._tallies[owner][window], acted_at)
        ]

    def _acted_at(self) -> dict[Owner, datetime]:
        """Tell when each customer who has ever acted did so last."""
        return {
            self._owner(address): customer.acted_at
            for address, customer in self._customers.items()
            if customer.acted_at is not None
        }


def _is_kept(window: Window, tally: Tally, acted_at: datetime) -> bool:
    """Tell whether a tally is kept: no question will ask for an ended window, and a column has an end too."""
    return acted_at < window.ends_at and tally.used <= LARGEST


def _is_same(kept: Tally | None, tally: Tally) -> bool:
    return kept is not None and (kept.used, kept.last_at) == (tally.used, tally.last_at)


def _attempt(rule: Callable[[Command, Scene], Result], command: Command, scene: Scene) -> Result | Exception:
    """Give what a rule says, or how it fails: one with a bug must not harm its neighbours."""
    try:
        return rule(command, scene)
    except Exception as error:  # noqa: BLE001 - whatever it is, its own caller is told
        return error
