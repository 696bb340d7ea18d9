"""Listening goes on, whatever becomes of connections, of who is listened for and of those who are told."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from sqlalchemy import event, text
from structlog.testing import capture_logs

from models import environments
from models.database.transactions import Database
from models.live.listener import NotificationListener
from models.live.notifications import ChangeNotification, ChangeNotifications, announce
from rules.revisions import Revision
from tests.storage.books import Books, rename
from tests.storage.database.middlebox import between_us_and
from tests.storage.live.test_notifications import SOON, told_nobody


async def test_anyone_who_comes_to_another_environment_amid_a_look_harms_nobody(sqlite_url: str) -> None:
    here, there = Database(sqlite_url), Database(sqlite_url)
    writing = await Books.new(there)
    async with there.write() as session:
        other = (await environments.create(session, "other", sandbox=False, now=writing.clock())).number
    for number in (writing.environment, other):
        await writing.ledger.commit(number, "acme", rename("acme", "Acme"))
    notices = ChangeNotifications(told_nobody)
    listening = NotificationListener(here, notices)

    with ExitStack() as latecomers, notices.watch(writing.environment, "acme") as watch:

        def come(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            if "environments" in statement and other not in notices.environments:
                latecomers.enter_context(notices.watch(other, "acme"))

        listening.start()
        await watch.stale(SOON)
        event.listen(here.engines[0], "after_cursor_execute", come)
        with capture_logs() as logged:
            for name in ("one", "another"):
                watch.snapshot()
                await writing.do("acme", rename("acme", name))
                await watch.stale(SOON)
                assert watch.is_stale

        assert other in notices.environments
        assert logged == []
    await listening.close()
    await writing.ledger.close()
    for database in (here, there):
        await database.close()


async def test_whatever_goes_wrong_is_logged_and_listening_goes_on(database: Database) -> None:
    bugs = iter([ZeroDivisionError("a bug")])

    def forget_keys() -> None:
        for bug in bugs:
            raise bug

    notices = ChangeNotifications(forget_keys)
    listening = NotificationListener(database, notices)
    with capture_logs() as logged, notices.watch_keys() as watch:
        listening.start()
        await watch.stale(SOON)
        assert watch.is_stale
    await listening.close()

    assert [(line["cause"], line["exc_info"]) for line in logged] == [("ZeroDivisionError('a bug')", True)]


async def test_anyone_who_lost_the_connection_looks_at_everything_once_there_is_another(
    postgresql_url: str,
) -> None:
    database = Database(postgresql_url)
    notices = ChangeNotifications(told_nobody)
    listening = NotificationListener(database, notices)
    others = "query LIKE 'LISTEN%' AND pid <> pg_backend_pid()"
    cut = text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # noqa: S608
    with capture_logs() as logged, notices.watch(1, "acme") as watch:
        listening.start()
        await watch.stale(SOON)
        watch.snapshot()
        async with database.write() as session:
            assert (await session.execute(cut)).all() == [(True,)]

        await watch.stale(SOON)
        assert watch.is_stale
    await listening.close()
    await database.close()

    assert [line["exc_info"] for line in logged] == [False]


async def test_a_connection_that_is_gone_without_a_word_is_replaced(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.live.listener.PROOF_SECONDS", 0.5)
    notices = ChangeNotifications(told_nobody)
    there = Database(postgresql_url)
    async with between_us_and(postgresql_url) as (box, url):
        listening = NotificationListener(Database(url), notices)
        with notices.watch(1, "acme") as watch:
            listening.start()
            await watch.stale(SOON)
            watch.snapshot()
            box.forget()

            await watch.stale(SOON)
            assert watch.is_stale
            watch.snapshot()
            async with there.write() as session:
                await announce(session, [ChangeNotification(1, "acme", Revision(1, 1))])
            await watch.stale(SOON)
            assert watch.is_stale
        await listening.close()
    await there.close()


@pytest.mark.parametrize("amid", [b"pg_catalog.version", b"LISTEN"])
async def test_a_connection_that_is_gone_before_it_listens_is_replaced(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch, amid: bytes
) -> None:
    monkeypatch.setattr("models.live.listener.PROOF_SECONDS", 0.5)
    notices = ChangeNotifications(told_nobody)
    async with between_us_and(postgresql_url) as (box, url):
        box.amid = amid
        listening = NotificationListener(Database(url), notices)
        with notices.watch(1, "acme") as watch:
            listening.start()
            await watch.stale(SOON)
            assert watch.is_stale
            assert box.amid != amid
        await listening.close()
