"""The command line: serve, migrate, keys, catalog and sdl."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from models.migrate import migrate
from resolvers import environments
from resolvers.environments import NewKey
from rules.keys import ApiKeyKind, Scope
from schema.graph import graph
from server import serving
from server.app import trusted_by
from server.catalog_commands import catalog
from server.running import on_services, run_to_end, services_on, settings_or_fail
from server.settings import Settings
from server.trusted import UnreadableDocuments


@click.group()
def main() -> None:
    """Allotment: what may this customer use, how much is left, and why."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, help="The port to listen on; 0 takes any.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1), help="How many processes.")
@click.option(
    "--demo", is_flag=True, help="Fill the environment 'demo' with a sample, and say where to look."
)
def serve(host: str, port: int, workers: int, *, demo: bool) -> None:
    """Bring the database up to date and answer requests until told to stop."""
    settings = settings_or_fail()
    try:
        trusted_by(settings)
    except UnreadableDocuments as error:
        raise click.ClickException(str(error)) from None
    keyless = run_to_end(_prepared(settings, host, demo=demo))
    serving.run(
        host=host,
        port=port,
        workers=workers,
        keyless=keyless,
        demo=demo,
        # A body may take as long to arrive as the answer to be worked out.
        patience_seconds=2 * settings.time_limit_seconds,
    )


async def _prepared(settings: Settings, host: str, *, demo: bool) -> int | None:
    """Migrate, and fill the demo; gives the environment of requests without a key."""
    await migrate(settings.database_url)
    if not demo:
        return None
    async with services_on(settings) as services:
        return await serving.fill_demo(services, host)


@main.command("migrate")
def migrate_command() -> None:
    """Bring the database to the newest migration."""
    run_to_end(migrate(settings_or_fail().database_url))


@main.group()
def keys() -> None:
    """Make, list and revoke API keys."""


@keys.command("create")
@click.option("--environment", required=True, help="The environment that the key opens.")
@click.option("--sandbox", is_flag=True, help="Make a missing environment one whose clock can be advanced.")
@click.option(
    "--kind",
    type=click.Choice([kind.lower() for kind in ApiKeyKind]),
    default="secret",
    show_default=True,
    help="For a back end, or for a pricing page.",
)
@click.option("--name", default="", help="What to call it in lists.")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(list(Scope)), help="What it may do; all if none."
)
def create_key(environment: str, kind: str, name: str, scopes: tuple[str, ...], *, sandbox: bool) -> None:
    """Make a key, and its environment where it is missing; prints the key, which is shown once."""
    chosen = tuple(Scope(scope) for scope in scopes) or tuple(Scope)
    new = NewKey(kind=ApiKeyKind(kind.upper()), name=name, scopes=chosen)
    click.echo(
        on_services(lambda services: environments.create_key(services, environment, new, sandbox=sandbox))
    )


@keys.command("list")
def list_keys() -> None:
    """List all keys by their prefix."""
    for environment, key in on_services(environments.listed_keys):
        state = "revoked" if key.revoked_at else "valid"
        click.echo(
            f"{key.prefix}\t{environment}\t{key.kind}\t{state}\t{key.created_at:%Y-%m-%d}\t{key.name}".rstrip()
        )


@keys.command("revoke")
@click.argument("prefix")
def revoke_key(prefix: str) -> None:
    """End a key at once."""
    if not on_services(lambda services: environments.revoke_key(services, prefix)):
        message = f"no valid key has the prefix {prefix}"
        raise click.ClickException(message)


main.add_command(catalog)


@main.command()
@click.option(
    "--check", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Compare with this file."
)
def sdl(check: Path | None) -> None:
    """Print the SDL, or fail where a file says something else."""
    text = f"{graph.as_str()}\n"
    if check is None:
        click.echo(text, nl=False)
    elif check.read_text(encoding="utf-8") != text:
        message = f"{check} is not what the server says: python -m server sdl > {check}"
        raise click.ClickException(message)


def run() -> None:
    """Enter the program."""
    sys.exit(main())
