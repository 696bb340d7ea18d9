"""What is compared with: an empty route, the same schema served the usual way, and acts that store nothing.

The usual way is Strawberry's own view: every document is parsed and validated, every request opens
sessions of its own for its key, the catalog and the customer, an act has a transaction to itself, and
nothing is remembered.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache

from models.access.cache import MemoryCache
from models.auth import keys
from models.commands.group_commit import GroupCommit
from models.customers.store import Address
from models.database.transactions import Database
from resolvers.auth import digest_of
from resolvers.context import Context, Services
from rules.auth.permissions import Viewer
from rules.commands.command import Command, CommandResult
from schema.graph import graph
from server.app import create_app

LITTLE = {"data": {"access": {"allowed": True, "reason": "WITHIN_LIMIT"}}}


async def _empty(_: Request) -> JSONResponse:
    return JSONResponse(LITTLE)


empty = Starlette(routes=[Route("/graphql", _empty, methods=["POST"])])
"""The route that everything is compared with."""


class _UsualWay(GraphQL[Context, None]):
    """Strawberry's view, with a context for each request that remembers nothing, or what ours does."""

    def __init__(self, services: Services, *, remembering: bool = False) -> None:
        super().__init__(graph)
        self._services = services
        self._remembering = remembering

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:  # noqa: ARG002 - as Strawberry has it
        secret = request.headers["authorization"].removeprefix("Bearer ")
        async with self._services.database.read() as session:
            key = await keys.find(session, digest_of(secret))
        if key is None:
            raise PermissionError
        viewer = Viewer(environment=key.environment, kind=key.kind, scopes=frozenset(key.scopes))
        if self._remembering:
            return Context(services=self._services, viewer=viewer)
        memory = MemoryCache()
        ledger = GroupCommit(self._services.database, memory, self._services.clock)
        return Context(services=replace(self._services, memory=memory, commands=ledger), viewer=viewer)


def usual_way(*, remembering: bool = False) -> Any:  # noqa: ANN401 - an ASGI application
    """Serve the database that the environment names."""
    services = Services.on(Database(os.environ["ALLOTMENT_DATABASE_URL"]))
    view = _UsualWay(services, remembering=remembering)
    return Starlette(routes=[Route("/graphql", view, methods=["POST"])])


def usual_way_with_caches() -> Any:  # noqa: ANN401 - an ASGI application
    """Serve it with documents parsed and validated once, by the extensions that Strawberry has for that."""
    graph.extensions = (ParserCache, ValidationCache)
    return usual_way()


def remembering_with_caches() -> Any:  # noqa: ANN401 - an ASGI application
    """Serve it with those extensions, and remember of the database what the server does."""
    graph.extensions = (ParserCache, ValidationCache)
    return usual_way(remembering=True)


class _Forgetful(GroupCommit):
    """A ledger that does the first act of a customer and then says the same again."""

    def __init__(self, services: Services) -> None:
        super().__init__(services.database, services.memory, services.clock)
        self._said: dict[Address, CommandResult] = {}

    async def commit(self, environment: int, customer: str, act: Command) -> CommandResult:
        """Give what came of the first act."""
        address = environment, customer
        if address not in self._said:
            self._said[address] = await super().commit(environment, customer, act)
        return self._said[address]


def storing_nothing() -> Any:  # noqa: ANN401 - an ASGI application
    """Serve the database that the environment names as ever, but for what acts would store."""
    services = Services.on(Database(os.environ["ALLOTMENT_DATABASE_URL"]))
    return create_app(replace(services, commands=_Forgetful(services)))
