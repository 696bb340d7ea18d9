"""Keys that somebody may have meant: suggested to those who may read the catalog, and to nobody else."""

from resolvers.context import Context
from rules.errors import Problem
from rules.similar import with_suggestions

MOST_SUGGESTIONS = 10
"""How many problems of a request come with suggestions: a batch of nothing but mistakes takes no longer."""


class Suggestions:
    """What a request may still be suggested."""

    def __init__(self, most: int) -> None:
        self._left = most

    @classmethod
    def of(cls, context: Context) -> "Suggestions":
        """Give the suggestions of a request; there are none for keys that may not read the catalog."""
        return context.own(cls, lambda: cls(MOST_SUGGESTIONS if context.viewer.sees_drafts else 0))

    def told(self, problem: Problem) -> Problem:
        """Give a problem as it is told, with the keys that may have been meant."""
        if problem.unknown is None or not self._left:
            return problem
        self._left -= 1
        return with_suggestions(problem)
