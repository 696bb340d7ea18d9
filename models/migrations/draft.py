"""Write the next migration from the difference between the tables and the migrations so far.

``python -m models.migrations.draft "What changed"``. To draft the first one again, delete it before.
"""

import asyncio
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command
from sqlalchemy import Connection

from models.database.transactions import Database
from models.migrations.migrate import migrate
from models.migrations.upgrading import configuration

VERSIONS = Path(__file__).parent / "versions"


def draft(connection: Connection, message: str) -> None:
    """Compare the migrated database with the tables and write the difference."""
    config = configuration()
    config.attributes["connection"] = connection
    number = len(list(VERSIONS.glob("[0-9]*.py"))) + 1
    command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")


async def draft_against_tables(message: str) -> None:
    """Draft against a fresh SQLite file that has every migration so far."""
    with TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/draft.db"
        if any(VERSIONS.glob("[0-9]*.py")):
            await migrate(url)
        database = Database(url, longest=None)
        async with database.write() as session:
            await (await session.connection()).run_sync(draft, message)
        await database.close()


def main(message: str) -> None:
    """Draft, then format."""
    asyncio.run(draft_against_tables(message))
    for rule in (["check", "--quiet", "--fix", "--exit-zero"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *rule, str(VERSIONS)], check=True)  # noqa: S603


if __name__ == "__main__":
    main(sys.argv[1])
