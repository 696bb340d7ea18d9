"""The command line: serve, migrate, keys, catalog, verify and sdl."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from models.migrate import migrate
from resolvers import keys as key_resolvers
from resolvers.context import real_time
from resolvers.verifying import first_difference
from rules.keys import ApiKey, ApiKeyKind, NewKey, Scope
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
    type=click.Choice([ApiKeyKind.SECRET.lower(), ApiKeyKind.PUBLISHABLE.lower()]),
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
    chosen = tuple(Scope(scope) for scope in scopes) or None
    new = NewKey(kind=ApiKeyKind(kind.upper()), name=name or None, scopes=chosen)
    click.echo(
        on_services(lambda services: key_resolvers.create_key(services, environment, new, sandbox=sandbox))
    )


@keys.command("list")
def list_keys() -> None:
    """List all keys by their prefix."""
    now = real_time()
    for environment, key in on_services(key_resolvers.listed_keys):
        fields = (key.prefix, environment, key.kind, _state(key, now), f"{key.created_at:%Y-%m-%d}", key.name)
        click.echo("\t".join(fields).rstrip())


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.is_expired(now) else "valid"


@keys.command("revoke")
@click.argument("prefix")
def revoke_key(prefix: str) -> None:
    """End a key at once."""
    if not on_services(lambda services: key_resolvers.revoke_key(services, prefix)):
        message = f"no valid key has the prefix {prefix}"
        raise click.ClickException(message)


main.add_command(catalog)


@main.command()
@click.option("--environment", help="Only this environment; all if left out.")
def verify(environment: str | None) -> None:
    """Count anew all that is kept of usage; prints the first difference, if there is any, and exits 1."""
    found = on_services(lambda services: first_difference(services, environment))
    if found is not None:
        name, difference = found
        click.echo(f"{name}: {difference.customer}: {difference.sentence}")
        sys.exit(1)


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
