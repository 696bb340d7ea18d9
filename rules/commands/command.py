"""Acts on one customer: each a pure function from the account it finds to the account it leaves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import Enum, auto
from functools import cache
from typing import ClassVar, Protocol

from rules.access import resolution_cache
from rules.access.decision import AccessCheck, Decision, ResolvedCheck
from rules.catalog.facts import CreditRate
from rules.catalog.inheritance import ResolvedCatalog
from rules.catalog.validation import invalid, is_external_key
from rules.credits.accounts import CreditAccount, CreditNeed
from rules.customers.facts import Customer
from rules.errors import ErrorCode, Problem, Rejected
from rules.revisions import Revision
from rules.usage.counters import Need, Tallies
from rules.usage.metering import UsageRecord, Window
from rules.usage.reservations import Reservation


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerState:
    """What an act finds and leaves: the customer, None where there is none, their usage and holds.

    Among the holds, by key, are those that are open and those that acts name. Books of credits, by
    credit type, are those that acts need.
    """

    customer: Customer | None
    tallies: Tallies = field(default_factory=dict)
    holds: Mapping[str, Reservation] = field(default_factory=dict)
    books: Mapping[str, CreditAccount] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """When and where an act happens: the catalog in force, the act's own instant, and the clock's time.

    ``customer`` is the key of the customer that the act names, whether there is one or not.
    """

    flat: ResolvedCatalog
    now: datetime
    clock: datetime | None = None
    customer: str = ""

    def subject(self, customer: Customer | None, question: AccessCheck) -> ResolvedCheck:
        """Find what a question that an act asks is about."""
        return resolution_cache.cached_check(self.flat, customer, question, self.now)

    def rate(self, customer: Customer, feature: str) -> CreditRate | None:
        """Tell how many credits using a feature burns beyond its limit; None where it burns none."""
        return resolution_cache.rate(self.flat, customer, feature, self.now)

    def window(self, customer: Customer, feature: str, at: datetime | None = None) -> Window:
        """Give the window in which usage of an instant, None for now, counts."""
        return resolution_cache.window(self.flat, customer, feature, at or self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """What an act did: the account it left, what it recorded, and what is told again on a replay.

    An act that was answered with a no has ``changed`` nothing, and takes no key.
    """

    state: CustomerState
    records: tuple[UsageRecord, ...] = ()
    outcome: Mapping[str, int] = field(default_factory=dict)
    decision: Decision | None = None
    changed: bool = True
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """What came of an act: the account as it is now, and what the act, or its first time, did.

    ``number`` is the customer's revision of that act; None where it was answered with a no.
    """

    state: CustomerState
    flat: ResolvedCatalog
    now: datetime
    number: int | None
    outcome: Mapping[str, int]
    decision: Decision | None = None
    replayed: bool = False

    @property
    def revision(self) -> Revision | None:
        """The name of the write, on a replay of the first; None where nothing was written."""
        return None if self.number is None else Revision(self.flat.catalog.revision, self.number)


class Ordering(Enum):
    """The place of a command among its customer's commands of one transaction."""

    FIRST = auto()
    """It must see what commands before it did."""
    ANY = auto()
    """It changes usage alone."""
    LAST = auto()
    """It changes facts, by which later commands are decided."""


class Command(Protocol):
    """Something done to one customer, decided and recorded as one."""

    operation: ClassVar[str]
    creates: ClassVar[bool]
    """Whether a customer who does not exist is made."""
    ordering: ClassVar[Ordering]
    """Its place among its customer's commands of one transaction."""
    key_field: ClassVar[str]
    """The input field that holds the idempotency key."""
    known_by_key: ClassVar[bool]
    """Whether the key alone tells that it is the same act again, whatever else its input says."""

    @property
    def idempotency_key(self) -> str | None:
        """The key under which the act happens once."""

    @property
    def hold_key(self) -> str | None:
        """The key of the hold that the act is about."""

    def needs(self, scene: CommandContext, state: CustomerState) -> Iterable[Need]:
        """Tell which tallies the act and its answer need."""

    def credit_needs(self, scene: CommandContext, state: CustomerState) -> Iterable[CreditNeed]:
        """Tell which books of credits the act and its answer need."""

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Do it; raises Rejected with every problem, and then nothing has changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsCommand:
    """An act that changes a customer's facts and leaves usage alone."""

    creates: ClassVar[bool] = False
    ordering: ClassVar[Ordering] = Ordering.LAST
    key_field: ClassVar[str] = "idempotencyKey"
    known_by_key: ClassVar[bool] = False

    idempotency_key: str | None = None

    @property
    def hold_key(self) -> str | None:
        """None: holds do not matter."""
        return None

    def needs(self, scene: CommandContext, state: CustomerState) -> Iterable[Need]:  # noqa: ARG002
        """None: usage does not matter."""
        return ()

    def credit_needs(self, scene: CommandContext, state: CustomerState) -> Iterable[CreditNeed]:  # noqa: ARG002
        """None: what facts make of credits follows from them when someone asks."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageCommand:
    """An act on usage, which leaves a customer's facts alone."""

    creates: ClassVar[bool] = False
    ordering: ClassVar[Ordering] = Ordering.ANY
    key_field: ClassVar[str] = "idempotencyKey"
    known_by_key: ClassVar[bool] = False

    @property
    def hold_key(self) -> str | None:
        """None: only the open holds matter."""
        return None

    def credit_needs(self, scene: CommandContext, state: CustomerState) -> Iterable[CreditNeed]:  # noqa: ARG002
        """None, unless usage burns credits."""
        return ()


def input_digest(act: Command) -> str:
    """Give a digest that is equal for inputs that are equal by value.

    What is left at its default does not count, so that a default written out is the same input.
    """
    said = {name: value for name, default in _defaults(type(act)) if (value := getattr(act, name)) != default}
    return hashlib.sha256(_canonical(_by_value(said)).encode()).hexdigest()


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str).encode


def _by_value(said: object) -> object:
    """Write equal numbers alike: 1 and 1.0 are one value."""
    match said:
        case float() if said.is_integer():
            return int(said)
        case Mapping():
            return {str(key): _by_value(value) for key, value in said.items()}
        case list() | tuple():
            return [_by_value(value) for value in said]
        case _:
            return said


@cache
def _defaults(act: type) -> tuple[tuple[str, object], ...]:
    """Give what an input says, with its default; the key is how it is found, and no part of it."""
    return tuple((known.name, known.default) for known in fields(act) if known.name != "idempotency_key")


def idempotency_problems(key: str | None) -> Iterator[Problem]:
    """Check an idempotency key: 1 to 255 printable characters."""
    if key is not None and not is_external_key(key):
        yield invalid("An idempotency key is 1 to 255 printable characters.", "idempotencyKey")


def missing_customer(key: str) -> Problem:
    """A customer who does not exist; no other customers are suggested, whoever names them."""
    return Problem(ErrorCode.NOT_FOUND, f"There is no customer '{key}'.", ("customer",))


def customer_problems(scene: CommandContext, customer: Customer | None) -> Iterator[Problem]:
    """Check that there is a customer who can act."""
    if customer is None:
        yield missing_customer(scene.customer)
    elif customer.archived:
        yield Problem(ErrorCode.ARCHIVED, f"Customer '{customer.key}' is archived.", ("customer",))


def conflict(act: Command) -> Rejected:
    """A key that was used before with another input."""
    message = f"The key '{act.idempotency_key}' was used before with another input."
    return Rejected([Problem(ErrorCode.IDEMPOTENCY_CONFLICT, message, (act.key_field,))])
