from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rules.catalog.facts import CreditRate
from rules.commands.change_plan import ChangePlan, ChangeTiming, UsageOnChange
from rules.commands.command import Command
from rules.commands.subscribe import AddonQuantity, Subscribe
from rules.commands.subscriptions import CancelSubscription, SetSubscriptionAddon
from rules.credits.accounts import CreditAccount
from rules.credits.grants import CreditSource
from rules.credits.history import book_at, sum_entries
from rules.numbers import ONE
from tests.rules.builders.small_shop import DAY, START, addon, row, sold
from tests.rules.models.naive_credits import FOREVER, PACK, PLANS, Given, NaiveCredits
from tests.rules.models.wallets import Wallet, credits_, giving, selling_credits, wallet

SHOP = selling_credits(
    *(giving(key, credits_(size, rollover=most) if size else None) for key, (size, most) in PLANS.items()),
    sold(addon("pack"), row("ai", credits_(PACK[0], rollover=PACK[1]))),
)
RATES = {key: CreditRate(feature=key, credit_type="ai", credits=ONE) for key in ("calls", "exports")}

few = st.integers(1, 8)
features = st.sampled_from(sorted(RATES))
plans = st.sampled_from(sorted(PLANS))
days = st.integers(1, 60).map(lambda count: timedelta(days=count))


