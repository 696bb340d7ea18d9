"""Similar keys: suggestions for a key that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rules.errors import Problem

MOST_NAMED = 3
"""The most keys suggested at once."""

MOST_COMPARED = 500
"""The most keys compared letter by letter, so that an error is reported quickly."""

FEW = 4
"""Up to this length, two edits would turn one key into an unrelated one."""


def with_suggestions(problem: Problem) -> Problem:
    """Return the problem with a sentence that suggests similar keys, if there are any."""
    if problem.unknown is None:
        return problem
    named = similar(problem.unknown.key, problem.unknown.others)
    if not named:
        return problem
    *others, last = (f"'{key}'" for key in named)
    listed = f"{', '.join(others)} or {last}" if others else last
    return replace(problem, message=f"{problem.message} Did you mean {listed}?")


def similar(key: str, known: Iterable[str]) -> list[str]:
    """Return at most three keys within two edits of a key, the nearest first, ignoring case."""
    wanted = key.casefold()
    most = 1 if len(wanted) <= FEW else 2
    near: list[tuple[int, str]] = []
    compared = 0
    for candidate in known:
        folded = candidate.casefold()
        # The key itself may be known, and what it names be there in another place.
        if candidate == key or not _may_be_near(wanted, folded, most):
            continue
        if compared == MOST_COMPARED:
            break
        compared += 1
        edits = distance(wanted, folded)
        if edits <= most:
            near.append((edits, candidate))
    return [candidate for _, candidate in sorted(near)[:MOST_NAMED]]


def _may_be_near(one: str, other: str, most: int) -> bool:
    # Each edit removes at most one distinct letter and adds at most one.
    return abs(len(one) - len(other)) <= most and len(set(one) ^ set(other)) <= 2 * most


def distance(one: str, other: str) -> int:
    """Return the insertions, deletions, replacements and swaps of neighbors between two texts.

    No letter is edited twice (the distance of optimal string alignment).
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        before, last, row = row, before, [i]
        for j, wanted in enumerate(other, start=1):
            edits = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                edits = min(edits, last[j - 2] + 1)
            row.append(edits)
    return row[-1]
