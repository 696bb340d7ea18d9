"""Plans answer what graphql-core answers, errors and nulls included, and do what it does."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest
import strawberry
from graphql import GraphQLError, GraphQLSchema
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from models.database.transactions import Database
from models.environments import find
from resolvers.context import Context, Services
from rules.auth.api_keys import ApiKeyKind, Scope
from rules.auth.permissions import Viewer
from schema.fast_resolvers import streamline
from schema.graph import graph
from server.config.limits import Limits
from server.errors import Formatted, Refused
from server.execution.documents import Operation, Prepared, prepare
from server.execution.executor import Execution
from server.rate_limits import RateLimiter
from tests.profiles import FULL
from tests.web.http.documents_at_random import Writer

SECRETS = ("createApiKey", "createCustomerToken")
"""What answers something that was never there before."""

LIMITS = Limits()

Answered = dict[str, Any] | tuple[Formatted, ...]

real_files = settings(
    # Each is a document of its own, parsed and validated, and answered twice in two copies of the demo.
    max_examples=500 if FULL else 5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class World:
    """A copy of the demo, and those who ask in it."""

    def __init__(self, file: Path) -> None:
        self._services = Services.on(
            Database(f"sqlite+aiosqlite:///{file}"), lambda: datetime(2027, 1, 1, tzinfo=UTC)
        )
        self._environment: int | None = None

    async def viewer(self, scopes: frozenset[Scope]) -> Viewer:
        """A secret key with scopes."""
        if self._environment is None:
            async with self._services.database.read() as session:
                found = await find(session, "demo")
            assert found is not None
            self._environment = found.number
        return Viewer(environment=self._environment, kind=ApiKeyKind.SECRET, scopes=scopes)

    async def answer(
        self,
        prepared: Prepared,
        operation: Operation,
        variables: Mapping[str, object],
        scopes: frozenset[Scope],
    ) -> Answered:
        """Answer an operation, or tell why it is not begun."""
        context = Context(services=self._services, viewer=await self.viewer(scopes))
        return await answer(graph.core, prepared, operation, variables, context)

    async def close(self) -> None:
        await self._services.close()


class Watched(Execution):
    """Remembers whether graphql-core worked something out."""

    left_to_core = False

    def _executor(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as in what it extends
        self.left_to_core = True
        return super()._executor(*arguments, **named)


async def answer(
    schema: GraphQLSchema,
    prepared: Prepared,
    operation: Operation,
    variables: Mapping[str, object],
    context: Context,
) -> Answered:
    execution = Watched(schema, LIMITS, RateLimiter())
    try:
        # What is masked would be logged at length.
        with capture_logs():
            answered = await execution.answer(prepared, operation, variables, context)
    except Refused as refused:
        return refused.errors
    # A plan with a fault would pass unseen: graphql-core would come to its aid.
    goes_to_plan = operation.plan is not None and "errors" not in answered
    assert not (goes_to_plan and execution.left_to_core)
    return answered


async def settled(told: Coroutine[Any, Any, Answered]) -> Answered:
    """Let fields that nobody waits for any more come to their end as well."""
    answered = await told
    for _ in range(5):
        await asyncio.sleep(0)
    return answered


def only(prepared: Prepared) -> Operation:
    (operation,) = prepared.operations.values()
    return operation


def written(random: Random) -> Mapping[str, Any]:
    """Write a document: half of them are strange, and half have variables in many places."""
    if random.random() < 0.5:
        return Writer(random).request()
    return Writer(random, strangeness=0.01, spoils=False, deepest=4).request()


def planned_document(random: Random) -> tuple[Prepared, Mapping[str, object]]:
    """Write documents until one has a plan; gives its variables as well."""
    while True:
        asked = written(random)
        prepared = prepare(graph.core, asked["query"], LIMITS)
        has_plan = any(one.plan is not None for one in prepared.operations.values())
        secret = any(secret in asked["query"] for secret in SECRETS)
        if has_plan and not secret and isinstance(asked["variables"], dict):
            return prepared, asked["variables"]


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def worlds(demo_file: Path, tmp_path: Path, runner: asyncio.Runner) -> Iterator[tuple[World, World]]:
    files = [Path(shutil.copy(demo_file, tmp_path / f"{name}.db")) for name in ("planned", "executed")]
    first, second = map(World, files)
    yield first, second
    for world in (first, second):
        runner.run(world.close())


@real_files
@given(
    seed=st.integers(0, 2**64), scopes=st.sampled_from([frozenset(Scope), frozenset({Scope.CATALOG_READ})])
)
def test_a_document_is_answered_by_its_plan_as_by_graphql_core(
    worlds: tuple[World, World], runner: asyncio.Runner, seed: int, scopes: frozenset[Scope]
) -> None:
    prepared, variables = planned_document(Random(seed))
    planned, executed = worlds

    for operation in prepared.operations.values():
        given_by_plan = runner.run(planned.answer(prepared, operation, variables, scopes))
        given_by_executor = runner.run(
            executed.answer(prepared, replace(operation, plan=None), variables, scopes)
        )
        # Without a plan it is the same way twice, and which of several errors comes first is not settled.
        assert operation.plan is None or given_by_plan == given_by_executor


@strawberry.type
class Thing:
    """Whatever can go well, and wrong."""

    depth: int
    number: int = 7
    nothing: int | None = None
    missing: int = cast("int", None)
    text: int = cast("int", "no number")

    @strawberry.field
    def fails(self) -> int:
        """Fail."""
        message = "This fails."
        raise GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})

    @strawberry.field
    def fails_softly(self, why: str = "softly") -> int | None:
        """Fail where null may stand."""
        raise GraphQLError(why, extensions={"code": "BAD_USER_INPUT"})

    @strawberry.field
    def thing(self) -> Thing:
        """Give one more."""
        return Thing(depth=self.depth + 1)

    @strawberry.field
    def perhaps(self) -> Thing | None:
        """Give one more, where null may stand."""
        return Thing(depth=self.depth + 1)

    @strawberry.field
    def things(self) -> list[Thing]:
        """Give two more."""
        return [Thing(depth=self.depth + 1), Thing(depth=self.depth + 1)]

    @strawberry.field
    def holes(self) -> list[Thing | None]:
        """Give two, and an error between."""
        error = GraphQLError("A hole.", extensions={"code": "BAD_USER_INPUT"})
        return [Thing(depth=self.depth + 1), cast("Thing", error), None]

    @strawberry.field
    async def later(self) -> int:
        """Wait."""
        return 8


done: list[int] = []

NOBODY = cast("Context", SimpleNamespace(viewer=None))


@strawberry.type
class Things:
    """The root of both."""

    @strawberry.field
    def now(self) -> Thing:
        """Give a thing at once."""
        return Thing(depth=0)

    @strawberry.field
    async def soon(self, number: int = 1) -> Thing | None:
        """Give a thing, and write that down."""
        done.append(number)
        return Thing(depth=number)

    @strawberry.field
    def never(self) -> Thing:
        """Give none."""
        message = "Never."
        raise GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})


small = strawberry.Schema(query=Things, mutation=strawberry.type(type("Acts", (Things,), {})))
streamline(small)

LEAVES = ["depth", "number", "nothing", "missing", "text", "fails", "failsSoftly", 'failsSoftly(why: "so")']
selections = st.recursive(
    st.lists(st.sampled_from([*LEAVES, "__typename", "a: number", "later"]), min_size=1, max_size=3),
    lambda inner: st.lists(
        st.sampled_from(["number", "fails", "nothing", "...on Thing { nothing }"])
        | st.tuples(st.sampled_from(["thing", "perhaps", "things", "holes"]), inner).map(
            lambda pair: f"{pair[0]} {{ {' '.join(pair[1])} }}"
        ),
        min_size=1,
        max_size=3,
    ),
    max_leaves=8,
).map(" ".join)
roots = st.tuples(
    st.sampled_from(["now", "soon", "soon(number: 2)", "soon(number: $n)", "never"]), selections
)


@given(
    kind=st.sampled_from(["query", "mutation"]),
    asked=st.lists(roots, min_size=1, max_size=4),
    number=st.sampled_from([3, None, "x"]),
)
def test_nulls_reach_as_far_and_no_more_is_done(
    kind: str, asked: list[tuple[str, str]], number: object
) -> None:
    fields = " ".join(f"r{n}: {field} {{ {below} }}" for n, (field, below) in enumerate(asked))
    head = f"{kind} ($n: Int)" if "$n" in fields else kind
    prepared = prepare(small._schema, f"{head} {{ {fields} }}", LIMITS)
    assume(not prepared.errors)
    operation = only(prepared)

    def run(one: Operation) -> tuple[Answered, list[int]]:
        done.clear()
        told = asyncio.run(settled(answer(small._schema, prepared, one, {"n": number}, NOBODY)))
        return told, list(done)

    planned, executed = run(operation), run(replace(operation, plan=None))

    assert planned == executed
    together = kind == "query" and len(asked) > 1 and "soon" in fields
    assert (operation.plan is None) == ("later" in fields or together)
