"""The app under test, for whoever speaks HTTP, and for a real browser that reaches nothing else."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import pytest_asyncio
import uvicorn
from starlette.types import ASGIApp

from models.database.transactions import Database
from resolvers.auth import create_key
from resolvers.context import Services
from rules.auth.api_keys import NewKey, Scope
from server.app import create_app
from server.demo.fill import fill
from server.websocket.uvicorn_protocol import WebSocketProtocol
from tests.web.demo_shop import Shop
from tests.web.http.asking import Ask, Asker
from tests.web.pages.site import PUBLISHABLE, STOCK, Site
from tests.web.websocket.sockets import Serving

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, Route

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

# A policy's violations are events of the document; the console alone would do, but names no directive.
TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`refused by ${event.violatedDirective}: ${event.blockedURI}`));
"""


@dataclass
class Visit:
    """A page that is open, what it complained of, and what it asked of others."""

    page: Page
    origin: str
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)


Visiting = Callable[..., Awaitable[Visit]]


@pytest_asyncio.fixture
async def services(sqlite_url: str) -> AsyncIterator[Services]:
    """What all requests share, on an empty database."""
    services = Services.on(Database(sqlite_url))
    yield services
    await services.close()


@pytest_asyncio.fixture
async def ask(services: Services) -> AsyncIterator[Ask]:
    """Serves the real application with the settings that are given, to somebody with a key."""
    secrets = {
        "everything": await create_key(services, "live", NewKey()),
        "usage": await create_key(services, "live", NewKey(scopes=[Scope.USAGE_WRITE])),
    }
    async with AsyncExitStack() as stack:

        def asker(*, may: str | None = "everything", **settings: Any) -> Asker:  # noqa: ANN401 - as the app
            transport = httpx.ASGITransport(create_app(services, **settings))
            http = httpx.AsyncClient(transport=transport, base_url="http://allotment.test")
            stack.push_async_callback(http.aclose)
            return Asker(http, {} if may is None else {"Authorization": f"Bearer {secrets[may]}"})

        yield asker


@pytest.fixture
def back_end(ask: Ask) -> Asker:
    """Somebody with a key for everything, and the limits that hold until others are set."""
    return ask()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """The system's Chromium with an empty profile."""
    driver = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    async with driver.async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def visit(chromium: Browser) -> AsyncIterator[Visiting]:
    """Serve an app and open a page of it; ``elsewhere`` answers other addresses from files."""
    async with AsyncExitStack() as stack:

        async def open_page(
            app: ASGIApp, path: str, *, dark: bool = False, elsewhere: Mapping[str, Path] | None = None
        ) -> Visit:
            origin = await stack.enter_async_context(_serving(app))
            context = await chromium.new_context(
                viewport={"width": 1280, "height": 800}, color_scheme="dark" if dark else "light"
            )
            stack.push_async_callback(context.close)
            visit = Visit(await context.new_page(), origin)
            await _watch(visit, elsewhere or {})
            await visit.page.goto(origin + path)
            return visit

        yield open_page


async def _watch(visit: Visit, elsewhere: Mapping[str, Path]) -> None:
    async def answer(route: Route) -> None:
        address = route.request.url
        if address.startswith(visit.origin):
            await route.continue_()
        elif address in elsewhere:
            await route.fulfill(path=elsewhere[address], headers={"Access-Control-Allow-Origin": "*"})
        else:
            visit.strangers.append(address)
            await route.abort()

    await visit.page.context.route("**/*", answer)
    await visit.page.add_init_script(TELL_VIOLATIONS)
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.on(
        "console", lambda said: visit.complaints.append(said.text) if said.type == "error" else None
    )


@asynccontextmanager
async def _serving(app: ASGIApp) -> AsyncIterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, ws=WebSocketProtocol))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving


@pytest_asyncio.fixture
async def site(sqlite_url: str) -> AsyncIterator[Site]:
    """A site that sells two plans."""
    services = Services.on(Database(sqlite_url))
    key = await create_key(services, "live", PUBLISHABLE)
    transport = httpx.ASGITransport(create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://allotment.test") as http:
        site = Site(http=http, services=services, key=key)
        await site.change(lambda _: STOCK)
        yield site
    await services.close()


@pytest_asyncio.fixture
async def demo(demo_file: Path, tmp_path: Path) -> AsyncIterator[Services]:
    """A demo of this test's own, as it was filled."""
    file = shutil.copy(demo_file, tmp_path / "demo.db")
    services = Services.on(Database(f"sqlite+aiosqlite:///{file}"))
    yield services
    await services.close()


@pytest_asyncio.fixture(loop_scope="module")
async def shop(demo_file: Path, tmp_path: Path) -> AsyncIterator[Shop]:
    """A demo of this test's own."""
    file = shutil.copy(demo_file, tmp_path / "allotment.db")
    services = Services.on(Database(f"sqlite+aiosqlite:///{file}"))
    yield Shop(services, create_app(services, keyless=await fill(services)))
    await services.close()


@pytest_asyncio.fixture
async def serve(database_url: str) -> AsyncIterator[Serving]:
    """The application on each kind of database."""
    services = Services.on(Database(database_url))
    async with AsyncExitStack() as stack:
        yield Serving(services, stack)
    await services.close()
