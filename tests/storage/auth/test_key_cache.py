"""Keys are found without a statement each time, and yet a revoked one opens nothing after a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest_asyncio
from sqlalchemy import event
from structlog.testing import capture_logs

from models import environments
from models.auth import keys
from models.auth.key_cache import FRESH_SECONDS, KeyRing
from models.auth.keys import NewApiKey
from models.database.transactions import Database
from rules.auth.api_keys import ApiKey, ApiKeyKind, Scope

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
DIGEST = "d" * 64


@dataclass
class Desk:
    """A key ring whose time is in our hands, and what it tells the database."""

    database: Database
    now: datetime = NOW
    seconds: float = 0.0
    told: list[str] = field(default_factory=list)
    ring: KeyRing = field(init=False)

    def __post_init__(self) -> None:
        """Make the ring."""
        self.ring = KeyRing(self.database, lambda: self.now, lambda: self.seconds)

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds
        self.now += timedelta(seconds=seconds)

    async def key(self) -> ApiKey:
        """Give the key, which is there."""
        key = await self.ring.find(DIGEST)
        assert key is not None
        return key

    async def use(self) -> datetime | None:
        """Use the key, and tell when it was used last as the database has it."""
        self.ring.note_use(await self.key())
        await self.ring.settle()
        async with self.database.read() as session:
            kept = await keys.find(session, DIGEST)
        assert kept is not None
        return kept.last_used_at


@pytest_asyncio.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    """A ring on a database with one key."""
    async with database.write() as session:
        environment = await environments.create(session, "live", sandbox=False, now=NOW)
        new = NewApiKey(
            environment_id=environment.number,
            prefix="sk_0",
            digest=DIGEST,
            kind=ApiKeyKind.SECRET,
            name="Back end",
            scopes=tuple(Scope),
            created_at=NOW,
            expires_at=None,
        )
        await keys.create(session, new)
    desk = Desk(database)

    def write_down(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "api_keys" in statement:
            desk.told.append(statement.partition(" ")[0])

    for engine in database._engines:
        event.listen(engine.sync_engine, "before_cursor_execute", write_down)
    yield desk
    await desk.ring.settle()
    for engine in database._engines:
        event.remove(engine.sync_engine, "before_cursor_execute", write_down)


async def revoke(database: Database) -> None:
    """Revoke the key as another process does."""
    async with database.write() as session:
        assert await keys.revoke(session, "sk_0", NOW)


async def test_a_thousand_requests_within_a_second_find_their_key_by_one_statement(desk: Desk) -> None:
    found = await asyncio.gather(*(desk.ring.find(DIGEST) for _ in range(500)))
    desk.forward(FRESH_SECONDS * 0.99)
    found += [await desk.ring.find(DIGEST) for _ in range(500)]

    assert {None if key is None else key.prefix for key in found} == {"sk_0"}
    assert desk.told == ["SELECT"]


async def test_a_key_that_another_process_revoked_is_known_as_revoked_within_a_second(desk: Desk) -> None:
    before = await desk.key()
    await revoke(desk.database)
    desk.forward(FRESH_SECONDS)

    assert before.is_valid(desk.now)
    assert not (await desk.key()).is_valid(desk.now)


async def test_a_key_that_was_revoked_here_is_known_as_revoked_at_once(desk: Desk) -> None:
    await desk.key()
    await revoke(desk.database)
    desk.ring.forget()

    assert not (await desk.key()).is_valid(desk.now)


async def test_guesses_are_not_kept(desk: Desk) -> None:
    assert [await desk.ring.find(f"guess {number}") for number in range(10)] == [None] * 10

    assert len(desk.ring._readings) == 0


async def test_a_key_is_found_as_soon_as_it_is_made(desk: Desk) -> None:
    other = DIGEST.replace("d", "e")
    missed = await desk.ring.find(other)
    async with desk.database.write() as session:
        new = NewApiKey(
            environment_id=1,
            prefix="sk_1",
            digest=other,
            kind=ApiKeyKind.SECRET,
            name="",
            scopes=(),
            created_at=NOW,
            expires_at=None,
        )
        await keys.create(session, new)

    made = await desk.ring.find(other)
    assert missed is None
    assert made is not None


async def test_anyone_who_goes_away_takes_the_answer_from_nobody_else(desk: Desk) -> None:
    leaving, staying = (asyncio.create_task(desk.ring.find(DIGEST)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()

    assert (await staying) is not None
    assert leaving.cancelled() or leaving.cancelling()


async def test_the_use_of_a_key_is_noted_and_then_not_for_a_minute(desk: Desk) -> None:
    first = await desk.use()
    desk.forward(59)
    within = await desk.use()
    desk.forward(1)
    after = await desk.use()

    assert (first, within, after) == (NOW, NOW, NOW + timedelta(minutes=1))
    assert desk.told.count("UPDATE") == 2


async def test_a_crowd_that_uses_a_key_notes_it_once(desk: Desk) -> None:
    key = await desk.key()
    for _ in range(1_000):
        desk.ring.note_use(key)
    await desk.ring.settle()

    assert desk.told.count("UPDATE") == 1


async def test_processes_that_use_a_key_together_note_it_about_once(desk: Desk) -> None:
    other = KeyRing(desk.database, lambda: desk.now, lambda: desk.seconds)
    await desk.use()
    desk.forward(30)
    other.note_use(await desk.key())
    await other.settle()

    assert desk.told.count("UPDATE") == 1


async def test_what_is_noted_of_a_key_never_goes_back(desk: Desk) -> None:
    await desk.use()
    behind = KeyRing(desk.database, lambda: NOW - timedelta(hours=1))
    behind.note_use(replace(await desk.key(), last_used_at=None))
    await behind.settle()

    assert (await desk.use()) == NOW


async def test_a_use_that_cannot_be_noted_is_reported_in_the_log_and_fails_nobody(empty_url: str) -> None:
    unmigrated = Database(empty_url)
    ring = KeyRing(unmigrated, lambda: NOW)
    key = ApiKey(
        number=1,
        environment=1,
        prefix="sk_0",
        kind=ApiKeyKind.SECRET,
        name="",
        scopes=(),
        created_at=NOW,
    )
    with capture_logs() as lines:
        ring.note_use(key)
        await ring.settle()
    await unmigrated.close()

    assert [line["event"] for line in lines] == ["the use of a key could not be noted"]
