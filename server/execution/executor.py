"""Execution of a prepared operation: read its variables, charge its cost, compute its answer.

Most operations are compiled. graphql-core executes the others, and those that fail when compiled.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Coroutine, Mapping
from contextlib import aclosing
from typing import Any, TypeGuard, cast

import structlog
from graphql import ExecutionResult, GraphQLError, GraphQLSchema, get_operation_ast
from graphql.execution import Executor, create_source_event_stream
from graphql.execution.values import VariableValues
from strawberry.execution import optimized_is_awaitable

from resolvers.context import Context
from server.config.limits import Limits
from server.errors import Formatted, Refused, RequestCode, format_error, refuse, with_code
from server.execution.compiled.compiler import CompiledRun, ResolvedRoots
from server.execution.documents import Operation, Prepared
from server.execution.timeouts import with_timeout
from server.input_errors import variable_errors
from server.rate_limits import RateLimiter

_log = structlog.get_logger(__name__)

MOST_VARIABLE_ERRORS = 20

Answer = dict[str, Any]


class Execution:
    """Executes prepared operations within limits: the one place that computes an answer."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, rates: RateLimiter) -> None:
        self._schema = schema
        self._limits = limits
        self._rates = rates

    async def answer(
        self, prepared: Prepared, operation: Operation, variables: Mapping[str, Any], context: Context
    ) -> Answer:
        """Return the answer; raises Refused if the variables, the cost or the rate do not allow it."""
        planned = _planned(operation, variables, context)
        if planned is None:
            executor = self._executor(prepared, operation, variables, context)
            cost = await self._charged(executor.variable_values, operation, context)
            work = _worked_out(executor)
        else:
            cost = await self._charged(planned.variables, operation, context)
            work = self._by_plan(planned, prepared, operation, variables)
        return {**await self._in_time(work, operation), "extensions": {"cost": cost}}

    async def _by_plan(
        self, asked: CompiledRun, prepared: Prepared, operation: Operation, variables: Mapping[str, Any]
    ) -> Answer:
        resolved = ResolvedRoots()
        answered = await asked.plan.run(asked, resolved)
        if answered is not None:
            return {"data": answered}
        return await _worked_out(self._executor(prepared, operation, variables, asked.context, resolved))

    async def answers(
        self, prepared: Prepared, operation: Operation, variables: Mapping[str, Any], context: Context
    ) -> AsyncGenerator[Answer, None]:
        """Start a subscription and yield its answers, each computed when requested; raises Refused.

        It costs what one of its answers costs. A refusal after the start ends it: Refused again.
        """
        executor = self._executor(prepared, operation, variables, context)
        await self._charged(executor.variable_values, operation, context)
        source = create_source_event_stream(executor)
        events = await source if _is_awaitable(source) else source
        if isinstance(events, ExecutionResult):
            raise Refused(format_error(error) for error in events.errors or ())
        # Resolvers are async generators, which have to be closed.
        return self._answers(executor, operation, cast("AsyncGenerator[object, None]", events))

    async def _answers(
        self, executor: Executor[Any], operation: Operation, events: AsyncGenerator[object, None]
    ) -> AsyncGenerator[Answer, None]:
        async with aclosing(events):
            try:
                async for event in events:
                    yield await self._in_time(_worked_out(_for_event(executor, event)), operation)
            except GraphQLError as error:
                raise Refused([format_error(error)]) from None

    async def _charged(
        self, variables: VariableValues, operation: Operation, context: Context
    ) -> Mapping[str, int]:
        """Charge and return the cost of an operation; raises Refused if it is over a limit."""
        cost = {"requested": operation.cost.of(variables.coerced), "limit": self._limits.cost}
        if cost["requested"] > cost["limit"]:
            message = f"The operation costs {cost['requested']:,}, and may cost at most {cost['limit']:,}."
            raise refuse(RequestCode.QUERY_TOO_COMPLEX, message, extensions={"cost": cost})
        await self._rates.charge(context.viewer, cost["requested"])
        return cost

    async def _in_time(self, work: Coroutine[Any, Any, Answer], operation: Operation) -> Answer:
        try:
            return await with_timeout(self._limits.seconds, work)
        except TimeoutError:
            _log.warning("an answer took too long", operation=operation.name)
            return {"data": None, "errors": [self._too_slow()]}

    def _executor(
        self,
        prepared: Prepared,
        operation: Operation,
        variables: Mapping[str, Any],
        context: Context,
        resolved: ResolvedRoots | None = None,
    ) -> Executor[Any]:
        executor = Executor.build(
            self._schema,
            prepared.document,
            context_value=context,
            raw_variable_values=dict(variables),
            operation_name=operation.name,
            max_coercion_errors=MOST_VARIABLE_ERRORS,
            middleware=None if resolved is None else [resolved],
            is_awaitable=_is_awaitable,
        )
        if isinstance(executor, list):
            # An operation that is not found, which cannot be, has none that is wrong by our lights.
            errors = self._variable_errors(prepared, operation, variables) or executor
            raise Refused(with_code(error, RequestCode.BAD_USER_INPUT) for error in errors)
        return executor

    def _variable_errors(
        self, prepared: Prepared, operation: Operation, variables: Mapping[str, Any]
    ) -> list[GraphQLError]:
        node = get_operation_ast(prepared.document, operation.name)
        if node is None:
            return []
        return variable_errors(self._schema, node, variables, MOST_VARIABLE_ERRORS)

    def _too_slow(self) -> Formatted:
        message = (
            f"The answer took longer than {self._limits.seconds:g} seconds; a mutation may still take effect."
        )
        return {"message": message, "extensions": {"code": RequestCode.TIMEOUT.value}}


def _is_awaitable(value: object) -> TypeGuard[Awaitable[Any]]:
    return optimized_is_awaitable(value)


def _for_event(executor: Executor[Any], event: object) -> Executor[Any]:
    """Execute the selection of a subscription on an event, with no state of the event before."""
    executor = executor.build_per_event_executor(event)
    context: Context = executor.context_value
    executor.context_value = Context(services=context.services, viewer=context.viewer, newest=True)
    return executor


def _planned(operation: Operation, variables: Mapping[str, Any], context: Context) -> CompiledRun | None:
    """Return a compiled operation's input; None if it is not compiled, or graphql-core must name an error."""
    if operation.plan is None:
        return None
    try:
        return CompiledRun(operation.plan, context, operation.plan.variables(variables))
    except Exception:  # noqa: BLE001 - whatever it is, graphql-core comes upon it again
        return None


async def _worked_out(executor: Executor[Any]) -> Answer:
    executed = executor.execute_operation()
    # Without @defer and @stream, which the schema has not, it is one result.
    result = cast("ExecutionResult", await executed if _is_awaitable(executed) else executed)
    if not result.errors:
        return {"data": result.data}
    return {"data": result.data, "errors": [format_error(error) for error in result.errors]}
