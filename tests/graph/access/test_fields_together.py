"""Fields of one request that share what they find out: one that fails does not harm the others."""

from __future__ import annotations

import asyncio
import gc
import weakref

from resolvers.context import Context, Services
from rules.access.resolution_cache import resolutions_for
from tests.graph.client import Client

COUNTED_TWICE = """{
  customer(key: "acme") {
    reservations(first: 1000) { totalCount }
    subscriptions { plan { publishedVersion { subscriptionCount } } }
  }
  plan(key: "free") { publishedVersion { subscriptionCount } }
}"""


async def test_anyone_who_waits_for_the_same_is_answered_where_a_field_beside_the_other_fails(
    acme: Client,
) -> None:
    await acme.do("subscribe", customer="acme", plan="free")

    answer = (await acme.send(COUNTED_TWICE)).json()

    assert [error["path"] for error in answer["errors"]] == [["customer", "reservations"]]
    assert answer["data"]["plan"] == {"publishedVersion": {"subscriptionCount": 1}}


async def test_anyone_who_goes_away_leaves_what_is_found_out_to_the_others(context: Context) -> None:
    found = asyncio.Event()

    async def find() -> str:
        await found.wait()
        return "found"

    first, second = (asyncio.create_task(context.once("it", find)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    found.set()

    assert await second == "found"


async def test_a_catalog_that_was_replaced_is_forgotten(
    acme: Client, context: Context, services: Services
) -> None:
    ask = '{ access(customer: "acme", feature: "sso") { allowed } }'
    await acme.ask(ask)
    await acme.ask(ask)
    flat = services.catalogs.newest(context.environment)
    assert flat is not None
    assert resolutions_for(flat)
    replaced = weakref.ref(flat)
    del flat

    await acme.do("updateFeature", key="sso", name="Single sign-on")
    await acme.ask('{ access(customer: "acme", feature: "seats") { allowed } }')
    gc.collect()

    assert replaced() is None
