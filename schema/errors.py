"""What a mutation answers: the thing, or every problem found with the input."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import ParamSpec, Self, TypeVar, cast

import strawberry
from graphql import GraphQLError
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


AnyPayload = TypeVar("AnyPayload", bound="Payload")
Item = TypeVar("Item")

INPUT = strawberry.argument(description="What is to be done.")
MANY = strawberry.argument(description="What is to be done, at most 1,000.")
LARGEST_BATCH = 1_000


async def told(payload: type[AnyPayload], doing: Awaitable[Answer]) -> Answer | AnyPayload:
    """Do something, and tell a refusal in a payload of this kind."""
    try:
        return await doing
    except Rejected as refusal:
        return payload(user_errors=[UserError.of(problem) for problem in refusal.problems])


def bounded(inputs: list[Item]) -> list[Item]:
    """Give a batch; GraphQLError with BAD_USER_INPUT for one that is too large."""
    if len(inputs) > LARGEST_BATCH:
        message = f"A batch has at most {LARGEST_BATCH} inputs, not {len(inputs)}."
        raise GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})
    return inputs


async def each(payload: type[AnyPayload], doings: Sequence[Awaitable[AnyPayload]]) -> list[AnyPayload]:
    """Do many things that stand or fall alone, and tell each refusal in a payload of this kind."""
    return list(await asyncio.gather(*(told(payload, doing) for doing in doings)))


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
        return await told(self._payload, next_(source, info, **arguments))


def mutation(description: str) -> Callable[[Callable[Arguments, Awaitable[Answer]]], Answer]:
    """Make a mutation field whose refusals are told in its payload."""

    def decorate(resolver: Callable[Arguments, Awaitable[Answer]]) -> Answer:
        return strawberry.mutation(resolver=resolver, description=description, extensions=[_TellsProblems()])

    return decorate
