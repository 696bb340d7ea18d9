"""What a stream tells: whatever differs from what it told last, and nothing waits for ever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rules.live import ChangeTracker

KEYS = ("a", "b", "c", "d")

states = st.fixed_dictionaries({key: st.integers(0, 2) for key in KEYS})


def tell_all(telling: ChangeTracker, state: dict[str, int]) -> list[str]:
    """Tell whatever differs; gives the keys in their order."""
    told = []
    for key in telling.differing(state):
        telling.tell(key, state[key])
        told.append(key)
    return told


@given(states, st.lists(states))
def test_exactly_what_differs_from_what_was_told_last_is_reported(
    first: dict[str, int], later: list[dict[str, int]]
) -> None:
    telling, last = ChangeTracker(), first
    assert tell_all(telling, first) == list(first)
    for state in later:
        assert set(tell_all(telling, state)) == {key for key in KEYS if state[key] != last[key]}
        last = state


@given(st.lists(st.integers(0, 3), min_size=1), st.data())
def test_what_changes_all_the_time_keeps_nothing_else_from_being_told(
    changing: list[int], data: st.DataObject
) -> None:
    telling, state = ChangeTracker(), dict.fromkeys(KEYS, 0)
    tell_all(telling, state)
    waiting = data.draw(st.sampled_from(KEYS))
    state[waiting] = 1
    for turn in range(len(KEYS)):
        state |= {key: 10 + turn for key in KEYS if key != waiting and KEYS.index(key) in changing}
        for key in list(telling.differing(state))[:1]:
            telling.tell(key, state[key])

    assert waiting not in list(telling.differing(state))
