"""What comes back in credits, however often periods are cut anew: against units counted one by one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rules.commands.change_plan import UsageOnChange
from rules.usage.metering import Window
from rules.values import ResetInterval
from tests.rules.commands.test_giving_back import metered_by, moves
from tests.rules.commands.test_usage_charges import of_calls
from tests.rules.models.wallets import Wallet

LIMIT = 10
STEPS = [ResetInterval.DAY, ResetInterval.WEEK, ResetInterval.MONTH, ResetInterval.YEAR]
"""Intervals that whole days make up."""

few = st.integers(1, 15)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("passes"), st.integers(1, 24 * 12)),
        st.tuples(st.just("uses"), few),
        st.tuples(st.just("gives back"), few),
        st.tuples(st.just("carries"), st.sampled_from(STEPS)),
        st.tuples(st.just("resets"), st.sampled_from(STEPS)),
    ),
    max_size=25,
)


@dataclass
class Units:
    """Every unit by when it was used, apart those that burned a credit; and what was given back."""

    within: list[datetime] = field(default_factory=list)
    burned: list[datetime] = field(default_factory=list)
    back: list[datetime] = field(default_factory=list)

    def used(self, window: Window) -> int:
        """What counts in a window: in order, and what is given back takes no more than there is then."""
        signed = [(at, 1) for at in (*self.within, *self.burned)] + [(at, -1) for at in self.back]
        used = 0
        for at, sign in sorted(signed):
            used = max(0, used + sign) if at in window else used
        return used

    def use(self, count: int, window: Window, at: datetime) -> None:
        """Use units, each of which burns a credit where the limit is reached."""
        for _ in range(count):
            (self.within if self.used(window) < LIMIT else self.burned).append(at)

    def give_back(self, count: int, window: Window, at: datetime) -> None:
        """Take units back: first those that burned a credit and count, the last first."""
        for _ in range(count):
            there = [known for known in self.burned if known in window]
            if there:
                self.burned.remove(there[-1])
            else:
                self.back.append(at)


@given(first=st.sampled_from(STEPS), steps=steps)
def test_what_comes_back_is_what_was_burned_in_the_period_as_it_is_cut_now(
    first: ResetInterval, steps: list[tuple[str, object]]
) -> None:
    life, units = metered_by(first), Units()
    life.gets(1000)
    for kind, much in steps:
        match kind, much:
            case "passes", int(hours):
                life.comes_to(life.now + timedelta(hours=hours))
            case "uses", int(count):
                life.does(of_calls(count))
                units.use(count, window_of(life), life.present)
            case "gives back", int(count):
                count = min(count, units.used(window_of(life)))
                life.does(of_calls(-count))
                units.give_back(count, window_of(life), life.present)
            case how, ResetInterval() as every:
                usage = UsageOnChange.CARRY if how == "carries" else UsageOnChange.RESET
                if life.subscription.terms[-1].plan != every.value.lower():
                    life.does(moves(every, usage))
        assert life.usage_of() == (units.used(window_of(life)), 0)
        assert life.available == 1100 - len(units.burned)


def window_of(life: Wallet) -> Window:
    """The period as it is cut now."""
    window = life.may().subject.window
    assert window is not None
    return window
