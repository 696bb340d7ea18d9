"""The server as a program of its own, as whoever runs it starts it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from server.execution.fallbacks import NOT_PREPARED
from tests.project.repository import ROOT

PATIENCE_SECONDS = 60
"""How long a program that was told to stop may take before it is killed, and the test fails."""


@dataclass
class Program:
    """A server that accepts requests."""

    process: subprocess.Popen[str]
    folder: Path
    first_line: str

    @property
    def address(self) -> str:
        """Where it listens."""
        (address,) = re.findall(r"http://\S+", self.first_line)
        return str(address)

    def ask(self, query: str, *, key: str | None = None, **variables: object) -> httpx.Response:
        """Send a document, with a key or without."""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        asked = {"query": query, "variables": variables}
        return httpx.post(f"{self.address}/graphql", json=asked, headers=headers, timeout=PATIENCE_SECONDS)

    def stop(self) -> str:
        """Send SIGTERM, wait for the end, and give what else was printed."""
        self.process.terminate()
        return self.end()

    def end(self) -> str:
        """Wait for the end, and give what else was printed."""
        self.process.wait(timeout=PATIENCE_SECONDS)
        assert self.process.stdout is not None
        return self.process.stdout.read()


@contextmanager
def serving(folder: Path, *options: str, **settings: str) -> Iterator[Program]:
    """Serve on any free port, with the database that the folder holds or will hold."""
    command = [sys.executable, "-m", "server", "serve", "--port", "0", *options]
    with (folder / "log.txt").open("w+") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(**settings),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            assert process.stdout is not None
            first_line = process.stdout.readline()
            assert first_line, (folder / "log.txt").read_text()
            yield Program(process, folder, first_line)
            assert NOT_PREPARED not in (folder / "log.txt").read_text()
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def told(folder: Path, *command: str, given: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """Run another command to its end, with something on its standard input."""
    return subprocess.run(
        [sys.executable, "-m", "server", *command],
        cwd=folder,
        env=environment(**settings),
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def environment(**settings: str) -> dict[str, str]:
    """This environment with none but these settings of ours, from which the rooms are found in any folder."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ALLOTMENT_")}
    # What the first program compiles is kept for all others; some machines would compile it all each time.
    compiled = {
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(ROOT / ".pytest_cache" / "bytecode"),
    }
    return {**inherited, **compiled, **settings, "PYTHONPATH": str(ROOT)}
