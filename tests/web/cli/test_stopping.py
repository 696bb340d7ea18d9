"""What becomes of requests that are under way when the program is told to stop."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.web.program import PATIENCE_SECONDS, Program, serving

pytestmark = pytest.mark.processes

CALLERS = 8
ENOUGH = 200
"""Reports after which the program is told to stop."""

REPORT = """mutation Report($key: String!) {
  reportUsage(input: { customer: "nimbus", feature: "orders", value: 1, idempotencyKey: $key }) { recorded }
}"""


class Load:
    """Callers who report one after the other, until nobody answers any more."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._stopping = threading.Event()
        self.answered: list[str] = []
        self.refused: list[httpx.Response] = []
        self.enough = threading.Event()

    def run(self) -> None:
        """Report from several threads, and stop the program amid it."""
        callers = [threading.Thread(target=self._call, args=(number,)) for number in range(CALLERS)]
        for caller in callers:
            caller.start()
        assert self.enough.wait(PATIENCE_SECONDS)
        self._stopping.set()
        self._program.process.terminate()
        for caller in callers:
            caller.join(PATIENCE_SECONDS)

    def _call(self, caller: int) -> None:
        with httpx.Client(timeout=PATIENCE_SECONDS) as http:
            for number in range(100_000):
                key = f"load-{caller}-{number}"
                asked = {"query": REPORT, "variables": {"key": key}}
                try:
                    answer = http.post(f"{self._program.address}/graphql", json=asked)
                except httpx.TransportError:
                    assert self._stopping.is_set()
                    return
                self._note(key, answer)

    def _note(self, key: str, answer: httpx.Response) -> None:
        if answer.status_code == 200 and answer.json()["data"]["reportUsage"]["recorded"]:
            self.answered.append(key)
        else:
            self.refused.append(answer)
        if len(self.answered) >= ENOUGH:
            self.enough.set()


def recorded(folder: Path) -> Iterable[str]:
    """Give the idempotency keys of all reports that are on disk."""
    with closing(sqlite3.connect(folder / "allotment.db")) as connection:
        rows = connection.execute("SELECT key FROM idempotency_keys WHERE key LIKE 'load-%'")
        return [key for (key,) in rows]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_was_accepted_is_answered_and_nothing_else_is_done(
    demo_file: Path, tmp_path: Path, workers: str
) -> None:
    shutil.copy(demo_file, tmp_path / "allotment.db")
    with serving(tmp_path, "--demo", "--workers", workers) as program:
        load = Load(program)
        load.run()
        program.end()

    assert program.process.returncode == 0
    assert load.refused == []
    assert sorted(recorded(tmp_path)) == sorted(load.answered)
    assert len(load.answered) >= ENOUGH
