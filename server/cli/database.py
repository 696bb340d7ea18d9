"""The database on the command line: migrate and verify."""

from __future__ import annotations

import sys

import click

from models.migrations.migrate import migrate as migrated
from resolvers.verification import first_difference
from server.cli.runner import on_services, run_to_end, settings_or_fail


@click.command()
def migrate() -> None:
    """Bring the database to the newest migration."""
    run_to_end(migrated(settings_or_fail().database_url))


@click.command()
@click.option("--environment", help="Only this environment; all if left out.")
def verify(environment: str | None) -> None:
    """Compute all stored usage and credits again. Print the first difference, if any, and exit with 1."""
    found = on_services(lambda services: first_difference(services, environment))
    if found is not None:
        name, difference = found
        click.echo(f"{name}: {difference.customer}: {difference.sentence}")
        sys.exit(1)