class Spending(RuleBasedStateMachine):
    """One customer lives twice: ``late`` looks at credits when something is done, ``early`` all the time.

    Both are compared with each other and with coins that are counted one by one.
    """

    @initialize()
    def begins(self) -> None:
        """Two lives that are the same."""
        self.late, self.early = wallet(shop=SHOP), wallet(shop=SHOP)
        self.naive = NaiveCredits()
        self.held: list[tuple[datetime, str, CreditAccount]] = []
        self.ended: dict[str, datetime] = {}
        self.seen: dict[datetime, CreditAccount] = {}

    def lives(self) -> tuple[Wallet, Wallet]:
        """Both lives, one of which looks first; time passes for the coins."""
        self.one_looks()
        self.naive.comes_to(self.late.next_act_at)
        return self.late, self.early

    def one_looks(self) -> None:
        """Whoever looks has acted; the other is taken to have acted then on something else."""
        self.early.looks()
        self.late.customer = self.early.customer

    @rule(passed=st.integers(1, 24 * 40).map(lambda hours: timedelta(hours=hours)))
    def time_passes(self, passed: timedelta) -> None:
        """Nothing is done; one of them looks on the way."""
        for _ in range(2):
            self.early.comes_to(self.early.now + passed / 2)
            self.late.comes_to(self.early.now)
            self.one_looks()
        self.naive.comes_to(self.late.now)

    @rule()
    def time_passes_to_the_next_event(self) -> None:
        """The clock stands still at the very instant at which something happens by itself."""
        upcoming = [grant.expires for grant in self.naive.given if self.late.now < grant.expires < FOREVER]
        upcoming += [grant.effective for grant in self.naive.given if self.late.now < grant.effective]
        if upcoming:
            self.time_passes(min(upcoming) - self.late.now)

    @rule(
        size=few,
        source=st.sampled_from([CreditSource.PAID, CreditSource.PROMOTIONAL]),
        priority=st.sampled_from([0, 50, 100]),
        waits=st.none() | days,
        lasts=st.none() | days,
    )
    def credits_are_granted(
        self,
        size: int,
        source: CreditSource,
        priority: int,
        waits: timedelta | None,
        lasts: timedelta | None,
    ) -> None:
        self.one_looks()
        now = self.late.next_act_at
        effective = now if waits is None else now + waits
        expires = None if lasts is None else effective + lasts
        for life in self.lives():
            life.gets(size, source, priority=priority, effective=effective, expires=expires)
        made = Given(0, source.value, priority, effective, expires or FOREVER, size)
        self.naive.grant(made, now)

    @precondition(lambda self: self.naive.given)
    @rule(pick=st.integers(0, 99))
    def a_grant_is_voided(self, pick: int) -> None:
        self.lives()
        standing = [grant.number for grant in self.naive.given if grant.end is None and grant.left()]
        if standing:
            for life in self.lives():
                life.voids(standing[pick % len(standing)])
            self.naive.void(standing[pick % len(standing)])

    @rule(amount=few, overdraft=st.booleans())
    def credits_are_spent(self, amount: int, *, overdraft: bool) -> None:
        before = self.naive.entries.copy()
        lives = self.lives()
        enough = overdraft or amount <= self.naive.available()
        assert [life.spends(amount, overdraft=overdraft) for life in lives] == [enough] * 2
        assert enough or before <= self.naive.entries
        self.naive.consume(amount, overdraft=overdraft)

    @rule(feature=features, units=few)
    def a_feature_is_used(self, feature: str, units: int) -> None:
        for life in self.lives():
            life.burns(units, RATES[feature])
        self.naive.burn(feature, units, self.today())

    @rule(feature=features, units=few, pick=st.none() | st.integers(0, 99))
    def usage_is_given_back(self, feature: str, units: int, pick: int | None) -> None:
        """Of a day on which something was used, or of all time."""
        days = sorted({known for known, _ in self.naive.uses})
        one = None if pick is None or not days else days[pick % len(days)]
        for life in self.lives():
            life.gives_back(units, feature, None if one is None else START + one * DAY)
        self.naive.give_back(feature, units, one)

    def today(self) -> int:
        """The number of the day."""
        return (self.late.present - START) // DAY

    @rule(units=few, hours=st.integers(1, 24))
    def credits_are_held(self, units: int, hours: int) -> None:
        self.one_looks()
        now, key = self.late.next_act_at, f"hold {len(self.held)}"
        for life in self.lives():
            life.holds(units, key, RATES["calls"], hours=hours)
        self.naive.hold(key, units, now + timedelta(hours=hours))
        self.held.append((now, key, self.late.book))

    @precondition(lambda self: self.naive.held)
    @rule(pick=st.integers(0, 9), units=st.integers(0, 8), settles=st.booleans())
    def a_hold_ends(self, pick: int, units: int, *, settles: bool) -> None:
        self.lives()
        keys = sorted(self.naive.held)
        if not keys:
            return
        key, lives = keys[pick % len(keys)], self.lives()
        used = min(units, self.late.book.holds[key].beyond.quantity // ONE)
        for life in lives:
            if settles:
                life.settles(used, key)
            else:
                life.releases(key)
        if settles:
            self.naive.settle(key, (self.today(), "calls"), used)
        else:
            self.naive.release(key, self.late.present)
        self.ended[key] = self.late.present

    # Subscriptions.

    def does(self, act: Command) -> datetime:
        """Let the customer do something; give when."""
        for life in self.lives():
            life.does(act)
        return self.late.present

    @precondition(lambda self: self.naive.sub is None)
    @rule(plan=plans, packs=st.integers(0, 3))
    def a_plan_is_subscribed_to(self, plan: str, packs: int) -> None:
        addons = (AddonQuantity("pack", packs),) if packs else ()
        now = self.does(Subscribe(plan=plan, price="monthly", addons=addons))
        self.naive.subscribe(plan, packs, now)

    def subscribed(self) -> bool:
        """Whether there is a subscription when something is done now."""
        self.lives()
        return self.naive.sub is not None

    @precondition(lambda self: self.naive.sub is not None)
    @rule(at_once=st.booleans())
    def it_is_canceled(self, *, at_once: bool) -> None:
        if not self.subscribed() or self.naive.sub is None:
            return
        timing = ChangeTiming.NOW if at_once else ChangeTiming.PERIOD_END
        now = self.does(CancelSubscription(timing=timing))
        if at_once:
            self.naive.cancel(now)
        else:
            self.naive.sub.cancel, self.naive.sub.change = True, None

    @precondition(lambda self: self.naive.sub is not None)
    @rule(plan=plans, at_once=st.booleans(), carry=st.booleans())
    def the_plan_is_changed(self, plan: str, *, at_once: bool, carry: bool) -> None:
        if not self.subscribed() or self.naive.sub is None or self.naive.sub.plan == plan:
            return
        timing = ChangeTiming.NOW if at_once else ChangeTiming.PERIOD_END
        usage = UsageOnChange.CARRY if carry else UsageOnChange.RESET
        now = self.does(ChangePlan(plan=plan, price="monthly", timing=timing, usage=usage))
        if at_once:
            self.naive.change(plan, carry=carry, now=now)
        else:
            self.naive.sub.cancel, self.naive.sub.change = False, (plan, carry)

    @precondition(lambda self: self.naive.sub is not None)
    @rule(packs=st.integers(0, 3))
    def another_quantity_is_had(self, packs: int) -> None:
        if self.subscribed():
            now = self.does(SetSubscriptionAddon(addon="pack", quantity=packs))
            self.naive.packs(packs, now)

    # What must hold.

    @invariant()
    def everyone_counts_the_same(self) -> None:
        if not hasattr(self, "late"):
            return
        late, early = self.late.brought_up(), self.early.brought_up()
        assert late == early
        self.naive.comes_to(self.late.present)
        assert {name: getattr(late, name) // ONE for name in self.naive.totals()} == self.naive.totals()
        left = {lot.number: (lot.left // ONE, lot.held // ONE) for lot in late.in_force}
        assert left == self.naive.left()
        assert list(left) == list(self.naive.left())
        counted = Counter(
            {(kind.value, of): sum_ // ONE for (kind, of), sum_ in sum_entries(late.entries).items()}
        )
        assert {k: n for k, n in counted.items() if n} == {k: n for k, n in self.naive.entries.items() if n}
        self.seen[self.late.present] = late

    def teardown(self) -> None:
        """What was seen at an instant is what the entries tell of it for ever."""
        if not hasattr(self, "late"):
            return
        book = self.late.brought_up()
        for at, seen in list(self.seen.items())[-10:]:
            self.recalls(book, at, seen)

    def recalls(self, book: CreditAccount, at: datetime, seen: CreditAccount) -> None:
        """Prove that the past is told as it was."""
        sums = sum_entries(entry for entry in book.entries if entry.cause.at <= at)
        named = {grant for _, grant in sums if grant is not None}
        held: Counter[int | None] = Counter()
        for since, key, there in self.held:
            hold = there.holds[key]
            if since <= at < min(hold.expires_at, self.ended.get(key, hold.expires_at)):
                held.update({piece.grant: piece.credits for piece in hold.pieces})
        by_grant = {grant: amount for grant, amount in held.items() if grant is not None}
        past = book_at("ai", at, sums, [book.lot(number) for number in named], by_grant)
        for name in ("granted", "consumed", "expired", "voided", "overdraft", "available", "reserved"):
            assert getattr(past, name) == getattr(seen, name)
        assert [(lot.number, lot.left, lot.held) for lot in past.in_force] == [
            (lot.number, lot.left, lot.held) for lot in seen.in_force
        ]
        assert past.next_expiry == seen.next_expiry


TestSpending = Spending.TestCase
