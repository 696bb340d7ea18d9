"""What a mutation answers: the thing, or every problem found with the input."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ParamSpec, Self, TypeVar, cast

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField

from rules.errors import ErrorCode, Problem, Rejected
from schema.scalars import Revision

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


@strawberry.type(description="One thing wrong with an input.")
class UserError:
    """A problem."""

    code: ErrorCode = strawberry.field(description="What kind of mistake it is.")
    message: str = strawberry.field(description="A sentence for people.")
    path: list[str] = strawberry.field(
        description="The place, from the input's root: ['value', 'metered', 'limit']."
    )

    @classmethod
    def of(cls, problem: Problem) -> Self:
        """Show a problem."""
        return cls(code=problem.code, message=problem.message, path=list(problem.path))


@strawberry.interface(description="Every mutation's answer.")
class Payload:
    """What all payloads have; every other field of one is null where the input was refused."""

    revision: Revision | None = strawberry.field(
        default=None, description="Names this write; null where nothing was written."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Every problem found with the input; then nothing was changed."
    )


INPUT = strawberry.argument(description="What is to be done.")


class _TellsProblems(FieldExtension):
    """Turns a refusal into the user errors of the field's own payload."""

    def apply(self, field: StrawberryField) -> None:
        self._payload = cast("type[Payload]", field.type)

    async def resolve_async(
        self,
        next_: Callable[..., Awaitable[object]],
        source: object,
        info: strawberry.Info,
        **arguments: object,
    ) -> object:
        try:
            return await next_(source, info, **arguments)
        except Rejected as refusal:
            return self._payload(user_errors=[UserError.of(problem) for problem in refusal.problems])


def mutation(description: str) -> Callable[[Callable[Arguments, Awaitable[Answer]]], Answer]:
    """Make a mutation field whose refusals are told in its payload."""

    def decorate(resolver: Callable[Arguments, Awaitable[Answer]]) -> Answer:
        return strawberry.mutation(resolver=resolver, description=description, extensions=[_TellsProblems()])

    return decorate
