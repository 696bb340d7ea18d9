"""Suggestions of keys that a caller may have meant, only for viewers who may read the catalog."""

from resolvers.context import Context
from rules.errors import Problem
from rules.similar import with_suggestions

MOST_SUGGESTIONS = 10
"""The most problems of a request that get suggestions, so that a batch of mistakes is not slow."""


class Suggestions:
    """How many suggestions a request may still receive."""

    def __init__(self, most: int) -> None:
        self._left = most

    @classmethod
    def of(cls, context: Context) -> "Suggestions":
        """Return the suggestions of a request; none for keys that may not read the catalog."""
        return context.own(cls, lambda: cls(MOST_SUGGESTIONS if context.viewer.sees_drafts else 0))

    def told(self, problem: Problem) -> Problem:
        """Return a problem as the caller sees it, with the keys that may have been meant."""
        if problem.unknown is None or not self._left:
            return problem
        self._left -= 1
        return with_suggestions(problem)
