"""Keys that are nearly the same: what somebody may have meant who names one that there is not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rules.errors import Problem

MOST_NAMED = 3
"""How many keys are suggested at once."""

MOST_COMPARED = 500
"""How many keys are compared letter by letter, so that no mistake takes long to be told."""

FEW = 4
"""Up to so many letters, two edits make another word of a key."""


def with_suggestions(problem: Problem) -> Problem:
    """Return the problem with a sentence that names the keys that may have been meant, where there are any."""
    if problem.unknown is None:
        return problem
    named = similar(problem.unknown.key, problem.unknown.others)
    if not named:
        return problem
    *others, last = (f"'{key}'" for key in named)
    listed = f"{', '.join(others)} or {last}" if others else last
    return replace(problem, message=f"{problem.message} Did you mean {listed}?")


def similar(key: str, known: Iterable[str]) -> list[str]:
    """Return at most three keys that are an edit or two away from a key, the nearest first; case is ignored."""
    wanted = key.casefold()
    most = 1 if len(wanted) <= FEW else 2
    near: list[tuple[int, str]] = []
    compared = 0
    for candidate in known:
        folded = candidate.casefold()
        if not _may_be_near(wanted, folded, most):
            continue
        if compared == MOST_COMPARED:
            break
        compared += 1
        edits = distance(wanted, folded)
        if edits <= most:
            near.append((edits, candidate))
    return [candidate for _, candidate in sorted(near)[:MOST_NAMED]]


def _may_be_near(one: str, other: str, most: int) -> bool:
    # An edit takes one letter at most out of what is used, and brings one at most into it.
    return abs(len(one) - len(other)) <= most and len(set(one) ^ set(other)) <= 2 * most


def distance(one: str, other: str) -> int:
    """Count the letters to insert, leave out, replace or swap with the next that make one text the other.

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
