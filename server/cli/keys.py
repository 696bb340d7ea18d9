"""API keys on the command line: create, list and revoke."""

from __future__ import annotations

from datetime import datetime

import click

from resolvers import auth as key_resolvers
from resolvers.context import real_time
from rules.auth.api_keys import ApiKey, ApiKeyKind, NewKey, Scope
from server.cli.runner import on_services


@click.group()
def keys() -> None:
    """Create, list and revoke API keys."""


@keys.command("create")
@click.option("--environment", required=True, help="The environment of the key.")
@click.option(
    "--sandbox", is_flag=True, help="Create a missing environment as one whose clock can be advanced."
)
@click.option(
    "--kind",
    type=click.Choice([ApiKeyKind.SECRET.lower(), ApiKeyKind.PUBLISHABLE.lower()]),
    default="secret",
    show_default=True,
    help="The kind of key: secret for back ends, publishable for pricing pages.",
)
@click.option("--name", default="", help="A name to recognize the key by in lists.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(list(Scope)),
    help="A scope of the key; all scopes if left out.",
)
def create_key(environment: str, kind: str, name: str, scopes: tuple[str, ...], *, sandbox: bool) -> None:
    """Create a key and print it. It is shown this once; a missing environment is created as well."""
    chosen = tuple(Scope(scope) for scope in scopes) or None
    new = NewKey(kind=ApiKeyKind(kind.upper()), name=name or None, scopes=chosen)
    click.echo(
        on_services(lambda services: key_resolvers.create_key(services, environment, new, sandbox=sandbox))
    )


@keys.command("list")
def list_keys() -> None:
    """List all keys by their prefix."""
    now = real_time()
    for environment, key in on_services(key_resolvers.all_keys):
        fields = (key.prefix, environment, key.kind, _state(key, now), f"{key.created_at:%Y-%m-%d}", key.name)
        click.echo("\t".join(fields).rstrip())


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.is_expired(now) else "valid"


@keys.command("revoke")
@click.argument("prefix")
def revoke_key(prefix: str) -> None:
    """Revoke a key at once."""
    if not on_services(lambda services: key_resolvers.revoke_key(services, prefix)):
        message = f"no valid key has the prefix {prefix}"
        raise click.ClickException(message)
