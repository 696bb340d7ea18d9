"""Credits counted coin by coin, as they are told: slow, eager, and with nothing clever in it."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime

FOREVER = datetime.max.replace(tzinfo=UTC)
RANKS = ("PROMOTIONAL", "RECURRING", "PAID")
PLANS = {"small": (6, 2), "large": (20, 0), "bare": (0, 0)}
"""What plans give each month, and how much of it is carried over."""
PACK = (2, 1)
Place = tuple[int, str]  # A day, and what is used.


def month_after(start: datetime, months: int) -> datetime:
    """The same day so many months later, or the last of that month."""
    years, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month + 1
    return start.replace(year=year, month=month, day=min(start.day, monthrange(year, month)[1]))


@dataclass(eq=False)
class Coin:
    """One credit, and where it is: left, held, used, expired, voided."""

    of: Given
    place: str = "left"


@dataclass(eq=False)
class Given:
    """A grant, and its coins."""

    number: int
    source: str
    priority: int
    effective: datetime
    expires: datetime
    size: int
    _: KW_ONLY
    package: str | None = None
    carried: bool = False
    end: str | None = None
    coins: list[Coin] = field(default_factory=list)

    def left(self) -> list[Coin]:
        """What can be spent."""
        return [coin for coin in self.coins if coin.place == "left"]

    def order(self) -> tuple[object, ...]:
        """What burns first sorts first."""
        return self.priority, self.expires, RANKS.index(self.source), self.effective, self.number


@dataclass
class Subscribed:
    """A subscription that is in force."""

    plan: str
    anchor: datetime
    packs: int = 0
    most_packs: int = 0
    months: int = 0
    burned: int = 0
    cancel: bool = False
    change: tuple[str, bool] | None = None

    @property
    def end(self) -> datetime:
        """When the period ends."""
        return month_after(self.anchor, self.months + 1)


@dataclass
class NaiveCredits:
    """All credits of one customer and type. A use that no coin paid yet is a slot with None."""

    given: list[Given] = field(default_factory=list)
    uses: dict[Place, list[Coin | None]] = field(default_factory=dict)
    direct: list[Coin | None] = field(default_factory=list)
    held: dict[str, tuple[datetime, list[Coin]]] = field(default_factory=dict)
    sub: Subscribed | None = None
    entries: Counter[tuple[str, int | None]] = field(default_factory=Counter)

    # Time.

    def comes_to(self, now: datetime) -> None:
        """Let everything happen that happens by itself, one instant after the other."""
        while instants := [at for at in self._instants() if at <= now]:
            self._happens(min(instants))

    def _instants(self) -> list[datetime]:
        waiting = [g.effective for g in self.given if not g.coins and g.end is None]
        running = [g.expires for g in self.given if g.end is None and g.expires != FOREVER]
        return [
            *waiting,
            *running,
            *(at for at, _ in self.held.values()),
            *([self.sub.end] if self.sub else []),
        ]

    def _happens(self, at: datetime) -> None:
        for key in [key for key, (until, _) in self.held.items() if until == at]:
            self.release(key, at)
        if self.sub is not None and self.sub.end == at:
            self._period_ends(self.sub, at)
        for grant in self.given:
            if grant.expires == at and grant.end is None:
                self._ends(grant, "EXPIRED")
        for grant in self.given:
            if grant.effective == at and not grant.coins and grant.end is None:
                self._takes_effect(grant)

    def _period_ends(self, sub: Subscribed, at: datetime) -> None:
        if sub.cancel:
            self.cancel(at)
        elif sub.change is not None:
            plan, carry = sub.change
            sub.change = None
            if carry:
                self._next_period(sub, at, plan)
            else:
                self._starts_anew(sub, at, plan, keeps_anchor=True)
        else:
            self._next_period(sub, at, sub.plan)

    def _next_period(self, sub: Subscribed, at: datetime, plan: str) -> None:
        ending = [g for g in self.given if g.source == "RECURRING" and g.end is None and g.expires == at]
        sub.months += 1
        goes_on = plan == sub.plan
        sub.plan, sub.most_packs = plan, sub.packs
        if goes_on and PLANS[plan][0]:
            self._carries(ending, plan, PLANS[plan][1], at, sub.end)
        if sub.packs:
            self._carries(ending, "pack", PACK[1], at, sub.end)
        for grant in ending:
            self._ends(grant, "EXPIRED")
        sub.burned = 0
        self._mints_all(sub, at)

    def _carries(self, ending: list[Given], package: str, most: int, at: datetime, until: datetime) -> None:
        own = [g for g in ending if g.package == package and not g.carried]
        coins = [coin for g in sorted(own, key=Given.order) for coin in g.left()][:most]
        if not coins:
            return
        carried = self._put(Given(0, "RECURRING", 50, at, until, len(coins), package=package, carried=True))
        for coin in coins:
            self.entries["ROLLED_OVER", coin.of.number] -= 1
            coin.of.coins.remove(coin)
            carried.coins.append(Coin(carried))
        self.entries["ROLLED_OVER", carried.number] += len(coins)

    # Grants.

    def _put(self, made: Given) -> Given:
        made.number = len(self.given) + 1
        self.given.append(made)
        return made

    def grant(self, made: Given, now: datetime) -> None:
        """Give credits, now or later."""
        self._put(made)
        if made.effective == now:
            self._takes_effect(made)

    def _takes_effect(self, grant: Given) -> None:
        grant.coins = [Coin(grant) for _ in range(grant.size)]
        self.entries["GRANTED", grant.number] += grant.size
        self._settles([grant])

    def _settles(self, grants: list[Given]) -> None:
        for grant in sorted(grants, key=Given.order):
            for coin in grant.left():
                if self._pays_debt(coin):
                    self.entries["SETTLED", grant.number] -= 1
                    self.entries["SETTLED", None] += 1

    def _pays_debt(self, coin: Coin) -> bool:
        for slots in (*(self.uses[key] for key in sorted(self.uses)), self.direct):
            if None in slots:
                slots[slots.index(None)] = coin
                coin.place = "used"
                return True
        return False

    def _ends(self, grant: Given, kind: str) -> None:
        self.entries[kind, grant.number] -= len(grant.left())
        if self.sub is not None and grant.package == self.sub.plan:
            self.sub.burned += sum(coin.place == "used" for coin in grant.coins)
        for coin in grant.left():
            coin.place = kind.lower()
        grant.end = kind

    def void(self, number: int) -> None:
        """Void a grant that is there."""
        self._ends(self.given[number - 1], "VOIDED")

    # Spending.

    def available(self) -> int:
        """What can be spent."""
        return len(self._coins())

    def _coins(self) -> list[Coin]:
        live = [grant for grant in self.given if grant.end is None]
        return [coin for grant in sorted(live, key=Given.order) for coin in grant.left()]

    def _spends(self, amount: int, slots: list[Coin | None]) -> None:
        for coin in [*self._coins(), *[None] * amount][:amount]:
            slots.append(coin)
            self.entries["CONSUMED", coin.of.number if coin else None] -= 1
            if coin:
                coin.place = "used"

    def consume(self, amount: int, *, overdraft: bool) -> None:
        """Spend directly, all or nothing."""
        if overdraft or amount <= self.available():
            self._spends(amount, self.direct)

    def burn(self, feature: str, amount: int, day: int) -> None:
        """Use a feature beyond its limit."""
        self._spends(amount, self.uses.setdefault((day, feature), []))

    def give_back(self, feature: str, amount: int, day: int | None) -> None:
        """Take usage of a day or of any back, day by day: what is owed goes first, be it owed by others."""
        for place in sorted(self.uses, reverse=True):
            slots = self.uses[place] if place[1] == feature and day in (None, place[0]) else []
            taken = [slots.pop() for _ in range(min(amount, len(slots)))]
            amount -= len(taken)
            self.entries["CONSUMED", None] += taken.count(None)
            for coin in filter(None, taken):
                if self._pays_debt(coin):
                    self.entries["CONSUMED", None] += 1
                else:
                    self.entries["CONSUMED", coin.of.number] += 1
                    self._freed(coin)

    def _freed(self, coin: Coin) -> None:
        coin.place = "left" if coin.of.end is None else coin.of.end.lower()
        if coin.of.end is not None:
            self.entries[coin.of.end, coin.of.number] -= 1

    # Holds.

    def hold(self, key: str, amount: int, until: datetime) -> None:
        """Hold what there is of an amount."""
        coins = self._coins()[:amount]
        for coin in coins:
            coin.place = "held"
        self.held[key] = until, coins

    def settle(self, key: str, place: Place, amount: int) -> None:
        """Burn so much of a hold, the first coins first, and spend what it lacks."""
        _, coins = self.held.pop(key)
        for coin in coins[:amount]:
            coin.place = "used"
            self.entries["CONSUMED", coin.of.number] -= 1
        self._lets_go(coins[amount:])
        self.uses.setdefault(place, []).extend(coins[:amount])
        self._spends(max(0, amount - len(coins)), self.uses[place])

    def release(self, key: str, _: datetime) -> None:
        """Let go of a hold."""
        _, coins = self.held.pop(key)
        self._lets_go(coins)

    def _lets_go(self, coins: list[Coin]) -> None:
        for coin in reversed(coins):
            self._freed(coin)
        self._settles([grant for grant in self.given if grant.end is None])

    # Subscriptions.

    def subscribe(self, plan: str, packs: int, now: datetime) -> None:
        """Begin a subscription by the month."""
        self.sub = Subscribed(plan, now, packs, packs)
        self._mints_all(self.sub, now)

    def _mints_all(self, sub: Subscribed, now: datetime) -> None:
        self._mints(PLANS[sub.plan][0], sub.plan, now)
        self._mints(PACK[0] * sub.packs, "pack", now)

    def _mints(self, size: int, package: str, now: datetime) -> None:
        if self.sub is not None and size > 0:
            self._takes_effect(self._put(Given(0, "RECURRING", 50, now, self.sub.end, size, package=package)))

    def cancel(self, now: datetime) -> None:
        """End the subscription."""
        self._ends_recurring(now)
        self.sub = None

    def _ends_recurring(self, now: datetime, package: str | None = None) -> None:
        live = [g for g in self.given if g.source == "RECURRING" and g.end is None]
        for grant in sorted(live, key=Given.order):
            if package in (None, grant.package):
                self._ends(grant, "EXPIRED" if grant.expires == now else "VOIDED")

    def change(self, plan: str, *, carry: bool, now: datetime) -> None:
        """Move to another plan at once."""
        assert self.sub is not None
        self.sub.change, self.sub.cancel = None, False
        if not carry:
            self._starts_anew(self.sub, now, plan)
            return
        self._ends_recurring(now, self.sub.plan)
        self.sub.plan = plan
        self._mints(PLANS[plan][0] - self.sub.burned if PLANS[plan][0] else 0, plan, now)

    def _starts_anew(self, sub: Subscribed, now: datetime, plan: str, *, keeps_anchor: bool = False) -> None:
        self._ends_recurring(now)
        sub.plan, sub.burned, sub.most_packs = plan, 0, sub.packs
        if keeps_anchor:
            sub.months += 1
        else:
            sub.anchor, sub.months = now, 0
        self._mints_all(sub, now)

    def packs(self, quantity: int, now: datetime) -> None:
        """Have another quantity of the add-on."""
        assert self.sub is not None
        self.sub.packs = quantity
        more, self.sub.most_packs = quantity - self.sub.most_packs, max(quantity, self.sub.most_packs)
        self._mints(PACK[0] * more, "pack", now)

    # What is compared.

    def totals(self) -> dict[str, int]:
        """Where all coins are, and what is owed."""
        places = Counter(coin.place for grant in self.given for coin in grant.coins)
        slots = [slot for slots in (*self.uses.values(), self.direct) for slot in slots]
        return {
            "available": places["left"],
            "reserved": places["held"],
            "consumed": len(slots),
            "overdraft": slots.count(None),
            "expired": places["expired"],
            "voided": places["voided"],
        }

    def left(self) -> dict[int, tuple[int, int]]:
        """What is left and held of the grants in force."""
        live = [grant for grant in self.given if grant.end is None]
        counted = {
            grant.number: (len(grant.left()), sum(coin.place == "held" for coin in grant.coins))
            for grant in sorted(live, key=Given.order)
        }
        return {number: both for number, both in counted.items() if any(both)}
