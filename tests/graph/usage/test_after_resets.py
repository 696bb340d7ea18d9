"""Usage that is told across a reset, and usage given back: what a back end sees of windows that are cut."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import delete

from models.database.dialects import table_of
from models.database.transactions import Database
from models.usage.tables import UsageWindowRow
from resolvers import catalog
from resolvers.context import Context
from resolvers.verification import first_difference
from rules.catalog.facts import Aggregation, Catalog, Meter, Package
from rules.values import Metered, ResetInterval
from tests.graph.client import Client, Clock, Json
from tests.graph.customers.lives import access, report
from tests.graph.usage.metered import EVENTS
from tests.rules.builders.small_shop import calendar, limit, plan, row, sold
from tests.rules.models.wallets import IMAGES, selling_credits

MONTH = ResetInterval.MONTH
MARCH = datetime(2027, 3, 1, tzinfo=UTC)
FIRST, NOON, SECOND = "2027-03-01T00:00:00Z", "2027-03-01T12:00:00Z", "2027-03-02T00:00:00Z"
WAYS = {
    "calls": Meter(event_name="call", aggregation=Aggregation.COUNT),
    "exports": Meter(event_name="export", aggregation=Aggregation.MAX, property="size"),
    "projects": Meter(event_name="project", aggregation=Aggregation.UNIQUE, property="name"),
}
SERIES = """query Series($from: DateTime!, $to: DateTime!, $by: UsageBucket) { customer(key: "acme") {
  usage(feature: "calls", from: $from, to: $to, by: $by) { total buckets { value isReset } } } }"""


def offer(key: str, value: Metered, *, burning: bool = False) -> Package:
    """A plan with the same limit of everything, beyond which calls burn credits or nothing does."""
    package = sold(plan(key), *(row(feature, value) for feature in WAYS))
    return replace(package, draft=replace(package.newest, rates=(IMAGES,) if burning else ()))


OFFERS = (
    offer("one", limit(1, MONTH), burning=True),
    offer("ten", limit(10, MONTH)),
    offer("more", limit(10, MONTH)),
    offer("calendar", calendar(10)),
    offer("hundred", limit(100, MONTH)),
)


def stocked(before: Catalog, _: datetime) -> Catalog:
    """What is sold: plans by their limit."""
    shop = selling_credits(*OFFERS)
    features = {key: replace(shop.features[key], meter=meter) for key, meter in WAYS.items()}
    return replace(shop, features={**shop.features, **features}, revision=before.revision)


@pytest_asyncio.fixture
async def shop(client: Client, context: Context, clock: Clock) -> Client:
    """A back end that has known the customer "acme" for a month; it is 1 March, midnight."""
    await catalog.edit(context, stocked)
    clock.now = MARCH - timedelta(days=28)
    await client.do("upsertCustomer", key="acme")
    clock.now = MARCH
    return client


async def on_trial(shop: Client, key: str, days: int = 1) -> None:
    """Begin a trial at midnight."""
    await shop.do("subscribe", customer="acme", plan=key, trialDays=days, startAt=FIRST)


async def used(shop: Client, feature: str = "calls", at: str | None = None) -> str:
    """How much is used."""
    return str((await access(shop, feature, at))["usage"]["used"])


async def recorded(shop: Client, feature: str, value: int, **more: object) -> str:
    """What a report adds."""
    shown = "recorded"
    payload = await shop.do("reportUsage", shown=shown, customer="acme", feature=feature, value=value, **more)
    return str(payload["recorded"])


async def available(shop: Client) -> str:
    """What there is of credits."""
    asked = 'query { customer(key: "acme") { creditBalance(creditType: "ai") { available } } }'
    return str((await shop.ask(asked))["customer"]["creditBalance"]["available"])


async def agrees(context: Context) -> bool:
    """Tell whether all that is kept is what was recorded."""
    return await first_difference(context.services) is None


async def test_late_usage_of_a_trial_burns_what_the_trial_did_not_include(
    shop: Client, context: Context, clock: Clock
) -> None:
    await on_trial(shop, "one")
    await shop.do("grantCredits", customer="acme", creditType="ai", amount=9)
    clock.forward(hours=25)
    await report(shop, 1)
    await report(shop, 1, at=NOON)

    assert await available(shop) == "9"
    await report(shop, 1, at=NOON)
    assert (await available(shop), await used(shop), await used(shop, at=NOON)) == ("8", "1", "2")
    assert await agrees(context)


async def test_late_events_are_kept_apart_too(shop: Client, context: Context, clock: Clock) -> None:
    await on_trial(shop, "one")
    await shop.do("grantCredits", customer="acme", creditType="ai", amount=9)
    clock.forward(hours=25)
    for identity, at in (("1", None), ("2", NOON), ("3", NOON)):
        event = {"id": identity, "customer": "acme", "name": "call", "occurredAt": at}
        assert (await shop.ask(EVENTS, e=[event]))["ingestEvents"]["accepted"] == 1

    assert (await available(shop), await used(shop)) == ("8", "1")
    assert await agrees(context)


async def test_nothing_is_given_back_in_a_trial_that_was_used_after_it(shop: Client, clock: Clock) -> None:
    await on_trial(shop, "ten")
    clock.forward(hours=25)
    await report(shop, 1)

    given_back = {"customer": "acme", "feature": "calls", "value": -1, "occurredAt": NOON}
    assert await shop.refused("reportUsage", **given_back) == ["OUT_OF_RANGE value"]
    asked = (await access(shop, at=NOON))["usage"]
    assert (asked["used"], asked["limit"]) == ("0", "10")


async def test_usage_ahead_of_the_clock_waits_for_the_conversion(shop: Client, clock: Clock) -> None:
    clock.forward(hours=12)
    await shop.do("subscribe", customer="acme", plan="ten", trialDays=1)
    clock.forward(hours=23, minutes=58)
    await report(shop, 10, at="2027-03-02T12:01:00Z")

    asked = await access(shop)
    assert (asked["usage"]["used"], asked["usage"]["period"]["end"]) == ("0", "2027-04-01T12:00:00Z")
    assert asked["validUntil"] == "2027-03-02T12:00:00Z"
    clock.forward(minutes=4)
    assert await used(shop) == "10"


async def test_a_maximum_and_values_are_kept_apart(shop: Client, clock: Clock) -> None:
    await on_trial(shop, "ten")
    clock.forward(hours=13)
    await report(shop, 5, "exports")
    clock.forward(hours=12)
    await report(shop, 98, "exports")
    ada = {"properties": {"name": "ada"}}

    assert await recorded(shop, "exports", 10, occurredAt=NOON) == "5"
    assert await recorded(shop, "projects", 1, **ada) == "1"
    assert await recorded(shop, "projects", 1, occurredAt=NOON, **ada) == "1"
    assert [await used(shop, key) for key in ("exports", "projects")] == ["98", "1"]


@pytest.mark.parametrize("first", ["ten", "calendar"])
@pytest.mark.parametrize("how", ["convert", "change", "come again"])
async def test_what_began_anew_is_kept_apart(
    shop: Client, context: Context, clock: Clock, first: str, how: str
) -> None:
    await on_trial(shop, first, days=20)
    clock.forward(hours=24)
    match how:
        case "convert":
            await shop.do("convertTrial", customer="acme")
        case "change":
            await shop.do("changePlan", customer="acme", plan="more", timing="NOW")
        case _:
            await shop.do("cancelSubscription", customer="acme", timing="NOW")
            await shop.do("subscribe", customer="acme", plan="more")
    clock.forward(hours=12)
    await report(shop, 8)
    await report(shop, 3, at=NOON)

    assert (await used(shop), await used(shop, at="2027-03-01T23:00:00Z")) == ("8", "3")
    late = {"customer": "acme", "feature": "calls", "occurredAt": NOON}
    assert await shop.refused("reportUsage", **late, value=-4) == ["OUT_OF_RANGE value"]
    assert await recorded(shop, "calls", -3, occurredAt=NOON) == "-3"
    assert (await used(shop), await used(shop, at="2027-03-01T23:00:00Z")) == ("8", "0")
    assert await agrees(context)


async def test_nothing_is_given_back_before_the_first_plan(shop: Client) -> None:
    await shop.do("subscribe", customer="acme", plan="ten")
    await report(shop, 5)

    early = {"customer": "acme", "feature": "calls", "value": -1, "occurredAt": "2027-02-01T00:00:00Z"}
    assert await shop.refused("reportUsage", **early) == ["OUT_OF_RANGE value"]


async def set_without_plan(shop: Client, clock: Clock) -> None:
    """80 used on 10 February, set to 10 on 5 March, and a plan that began on 1 March."""
    clock.now = MARCH - timedelta(days=19)
    await report(shop, 80)
    clock.now = MARCH + timedelta(days=4)
    await shop.do("reportUsage", customer="acme", feature="calls", value=10, mode="SET")
    await shop.do("subscribe", customer="acme", plan="hundred", startAt=FIRST)


async def consumed(shop: Client, quantity: int) -> bool:
    """Tell whether so much is used up."""
    done = await shop.try_to("consume", "consumed", customer="acme", feature="calls", quantity=quantity)
    return bool(done["consumed"])


ASKED = """{ access(customer: "acme", feature: "calls") { allowed usage { used remaining limit percentUsed } }
  accesses(checks: [{customer: "acme", feature: "calls"}]) { usage { used remaining } }
  customer(key: "acme") { accesses { usage { used remaining } } } }"""


async def test_what_was_set_without_a_plan_leaves_no_more_than_the_limit(
    shop: Client, context: Context, clock: Clock, database: Database
) -> None:
    await set_without_plan(shop, clock)
    asked: Json = await shop.ask(ASKED)
    assert asked["access"]["usage"] == {"used": "0", "remaining": "100", "limit": "100", "percentUsed": 0}
    assert asked["accesses"] == [{"usage": {"used": "0", "remaining": "100"}}]
    assert asked["accesses"][0] in asked["customer"]["accesses"]

    assert [await consumed(shop, quantity) for quantity in (170, 60, 41, 40, 1)] == [
        False,
        True,
        False,
        True,
        False,
    ]
    assert await used(shop) == "100"
    await forgets_tallies(database)
    assert (await used(shop), await consumed(shop, 1)) == ("100", False)
    assert await agrees(context)


async def forgets_tallies(database: Database) -> None:
    """Let everything be counted anew."""
    async with database.write() as session:
        await session.execute(delete(table_of(UsageWindowRow)))


async def series(shop: Client, start: str, end: str, by: str) -> tuple[list[str], str]:
    """What buckets hold, and the total."""
    given: dict[str, Any] = {"from": start, "to": end, "by": by}
    told = (await shop.ask(SERIES, **given))["customer"]["usage"]
    return [bucket["value"] for bucket in told["buckets"]], told["total"]


async def test_a_series_of_usage_given_back_shows_nothing_below_zero(shop: Client, clock: Clock) -> None:
    await shop.do("subscribe", customer="acme", plan="ten")
    clock.forward(hours=10)
    await report(shop, 8)
    clock.forward(days=1)
    await report(shop, -5)
    clock.forward(hours=2)
    await report(shop, 2)
    clock.forward(hours=24)
    end = "2027-03-04T00:00:00Z"

    assert await series(shop, FIRST, end, "DAY") == (["3", "2", "0"], "5")
    assert await series(shop, FIRST, end, "PERIOD") == (["5"], "5")
    hours, total = await series(shop, FIRST, end, "HOUR")
    assert ([hours[10], hours[34], hours[36]], total) == (["3", "0", "2"], "5")


async def test_a_preview_shows_nothing_below_zero(shop: Client, clock: Clock) -> None:
    await set_without_plan(shop, clock)
    document = """{ previewPlanChange(input: {customer: "acme", plan: "ten", timing: NOW, usage: CARRY}) {
      differences { after { feature { key } usage { used remaining } } } } }"""
    found = (await shop.ask(document))["previewPlanChange"]["differences"]

    assert {"feature": {"key": "calls"}, "usage": {"used": "0", "remaining": "10"}} in [
        one["after"] for one in found
    ]
