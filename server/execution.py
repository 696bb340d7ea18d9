"""Execution of a prepared operation: variables are read, the cost is known, then it is worked out.

Most operations have a plan. graphql-core works out the others, and those that do not go to plan.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, TypeGuard, cast

import structlog
from graphql import ExecutionResult, GraphQLSchema
from graphql.execution import Executor
from graphql.execution.values import VariableValues
from strawberry.execution import optimized_is_awaitable

from resolvers.context import Context
from server.documents import Operation, Prepared
from server.errors import Formatted, Refused, RequestCode, coded, refuse, with_code
from server.limits import Limits
from server.plans import Asked, Resolved
from server.rates import Rates

_log = structlog.get_logger(__name__)

MOST_VARIABLE_ERRORS = 20

Answer = dict[str, Any]


class Execution:
    """Executes prepared operations within limits: the one place that knows how an answer is worked out."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, rates: Rates) -> None:
        self._schema = schema
        self._limits = limits
        self._rates = rates

    async def answer(
        self, prepared: Prepared, operation: Operation, variables: Mapping[str, Any], context: Context
    ) -> Answer:
        """Give the answer; raises Refused where the variables, the cost or the rate do not let it begin."""
        work = _Work(self._schema, prepared, operation, variables, context)
        values = work.variable_values()
        cost = {"requested": operation.cost.of(values.coerced), "limit": self._limits.cost}
        if cost["requested"] > cost["limit"]:
            message = f"The operation costs {cost['requested']:,}, and may cost at most {cost['limit']:,}."
            raise refuse(RequestCode.QUERY_TOO_COMPLEX, message, extensions={"cost": cost})
        await self._rates.charge(context.viewer, cost["requested"])
        answer: Answer
        try:
            async with asyncio.timeout(self._limits.seconds):
                answer = await work.answer(values)
        except TimeoutError:
            _log.warning("an answer took too long", operation=operation.name)
            answer = {"data": None, "errors": [self._too_slow()]}
        answer["extensions"] = {"cost": cost}
        return answer

    def _too_slow(self) -> Formatted:
        message = (
            f"The answer took longer than {self._limits.seconds:g} seconds; a mutation may yet take effect."
        )
        return {"message": message, "extensions": {"code": RequestCode.TIMEOUT.value}}


class _Work:
    """One operation that is executed."""

    def __init__(
        self,
        schema: GraphQLSchema,
        prepared: Prepared,
        operation: Operation,
        variables: Mapping[str, Any],
        context: Context,
    ) -> None:
        self._schema = schema
        self._prepared = prepared
        self._operation = operation
        self._variables = variables
        self._context = context
        self._plan = operation.plan

    def variable_values(self) -> VariableValues:
        """Read the variables; raises Refused with all that is wrong with them."""
        if self._plan is not None:
            try:
                return self._plan.variables(self._variables)
            except Exception:  # noqa: BLE001 - whatever it is, graphql-core says it
                self._plan = None
        return self._executor().variable_values

    async def answer(self, values: VariableValues) -> Answer:
        """Work the answer out."""
        resolved = Resolved()
        if self._plan is not None:
            data = await self._plan.run(Asked(self._context, values), resolved)
            if data is not None:
                return {"data": data}
        return _formatted(await _result(self._executor(resolved)))

    def _executor(self, resolved: Resolved | None = None) -> Executor[Any]:
        executor = Executor.build(
            self._schema,
            self._prepared.document,
            context_value=self._context,
            raw_variable_values=dict(self._variables),
            operation_name=self._operation.name,
            max_coercion_errors=MOST_VARIABLE_ERRORS,
            middleware=[resolved] if resolved is not None and resolved.begun else None,
            is_awaitable=_is_awaitable,
        )
        if isinstance(executor, list):
            raise Refused(with_code(error, RequestCode.BAD_USER_INPUT) for error in executor)
        return executor


def _is_awaitable(value: object) -> TypeGuard[Awaitable[Any]]:
    return optimized_is_awaitable(value)


async def _result(executor: Executor[Any]) -> ExecutionResult:
    result = executor.execute_operation()
    # Without @defer and @stream, which the schema has not, it is one result.
    return cast("ExecutionResult", await result if _is_awaitable(result) else result)


def _formatted(result: ExecutionResult) -> Answer:
    if not result.errors:
        return {"data": result.data}
    return {"data": result.data, "errors": [coded(error) for error in result.errors]}
