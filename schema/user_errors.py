"""The result of a mutation: the object, or every problem of its input."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from functools import partial
from typing import ParamSpec, Self, TypeVar, cast

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from resolvers.context import Context
from rules.catalog.validation import is_storable
from rules.errors import ErrorCode, Problem, Rejected, refuse_any
from schema.bad_input import bad_input
from schema.scalars import Revision
from schema.suggestions import Suggestions

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


@strawberry.type(description="One problem of an input.")
class UserError:
    code: ErrorCode = strawberry.field(description="The kind of the problem.")
    message: str = strawberry.field(description="The problem in one sentence for people.")
    path: list[str] = strawberry.field(
        description="The place of the problem, from the root of the input: ['value', 'metered', 'limit']."
    )

    @classmethod
    def of(cls, context: Context, problem: Problem) -> Self:
        """Return a problem, with the keys that may have been meant where suggestions are allowed."""
        told = Suggestions.of(context).told(problem)
        return cls(code=told.code, message=told.message, path=list(told.path))


@strawberry.interface(description="The answer of a mutation.")
class Payload:
    """What all payloads have; every other field is null where the input was refused."""

    revision: Revision | None = strawberry.field(
        default=None,
        description="The revision of this write: pass it as `atLeast`. Null where nothing was written.",
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list,
        description="All problems of the input; where there are any, nothing was changed.",
    )


AnyPayload = TypeVar("AnyPayload", bound="Payload")
Item = TypeVar("Item")

INPUT = strawberry.argument(description="The input of the mutation.")
MANY = strawberry.argument(description="The inputs, at most 1,000.")
LARGEST_BATCH = 1_000


async def with_user_errors(
    context: Context,
    payload: type[AnyPayload],
    do: Callable[[], Awaitable[Answer]],
    inputs: Iterable[object],
) -> Answer | AnyPayload:
    """Run a command on inputs that can be stored; return a refusal as a payload of this type."""
    answer = await attempt(do, inputs)
    if isinstance(answer, Rejected):
        return payload(user_errors=[UserError.of(context, problem) for problem in answer.problems])
    return answer


async def attempt(do: Callable[[], Awaitable[Answer]], inputs: Iterable[object]) -> Answer | Rejected:
    """Run a command on inputs that can be stored; return the refusal where it is refused."""
    try:
        refuse_any(problem for value in inputs for problem in _unstorable(value))
        return await do()
    except Rejected as refusal:
        return refusal


async def each(
    context: Context,
    payload: type[AnyPayload],
    do: Callable[[Item], Awaitable[AnyPayload]],
    inputs: list[Item],
) -> list[AnyPayload]:
    """Run a command on each input by itself, and return refusals as payloads of this type.

    Raises GraphQLError with BAD_USER_INPUT for a batch that is too large.
    """
    refuse_too_many(inputs)
    doings = (with_user_errors(context, payload, partial(do, one), [one]) for one in inputs)
    return list(await asyncio.gather(*doings))


def refuse_too_many(inputs: Sequence[object]) -> None:
    """Raise GraphQLError with BAD_USER_INPUT for a batch that is too large."""
    if len(inputs) > LARGEST_BATCH:
        message = f"A batch has at most {LARGEST_BATCH} inputs, not {len(inputs)}."
        raise bad_input(message)


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
        do = partial(next_, source, info, **arguments)
        return await with_user_errors(info.context, self._payload, do, arguments.values())


def _unstorable(value: object, *path: str) -> Iterator[Problem]:
    """Yield a problem for each text in an input that databases cannot store."""
    if isinstance(value, str) and not is_storable(value):
        message = "A string must not contain NUL or half of a surrogate pair."
        yield Problem(ErrorCode.INVALID, message, path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unstorable(item, *path, str(index))
    elif is_dataclass(value):
        for field in fields(value):
            yield from _unstorable(getattr(value, field.name), *path, to_camel_case(field.name))


def mutation(description: str) -> Callable[[Callable[Arguments, Awaitable[Answer]]], Answer]:
    """Make a mutation field whose refusals are user errors of its payload."""

    def decorate(resolver: Callable[Arguments, Awaitable[Answer]]) -> Answer:
        return strawberry.mutation(resolver=resolver, description=description, extensions=[_TellsProblems()])

    return decorate
