"""Commands on one customer: each a pure function from the state it finds to the state it leaves."""

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
    """What a command finds and leaves: the customer, None if there is none, their counters and reservations.

    ``holds`` has, by key, the open reservations and those that commands name. ``books`` has, by credit type,
    the credit accounts that commands need.
    """

    customer: Customer | None
    tallies: Tallies = field(default_factory=dict)
    holds: Mapping[str, Reservation] = field(default_factory=dict)
    books: Mapping[str, CreditAccount] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """The surroundings of a command: the catalog in force, its own instant, and the clock's time.

    ``customer`` is the key that the command names, whether a customer has it or not.
    """

    flat: ResolvedCatalog
    now: datetime
    clock: datetime | None = None
    customer: str = ""

    def subject(self, customer: Customer | None, question: AccessCheck) -> ResolvedCheck:
        """Resolve the check of a command."""
        return resolution_cache.cached_check(self.flat, customer, question, self.now)

    def rate(self, customer: Customer, feature: str) -> CreditRate | None:
        """Return how many credits using a feature burns beyond its limit; None if it burns none."""
        return resolution_cache.rate(self.flat, customer, feature, self.now)

    def window(self, customer: Customer, feature: str, at: datetime | None = None) -> Window:
        """Return the window in which usage of an instant counts; ``at`` is now if None."""
        return resolution_cache.window(self.flat, customer, feature, at or self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """What a command did: the state it left, what it recorded, and the outcome that a replay returns.

    A command whose answer is a denial has ``changed`` nothing, and takes no idempotency key.
    """

    state: CustomerState
    records: tuple[UsageRecord, ...] = ()
    outcome: Mapping[str, int] = field(default_factory=dict)
    decision: Decision | None = None
    changed: bool = True
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """The result of a command: the state now, and what the command did, or did the first time.

    ``number`` is the customer's revision of that write; None if it was denied.
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
        """The revision of the write, on a replay of the first one; None if nothing was written."""
        return None if self.number is None else Revision(self.flat.catalog.revision, self.number)


class Ordering(Enum):
    """The place of a command among its customer's commands of one transaction."""

    FIRST = auto()
    """It must see what earlier commands did."""
    ANY = auto()
    """It changes usage only."""
    LAST = auto()
    """It changes facts, on which later commands depend."""


class Command(Protocol):
    """A write to one customer, decided and recorded in one step."""

    operation: ClassVar[str]
    creates: ClassVar[bool]
    """Whether it creates a customer who does not exist."""
    ordering: ClassVar[Ordering]
    """Its place among its customer's commands of one transaction."""
    key_field: ClassVar[str]
    """The input field of the idempotency key."""
    known_by_key: ClassVar[bool]
    """Whether the key alone makes it a replay, whatever the rest of its input says."""

    @property
    def idempotency_key(self) -> str | None:
        """The key under which the command happens once."""

    @property
    def hold_key(self) -> str | None:
        """The key of the reservation that the command names."""

    def needs(self, scene: CommandContext, state: CustomerState) -> Iterable[Need]:
        """Return the counters that the command and its answer need."""

    def credit_needs(self, scene: CommandContext, state: CustomerState) -> Iterable[CreditNeed]:
        """Return the credit accounts that the command and its answer need."""

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Apply the command; raises Rejected with every problem, and then nothing has changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsCommand:
    """A command that changes a customer's facts and leaves usage alone."""

    creates: ClassVar[bool] = False
    ordering: ClassVar[Ordering] = Ordering.LAST
    key_field: ClassVar[str] = "idempotencyKey"
    known_by_key: ClassVar[bool] = False

    idempotency_key: str | None = None

    @property
    def hold_key(self) -> str | None:
        """None: it needs no reservation."""
        return None

    def needs(self, scene: CommandContext, state: CustomerState) -> Iterable[Need]:  # noqa: ARG002
        """None: it needs no usage."""
        return ()

    def credit_needs(self, scene: CommandContext, state: CustomerState) -> Iterable[CreditNeed]:  # noqa: ARG002
        """None: what facts make of credits follows from them when somebody asks."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageCommand:
    """A command on usage, which leaves a customer's facts alone."""

    creates: ClassVar[bool] = False
    ordering: ClassVar[Ordering] = Ordering.ANY
    key_field: ClassVar[str] = "idempotencyKey"
    known_by_key: ClassVar[bool] = False

    @property
    def hold_key(self) -> str | None:
        """None: it needs the open reservations only."""
        return None

    def credit_needs(self, scene: CommandContext, state: CustomerState) -> Iterable[CreditNeed]:  # noqa: ARG002
        """None, unless usage burns credits."""
        return ()


def input_digest(act: Command) -> str:
    """Return a digest that is equal for inputs that are equal by value.

    Fields at their default do not count, so that a default written out is the same input.
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
    """Return the fields of an input with their defaults; the key finds an input, and is no part of it."""
    return tuple((known.name, known.default) for known in fields(act) if known.name != "idempotency_key")


def idempotency_problems(key: str | None) -> Iterator[Problem]:
    """Check an idempotency key: 1 to 255 printable characters."""
    if key is not None and not is_external_key(key):
        yield invalid("An idempotency key is 1 to 255 printable characters.", "idempotencyKey")


def missing_customer(key: str) -> Problem:
    """Return the problem of a customer who does not exist; other customers are never suggested."""
    return Problem(ErrorCode.NOT_FOUND, f"There is no customer '{key}'.", ("customer",))


def customer_problems(scene: CommandContext, customer: Customer | None) -> Iterator[Problem]:
    """Check that there is a customer who can act."""
    if customer is None:
        yield missing_customer(scene.customer)
    elif customer.archived:
        yield Problem(ErrorCode.ARCHIVED, f"Customer '{customer.key}' is archived.", ("customer",))


def conflict(act: Command) -> Rejected:
    """Return the refusal of a key that was used before with another input."""
    message = f"The key '{act.idempotency_key}' was used before with another input."
    return Rejected([Problem(ErrorCode.IDEMPOTENCY_CONFLICT, message, (act.key_field,))])
