"""The catalog as code on the command line: export, diff and apply."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TypeVar

import click

from resolvers.catalog_code import documents as catalog_code
from resolvers.catalog_code.documents import AfterApply, CatalogDocument, CatalogFormat
from resolvers.context import Context, Services
from resolvers.environments import context_of
from rules.catalog.facts import PublishScope
from rules.catalog_code.diff import CatalogDifference, ChangeKind
from rules.previews.impact import Impact
from server.cli import impact_table
from server.cli.runner import on_services

Answer = TypeVar("Answer")
Command = TypeVar("Command", bound=Callable[..., None])

SOME_CHANGES = 2
"""The exit code of ``diff`` where there are changes; 1 means an error."""

WIDEST_PATH = 60
STANDARD_INPUT = "-"

_SIGNS = {ChangeKind.ADDED: "+", ChangeKind.REMOVED: "-", ChangeKind.CHANGED: "~"}
_COLOURS = {ChangeKind.ADDED: "green", ChangeKind.REMOVED: "red", ChangeKind.CHANGED: "yellow"}


@click.group()
def catalog() -> None:
    """Export, compare or apply the catalog as one document."""


_environment = click.option("--environment", required=True, help="The environment of the catalog.")
_format = click.option(
    "--format",
    "form",
    type=click.Choice([form.lower() for form in CatalogFormat]),
    help="The syntax of the document; left out, YAML unless the file ends in .json.",
)
_prune = click.option("--prune", is_flag=True, help="Also archive what the document leaves out.")
_apply_to = click.option(
    "--apply-to",
    type=click.Choice(["all", "new"]),
    default="all",
    show_default=True,
    help="The subscriptions that new versions apply to: all, or new ones only.",
)
_source = click.argument(
    "file", default=STANDARD_INPUT, type=click.Path(exists=True, dir_okay=False, allow_dash=True)
)


class _Diff(click.Command):
    """A command that exits with 1 where it is used wrongly: 2 means changes."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            raise _Misused(error.format_message(), ctx=ctx) from None


class _Misused(click.UsageError):
    exit_code = 1


@catalog.command()
@click.argument("file", default=STANDARD_INPUT, type=click.Path(dir_okay=False, allow_dash=True))
@_environment
@_format
def export(file: str, environment: str, form: str | None) -> None:
    """Write the whole catalog to FILE, or to standard output."""
    chosen = _format_of(file, form)
    text = _in_environment(environment, lambda context: catalog_code.export(context, chosen))
    if file == STANDARD_INPUT:
        click.echo(text, nl=False)
    else:
        Path(file).write_text(text, encoding="utf-8", newline="\n")


@catalog.command(cls=_Diff)
@_source
@_environment
@_format
@_prune
@_apply_to
def diff(file: str, environment: str, form: str | None, apply_to: str, *, prune: bool) -> None:
    """Print what applying FILE would change. Read standard input without FILE; exit with 2 for changes."""
    document = _document(file, form, apply_to, prune=prune)
    compared = _in_environment(environment, lambda within: catalog_code.compare(within, document))
    _tell(compared.changes)
    if compared.changes:
        for line in impact_table.lines(compared.impact or Impact()):
            click.echo(line)
        sys.exit(SOME_CHANGES)


@catalog.command("apply")
@_source
@_environment
@_format
@_prune
@_apply_to
def apply_command(file: str, environment: str, form: str | None, apply_to: str, *, prune: bool) -> None:
    """Make the catalog equal to FILE. Read standard input without FILE; apply all of it or nothing."""
    document = _document(file, form, apply_to, prune=prune)
    changes = _apply(environment, document).changes
    _tell(changes)
    if changes:
        click.echo("The catalog equals the document.")


def _apply(environment: str, document: CatalogDocument) -> AfterApply:
    """Apply a document; show the progress at a terminal."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=100, label="Applying", file=sys.stderr, hidden=hidden) as bar:

        def progress(share: float) -> None:
            bar.update(int(share * 100) - bar.pos)

        return _in_environment(
            environment, lambda context: catalog_code.apply_document(context, document, progress)
        )


def _in_environment(environment: str, act: Callable[[Context], Awaitable[Answer]]) -> Answer:
    async def acted(services: Services) -> Answer:
        return await act(await context_of(services, environment))

    return on_services(acted)


def _document(file: str, form: str | None, apply_to: str, *, prune: bool) -> CatalogDocument:
    content = sys.stdin.buffer.read() if file == STANDARD_INPUT else Path(file).read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"Line {line}: the document is not UTF-8."
        raise click.ClickException(message) from None
    scope = PublishScope(f"{apply_to.upper()}_CUSTOMERS")
    return CatalogDocument(text=text, format=_format_of(file, form), scope=scope, prune=prune)


def _format_of(file: str, form: str | None) -> CatalogFormat:
    if form is not None:
        return CatalogFormat(form.upper())
    return CatalogFormat.JSON if file.lower().endswith(".json") else CatalogFormat.YAML


def _tell(changes: Iterable[CatalogDifference]) -> None:
    told = list(changes)
    width = min(max((len(change.path) for change in told), default=0), WIDEST_PATH)
    for change in told:
        line = f"{_SIGNS[change.kind]} {change.path:{width}}  {change.summary}"
        click.secho(line, fg=_COLOURS[change.kind])
    click.echo(_count(told))


def _count(changes: list[CatalogDifference]) -> str:
    if not changes:
        return "No changes."
    kinds = [change.kind for change in changes]
    counts = ", ".join(f"{kinds.count(kind)} {kind.lower()}" for kind in ChangeKind if kind in kinds)
    return f"{len(changes)} change{'' if len(changes) == 1 else 's'}: {counts}."
