"""Usage and the clock: periods that end, usage that is told late or early, and sandboxes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from tests.graph.client import Client, Clock, Connect, Stock

INSTANT = timedelta.resolution

USAGE = """query Ask($f: String!) {
  access(customer: "acme", feature: $f) { evaluatedAt usage { used period { start end } } }
}"""


@pytest_asyncio.fixture
async def free(acme: Client) -> Client:
    """A back end whose customer is on the free plan since now, 15 November 12:00 UTC."""
    await acme.do("subscribe", customer="acme", plan="free")
    return acme


async def report(client: Client, value: int, at: datetime | str | None = None) -> None:
    """Report calls."""
    when = at.isoformat() if isinstance(at, datetime) else at
    await client.do("reportUsage", customer="acme", feature="api-calls", value=value, occurredAt=when)


async def used(client: Client, feature: str = "api-calls") -> str:
    """How much is used now."""
    return str((await client.ask(USAGE, f=feature))["access"]["usage"]["used"])


async def period(client: Client) -> tuple[str, str]:
    """The period that counts now."""
    shown = (await client.ask(USAGE, f="api-calls"))["access"]["usage"]["period"]
    return shown["start"], shown["end"]


async def test_usage_counts_until_the_period_ends_and_not_after(free: Client, clock: Clock) -> None:
    await report(free, 60)
    clock.now = datetime.fromisoformat("2026-12-15T12:00:00Z") - INSTANT
    before, first = await used(free), await period(free)
    clock.now += INSTANT
    after, second = await used(free), await period(free)

    assert (before, after) == ("60", "0")
    assert first == ("2026-11-15T12:00:00Z", "2026-12-15T12:00:00Z")
    assert second == ("2026-12-15T12:00:00Z", "2027-01-15T12:00:00Z")


async def test_a_gauge_is_never_reset(free: Client, clock: Clock) -> None:
    await free.do("reportUsage", customer="acme", feature="seats", value=2)
    clock.forward(days=800)

    assert await used(free, "seats") == "2"


async def test_usage_that_is_reported_late_counts_in_its_own_period(free: Client, clock: Clock) -> None:
    await report(free, 1)
    clock.now = datetime.fromisoformat("2026-12-15T12:00:00Z")
    await report(free, 10)

    await report(free, 100, "2026-12-15T11:59:59.999999Z")
    await report(free, 1000, "2026-12-15T12:00:00Z")

    assert await used(free) == "1010"
    # What is given back of the period before shows what it has counted.
    given_back = {"customer": "acme", "feature": "api-calls", "occurredAt": "2026-11-16T00:00:00Z"}
    assert await free.refused("reportUsage", **given_back, value=-102) == ["OUT_OF_RANGE value"]
    await free.do("reportUsage", **given_back, value=-101)
    assert await used(free) == "1010"


async def test_usage_before_the_subscription_counts_in_none_of_its_periods(free: Client) -> None:
    await report(free, 5, "2026-11-15T11:59:59.999999Z")

    assert await used(free) == "0"
    assert await period(free) == ("2026-11-15T12:00:00Z", "2026-12-15T12:00:00Z")


async def test_usage_may_be_five_minutes_ahead_of_the_clock(free: Client, clock: Clock) -> None:
    # The customer's last act was at the clock's time, so that the next is an instant later.
    at = clock.now + timedelta(minutes=5) + INSTANT
    await report(free, 5, at)

    assert await used(free) == "5"
    for late in (clock.now + timedelta(minutes=5, seconds=1), clock.now + timedelta(minutes=6)):
        assert await free.refused(
            "reportUsage", customer="acme", feature="api-calls", occurredAt=late.isoformat()
        ) == ["OUT_OF_RANGE occurredAt"]
    assert await used(free) == "5"


async def test_usage_ahead_of_the_periods_end_counts_in_the_next(free: Client, clock: Clock) -> None:
    clock.now = datetime.fromisoformat("2026-12-15T11:58:00Z")
    await report(free, 1, "2026-12-15T12:00:00Z")
    await report(free, 2)
    before = await used(free)
    clock.forward(minutes=2)

    assert (before, await used(free)) == ("2", "1")


@pytest_asyncio.fixture
async def sandbox(connect: Connect, stock: Stock) -> Client:
    """A back end in a sandbox that sells things, whose customer is on the free plan since now."""
    client = await stock(await connect("trial", sandbox=True))
    await client.do("upsertCustomer", key="acme")
    await client.do("subscribe", customer="acme", plan="free", startAt="2026-11-15T12:00:00Z")
    return client


async def advance(client: Client, to: str) -> str:
    """Advance a sandbox's clock; gives where it stands."""
    payload = await client.do("advanceClock", "environment { now kind }", to=to)
    assert payload["environment"]["kind"] == "SANDBOX"
    return str(payload["environment"]["now"])


