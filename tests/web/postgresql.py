"""PostgreSQL servers of a test's own: one to stop and start, and one that follows it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.conftest import _in_memory, _server

FORGETFUL = "fsync = off\nfull_page_writes = off\n"
"""Keeps what was committed if PostgreSQL is killed, though not if the machine is."""


@contextmanager
def own_server() -> Iterator[Any]:
    """Run a server, whose folder goes with it."""
    with TemporaryDirectory(prefix="allotment-", dir=_in_memory()) as folder:
        server = _server(Path(folder) / "pg")
        server.ensure_pgdata_inited()
        with (server.pgdata / "postgresql.conf").open("a") as settings:
            settings.write(FORGETFUL)
        server.start()
        yield server
        server.cleanup()


@contextmanager
def follower_of(primary: Any) -> Iterator[Any]:  # noqa: ANN401 - the package has no types
    """Run a server that streams whatever another commits."""
    with TemporaryDirectory(prefix="allotment-", dir=_in_memory()) as folder:
        follower = _server(Path(folder) / "pg")
        source = f"host={socket_folder(primary)} user=postgres"
        copied = [*("--pgdata", str(follower.pgdata)), "--write-recovery-conf", "--checkpoint=fast"]
        # For root both servers are another user, whose folder it has to be.
        follower.pgdata.mkdir(exist_ok=True)
        follower.pgdata.chmod(0o700)
        for file in follower.pgdata.iterdir():
            file.unlink()
        if follower.system_user is not None:
            subprocess.run(["chown", follower.system_user, str(follower.pgdata)], check=True)
            Path(folder).chmod(0o755)
        program = follower.bin_path / "pg_basebackup"
        subprocess.run([program, "--dbname", source, *copied], check=True, user=follower.system_user, cwd="/")
        # What says that the other one runs is copied too.
        for file in (*follower.pgdata.glob(".s.*.lock"), *follower.pgdata.glob(".handle_pids.json")):
            file.unlink()
        follower.start()
        yield follower
        follower.cleanup()


def socket_folder(server: Any) -> str:  # noqa: ANN401 - the package has no types
    """Where a server's socket is."""
    return str(server.get_postmaster_info().socket_dir)


def address_of(server: Any) -> str:  # noqa: ANN401 - the package has no types
    """The address of its database."""
    return f"postgresql+asyncpg://postgres@/postgres?host={socket_folder(server)}"
