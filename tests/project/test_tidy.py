from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator

import pytest

from tests.project import tidy
from tests.project.repository import ROOMS, ROOT, Source, sources, tracked_files

PROJECT = sources(*ROOMS, "tests")

FILE_BYTES_MAX = 1_000_000

Check = Callable[[Source], Iterator[str]]

CHECKS: list[Check] = [
    tidy.long_functions,
    tidy.long_modules,
    tidy.empty_names,
    tidy.readings_of_the_environment,
    tidy.readings_of_the_clock,
    tidy.naive_times,
    tidy.impurities,
]

needs_git = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="what is tracked is told by git")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_nothing_is_left_for_a_reviewer_to_say(check: Check) -> None:
    assert [complaint for source in PROJECT for complaint in check(source)] == []


def test_functions_are_short() -> None:
    lengths = [tidy.length(function) for source in sources(*ROOMS) for function in source.functions()]

    assert statistics.median(lengths) <= 8
    assert statistics.quantiles(lengths, n=10)[-1] <= 30


def test_commits_stand_in_the_doors_of_the_database() -> None:
    places = [place.partition(":")[0] for place in tidy.commits(PROJECT)]

    assert places == ["models/database/sqlite_thread.py", "models/database/transactions.py"]


def test_every_module_is_used() -> None:
    assert tidy.orphans(PROJECT) == []


def test_every_forced_name_is_still_in_use() -> None:
    written = {name for source in PROJECT for name in tidy.names(source)}

    assert set(tidy.FORCED_NAMES) <= written


@needs_git
def test_nothing_unfinished_or_personal_is_committed() -> None:
    texts = ((path, (ROOT / path).read_text(encoding="utf-8", errors="replace")) for path in tracked_files())

    assert [complaint for path, text in texts for complaint in tidy.leftovers(path, text)] == []


@needs_git
def test_no_committed_file_is_large_or_tells_where_packages_came_from() -> None:
    files = [(path, (ROOT / path).read_bytes()) for path in tracked_files()]

    assert [path for path, content in files if len(content) > FILE_BYTES_MAX] == []
    assert [
        path for path, content in files if tidy.lock_with_addresses(path, content.decode(errors="replace"))
    ] == []


BAD = [
    (tidy.long_functions, "rules/a.py", "def f():\n" + "    x = 1\n" * 60),
    (tidy.long_functions, "rules/a.py", "class A:\n    async def f(self):\n" + "        x = 1\n" * 60),
    (tidy.long_modules, "tests/a.py", "x = 1\n" * 351),
    (tidy.empty_names, "rules/a.py", "def handle_report(): ..."),
    (tidy.empty_names, "rules/a.py", "class CatalogManager: ..."),
    (tidy.empty_names, "rules/a.py", "class CatalogDATA: ..."),
    (tidy.empty_names, "rules/date_utils.py", ""),
    (tidy.readings_of_the_environment, "server/app.py", "import os\nurl = os.environ['URL']"),
    (tidy.readings_of_the_environment, "server/app.py", "from os import getenv"),
    (tidy.readings_of_the_clock, "rules/a.py", "now = datetime.now(UTC)"),
    (tidy.readings_of_the_clock, "models/a.py", "default = datetime.datetime.utcnow"),
    (tidy.readings_of_the_clock, "models/a.py", "created = column(server_default=func.now())"),
    (tidy.readings_of_the_clock, "server/a.py", "import time\nstarted = time.time()"),
    (tidy.readings_of_the_clock, "server/a.py", "from time import time_ns"),
    (tidy.naive_times, "tests/a.py", "now = datetime.now()"),
    (tidy.naive_times, "tests/a.py", "now = datetime.datetime.utcnow()"),
    (tidy.impurities, "rules/a.py", "from pydantic import BaseModel"),
    (tidy.impurities, "rules/a.py", "from babel.numbers import format_currency"),
    (tidy.impurities, "rules/a.py", "async def f(): ..."),
]

GOOD = [
    (tidy.long_functions, "rules/a.py", "def f():\n" + "    x = 1\n" * 59),
    (tidy.long_modules, "tests/a.py", "x = 1\n" * 350),
    (tidy.empty_names, "rules/a.py", "def metadata_of(processes, handler): ..."),
    (tidy.empty_names, "tests/a.py", "def test_a_second_process_sees_the_same_balance(): ..."),
    (tidy.readings_of_the_environment, "server/config/settings.py", "from os import getenv"),
    (tidy.readings_of_the_environment, "tests/a.py", "import os\nos.environ['HOME']"),
    (tidy.readings_of_the_clock, tidy.CLOCK, "now = datetime.now(UTC)"),
    (tidy.readings_of_the_clock, "server/a.py", "import time\nstarted = time.monotonic()"),
    (tidy.naive_times, "tests/a.py", "now = datetime.now(UTC)"),
    (tidy.impurities, "rules/a.py", "import math\nfrom rules.values import Unit"),
    (tidy.impurities, "rules/catalog/wording.py", "from babel.numbers import format_currency"),
    (tidy.impurities, "models/a.py", "from sqlalchemy import select\nasync def f(): ..."),
]


@pytest.mark.parametrize(("check", "path", "text"), BAD)
def test_a_reviewer_would_object(check: Check, path: str, text: str) -> None:
    assert len(list(check(Source(path, text)))) == 1


@pytest.mark.parametrize(("check", "path", "text"), GOOD)
def test_a_reviewer_would_be_silent(check: Check, path: str, text: str) -> None:
    assert list(check(Source(path, text))) == []


def test_a_module_that_only_imports_itself_is_an_orphan() -> None:
    project = [
        Source("server/__init__.py", ""),
        Source("server/__main__.py", "from server import main"),
        Source("server/main.py", "import server.main\nimport server.app"),
        Source("server/app.py", ""),
        Source("server/lost.py", "import server.lost"),
    ]

    assert tidy.orphans(project) == ["server.lost"]


@pytest.mark.parametrize(
    "call", ["await session.commit()", "async with self.sessions.begin() as session: ..."]
)
def test_a_commit_is_found_wherever_it_stands(call: str) -> None:
    project = [Source("resolvers/a.py", f"async def f(session):\n    {call}"), Source("models/a.py", "")]

    assert tidy.commits(project) == ["resolvers/a.py:2"]


def test_an_act_handed_to_the_ledger_is_no_commit_of_its_own() -> None:
    assert tidy.commits([Source("resolvers/a.py", "ledger.commit(environment, customer, act)")]) == []


@pytest.mark.parametrize(
    "line", ["# TO" + "DO: later", "# XX" + "X", "see /ho" + "me/ada/notes", "in C:" + "\\Users\\ada"]
)
def test_leftovers_are_found_on_their_line(line: str) -> None:
    (complaint,) = tidy.leftovers("docs/a.md", f"# Title\n{line}\n")

    assert complaint.startswith("docs/a.md:2: ")


def test_an_address_with_such_a_word_in_it_is_no_machine_path() -> None:
    assert list(tidy.leftovers("docs/a.md", "https://example.com/home/start and ./work/x")) == []


def test_a_lock_file_is_refused_for_the_addresses_in_it() -> None:
    assert tidy.lock_with_addresses("uv.lock", "")
    assert tidy.lock_with_addresses("web/package-lock.json", '{"resolved": "https://example.com/a.tgz"}')
    assert not tidy.lock_with_addresses("web/package-lock.json", '{"version": "1.0.0"}')
