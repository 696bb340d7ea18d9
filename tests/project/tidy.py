"""What a reviewer would say of the code, said by a program: each check gives its complaints."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from tests.project.repository import ROOMS, Source

FUNCTION_LINES_MAX = 60
MODULE_LINES_MAX = 350

EMPTY_WORDS = frozenset(
    {"manager", "managers", "helper", "helpers", "util", "utils", "process", "handle", "data", "info"}
)

FORCED_NAMES = {
    "process_bind_param": "sqlalchemy.TypeDecorator",
    "process_result_value": "sqlalchemy.TypeDecorator",
    "process_errors": "strawberry.Schema",
    "data_received": "asyncio.Protocol",
    "handle_starttag": "html.parser.HTMLParser",
    "handle_endtag": "html.parser.HTMLParser",
    "handle_data": "html.parser.HTMLParser",
    "PageInfo": "Relay's cursor connections",
}
"""Names that carry an empty word because an interface asks for it that is not ours."""

CLOCK = "resolvers/context.py"
SETTINGS = "server/config/settings.py"

ENTRY_POINTS = frozenset(
    {
        "server.__main__",
        "server.cli.catalog",
        "server.cli.database",
        "server.cli.graph",
        "server.cli.keys",
        "server.cli.serve",
        "models.migrations.env",
        "models.migrations.draft",
    }
)
"""Modules that are run or loaded by name, so nothing of ours imports them."""

FOREIGN_IN_RULES = {"rules/catalog/wording.py": "babel"}

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# In prose XXX is also the currency of no country.
_OPEN_MARKS = re.compile(r"\b(?:T[O]DO|F[I]XME|X[X]X(?=:))\b|(?<=# )X[X]X\b")
_MACHINE_PATHS = re.compile(r"(?<![\w.:/-])(?:/(?:home|root|work|Users)/|[A-Z]:\\Users\\)[\w.-]")


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function, its docstring included and its decorators not."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def long_functions(source: Source) -> Iterator[str]:
    """Functions that do not fit a screen."""
    for function in source.functions():
        if length(function) > FUNCTION_LINES_MAX:
            yield f"{source.path}:{function.lineno}: {function.name} has {length(function)} lines"


def long_modules(source: Source) -> Iterator[str]:
    """Modules that should be split by noun."""
    lines = len(source.text.splitlines())
    if lines > MODULE_LINES_MAX:
        yield f"{source.path}: has {lines} lines"


def empty_names(source: Source) -> Iterator[str]:
    """Names with a word in them that says nothing; a test's name is a sentence, and free."""
    for name in names(source):
        words = {word.lower() for word in _WORDS.findall(name)}
        if words & EMPTY_WORDS and name not in FORCED_NAMES and not name.startswith("test_"):
            yield f"{source.path}: {name} says nothing by {', '.join(sorted(words & EMPTY_WORDS))}"


def names(source: Source) -> Iterator[str]:
    """The names of the module, its classes and its functions."""
    yield PurePosixPath(source.path).stem
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def readings_of_the_environment(source: Source) -> Iterator[str]:
    """The environment, read elsewhere than in the settings."""
    if source.path == SETTINGS or source.room not in ROOMS:
        return
    for line, name in _used(source):
        if name in {"os.environ", "os.environb", "os.getenv", "os.getenvb"}:
            yield f"{source.path}:{line}: {name}"


def readings_of_the_clock(source: Source) -> Iterator[str]:
    """The time, asked for elsewhere than at the one clock; a stopwatch (``monotonic``) tells no time."""
    if source.path == CLOCK or source.room not in ROOMS:
        return
    for line, name in _used(source):
        owner, _, member = name.rpartition(".")
        of_a_date = owner.rpartition(".")[2] in {"datetime", "date", "func"}
        if (of_a_date and member in {"now", "today", "utcnow", "current_timestamp"}) or name in {
            "time.time",
            "time.time_ns",
        }:
            yield f"{source.path}:{line}: {name}"


def naive_times(source: Source) -> Iterator[str]:
    """Times of day that do not say where."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and not node.args and not node.keywords:
            name = ast.unparse(node.func)
            if re.search(r"\bdatetime\.(now|today|utcnow)$", name):
                yield f"{source.path}:{node.lineno}: {name}()"


def _used(source: Source) -> Iterator[tuple[int, str]]:
    """Every dotted name, and every imported one as if it were written out."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute):
            yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def impurities(source: Source) -> Iterator[str]:
    """What makes a rule more than a function of its arguments: foreign packages and waiting."""
    if source.room != "rules":
        return
    at_home = sys.stdlib_module_names | {"rules", FOREIGN_IN_RULES.get(source.path)}
    imported = {name.partition(".")[0] for name in _imported(source)}
    yield from (f"{source.path}: imports {name}" for name in sorted(imported - at_home))
    for node in ast.walk(source.tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await):
            yield f"{source.path}:{node.lineno}: waits"


def _imported(source: Source) -> Iterator[str]:
    """Every module that may be meant by an import, so ``from a import b`` gives a and a.b."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def orphans(project: Iterable[Source]) -> list[str]:
    """Modules that nothing imports and that are no entry point."""
    project = [source for source in project if source.room in ROOMS]
    imported = {name for source in project for name in _imported(source) if name != source.module}
    packages = {name.rpartition(".")[0] for name in imported | ENTRY_POINTS}
    return sorted({source.module for source in project} - imported - packages - ENTRY_POINTS)


def commits(project: Iterable[Source]) -> list[str]:
    """Every place that commits, or begins what is committed where its block ends.

    Neither call takes an argument; a ``commit`` that does is a method of ours.
    """
    return [
        f"{source.path}:{node.lineno}"
        for source in project
        if source.room in ROOMS
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"commit", "begin"}
        and not (node.args or node.keywords)
    ]


def leftovers(path: str, text: str) -> Iterator[str]:
    """Marks of unfinished work, and paths of one person's machine."""
    for number, line in enumerate(text.splitlines(), 1):
        for found in (*_OPEN_MARKS.finditer(line), *_MACHINE_PATHS.finditer(line)):
            yield f"{path}:{number}: {found[0]}"


def lock_with_addresses(path: str, text: str) -> bool:
    """Whether a file records where packages were downloaded from."""
    name = PurePosixPath(path).name
    if name == "package-lock.json":
        return '"resolved"' in text
    return name in {"uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "yarn.lock"}
