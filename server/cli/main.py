"""The table of commands: each is imported when it is called, so that none waits for another's imports."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from server.cli.gc_freeze import freeze_afterwards

_HOMES = {
    "catalog": "server.cli.catalog",
    "keys": "server.cli.keys",
    "migrate": "server.cli.database",
    "sdl": "server.cli.graph",
    "serve": "server.cli.serve",
    "verify": "server.cli.database",
}
"""The module of each command, where it has the command's name."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click has it
        return list(_HOMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _HOMES:
            return None
        with freeze_afterwards():
            command: click.Command = getattr(import_module(_HOMES[cmd_name]), cmd_name)
        return command


@click.group(cls=_Commands)
def main() -> None:
    """Allotment: what may this customer use, how much is left, and why."""


def run() -> None:
    """Run the command line."""
    sys.exit(main())
