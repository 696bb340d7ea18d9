"""What a newcomer has: a fresh clone, a home with nothing in it, and Python."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.project.repository import ROOT

START_SECONDS = 300
"""How long a server may take until it listens: all packages are downloaded before."""

TEST_SECONDS = 1_800
"""How long the tests may take on a machine that is busy."""

STOP_SECONDS = 60

_OURS = re.compile(
    "ALLOTMENT_|PYTEST_|PYTHON|UV$|UV_PROJECT_ENVIRONMENT|UV_NO_SYNC|UV_RUN_|VIRTUAL_ENV|HOME$"
)
_LISTENING = re.compile(r"^Allotment is listening on (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Newcomer:
    """Somebody in their clone, with a shell."""

    folder: Path
    home: Path

    @classmethod
    def arrive(cls, folder: Path, *, with_pip: bool) -> Newcomer:
        """Clone the repository as it stands here, changes that are not committed included."""
        newcomer = cls(folder / "allotment", folder / "home")
        newcomer.home.mkdir()
        _git("clone", "--quiet", str(ROOT), str(newcomer.folder))
        changes = _git("diff", "--binary", "HEAD")
        if changes:
            _git("-C", str(newcomer.folder), "apply", "--index", given=changes)
        if with_pip:
            subprocess.run([sys.executable, "-m", "venv", newcomer.home / "python"], check=True)
        return newcomer

    def run(self, script: str, *, seconds: float) -> str:
        """Run commands to their end, and give what they print on standard output."""
        with (self.home / "errors.txt").open("w+") as errors:
            done = subprocess.run(
                ["bash", "-euc", script],
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                check=False,
                timeout=seconds,
            )
            errors.seek(0)
            assert done.returncode == 0, f"{script}\n{done.stdout[-20_000:]}\n{errors.read()[-5_000:]}"
        return done.stdout

    @contextmanager
    def serving(self, command: str) -> Iterator[str]:
        """Run a command that serves, give the address once it listens, and press Ctrl-C in the end."""
        log = self.home / "log.txt"
        with log.open("w") as output:
            process = subprocess.Popen(
                ["bash", "-euc", command],
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield _address(process, log)
            os.killpg(process.pid, signal.SIGINT)
            process.wait(timeout=STOP_SECONDS)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def changed_files(self) -> str:
        """Say what git would have them commit."""
        return _git("-C", str(self.folder), "status", "--porcelain")

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not _OURS.match(name)}
        own = Path(sys.prefix) / "bin"
        path = [str(self.home / "python" / "bin")]
        path += [folder for folder in os.environ["PATH"].split(os.pathsep) if Path(folder) != own]
        return {**inherited, "HOME": str(self.home), "PATH": os.pathsep.join(path)}


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        found = _LISTENING.search(log.read_text())
        if found:
            return found[1]
        time.sleep(0.1)
    message = f"It does not listen:\n{log.read_text()}"
    raise AssertionError(message)


def _git(*command: str, given: str | None = None) -> str:
    done = subprocess.run(
        ["git", *command], cwd=ROOT, check=True, input=given, capture_output=True, text=True
    )
    return done.stdout
