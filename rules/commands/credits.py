"""Commands on credits: grant, void, consume."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from rules.catalog.validation import LONGEST_TEXT, invalid, out_of_range
from rules.catalog_edits.features import unknown_key
from rules.commands.command import (
    CommandContext,
    CustomerState,
    StateChange,
    UsageCommand,
    customer_problems,
    idempotency_problems,
)
from rules.credits.accounts import Cause, CreditAccount, CreditNeed
from rules.credits.burn_down import add_grant, end_lots, post_grant, spend
from rules.credits.grants import HIGHEST_PRIORITY, USUAL_PRIORITY, CreditSource, Grant, GrantStatus
from rules.credits.roll_forward import roll_forward
from rules.errors import ErrorCode, Problem, Rejected, refuse_any, unreachable
from rules.numbers import LARGEST


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditAct(UsageCommand):
    """A command on a customer's credits of one type."""

    credit_type: str

    def needs(self, scene: CommandContext, state: CustomerState) -> tuple[()]:  # noqa: ARG002
        """None: usage does not matter."""
        return ()

    def credit_needs(self, scene: CommandContext, state: CustomerState) -> tuple[CreditNeed, ...]:
        """The account of the credit type, if there is such a type."""
        known = state.customer is not None and self.credit_type in scene.flat.catalog.credit_types
        return (CreditNeed(credit_type=self.credit_type, grant=self.grant_number),) if known else ()

    @property
    def grant_number(self) -> int | None:
        """The grant that the command names, which may be closed; None if it names none."""
        return None

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Apply the command; raises Rejected with every problem, and then nothing changes."""
        raise NotImplementedError

    def type_problems(self, scene: CommandContext) -> Iterator[Problem]:
        """Check that the credit type exists."""
        known = scene.flat.catalog.credit_types
        if self.credit_type not in known:
            yield unknown_key("credit type", self.credit_type, "creditType", among=known)

    def book(self, scene: CommandContext, state: CustomerState) -> CreditAccount:
        """Return the customer's account of the credit type, rolled forward to now."""
        if state.customer is None:
            unreachable("a missing customer has no book")
        book = state.books.get(self.credit_type, CreditAccount(credit_type=self.credit_type))
        return roll_forward(book, state.customer, scene.flat, scene.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantCredits(CreditAct):
    """Give a customer credits, in micros, from now or from a later instant on."""

    operation: ClassVar[str] = "grantCredits"

    amount: int
    source: CreditSource = CreditSource.PAID
    priority: int = USUAL_PRIORITY
    effective_at: datetime | None = None
    expires_at: datetime | None = None
    note: str | None = None
    idempotency_key: str | None = None

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Add the grant; it enters the ledger when it takes effect, and first repays the overdraft."""
        refuse_any(self._problems(scene, state))
        book = self.book(scene, state)
        refuse_any(amount_problems(book.granted + self.amount))
        grant = Grant(
            number=book.last_grant + 1,
            amount=self.amount,
            source=self.source,
            priority=self.priority,
            made_at=scene.now,
            # A command may run just after the clock's time, at which a grant may take effect.
            effective_at=max(self.effective_at or scene.now, scene.now),
            expires_at=self.expires_at,
            note=self.note,
        )
        book = add_grant(book, grant)
        if grant.effective_at == scene.now:
            book = post_grant(book, grant.number, Cause(at=scene.now, note=self.note))
        return StateChange(state=with_book(state, book), outcome={"grant": grant.number})

    def _problems(self, scene: CommandContext, state: CustomerState) -> Iterator[Problem]:
        yield from idempotency_problems(self.idempotency_key)
        yield from customer_problems(scene, state.customer)
        yield from self.type_problems(scene)
        yield from amount_problems(self.amount)
        if self.source is CreditSource.RECURRING:
            yield invalid("Only subscriptions grant RECURRING credits; use PAID or PROMOTIONAL.", "source")
        if not 0 <= self.priority <= HIGHEST_PRIORITY:
            yield out_of_range(f"A priority must be 0 to {HIGHEST_PRIORITY}; 0 burns first.", "priority")
        if self.effective_at is not None and self.effective_at < (scene.clock or scene.now):
            yield out_of_range("effectiveAt must not lie in the past.", "effectiveAt")
        if self.expires_at is not None and self.expires_at <= max(self.effective_at or scene.now, scene.now):
            yield out_of_range("expiresAt must lie after effectiveAt.", "expiresAt")
        yield from note_problems(self.note)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidCreditGrant(CreditAct):
    """Void what is left of a grant; credits held of it can still be settled.

    If ``made_at`` is given, it must be the grant's: a grant of this number made at another instant is
    another grant.
    """

    operation: ClassVar[str] = "voidCreditGrant"

    number: int
    made_at: datetime | None = None
    note: str | None = None

    @property
    def idempotency_key(self) -> str | None:
        """None: the grant itself records what was done to it."""
        return None

    @property
    def grant_number(self) -> int | None:
        """The grant, which may be closed."""
        return self.number

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Void the grant; a repetition does nothing, and an expired grant cannot be voided."""
        refuse_any((*self._problems(scene, state), *note_problems(self.note)))
        book = self.book(scene, state)
        lot = book.lots.get(self.number) or book.closed.get(self.number)
        if lot is None or self.made_at not in (None, lot.grant.made_at):
            raise Rejected([self._missing_grant(scene)])
        status = lot.status(scene.now)
        if status is GrantStatus.EXPIRED:
            raise Rejected([Problem(ErrorCode.NOT_ALLOWED, "The grant has expired.", ("grant",))])
        if status is GrantStatus.VOIDED:
            return StateChange(state=state, changed=False, replayed=True)
        book = end_lots(book, [lot], Cause(at=scene.now, note=self.note))
        return StateChange(state=with_book(state, book), outcome={"grant": self.number})

    def _problems(self, scene: CommandContext, state: CustomerState) -> Iterator[Problem]:
        """Check that the customer exists and is not archived; the input names only the grant."""
        for problem in customer_problems(scene, state.customer):
            missing_one = problem.code is ErrorCode.NOT_FOUND
            yield self._missing_grant(scene) if missing_one else replace(problem, path=("grant",))

    def _missing_grant(self, scene: CommandContext) -> Problem:
        message = f"Customer '{scene.customer}' has no grant {self.number} of '{self.credit_type}'."
        return Problem(ErrorCode.NOT_FOUND, message, ("grant",))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumeCredits(CreditAct):
    """Spend credits, in micros, if there are enough, or with an overdraft in any case."""

    operation: ClassVar[str] = "consumeCredits"

    amount: int
    allow_overdraft: bool = False
    note: str | None = None
    idempotency_key: str | None = None

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Spend the whole amount or nothing; a denial is a result, not an error. Needs no subscription."""
        refuse_any(self._problems(scene))
        customer = state.customer
        if customer is None:
            return StateChange(state=state, outcome={"consumed": 0}, changed=False)
        book = self.book(scene, state)
        if customer.archived or not (self.allow_overdraft or self.amount <= book.available):
            return StateChange(state=with_book(state, book), outcome={"consumed": 0}, changed=False)
        refuse_any(amount_problems(book.overdraft + self.amount))
        after, _ = spend(book, self.amount, Cause(at=scene.now, note=self.note))
        outcome = {"consumed": self.amount, "first": book.last_entry + 1, "last": after.last_entry}
        return StateChange(state=with_book(state, after), outcome=outcome)

    def _problems(self, scene: CommandContext) -> Iterator[Problem]:
        yield from idempotency_problems(self.idempotency_key)
        yield from self.type_problems(scene)
        yield from amount_problems(self.amount)
        yield from note_problems(self.note)


@dataclass(frozen=True, slots=True, kw_only=True)
class BringUpCredits(CreditAct):
    """Record what time alone has made of an account, so that it can be read."""

    operation: ClassVar[str] = "bringUpCredits"

    @property
    def idempotency_key(self) -> str | None:
        """None: a repetition does nothing."""
        return None

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Roll the account forward; without news it stays as it was."""
        if state.customer is None or self.credit_type not in state.books:
            return StateChange(state=state, changed=False)
        book = self.book(scene, state)
        changed = is_news(state.books[self.credit_type], book)
        return StateChange(state=with_book(state, book), changed=changed)


def is_news(before: CreditAccount, after: CreditAccount) -> bool:
    """Return whether rolling an account forward changed anything besides its time."""
    return replace(after, at=before.at, seen=before.seen) != before


def with_book(state: CustomerState, book: CreditAccount) -> CustomerState:
    """Replace the account of the same credit type."""
    return replace(state, books={**state.books, book.credit_type: book})


def amount_problems(amount: int) -> Iterator[Problem]:
    """Check an amount of credits, or the sum that it would lead to."""
    if amount <= 0:
        yield out_of_range("An amount of credits must be above 0.", "amount")
    elif amount > LARGEST:
        yield out_of_range("The balance would be too large to count.", "amount")


def note_problems(note: str | None) -> Iterator[Problem]:
    """Check a note."""
    if note is not None and len(note) > LONGEST_TEXT:
        yield out_of_range(f"A note has at most {LONGEST_TEXT} characters.", "note")
