"""The graph on the command line: sdl."""

from __future__ import annotations

from pathlib import Path

import click

from schema.graph import graph


@click.command()
@click.option(
    "--check",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Compare the SDL with this file.",
)
def sdl(check: Path | None) -> None:
    """Print the SDL, or fail where a file differs from it."""
    text = f"{graph.as_str()}\n"
    if check is None:
        click.echo(text, nl=False)
    elif check.read_text(encoding="utf-8") != text:
        message = f"{check} is not what the server says: python -m server sdl > {check}"
        raise click.ClickException(message)
