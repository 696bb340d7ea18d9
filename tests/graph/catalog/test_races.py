"""Two people at the catalog at once, each with a server process of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest_asyncio
from sqlalchemy import text
from structlog.testing import capture_logs

from models.database.transactions import Database
from resolvers import catalog
from resolvers.context import Context, Services
from rules.catalog.facts import Catalog, Plan
from rules.catalog_edits.packages import create_plan
from rules.catalog_edits.publishing import publish
from server.app import create_app
from tests.graph.client import Client, Clock

BRANCHES, FLOORS = 5, 6
DERIVED = [f"plan-{branch}-{floor}" for branch in range(BRANCHES) for floor in range(FLOORS)]
"""30 plans that stand on "free", in five towers."""

STANDING = """{ plans(first: 100) { nodes {
  key draft { number } publishedVersion { number publishedAt baseVersion { number } }
  versions { totalCount }
} } }"""


@pytest_asyncio.fixture
async def another(shop: Client, database_url: str, clock: Clock) -> AsyncIterator[Client]:
    """The same back end, which happens to reach another process."""
    services = Services.on(Database(database_url), clock)
    transport = httpx.ASGITransport(create_app(services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://allotment.test") as http:
        yield replace(shop, http=http)
    await services.close()


@pytest_asyncio.fixture
async def towers(shop: Client, context: Context) -> Client:
    """The shop with thirty published plans on "free", and something to publish."""

    def build(before: Catalog) -> Catalog:
        for key in DERIVED:
            _, branch, floor = key.split("-")
            base = f"plan-{branch}-{int(floor) - 1}" if floor != "0" else "free"
            before = create_plan(before, Plan(key=key, name=key, product="app"), base)
            before = publish(before, key, now=context.services.clock()).catalog
        return before

    await catalog.edit(context, lambda before, _: build(before))
    await shop.do("setEntitlement", package="free", key="sso")
    return shop


async def standing(client: Client) -> dict[str, dict[str, Any]]:
    """Where every plan stands."""
    return {plan.pop("key"): plan for plan in (await client.ask(STANDING))["plans"]["nodes"]}


async def attempts(acts: Sequence[tuple[Client, str, dict[str, Any]]]) -> list[list[str]]:
    """What acts that are begun at once are each refused for."""
    payloads = await asyncio.gather(*(client.try_to(field, **given) for client, field, given in acts))
    return [
        [f"{problem['code']} {'.'.join(problem['path'])}" for problem in payload["userErrors"]]
        for payload in payloads
    ]


def numbers(plans: dict[str, dict[str, Any]]) -> set[int]:
    """The numbers of the newest versions of "free" and of all that stand on it."""
    return {plans[key]["publishedVersion"]["number"] for key in ("free", *DERIVED)}


async def test_of_two_who_publish_at_once_one_wins_and_the_other_has_a_version_conflict(
    towers: Client, another: Client, clock: Clock
) -> None:
    for version in range(1, 4):
        await towers.do("setEntitlement", package="free", key="sso", displayText=f"After {version}")
        clock.forward(minutes=1)
        publishing = {"package": "free", "expectedVersion": version}

        told = await attempts([(client, "publishPackage", publishing) for client in (towers, another)])

        assert sorted(told) == [[], ["VERSION_CONFLICT expectedVersion", "NOTHING_TO_PUBLISH package"]]
        assert await standing(towers) == await standing(another)
        assert numbers(await standing(another)) == {version + 1}


async def test_a_version_and_its_cascade_are_all_there_or_none_of_them(
    towers: Client, another: Client
) -> None:
    seen: list[set[int]] = []
    done = asyncio.Event()

    async def snapshot() -> None:
        while not done.is_set():
            seen.append(numbers(await standing(another)))

    async def publish() -> None:
        for text_ in ("Once", "Twice", "Thrice"):
            await towers.do("setEntitlement", package="free", key="sso", displayText=text_)
            await towers.do("publishPackage", package="free")
        done.set()

    await asyncio.gather(snapshot(), publish())

    assert all(len(versions) == 1 for versions in seen)
    plans = await standing(another)
    assert numbers(plans) == {4}
    for key in DERIVED:
        assert plans[key]["versions"] == {"totalCount": 4}
        assert (
            plans[key]["publishedVersion"]["publishedAt"] == plans["free"]["publishedVersion"]["publishedAt"]
        )
        assert plans[key]["publishedVersion"]["baseVersion"] == {
            "number": 4 if key.endswith("-0") else plans[key]["publishedVersion"]["number"]
        }


async def fill_up(database: Database, key: str) -> None:
    """Let the database refuse another version of one plan, whatever else a transaction writes."""
    if database.dialect == "sqlite":
        refusal = f"""CREATE TRIGGER full BEFORE INSERT ON package_versions
            WHEN NEW.package_key = '{key}' BEGIN SELECT RAISE(ABORT, 'full'); END"""
    else:
        refusal = f"""ALTER TABLE package_versions
            ADD CONSTRAINT full_ CHECK (package_key <> '{key}') NOT VALID"""
    async with database.write() as session:
        await session.execute(text(refusal))


async def make_room(database: Database) -> None:
    """Let the database take everything again."""
    async with database.write() as session:
        sqlite = database.dialect == "sqlite"
        gone = "TRIGGER full" if sqlite else "CONSTRAINT full_"
        await session.execute(text(f"DROP {gone}" if sqlite else f"ALTER TABLE package_versions DROP {gone}"))


async def test_where_one_version_of_a_cascade_cannot_be_kept_none_is(
    towers: Client, another: Client, services: Services
) -> None:
    before = await standing(towers)
    await fill_up(services.database, DERIVED[17])
    document = 'mutation { publishPackage(input: { package: "free" }) { revision } }'

    with capture_logs() as logged:
        answer = (await towers.send(document)).json()

    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert [entry["event"] for entry in logged] == ["a field failed"]
    assert await standing(towers) == before
    assert await standing(another) == before
    await make_room(services.database)
    await towers.do("publishPackage", package="free")
    assert numbers(await standing(another)) == {2}


async def test_edits_made_at_once_are_all_kept(shop: Client, another: Client) -> None:
    keys = [f"feature-{number}" for number in range(12)]
    made = [{"key": key, "name": key, "type": "BOOLEAN"} for key in keys]
    people = [(shop, another)[number % 2] for number in range(12)]
    assert (
        await attempts([(client, "createFeature", given) for client, given in zip(people, made, strict=True)])
        == [[]] * 12
    )

    rows = [{"package": "free", "key": key} for key in keys]
    told = await attempts(
        [(client, "setEntitlement", given) for client, given in zip(people, rows, strict=True)]
    )

    assert told == [[]] * 12
    answer = await another.ask('{ plan(key: "free") { draft { entitlements { key } } } }')
    shown = [row["key"] for row in answer["plan"]["draft"]["entitlements"]]
    assert sorted(shown[5:]) == sorted(keys)


async def test_every_edit_names_a_write_of_its_own(shop: Client, another: Client) -> None:
    payloads = await asyncio.gather(
        *(
            client.do("updateProduct", key="app", name=f"Name {number}")
            for number, client in enumerate([shop, another] * 5)
        )
    )

    assert len({payload["revision"] for payload in payloads}) == 10


async def test_of_two_who_take_a_key_at_once_one_has_it(shop: Client, another: Client) -> None:
    told = await attempts(
        [
            (shop, "createPlan", {"key": "team", "name": "Team", "product": "app"}),
            (another, "createAddon", {"key": "TEAM", "name": "Team", "product": "app"}),
        ]
    )

    assert sorted(told) == [[], ["ALREADY_EXISTS key"]]


async def test_two_plans_are_never_put_on_each_other(shop: Client, another: Client) -> None:
    for key in ("left", "right"):
        await shop.do("createPlan", key=key, name=key, product="app")

    told = await attempts(
        [
            (shop, "setBasePlan", {"plan": "left", "basePlan": "right"}),
            (another, "setBasePlan", {"plan": "right", "basePlan": "left"}),
        ]
    )

    assert sorted(told) == [[], ["CYCLE basePlan"]]


async def test_a_base_plan_is_not_archived_under_a_plan_that_is_put_on_it(
    shop: Client, another: Client
) -> None:
    told = await attempts(
        [
            (shop, "archivePackage", {"package": "pro"}),
            (another, "createPlan", {"key": "team", "name": "Team", "product": "app", "basePlan": "pro"}),
        ]
    )

    assert told in ([[], ["ARCHIVED basePlan"]], [["IN_USE package"], []])
