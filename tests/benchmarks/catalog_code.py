"""What applying and exporting a catalog of many plans takes: ``python -m tests.benchmarks.catalog_code``.

Prints seconds for each step, on SQLite; a database's address as an argument measures that one instead
(it must be empty). The sizes double, so that a step which is linear doubles too.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TypeVar

from models.database.transactions import Database
from models.migrations.migrate import migrate
from resolvers.catalog_code.documents import (
    AfterApply,
    CatalogDocument,
    CatalogFormat,
    apply_document,
    export,
)
from resolvers.context import Context, Services
from resolvers.environments import ensure_environment
from rules.auth.api_keys import ApiKeyKind, Scope
from rules.auth.permissions import Viewer

Answer = TypeVar("Answer")

FEATURES = 50
SIZES = (250, 500, 1_000, 2_000)


def document(plans: int) -> str:
    """Write a catalog in which every tenth plan is a base of the nine that follow."""
    lines = ["products:", "  app: {name: App}", "features:"]
    lines += [f"  f{number}: {{name: F{number}, type: METERED}}" for number in range(FEATURES)]
    lines.append("plans:")
    for plan in range(plans):
        lines += [f"  p{plan:05}:", f"    name: P{plan}", "    product: app", f"    position: {plan}"]
        if plan % 10:
            lines.append(f"    basePlan: p{plan - plan % 10:05}")
        lines.append("    entitlements:")
        lines += [
            f"      - {{key: f{number}, metered: {{limit: {plan + number}}}}}" for number in range(FEATURES)
        ]
    return "\n".join(lines)


async def measured(url: str, plans: int) -> list[float]:
    """Measure each step in an environment of its own."""
    services = Services.on(Database(url))
    environment = await ensure_environment(services, f"plans-{plans}")
    viewer = Viewer(environment=environment.number, kind=ApiKeyKind.SECRET, scopes=frozenset(Scope))
    context = Context(services=services, viewer=viewer)
    written = CatalogDocument(text=document(plans), format=CatalogFormat.YAML)

    first, made = await _timed(lambda: apply_document(context, written))
    out, text = await _timed(lambda: export(context))
    again = replace(written, text=text)
    same, unchanged = await _timed(lambda: apply_document(context, again))
    other = replace(again, text=text.replace("name: P7\n", "name: Seven\n"))
    small, changed = await _timed(lambda: apply_document(context, other))
    await services.close()
    _check(made, unchanged, changed)
    return [first, out, same, small]


async def _timed(act: Callable[[], Awaitable[Answer]]) -> tuple[float, Answer]:
    begun = perf_counter()
    answer = await act()
    return perf_counter() - begun, answer


def _check(made: AfterApply, unchanged: AfterApply, changed: AfterApply) -> None:
    """See that what was measured was done."""
    if not made.changes or unchanged.changes or len(changed.changes) != 1:
        message = "the catalog is not what the documents say"
        raise AssertionError(message)


async def main(url: str | None) -> None:
    """Print a line for each size."""
    print(f"{'plans':>6} {'apply':>8} {'export':>8} {'no change':>10} {'one name':>9}   seconds")
    with TemporaryDirectory() as folder:
        address = url or f"sqlite+aiosqlite:///{folder}/catalog.db"
        await migrate(address)
        for plans in SIZES:
            apply, out, same, small = await measured(address, plans)
            print(f"{plans:>6} {apply:>8.2f} {out:>8.2f} {same:>10.2f} {small:>9.2f}", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else None))
