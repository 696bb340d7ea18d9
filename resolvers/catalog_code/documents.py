"""The catalog as code: export it as a document, compare it with one, apply one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from models.database.transactions import Session
from resolvers import catalog as catalogs
from resolvers.catalog_code.syntax import Broken, Flaw, Notation, ParseStep, Token, Walk, assemble, places
from resolvers.context import Context
from resolvers.previews import impact_of
from resolvers.snapshot import open_snapshot
from resolvers.subscription_counts import CatalogUse, catalog_use
from rules.catalog.facts import Catalog, PublishScope
from rules.catalog.validation import invalid, missing_value
from rules.catalog_code.apply import Applied, apply
from rules.catalog_code.diff import CatalogDifference
from rules.catalog_code.writer import document_of
from rules.errors import Problem, Rejected
from rules.previews.impact import Impact
from rules.standpoints import supposition

Progress = Callable[[float], None]
"""Called with the share of the work that is done: 0 to 1."""

READ_SHARE = 0.5
PROVEN_SHARE = 0.9
STEPS_BETWEEN_REPORTS = 5_000


class CatalogFormat(StrEnum):
    """The syntax of a document."""

    YAML = "YAML"
    JSON = "JSON"


def _notation(form: CatalogFormat) -> Notation:
    """Return the reader and writer of a format."""
    # Few servers ever read a document, and libyaml is large.
    from resolvers.catalog_code import json_tokens, yaml_tokens  # noqa: PLC0415

    # mypy compares a module with the protocol only where it is returned alone.
    if form is CatalogFormat.JSON:
        return json_tokens
    return yaml_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogDocument:
    """A document, and how to apply it."""

    text: str
    format: CatalogFormat = CatalogFormat.YAML
    scope: PublishScope = PublishScope.ALL_CUSTOMERS
    prune: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterApply:
    """What a document changes; ``revision`` is that of the write, None where nothing was written.

    ``impact`` is what customers would notice; it is computed for comparisons only.
    """

    changes: tuple[CatalogDifference, ...]
    revision: int | None = None
    impact: Impact | None = None


_Placed = tuple[int, int, Problem]
"""A problem with its line and column."""


def _silent(_: float) -> None:
    """Ignore the progress."""


async def export(context: Context, form: CatalogFormat = CatalogFormat.YAML) -> str:
    """Return the whole catalog as one document."""
    flat = await catalogs.current_catalog(context)
    return await asyncio.to_thread(lambda: _notation(form).write(document_of(flat.catalog)))


async def compare(context: Context, document: CatalogDocument) -> AfterApply:
    """Return what applying a document would change; raises Rejected where it would be refused."""
    reading = await _read(document, _silent)
    async with context.services.previewing, open_snapshot(context) as seen:
        held = await catalog_use(seen.session, context.environment, seen.flat.catalog, seen.now)
        applied = await asyncio.to_thread(reading.applied, seen.flat.catalog, held, seen.now)
        edit = supposition("apply", document.text, document.format, document.scope, document.prune)
        impact = await impact_of(seen, applied.catalog, edit)
        return AfterApply(changes=applied.changes, impact=impact)


async def apply_document(
    context: Context, document: CatalogDocument, progress: Progress = _silent
) -> AfterApply:
    """Make the catalog equal to a document, all of it or nothing; raises Rejected with every problem.

    Each problem has its path in the document, and its line and column in the message.
    """
    reading = await _read(document, progress)
    made: list[Applied] = []

    async def change(session: Session, catalog: Catalog, now: datetime) -> Catalog:
        held = await catalog_use(session, context.environment, catalog, now)
        made.append(await asyncio.to_thread(reading.applied, catalog, held, now))
        progress(PROVEN_SHARE)
        return made[-1].catalog

    flat = await catalogs.edit_reading(context, change)
    progress(1)
    changes = made[-1].changes
    return AfterApply(changes=changes, revision=flat.catalog.revision if changes else None)


async def _read(document: CatalogDocument, progress: Progress) -> _Reading:
    # In a thread: a large document takes seconds, and the event loop must not stop.
    return await asyncio.to_thread(_Reading, document, progress)


class _Reading:
    """A document that was parsed, apart from its flaws; raises Rejected where it cannot be parsed."""

    def __init__(self, document: CatalogDocument, progress: Progress = _silent) -> None:
        self._document = document
        walk = Walk(self._tokens())
        lines = document.text.count("\n") + 1
        try:
            self._value = assemble(_report_progress(walk, lines, progress))
        except Broken as broken:
            raise Rejected(_in_order(map(_of_flaw, (*walk.flaws, broken.flaw)))) from None
        self._flaws = [_of_flaw(flaw) for flaw in walk.flaws]
        if self._value is None and not self._flaws:
            raise Rejected([missing_value("The document is empty.", "document")])

    def _tokens(self) -> Iterator[Token]:
        return _notation(self._document.format).read_tokens(self._document.text)

    def applied(self, catalog: Catalog, held: CatalogUse, now: datetime) -> Applied:
        """Apply the document to a catalog; raises Rejected with every problem of both."""
        try:
            applied = apply(
                catalog,
                self._value,
                now=now,
                scope=self._document.scope,
                prune=self._document.prune,
                put_on=held.put_on,
                custom=held.custom,
            )
        except Rejected as refusal:
            raise Rejected(_in_order((*self._flaws, *self._with_positions(refusal.problems)))) from None
        if self._flaws:
            raise Rejected(_in_order(self._flaws))
        return applied

    def _with_positions(self, problems: Iterable[Problem]) -> list[_Placed]:
        """Return the problems with their positions; parses the document once more to find them."""
        told = list(problems)
        found = places(Walk(self._tokens()), {problem.path for problem in told})
        return [(*found[problem.path], problem) for problem in told]


def _report_progress(steps: Iterable[ParseStep], lines: int, progress: Progress) -> Iterator[ParseStep]:
    for count, step in enumerate(steps):
        if count % STEPS_BETWEEN_REPORTS == 0:
            progress(READ_SHARE * step.line / lines)
        yield step


def _of_flaw(flaw: Flaw) -> _Placed:
    return flaw.line, flaw.column, invalid(flaw.message, *flaw.path)


def _in_order(placed: Iterable[_Placed]) -> Iterator[Problem]:
    """Yield problems from the top of the document to its end; each message names its line and column."""
    for line, column, problem in sorted(placed, key=lambda one: one[:2]):
        message = f"Line {line}, column {column}: {problem.message}"
        yield replace(problem, message=message, path=("document", *problem.path))
