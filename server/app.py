"""The application: its routes, and its start and end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from models.database.transactions import FAILURES, Database
from models.migrations.migrate import is_current
from resolvers.context import Services
from resolvers.time_zones import is_behind, take_up_rules
from schema.graph import graph
from server.auth import Authenticator
from server.config.limits import Limits
from server.config.logs import configure
from server.config.settings import read_settings, shared_metrics
from server.config.theme import Theme
from server.execution.trusted_documents import Trusted, read_trusted
from server.http.view import GraphQLView
from server.metrics import Metrics
from server.pages.graphiql import graphiql_page, own_file_route, static_routes
from server.pages.layout import SHARED_STYLE
from server.pages.portal_page import Portal, portal_routes
from server.pages.pricing_page import pricing_routes
from server.rate_limits import RateLimiter
from server.time_zones import rules_in_use, use_newest_rules
from server.websocket.operations import Operations
from server.websocket.sockets import Sockets

READINESS_SECONDS = 5
"""How long the database may take to answer a readiness check."""

UNLESS_SET = Limits()
ANY_DOCUMENT = Trusted()
PLAIN = Theme()

_log = structlog.get_logger(__name__)


def create_app(
    services: Services,
    *,
    keyless: int | None = None,
    limits: Limits = UNLESS_SET,
    trusted: Trusted = ANY_DOCUMENT,
    rates: RateLimiter | None = None,
    metrics: Metrics | None = None,
    portal_looks: Theme = PLAIN,
    compiles: bool = True,
) -> Starlette:
    """Build the application on services, which it closes when it ends.

    Requests without a key act in the environment ``keyless``, if one is given. Without ``compiles``,
    graphql-core executes every operation, in place of the compiled ones.
    """
    doorkeeper = Authenticator(services=services, keyless=keyless)
    metrics, rates = metrics or Metrics(), rates or RateLimiter()
    view = GraphQLView(
        graph.core,
        services,
        doorkeeper,
        limits=limits,
        trusted=trusted,
        rates=rates,
        metrics=metrics,
        compiles=compiles,
    )
    operations = Operations(
        services=services, documents=view.documents, execution=view.execution, metrics=metrics
    )
    sockets = Sockets(
        services=services, doorkeeper=doorkeeper, operations=operations, limits=limits, metrics=metrics
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await _take_up_rules(services)
        yield
        try:
            await services.close()
        finally:
            await rates.close()

    # Without required keys, CORS would give every site that the browser opens access.
    door = _Graph(view) if keyless is not None else _ForEverySite(_Graph(view), view)
    routes = [
        Route("/graphql", door),
        WebSocketRoute("/graphql", sockets),
        Route("/", _home),
        Route("/healthz", _alive),
        Route("/readyz", _readiness(services)),
        Route("/metrics", metrics.page),
        *static_routes,
        own_file_route(SHARED_STYLE),
        *pricing_routes(doorkeeper, rates),
        *portal_routes(Portal(doorkeeper=doorkeeper, rates=rates, looks=portal_looks, sockets=sockets)),
    ]
    return _Application(door, routes=routes, lifespan=lifespan)


def from_settings(keyless: int | None = None) -> Starlette:
    """Build the application of a worker process."""
    settings = read_settings()
    configure(settings)
    metrics = Metrics(shared_metrics())
    metrics.uses_rules(use_newest_rules())
    database = Database(settings.database_url)
    follows = settings.read_database_url
    replica = None if follows is None else Database(follows)
    return create_app(
        Services.on(
            database,
            committed=metrics.committed,
            token_secret=settings.token_secret,
            replica=replica,
            zones=rules_in_use(),
        ),
        keyless=keyless,
        limits=settings.limits,
        rates=RateLimiter(settings.rate_limit, settings.rate_limit_storage),
        trusted=read_trusted(settings),
        metrics=metrics,
        portal_looks=settings.portal_looks,
    )


def for_every_site(app: ASGIApp) -> ASGIApp:
    """Allow pages of all sites: every request needs a key, which no browser adds by itself."""
    return CORSMiddleware(
        app,
        allow_origins=["*"],
        allow_methods=["GET", "POST"],
        allow_headers=["*"],
        expose_headers=["Retry-After", "X-Request-Id"],
    )


class _Application(Starlette):
    """The routes; a POST to the graph skips the middleware, since its view handles every error."""

    def __init__(self, door: ASGIApp, *, routes: Sequence[BaseRoute], lifespan: Lifespan[Starlette]) -> None:
        super().__init__(routes=routes, lifespan=lifespan)
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == "/graphql":
            await self._door(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class _ForEverySite:
    """Adds CORS headers to requests that carry an Origin; skips the middleware otherwise."""

    def __init__(self, app: ASGIApp, view: ASGIApp) -> None:
        self._app = for_every_site(app)
        self._view = view

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["method"] != "POST" or any(name == b"origin" for name, _ in scope["headers"])
        await (self._app if is_page else self._view)(scope, receive, send)


class _Graph:
    """GraphiQL for browsers that open the address, the graph for all other requests."""

    def __init__(self, view: ASGIApp) -> None:
        self._view = view

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            await self._view(scope, receive, send)
            return
        request = Request(scope, receive)
        wants_page = "text/html" in request.headers.get("accept", "")
        if wants_page and "query" not in request.query_params:
            page = graphiql_page(query=request.query_params.get("q"))
            page.headers["Vary"] = "Accept"
            await page(scope, receive, send)
        else:
            await self._view(scope, receive, send)


async def _home(_: Request) -> Response:
    return RedirectResponse("/graphql")


async def _alive(_: Request) -> Response:
    return PlainTextResponse("alive\n")


def _readiness(services: Services) -> Callable[[Request], Awaitable[Response]]:
    async def ready(_: Request) -> Response:
        try:
            async with asyncio.timeout(READINESS_SECONDS):
                current = await is_current(services.database) and not await is_behind(services)
        except (SQLAlchemyError, OSError):
            current = False
        status = HTTPStatus.OK if current else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse({"ready": current}, status_code=status)

    return ready


async def _take_up_rules(services: Services) -> None:
    """Adopt the time zone rules of this process where they are the newest."""
    try:
        await take_up_rules(services)
    except FAILURES as error:
        # The first write tries again.
        _log.warning("the rules of time zones were not compared with the database's", cause=repr(error))
