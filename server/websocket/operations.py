"""Operations of a socket: each answer becomes a message of graphql-transport-ws."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from time import perf_counter

import structlog
from graphql import OperationType

from resolvers.context import Context, Services
from rules.auth.permissions import Viewer
from server.config.logs import request_id
from server.errors import OUR_FAULT, Formatted, Refused, RequestCode, internal
from server.execution.documents import Documents, Operation
from server.execution.executor import Answer, Execution
from server.execution.parameters import read_parameters
from server.metrics import OK, Metrics, outcome_of

_log = structlog.get_logger(__name__)

Message = Mapping[str, object]

LONGEST_REASON_BYTES = 123
"""The longest reason that a close message can carry."""


class Closing(Exception):  # noqa: N818 - it says what happens to the socket
    """The socket must be closed, with a code and a reason for people."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason.encode()[:LONGEST_REASON_BYTES].decode(errors="ignore")


@dataclass(slots=True, kw_only=True)
class Underway:
    """One running operation of a socket: its viewer, its id, and how answers are sent."""

    name: str
    viewer: Viewer
    tell: Callable[[Message], Awaitable[None]]
    task: asyncio.Task[None] | None = None
    operation: Operation | None = None

    @property
    def is_stream(self) -> bool:
        """Whether it runs until either side ends it."""
        return self.operation is not None and self.operation.kind is OperationType.SUBSCRIPTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """Executes the operations of sockets, with the same documents and limits as over HTTP."""

    services: Services
    documents: Documents
    execution: Execution
    metrics: Metrics

    async def answer(self, one: Underway, payload: Mapping[str, object]) -> Message:
        """Send every answer, and return the last message; raises Closing."""
        begun = perf_counter()
        with request_id():
            try:
                await self._execute(one, payload, begun)
            except Closing:
                raise
            except Refused as refusal:
                errors: list[Formatted] = list(refusal.errors)
            except Exception as error:  # noqa: BLE001 - every operation gets an answer
                _log.error("an operation failed", exc_info=error)
                errors = [{"message": OUR_FAULT, "extensions": internal()}]
            else:
                return {"id": one.name, "type": "complete"}
        self.metrics.answered(one.operation, outcome_of(errors), perf_counter() - begun)
        return {"id": one.name, "type": "error", "payload": errors}

    async def _execute(self, one: Underway, payload: Mapping[str, object], begun: float) -> None:
        asked = read_parameters(payload)
        prepared = self.documents.prepared(asked)
        operation = one.operation = prepared.operation(asked.operation)
        newest = operation.kind is not OperationType.QUERY
        context = Context(services=self.services, viewer=one.viewer, newest=newest)
        if one.is_stream:
            begun_stream = await self.execution.answers(prepared, operation, asked.variables, context)
            self.metrics.answered(operation, OK, perf_counter() - begun)
            with self.metrics.stream():
                async with aclosing(begun_stream) as answers:
                    async for answer in answers:
                        await one.tell(_next(one, answer))
            return
        answer = await self.execution.answer(prepared, operation, asked.variables, context)
        self.metrics.answered(operation, outcome_of(answer.get("errors", ())), perf_counter() - begun)
        await one.tell(_next(one, answer))


def _next(one: Underway, answer: Answer) -> Message:
    return {"id": one.name, "type": "next", "payload": answer}


def too_many(one: Underway, most: int) -> Message:
    """Return the message that refuses an operation where too many are running."""
    message = f"This connection has {most} operations under way, as many as it may have."
    error = {"message": message, "extensions": {"code": RequestCode.RATE_LIMITED.value}}
    return {"id": one.name, "type": "error", "payload": [error]}
