"""Runs a command: settings, a migrated database, one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

import click

from models.database.transactions import Database
from models.migrations.migrate import DatabaseTooNew, migrate
from rules.errors import Rejected
from rules.similar import with_suggestions
from server.config.logs import configure
from server.config.settings import Settings, SettingsError, read_settings
from server.time_zones import rules_in_use

if TYPE_CHECKING:
    from resolvers.context import Services

Answer = TypeVar("Answer")

MOST_SUGGESTIONS = 100
"""The most problems that get suggestions, so that no document takes long to refuse."""


def settings_or_fail() -> Settings:
    """Read the settings and set up the log; raises ClickException for an invalid value."""
    try:
        settings = read_settings()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    configure(settings)
    return settings


@asynccontextmanager
async def services_on(settings: Settings) -> AsyncIterator[Services]:
    """Open services on the database, and close them at the end."""
    # The supervisor of workers does not use the database.
    from resolvers.context import Services  # noqa: PLC0415

    services = Services.on(
        Database(settings.database_url, longest=None),
        token_secret=settings.token_secret,
        zones=rules_in_use(),
    )
    try:
        yield services
    finally:
        await services.close()


def on_services(act: Callable[[Services], Awaitable[Answer]]) -> Answer:
    """Run a command on a migrated database."""
    settings = settings_or_fail()

    async def done() -> Answer:
        await migrate(settings.database_url)
        async with services_on(settings) as services:
            return await act(services)

    return run_to_end(done())


def run_to_end(work: Awaitable[Answer]) -> Answer:
    """Run a coroutine; raises ClickException where it is refused or the database cannot be reached."""

    async def awaited() -> Answer:
        return await work

    try:
        return asyncio.run(awaited())
    except Rejected as refusal:
        raise click.ClickException("\n".join(_sentences(refusal))) from None
    except (DatabaseTooNew, OSError) as error:
        raise click.ClickException(str(error)) from None


def _sentences(refusal: Rejected) -> Iterator[str]:
    """Yield the message of every problem, the first ones with the keys that may have been meant."""
    for index, problem in enumerate(refusal.problems):
        yield (with_suggestions(problem) if index < MOST_SUGGESTIONS else problem).message
