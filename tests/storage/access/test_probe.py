"""Glances: those who ask while a statement is under way share the next, and harm nobody by going away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from models.access.probe import ProbeKey, ProbeReader
from models.database.pinned_connection import Row
from models.database.transactions import Database
from models.environments import create

NOW = datetime(2026, 11, 15, 11, tzinfo=UTC)


async def looking(database: Database) -> tuple[ProbeReader, ProbeKey]:
    """Glances at an environment in which nobody is."""
    async with database.write() as session:
        environment = await create(session, "live", sandbox=False, now=NOW)
    return ProbeReader(database.held, lambda: NOW), ProbeKey(environment.number, "nobody", "seats")


async def test_those_who_ask_at_once_share_the_next_statement(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    glances, place = await looking(database)
    rows, begun = database.held.rows, asyncio.Event()
    asked = []

    async def slowly(statement: str, parameters: Sequence[object]) -> Sequence[Row]:
        found = await rows(statement, parameters)
        asked.append(len(found))
        begun.set()
        await asyncio.sleep(0.01)
        return found

    monkeypatch.setattr(database.held, "rows", slowly)
    first = asyncio.create_task(glances.at([place]))
    await begun.wait()
    others = await asyncio.gather(*(glances.at([place, place]) for _ in range(10)))

    assert asked == [1, 20]
    assert [len(found) for found in [await first, *others]] == [1, *[2] * 10]
    assert {one and one.customer for found in others for one in found} == {None}


async def test_anyone_who_goes_away_takes_nobody_along(database: Database) -> None:
    glances, place = await looking(database)
    asking = [asyncio.create_task(glances.at([place])) for _ in range(20)]
    await asyncio.sleep(0)
    for task in asking[::2]:
        task.cancel()

    told = await asyncio.gather(*asking, return_exceptions=True)

    assert all(isinstance(one, list | asyncio.CancelledError) for one in told)
    assert all(isinstance(one, list) for one in told[1::2])
    assert len(await glances.at([place])) == 1


async def test_one_that_fails_fails_for_those_who_shared_it_alone(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    glances, place = await looking(database)

    async def failing(_statement: str, _parameters: Sequence[object]) -> Any:  # noqa: ANN401 - it never answers
        await asyncio.sleep(0)
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr(database.held, "rows", failing)
        told = await asyncio.gather(*(glances.at([place]) for _ in range(3)), return_exceptions=True)

    assert [type(one) for one in told] == [OSError] * 3
    assert len(await glances.at([place])) == 1


async def test_a_server_that_hung_up_is_called_again(database: Database) -> None:
    glances, place = await looking(database)
    await glances.at([place])
    if database.dialect == "postgresql":
        hang_up = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'WITH asked%'"
        async with database.write() as session:
            await (await session.connection()).exec_driver_sql(hang_up)
    else:
        await database.held.close()

    assert len(await glances.at([place])) == 1


async def test_what_the_driver_raises_is_what_sqlalchemy_would(database: Database) -> None:
    with pytest.raises(DBAPIError):
        await database.held.rows("SELECT * FROM nowhere", [])
