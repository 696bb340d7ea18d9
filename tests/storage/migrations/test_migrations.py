"""The migrations lead to the tables, however often and from however many processes they are run."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

import models.tables
from models.database.column_types import from_micros
from models.database.transactions import Database
from models.migrations.migrate import DatabaseTooNew, is_current, migrate, revision_of
from models.migrations.upgrading import configuration

ROOT = Path(__file__).parents[3]


async def test_migrating_leads_to_exactly_the_tables_that_the_code_knows(database: Database) -> None:
    async with database.read() as session:
        assert await (await session.connection()).run_sync(_differences) == []


async def test_migrating_leads_to_the_checks_and_options_of_those_tables(database: Database) -> None:
    async with database.write() as session:
        connection = await session.connection()
        migrated = await connection.run_sync(_checks_and_options)
        await connection.run_sync(SQLModel.metadata.drop_all)
        await connection.run_sync(SQLModel.metadata.create_all)

        assert await connection.run_sync(_checks_and_options) == migrated


async def test_a_new_database_has_no_revision_until_it_is_migrated(empty_url: str) -> None:
    database = Database(empty_url)

    assert await revision_of(database) is None
    assert not await is_current(database)
    await migrate(empty_url)
    assert await is_current(database)

    await database.close()


async def test_the_names_of_the_files_are_the_steps_in_their_order(database: Database) -> None:
    steps = [script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()]

    assert await revision_of(database) == steps[0]
    assert steps == sorted(steps, reverse=True)


async def test_migrating_again_changes_nothing(database: Database, database_url: str) -> None:
    await _add_environment(database)

    await migrate(database_url)

    assert await is_current(database)
    async with database.read() as session:
        assert (await session.scalars(text("SELECT key FROM environments"))).all() == ["production"]


@pytest.mark.processes
async def test_processes_that_start_together_migrate_once(empty_url: str) -> None:
    program = f"import asyncio, models.migrations.migrate as m; asyncio.run(m.migrate({empty_url!r}))"
    command = (sys.executable, "-W", "error", "-c", program)

    starting = [await asyncio.create_subprocess_exec(*command, cwd=ROOT) for _ in range(2)]

    assert [await process.wait() for process in starting] == [0, 0]
    database = Database(empty_url)
    assert await is_current(database)
    await database.close()


async def test_tasks_that_start_together_migrate_once(empty_url: str) -> None:
    await asyncio.gather(*(migrate(empty_url) for _ in range(8)))

    database = Database(empty_url)
    assert await is_current(database)
    await database.close()


async def test_a_database_newer_than_the_code_is_refused(database: Database, database_url: str) -> None:
    async with database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(DatabaseTooNew, match="revision 9999"):
        await migrate(database_url)

    assert not await is_current(database)
    assert await revision_of(database) == "9999"


async def test_customers_who_were_there_before_they_could_be_searched_are_found(empty_url: str) -> None:
    database = Database(empty_url)
    async with database.write() as session:
        connection = await session.connection()
        await connection.run_sync(_migrate_to, "0003")
        await _add_old_environment(session)
        await session.execute(
            text(
                "INSERT INTO customers (id, environment_id, key, name, timezone, extra, archived, revision)"
                " VALUES (:id, 1, :key, :name, 'UTC', '{}', :no, 0)"
            ),
            [
                {"id": 1, "key": "U-1", "name": "Élodie", "no": False},
                {"id": 5, "key": "U-5", "name": None, "no": False},
            ],
        )
    await migrate(empty_url)

    async with database.read() as session:
        searched = await session.execute(
            text("SELECT folded_key, folded_name, folded_email FROM customers ORDER BY id")
        )
    await database.close()
    assert [tuple(row) for row in searched] == [("u-1", "élodie", None), ("u-5", None, None)]


async def test_tallies_that_refused_acts_left_of_what_is_not_metered_are_gone(empty_url: str) -> None:
    database = Database(empty_url)
    async with database.write() as session:
        await (await session.connection()).run_sync(_migrate_to, "0006")
        await _add_old_environment(session)
        await session.execute(
            text(
                "INSERT INTO customers (id, environment_id, key, timezone, extra, archived, revision)"
                " VALUES (1, 1, 'acme', 'UTC', '{}', :no, 0)"
            ),
            {"no": False},
        )
        await session.execute(
            text(
                "INSERT INTO features (environment_id, key, name, extra, type, status, shape)"
                " VALUES (1, :key, :key, '{}', :type, 'ACTIVE', '{}')"
            ),
            [{"key": "calls", "type": "METERED"}, {"key": "sso", "type": "BOOLEAN"}],
        )
        await session.execute(
            text(
                "INSERT INTO usage_windows"
                " (environment_id, customer_id, feature_key, starts_at, ends_at, used)"
                " VALUES (1, 1, :key, 0, 1, :used)"
            ),
            [{"key": "calls", "used": 7}, {"key": "sso", "used": 0}],
        )
    await migrate(empty_url)

    async with database.read() as session:
        left = await session.execute(text("SELECT feature_key, used FROM usage_windows"))
    await database.close()
    assert [tuple(row) for row in left] == [("calls", 7)]


async def _add_old_environment(session: AsyncSession) -> None:
    await session.execute(
        text(
            "INSERT INTO environments (id, key, name, sandbox, catalog_revision, created_at)"
            " VALUES (1, 'live', 'live', :no, 0, 0)"
        ),
        {"no": False},
    )


def _migrate_to(connection: Connection, revision: str) -> None:
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


async def test_every_sqlite_table_is_strict(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    async with database.read() as session:
        listed = await session.execute(text("SELECT name, strict FROM pragma_table_list WHERE schema='main'"))
    await database.close()
    ours = {row.name: row.strict for row in listed if not row.name.startswith(("sqlite_", "alembic_"))}

    assert ours == dict.fromkeys(SQLModel.metadata.tables, 1)


def _differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), SQLModel.metadata))


def _checks_and_options(connection: Connection) -> object:
    # Alembic does not compare these.
    inspector = inspect(connection)
    checks = inspector.get_multi_check_constraints()
    by_table = {
        table: sorted((check["name"], check["sqltext"]) for check in checks[table]) for table in checks
    }
    return by_table, inspector.get_multi_table_options()


async def _add_environment(database: Database) -> None:
    async with database.write() as session:
        session.add(
            models.tables.EnvironmentRow(
                key="production", name="Production", sandbox=False, created_at=from_micros(0)
            )
        )
