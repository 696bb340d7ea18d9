"""Bad input to a query or subscription: one error, BAD_USER_INPUT, whatever found it."""

from collections.abc import Iterator
from contextlib import contextmanager

from graphql import GraphQLError

from resolvers.paging import BadPage
from resolvers.revisions import NotReached
from rules.errors import Problem, Rejected
from rules.series import BadSpan


def bad_input(message: str, **extensions: object) -> GraphQLError:
    """Make the error of an input that a query or subscription cannot take."""
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT", **extensions})


@contextmanager
def bad_input_errors() -> Iterator[None]:
    """Raise BAD_USER_INPUT for what resolvers refuse.

    ``userErrors`` of the extensions has the problems that the mutation would name.
    """
    try:
        yield
    except (BadPage, BadSpan, NotReached) as problem:
        raise bad_input(str(problem)) from None
    except Rejected as refusal:
        message = " ".join(problem.message for problem in refusal.problems)
        raise bad_input(message, userErrors=[_user_error(one) for one in refusal.problems]) from None


def _user_error(problem: Problem) -> dict[str, object]:
    return {"code": problem.code.value, "message": problem.message, "path": list(problem.path)}
