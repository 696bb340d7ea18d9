"""A customer's credits in a small shop that sells them, and what happens to them, in few words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self

from rules.access.decision import AccessCheck, Decision, decide
from rules.catalog.facts import Catalog, CreditRate, CreditType, Package
from rules.commands.command import Command, CommandContext, CustomerState, StateChange, UsageCommand
from rules.commands.credits import ConsumeCredits, GrantCredits, VoidCreditGrant
from rules.commands.subscribe import Subscribe
from rules.credits.accounts import Cause, CreditAccount, Entry
from rules.credits.burn_down import burn_for_usage, refund_usage
from rules.credits.burn_records import PricedUsage
from rules.credits.grants import CreditSource, GrantStatus, Lot
from rules.credits.holds import burn_held, free_held, hold_for_usage
from rules.credits.roll_forward import roll_forward
from rules.errors import Rejected
from rules.numbers import ONE
from rules.usage.counters import Tally
from rules.usage.metering import Window, whole_window
from rules.usage.reservations import Reservation, total_reserved
from rules.values import BillingPeriod, CreditCadence, Credits, Unit
from tests.rules.builders.catalog_builders import shortened
from tests.rules.builders.lives import Life
from tests.rules.builders.small_shop import DAY, START, addon, opened, plan, price, row, sold

AI = CreditType(key="ai", name="AI credits", unit=Unit(singular="credit", plural="credits"))
IMAGES = CreditRate(feature="calls", credit_type="ai", credits=ONE)
THIRD = CreditRate(feature="calls", credit_type="ai", credits=ONE, per_units=3 * ONE)

MONTHLY, YEARLY = CreditCadence.MONTHLY, CreditCadence.YEARLY
ONE_TIME, BILLING = CreditCadence.ONE_TIME, CreditCadence.BILLING_PERIOD


def credits_(units: int, cadence: CreditCadence = MONTHLY, rollover: int = 0) -> Credits:
    """Whole credits for every cadence period."""
    return Credits(amount=units * ONE, cadence=cadence, rollover_limit=rollover * ONE)


def selling_credits(*packages: Package) -> Catalog:
    """A shop whose packages give credits."""
    return replace(opened(*packages), credit_types={"ai": AI, "tokens": replace(AI, key="tokens")})


def giving(key: str, value: Credits | None, position: int = 0) -> Package:
    """A plan by the month or the year that gives credits."""
    prices = [price("monthly", position), price("yearly", 10 * position, BillingPeriod.YEARLY)]
    return sold(plan(key, position), *([] if value is None else [row("ai", value)]), prices=prices)


PACKAGES = (
    sold(plan("bare")),
    giving("small", credits_(100, rollover=30), 1),
    giving("large", credits_(1000), 2),
    sold(addon("pack"), row("ai", credits_(10, rollover=5))),
)


@dataclass
class Wallet(Life):
    """A customer with credits; every act on them happens at an instant of its own."""

    book: CreditAccount = field(default_factory=lambda: CreditAccount(credit_type="ai"))
    other_books: Mapping[str, CreditAccount] = field(default_factory=dict)
    kept_holds: Mapping[str, Reservation] = field(default_factory=dict)

    def does(self, *acts: Command) -> Self:
        """Let acts happen, none of which is refused."""
        for act in acts:
            if isinstance(act, UsageCommand):
                self.tries(act)
            else:
                super().does(act)
        return self

    def tries(self, act: Command) -> StateChange:
        """Let an act on credits or usage happen, or be answered with a no."""
        scene = CommandContext(flat=self.flat, now=self.next_act_at)
        state = CustomerState(customer=self.customer, holds=self.kept_holds)
        tallies = {need.window: self._tally(need.window) for need in act.needs(scene, state)}
        asked = {need.credit_type for need in act.credit_needs(scene, state)}
        kept = {**self.other_books, "ai": self.book}
        books = {key: kept.get(key) or CreditAccount(credit_type=key) for key in asked}
        change = act.apply(scene, replace(state, tallies=tallies, books=books))
        if change.changed:
            self._keeps(change.state.books.get("ai", self.book), scene.now)
            left = change.state.books.items()
            self.other_books = {**self.other_books, **{k: proven(book) for k, book in left if k != "ai"}}
            self.kept_holds = change.state.holds
            self.records += change.records
        return change

    def may(self, requested: int | None = None, feature: str = "calls") -> Decision:
        """Ask whether a feature may be used, with the credits that pay for it."""
        wanted = None if requested is None else requested * ONE
        scene = CommandContext(flat=self.flat, now=self.present)
        subject = scene.subject(
            self.customer, AccessCheck(customer="acme", feature=feature, requested=wanted)
        )
        tallies = {} if subject.window is None else {subject.window: self._tally(subject.window)}
        book = None if subject.rate is None else self.brought_up()
        held_now = total_reserved(self.kept_holds.values(), feature, self.present)
        return decide(replace(subject, book=book), tallies, held_now)

    def _keeps(self, book: CreditAccount, now: datetime) -> None:
        assert self.customer is not None
        self.book = proven(book)
        self.customer = replace(self.customer, revision=self.customer.revision + 1, acted_at=now)

    def looks(self) -> Self:
        """Let someone look at the ledger: what time has made is written, and that is an act too."""
        now = self.next_act_at
        book = self.brought_up(now)
        if book.entries != self.book.entries:
            self._keeps(book, now)
        return self

    def brought_up(self, at: datetime | None = None) -> CreditAccount:
        """The book as it is now, or at a later instant."""
        assert self.customer is not None
        return proven(roll_forward(self.book, self.customer, self.flat, at or self.present))

    def tally(self, window: Window) -> Tally:
        """What was used in a window."""
        return self._tally(window)

    def usage_of(self) -> tuple[int, int]:
        """What is used and reserved of calls, in whole units."""
        usage = self.may().usage
        assert usage is not None
        return usage.used // ONE, usage.reserved // ONE

    # What is done.

    def gets(
        self,
        units: int,
        source: CreditSource = CreditSource.PAID,
        *,
        priority: int = 50,
        expires: datetime | None = None,
        effective: datetime | None = None,
    ) -> int:
        """Grant whole credits; give the grant's number."""
        change = self.tries(
            GrantCredits(
                credit_type="ai",
                amount=units * ONE,
                source=source,
                priority=priority,
                effective_at=effective,
                expires_at=expires,
            )
        )
        return change.outcome["grant"]

    def spends(self, units: int, *, overdraft: bool = False) -> bool:
        """Consume whole credits; tell whether there were enough."""
        act = ConsumeCredits(credit_type="ai", amount=units * ONE, allow_overdraft=overdraft)
        return self.tries(act).changed

    def voids(self, number: int) -> StateChange:
        """Void a grant."""
        return self.tries(VoidCreditGrant(credit_type="ai", number=number))

    def burns(self, units: int, rate: CreditRate = IMAGES, starts_at: datetime = START) -> Self:
        """Use units beyond a limit, in the period that began at an instant."""
        now = self.next_act_at
        beyond = PricedUsage(quantity=units * ONE, rate=rate)
        cause = Cause(at=now, feature=rate.feature)
        span = replace(whole_window(rate.feature), starts_at=starts_at).day_until(max(now, starts_at))
        self._keeps(burn_for_usage(self.brought_up(now), beyond, span, cause), now)
        return self

    def gives_back(self, units: int, feature: str = "calls", starts_at: datetime | None = None) -> Self:
        """Take usage back, of the period that began at an instant or of all time."""
        now, window = self.next_act_at, whole_window(feature)
        if starts_at is not None:
            window = replace(window, starts_at=starts_at, ends_at=starts_at + DAY)
        books = {"ai": self.brought_up(now)}
        self._keeps({**books, **refund_usage(books, units * ONE, window, Cause(at=now))}["ai"], now)
        return self

    def holds(self, units: int, key: str = "hold", rate: CreditRate = IMAGES, **lasts: float) -> Self:
        """Hold credits for units beyond a limit, for a day unless a test says otherwise."""
        now = self.next_act_at
        until = now + timedelta(**(lasts or {"days": 1}))
        beyond = PricedUsage(quantity=units * ONE, rate=rate)
        self._keeps(hold_for_usage(self.brought_up(now), key, beyond, now, until), now)
        return self

    def settles(self, units: int, key: str = "hold") -> Self:
        """Settle so many units of what is held beyond a limit."""
        now = self.next_act_at
        book = self.brought_up(now)
        span = replace(whole_window(book.holds[key].beyond.rate.feature), starts_at=START).day_until(now)
        self._keeps(burn_held(book, key, units * ONE, span, Cause(at=now)), now)
        return self

    def releases(self, key: str = "hold") -> Self:
        """Let go of a hold."""
        now = self.next_act_at
        self._keeps(free_held(self.brought_up(now), key, Cause(at=now)), now)
        return self

    def refuses_credits(self, act: Command) -> list[str]:
        """Code and path of every problem of an act that is refused."""
        try:
            change = self.tries(act)
        except Rejected as rejected:
            return shortened(rejected.problems)
        message = f"nothing was refused: {change}"
        raise AssertionError(message)

    # What tests compare, in whole credits.

    def in_books(self) -> dict[str, int]:
        """What was consumed of each credit type."""
        return {key: book.consumed // ONE for key, book in {"ai": self.book, **self.other_books}.items()}

    @property
    def available(self) -> int:
        """What can be spent now."""
        return self.brought_up().available // ONE

    @property
    def overdraft(self) -> int:
        """What is owed now."""
        return self.brought_up().overdraft // ONE

    def at(self, instant: datetime) -> int:
        """What will be available at a later instant if nothing happens until then."""
        return self.brought_up(instant).available // ONE

    def left(self) -> dict[int, int]:
        """What is left of the grants in force, by number, in burn order."""
        return {lot.number: lot.left // ONE for lot in self.brought_up().in_force}

    def lot(self, number: int) -> Lot:
        """A grant as it stands."""
        return self.brought_up().lot(number)

    def stands(self, number: int) -> GrantStatus:
        """Where a grant stands."""
        return self.lot(number).status(self.present)

    def totals(self) -> dict[str, int]:
        """What came of all credits, leaving out what is nothing."""
        names = ("granted", "available", "reserved", "consumed", "overdraft", "expired", "voided")
        book = self.brought_up()
        return {name: amount // ONE for name in names if (amount := getattr(book, name))}

    def ledger(self, since: int = 0) -> list[str]:
        """The entries in a word each: kind, amount, and the grant, if there is one."""
        return [told(entry) for entry in self.brought_up().entries if entry.number > since]


def told(entry: Entry) -> str:
    """An entry in a few words."""
    of = "" if entry.grant is None else f" #{entry.grant}"
    return f"{entry.kind} {entry.amount / ONE:+g}{of}"


def proven(book: CreditAccount) -> CreditAccount:
    """The book, after proving that nothing was lost or made up, and that its entries tell its balance."""
    assert book.granted == (
        book.available + book.reserved + book.consumed - book.overdraft + book.expired + book.voided
    )
    assert book.balance == book.available + book.reserved - book.overdraft
    assert not (book.available and book.overdraft)
    assert min((*(lot.left for lot in book.lots.values()), book.overdraft)) >= 0
    balance = 0
    for number, entry in enumerate(book.entries, start=1):
        balance += entry.amount
        assert (entry.number, entry.balance_after) == (number, balance)
    instants = [entry.cause.at for entry in book.entries]
    assert instants == sorted(instants)
    assert book.balance == balance
    return book


def wallet(*acts: Command, shop: Catalog | None = None, at: datetime = START) -> Wallet:
    """The credits of a customer who was made the day before and does this."""
    life = Wallet(shop=shop or selling_credits(*PACKAGES), now=at - DAY)
    life.born()
    life.comes_to(at)
    return life.does(*acts)


def on_plan(cadence: CreditCadence, units: int = 100, rollover: int = 0, **how: object) -> Wallet:
    """A customer on a plan that gives credits at a cadence."""
    shop = selling_credits(giving("only", credits_(units, cadence, rollover)))
    price = how.pop("price", "monthly")
    return wallet(Subscribe(plan="only", price=price, **how), shop=shop)  # type: ignore[arg-type]
