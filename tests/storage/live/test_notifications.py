"""Notices: whom they reach, what wakes nobody, and how they travel between processes."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from models.database.transactions import Database
from models.live.listener import NotificationListener
from models.live.notifications import (
    MOST_BYTES,
    ChangeNotification,
    ChangeNotifications,
    announce,
    announce_keys,
    decode,
    encode,
)
from rules.revisions import Revision

SOON = 30


def told_nobody() -> None:
    """Stand for keys that need not be forgotten."""


def test_a_notice_reaches_who_watches_that_customer_and_nobody_else() -> None:
    notices = ChangeNotifications(told_nobody)
    with (
        notices.watch(1, "acme") as acme,
        notices.watch(1, "globex") as globex,
        notices.watch(2, "acme") as other,
    ):
        notices.tell([ChangeNotification(1, "acme", Revision(1, 1))])

        assert [watch.is_stale for watch in (acme, globex, other)] == [True, False, False]


def test_a_notice_about_an_environment_reaches_all_in_it() -> None:
    notices = ChangeNotifications(told_nobody)
    with notices.watch(1, "acme") as acme, notices.watch(1) as catalog, notices.watch(2, "acme") as other:
        notices.tell([ChangeNotification(1, None, Revision(2))])

        assert [watch.is_stale for watch in (acme, catalog, other)] == [True, True, False]


def test_anyone_who_has_seen_a_write_is_not_woken_by_it_again() -> None:
    notices = ChangeNotifications(told_nobody)
    with notices.watch(1, "acme") as watch:
        watch.saw(Revision(3, 7))
        notices.tell(
            [ChangeNotification(1, "acme", Revision(3, 7)), ChangeNotification(1, None, Revision(2))]
        )
        stale = [watch.is_stale]
        notices.tell([ChangeNotification(1, "acme", Revision(3, 8))])
        stale.append(watch.is_stale)
        watch.snapshot()
        notices.tell([ChangeNotification(1)])
        stale.append(watch.is_stale)

    assert stale == [False, True, True]


def test_anyone_who_has_gone_is_not_kept() -> None:
    notices = ChangeNotifications(told_nobody)
    with notices.watch(1, "acme"), notices.watch_keys():
        assert (notices.customers, notices.environments) == ([(1, "acme")], [1])

    assert (notices.customers, notices.environments) == ([], [])


def test_keys_are_forgotten_before_anybody_asks_again() -> None:
    forgotten: list[bool] = []
    notices = ChangeNotifications(lambda: forgotten.append(watch.is_stale))
    with notices.watch_keys() as watch:
        notices.tell_of_keys()

        assert (forgotten, watch.is_stale) == ([False], True)


rows = st.tuples(st.integers(1, 10**6), st.text(max_size=255), st.integers(0, 10**6), st.integers(0, 10**12))


@given(st.lists(rows, max_size=40))
def test_what_fits_arrives_as_it_was_written_and_what_does_not_says_look_at_everything(
    told: list[tuple[int, str | None, int | None, int]],
) -> None:
    payload = encode(told)

    assert len(payload.encode(errors="surrogatepass")) <= MOST_BYTES
    if payload:
        assert decode(payload) == [
            ChangeNotification(number, key, Revision(at, by))  # type: ignore[arg-type]
            for number, key, at, by in told
        ]


async def test_a_transaction_tells_other_processes_as_soon_as_it_is_committed(postgresql_url: str) -> None:
    here, there = Database(postgresql_url), Database(postgresql_url)
    forgotten = asyncio.Event()
    notices = ChangeNotifications(forgotten.set)
    listening = NotificationListener(there, notices)
    with notices.watch(1, "acme") as acme, notices.watch(1, "gl\u00f6bex") as globex:
        listening.start()
        await acme.stale(SOON)
        for watch in (acme, globex):
            watch.snapshot()
        forgotten.clear()

        async with here.write() as session:
            await announce(session, [ChangeNotification(1, "acme", Revision(1, 1))])
            await asyncio.sleep(0.05)
            assert not acme.is_stale
        await acme.stale(SOON)
        assert (acme.is_stale, globex.is_stale) == (True, False)

        async with here.write() as session:
            await announce(
                session, [ChangeNotification(1, f"customer-{n}" * 20, Revision(1, n)) for n in range(500)]
            )
        await globex.stale(SOON)
        assert globex.is_stale

        async with here.write() as session:
            await announce_keys(session)
        await asyncio.wait_for(forgotten.wait(), SOON)
    await listening.close()
    for database in (here, there):
        await database.close()
