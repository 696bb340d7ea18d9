"""README is followed from top to bottom in a fresh clone, and then its tests are run: ``poe readme``.

It needs PyPI and some minutes, and nothing else of the machine's: so it is none of the tests that it runs.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.project.markdown import blocks, section
from tests.project.newcomer import START_SECONDS, TEST_SECONDS, Newcomer
from tests.project.repository import ROOT
from tests.project.test_readme import check_first_answer
from tests.web.program import free_port

pytestmark = [
    pytest.mark.readme,
    pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl"),
]

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_works_from_top_to_bottom_and_its_tests_are_green_after_it(tmp_path: Path) -> None:
    demo, test = _commands(0)
    serve, *steps, promised = blocks(section(README, "For real"))
    newcomer = Newcomer.arrive(tmp_path, with_pip=True)
    before = newcomer.changed_files()

    with _told("the demo"), _serving(newcomer, demo) as (address, _):
        _look_around(address)
    with _serving(newcomer, serve.text.strip()) as (_, port):
        with _told("For real"):
            script = "\n".join(step.text for step in steps).replace(":8000/", f":{port}/")
            check_first_answer(newcomer.run(script, seconds=START_SECONDS), promised.text)
        with _told("the tests"):
            said = newcomer.run(test, seconds=TEST_SECONDS)

    assert " passed" in said
    assert newcomer.changed_files() == before
    print(said.strip().splitlines()[-1])  # noqa: T201


def test_the_demo_runs_in_a_virtual_environment_of_the_clone(tmp_path: Path) -> None:
    demo, test = _commands(1)
    newcomer = Newcomer.arrive(tmp_path, with_pip=False)
    before = newcomer.changed_files()

    with _told("the demo in a virtual environment"), _serving(newcomer, demo) as (address, _):
        _look_around(address)
    newcomer.run(f"{test} --collect-only -q", seconds=TEST_SECONDS)

    assert newcomer.changed_files() == before


def _commands(number: int) -> list[str]:
    """The commands of a block of "Try it" without what is said of them."""
    block = blocks(section(README, "Try it"))[number]
    return [line.partition("#")[0].strip() for line in block.text.splitlines()]


@contextmanager
def _serving(newcomer: Newcomer, command: str) -> Iterator[tuple[str, int]]:
    """Serve as README says, on a port that nobody else has."""
    port = free_port()
    served = command.replace("-m server serve", f"-m server serve --port {port}")
    assert served != command
    with newcomer.serving(served) as address:
        yield address, port


def _look_around(address: str) -> None:
    """Visit the addresses that README names for the demo."""
    links = [link for link in _links_of_the_demo() if not link.startswith("/graphql?q=")]
    assert len(links) >= 3
    with httpx.Client(base_url=address, follow_redirects=True, headers={"Accept": "text/html"}) as visitor:
        assert [visitor.get(link).status_code for link in links] == [200] * len(links)


def _links_of_the_demo() -> list[str]:
    here = "http://127.0.0.1:8000"
    words = section(README, "Try it").replace("<", " ").replace(">", " ").split()
    return [word.removeprefix(here) for word in words if word.startswith(here)]


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Print how long it took."""
    begun = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - begun:.0f} s")  # noqa: T201