async def now(client: Client) -> str:
    """Where an environment's clock stands."""
    answer = await client.ask("{ viewer { environment { now } } }")
    return str(answer["viewer"]["environment"]["now"])


async def test_a_sandbox_is_taken_over_the_end_of_a_period(sandbox: Client) -> None:
    await advance(sandbox, "2026-11-20T00:00:00Z")
    await report(sandbox, 60)

    await advance(sandbox, "2026-12-15T11:59:59.999999Z")
    before = await used(sandbox), await period(sandbox)
    await advance(sandbox, "2026-12-15T12:00:00Z")
    after = await used(sandbox), await period(sandbox)
    await report(sandbox, 7)

    assert before == ("60", ("2026-11-15T12:00:00Z", "2026-12-15T12:00:00Z"))
    assert after == ("0", ("2026-12-15T12:00:00Z", "2027-01-15T12:00:00Z"))
    assert await used(sandbox) == "7"


async def test_a_sandbox_lives_by_real_time_until_it_is_advanced_and_then_stands_still(
    sandbox: Client, clock: Clock
) -> None:
    clock.forward(hours=1)
    by_real_time = await now(sandbox)
    advanced = await advance(sandbox, "2027-01-01T00:00:00Z")
    clock.forward(days=1000)

    assert by_real_time == "2026-11-15T12:00:00Z"
    assert advanced == await now(sandbox) == "2027-01-01T00:00:00Z"


@pytest.mark.parametrize("to", ["2026-11-15T10:59:59.999999Z", "1970-01-01T00:00:00Z"])
async def test_a_clock_only_goes_forward(sandbox: Client, to: str) -> None:
    assert await sandbox.refused("advanceClock", to=to) == ["OUT_OF_RANGE to"]
    await advance(sandbox, "2027-01-01T00:00:00Z")
    assert await sandbox.refused("advanceClock", to="2026-12-31T23:59:59.999999Z") == ["OUT_OF_RANGE to"]
    assert await advance(sandbox, "2027-01-01T00:00:00Z") == "2027-01-01T00:00:00Z"


async def test_a_live_environments_clock_is_real_time(client: Client, clock: Clock) -> None:
    assert await client.refused("advanceClock", to="2027-01-01T00:00:00Z") == ["NOT_A_SANDBOX"]
    assert await now(client) == "2026-11-15T11:00:00Z"
    clock.forward(seconds=1)
    assert await now(client) == "2026-11-15T11:00:01Z"


async def test_a_sandboxs_clock_moves_no_other(sandbox: Client, client: Client, connect: Connect) -> None:
    await connect("other trial", sandbox=True)
    await advance(sandbox, "2030-01-01T00:00:00Z")

    assert await now(client) == "2026-11-15T11:00:00Z"
    assert await now(await connect("other trial")) == "2026-11-15T11:00:00Z"
    assert await now(await connect("trial")) == "2030-01-01T00:00:00Z"


async def test_a_sandboxs_clock_does_not_expire_its_keys(sandbox: Client) -> None:
    assert await advance(sandbox, "8999-12-31T23:59:59Z") == await now(sandbox)


async def test_time_in_a_sandbox_goes_on_by_acts(sandbox: Client) -> None:
    await advance(sandbox, "2027-01-01T00:00:00Z")
    await report(sandbox, 1)
    await report(sandbox, 1)

    answer = await sandbox.ask(USAGE, f="api-calls")

    assert answer["access"]["evaluatedAt"] == "2027-01-01T00:00:00.000001Z"


async def test_a_month_is_counted_in_the_customers_own_zone(acme: Client, clock: Clock) -> None:
    await acme.do("upsertCustomer", key="acme", timezone="America/New_York")
    clock.now = datetime.fromisoformat("2027-02-15T12:00:00Z")
    await acme.do("subscribe", customer="acme", plan="free")

    # The clocks go forward on 14 March there.
    assert await period(acme) == ("2027-02-15T12:00:00Z", "2027-03-15T11:00:00Z")
