"""Bad input to a query or subscription: one error, BAD_USER_INPUT, whatever the cause."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from graphql import GraphQLError

from resolvers.context import Context
from resolvers.paging import BadPage
from resolvers.read_your_writes import NotReached
from rules.errors import Problem, Rejected
from rules.usage.series import BadSpan
from schema.suggestions import Suggestions


def bad_input(message: str, **extensions: object) -> GraphQLError:
    """Return the error for an invalid argument of a query or subscription."""
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT", **extensions})


@contextmanager
def bad_input_errors(context: Context | None = None) -> Iterator[None]:
    """Raise BAD_USER_INPUT for what resolvers refuse.

    The extension ``userErrors`` has the problems that a mutation would return, with the suggestions that the
    request of a ``context`` may still receive.
    """
    try:
        yield
    except (BadPage, BadSpan, NotReached) as problem:
        raise bad_input(str(problem)) from None
    except Rejected as refusal:
        problems = _with_suggestions(context, refusal.problems)
        message = " ".join(problem.message for problem in problems)
        raise bad_input(message, userErrors=[_user_error(one) for one in problems]) from None


def _with_suggestions(context: Context | None, problems: Sequence[Problem]) -> Sequence[Problem]:
    return problems if context is None else [Suggestions.of(context).told(one) for one in problems]


def _user_error(problem: Problem) -> dict[str, object]:
    return {"code": problem.code.value, "message": problem.message, "path": list(problem.path)}
