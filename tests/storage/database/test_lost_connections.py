"""Connections that are lost without a word: they cost an error or a while, and then all goes on."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from models.access.probe import ProbeKey, ProbeReader
from models.auth.key_cache import KeyRing
from models.database import postgresql
from models.database.transactions import FAILURES, Database
from rules.commands.command import CommandResult
from rules.numbers import ONE
from tests.storage.books import Books, report
from tests.storage.database.middlebox import Middlebox, between_us_and

SOON = 0.5
ENOUGH = 50
"""Attempts after which an act should have been done."""

Lossy = tuple[Middlebox, Database]


@pytest_asyncio.fixture
async def lossy(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Lossy]:
    """A database behind a machine that forgets, whose statements all take no time."""
    monkeypatch.setattr(postgresql, "SOON_SECONDS", SOON)
    monkeypatch.setattr(postgresql, "PROOF_SECONDS", SOON)
    async with between_us_and(postgresql_url) as (box, url):
        database = Database(url, longest=SOON)
        yield box, database
        await database.close()


@pytest_asyncio.fixture
async def wary(lossy: Lossy, monkeypatch: pytest.MonkeyPatch) -> Lossy:
    """The same, where a connection is idle as soon as it is not in use."""
    monkeypatch.setattr(postgresql, "TRUSTED_SECONDS", 0)
    return lossy


async def until_done(books: Books, key: str) -> CommandResult:
    """Report one use, again and again until it is acknowledged."""
    for _ in range(ENOUGH):
        try:
            return await books.do("acme", report(1, key=key))
        except FAILURES:
            continue
    message = "the act was never done"
    raise AssertionError(message)


async def used(books: Books) -> list[int]:
    """Tell what is recorded."""
    return [row.quantity // ONE for row in await books.records("acme")]


async def test_a_glance_on_a_lost_connection_is_made_again_on_a_new_one(lossy: Lossy) -> None:
    box, database = lossy
    books = await Books.new(database)
    glances, place = ProbeReader(database.held, books.clock), ProbeKey(books.environment, "acme", "seats")
    before = await glances.at([place])
    box.forget()

    assert await glances.at([place]) == before


async def test_a_key_that_is_read_on_a_lost_connection_gives_its_reader_back(lossy: Lossy) -> None:
    box, database = lossy
    books = await Books.new(database)
    ring = KeyRing(database, books.clock)
    assert await ring.find("nobody's") is None
    box.forget()

    with pytest.raises(TimeoutError):
        await ring.find("nobody's")

    assert await ring.find("nobody's") is None


async def test_nobody_notices_that_idle_connections_are_lost(wary: Lossy) -> None:
    box, database = wary
    books = await Books.new(database)
    await books.enter("acme")
    box.forget()

    await books.do("acme", report(1))

    assert await used(books) == [1]


@pytest.mark.parametrize(
    "amid",
    [b"BEGIN", b"second", b"COMMIT"],
    ids=["before anything is done", "with locks that the server keeps for us", "when all is done"],
)
async def test_an_act_on_a_lost_connection_fails_and_counts_once_when_it_is_tried_again(
    lossy: Lossy, amid: bytes
) -> None:
    box, database = lossy
    books = await Books.new(database)
    await books.enter("acme")
    await until_done(books, "first")
    box.amid = amid

    with pytest.raises(FAILURES):
        await books.do("acme", report(1, key="second"))
    await until_done(books, "second")
    await until_done(books, "third")

    assert await used(books) == [1, 1, 1]
    await books.assert_windows_are_sums()


async def test_what_waits_behind_an_act_on_a_lost_connection_is_done(lossy: Lossy) -> None:
    box, database = lossy
    books = await Books.new(database)
    await books.enter("acme")
    box.forget()

    with pytest.raises(FAILURES):
        await books.do("acme", report(1, key="first"))

    assert isinstance(await books.do("acme", report(1, key="second")), CommandResult)


async def test_lost_connections_do_not_keep_a_database_from_closing(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "SOON_SECONDS", SOON)
    async with between_us_and(postgresql_url) as (box, url):
        database = Database(url)
        await Books.new(database)
        await database.ping()
        box.forget()

        async with asyncio.timeout(postgresql.LONGEST_SECONDS / 2):
            await database.close()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux alone has it")
async def test_the_kernel_is_reported_for_how_long_a_server_may_be_silent(lossy: Lossy) -> None:
    _, database = lossy
    async with database.read() as session:
        driver = (await (await session.connection()).get_raw_connection()).driver_connection
        peer = driver._transport.get_extra_info("socket")  # type: ignore[union-attr]

    assert peer.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert {
        name: peer.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in postgresql.SILENCE
    } == (postgresql.SILENCE)
