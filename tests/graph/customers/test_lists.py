"""Customers in pages: searched by how they begin, and by the plan and version that they are on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import pytest_asyncio

from models.database.dialects import _behind
from tests.graph.client import Client, Clock
from tests.graph.operations import operation

LIST = """query List(
  $first: Int, $after: String, $search: String, $plan: String, $version: Int, $includeArchived: Boolean
) {
  customers(
    first: $first, after: $after, search: $search, plan: $plan, version: $version
    includeArchived: $includeArchived
  ) { totalCount nodes { key } edges { cursor } pageInfo { hasNextPage hasPreviousPage endCursor } }
}"""


async def listed(client: Client, **asked: object) -> list[str]:
    """The keys of the customers on a page."""
    page = (await client.ask(LIST, **asked))["customers"]
    return [customer["key"] for customer in page["nodes"]]


async def know(client: Client, names: Iterable[str]) -> None:
    """Make customers."""
    upsert = "mutation All($all: [UpsertCustomerInput!]!) { upsertCustomers(customers: $all) { revision } }"
    await client.ask(upsert, all=[{"key": name} for name in names])


async def test_pages_hold_every_customer_once_in_the_order_of_their_keys(client: Client) -> None:
    names = [f"{letter}{number}" for letter in "aBé" for number in range(7)]
    await know(client, names)
    seen: list[str] = []
    after: str | None = None
    while True:
        page = (await client.ask(LIST, first=4, after=after))["customers"]
        assert page["totalCount"] == len(names)
        assert page["pageInfo"]["hasPreviousPage"] == bool(seen)
        seen += [customer["key"] for customer in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert seen == sorted(names)


async def test_a_page_goes_on_where_the_last_ended_anyone_who_came_and_went(client: Client) -> None:
    await know(client, ["b", "d", "f", "h"])
    page = (await client.ask(LIST, first=2))["customers"]
    await client.do("archiveCustomer", customer="d")
    await know(client, ["a", "c", "e"])

    assert await listed(client, first=2, after=page["pageInfo"]["endCursor"]) == ["e", "f"]


@pytest.mark.parametrize("first", [0, -1, 101])
async def test_a_page_has_1_to_100_customers(client: Client, first: int) -> None:
    error = await client.error(LIST, first=first)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("after", ["", "nonsense", "WyJjdXN0b21lcnMiLDEsImFcdTAwMDAiXQ"])
async def test_a_cursor_of_another_list_is_refused(client: Client, after: str) -> None:
    assert (await client.error(LIST, after=after))["extensions"]["code"] == "BAD_USER_INPUT"


@pytest_asyncio.fixture
async def people(client: Client) -> Client:
    """A back end that knows some people."""
    for key, name, email in (
        ("u-1", "Ada Lovelace", "ada@example.com"),
        ("u-2", "Élodie Straße", "elodie@example.com"),
        ("ADA-3", None, None),
        ("u-4", "100% Juice_", "a_b@example.com"),
        ("u-5", "Grace Hopper", "ADMIRAL@example.com"),
    ):
        await client.do("upsertCustomer", key=key, name=name, email=email)
    return client


@pytest.mark.parametrize(
    ("search", "keys"),
    [
        ("ada", ["ADA-3", "u-1"]),
        ("ADA ", ["u-1"]),
        ("lovelace", []),
        ("U-", ["u-1", "u-2", "u-4", "u-5"]),
        ("élodie", ["u-2"]),
        ("ÉLODIE STRASSE", ["u-2"]),
        ("e", ["u-2"]),
        ("100%", ["u-4"]),
        ("%", []),
        ("_", []),
        ("a_", ["u-4"]),
        ("ad", ["ADA-3", "u-1", "u-5"]),
        ("", ["ADA-3", "u-1", "u-2", "u-4", "u-5"]),
        (None, ["ADA-3", "u-1", "u-2", "u-4", "u-5"]),
        ("'", []),
        ("a\0", []),
        ("\ud800", []),
        ("\U0010ffff", []),
        ("\ud7ff", []),
    ],
)
async def test_a_search_is_the_beginning_of_a_key_name_or_e_mail_in_any_case(
    people: Client, search: str | None, keys: list[str]
) -> None:
    page = (await people.ask(LIST, search=search))["customers"]

    assert [customer["key"] for customer in page["nodes"]] == keys
    assert page["totalCount"] == len(keys)


async def test_a_search_knows_a_customer_by_the_new_name(people: Client) -> None:
    await people.do("upsertCustomer", key="u-1", name="Augusta King")

    assert await listed(people, search="augusta") == ["u-1"]
    assert await listed(people, search="ada l") == []
    assert await listed(people, search="ada@") == ["u-1"]
    await people.do("upsertCustomer", key="u-1", email=None)
    assert await listed(people, search="ada@") == []


async def test_archived_customers_are_listed_only_where_they_are_asked_for(people: Client) -> None:
    await people.do("archiveCustomer", customer="u-1")

    assert await listed(people, search="ada") == ["ADA-3"]
    assert await listed(people, search="ada", includeArchived=True) == ["ADA-3", "u-1"]


def test_what_begins_so_stands_before_what_stands_behind() -> None:
    prefixes = ["a", "az", "\x7f", "\ud7ff", "\uffff", "a\U0010ffff", "é"]

    for prefix in prefixes:
        behind = _behind(prefix)
        assert behind is not None
        assert prefix <= prefix + "\U0010ffff" * 3 < behind
        assert not behind.startswith(prefix)
    assert _behind("") is None
    assert _behind("\U0010ffff") is None
    assert all(one < other for one, other in pairwise(sorted(prefixes)))


@operation("Find")
async def test_support_finds_a_customer_and_their_plan(acme: Client, document: str) -> None:
    await acme.do("upsertCustomer", key="acme", name="Acme", email="ops@acme.test")
    await acme.do("subscribe", customer="acme", plan="free")

    found = (await acme.ask(document))["customers"]

    assert found["nodes"] == [
        {
            "key": "acme",
            "name": "Acme",
            "email": "ops@acme.test",
            "subscriptions": [{"plan": {"name": "free"}, "status": "ACTIVE"}],
        }
    ]
    assert found["pageInfo"]["hasNextPage"] is False


@operation("Grandfathered")
async def test_anyone_who_kept_an_old_version_is_found(acme: Client, document: str) -> None:
    await acme.do("subscribe", customer="acme", plan="pro", price="pro-monthly")
    await acme.do("setEntitlement", package="pro", key="seats", value={"metered": {"limit": 99}})
    await acme.do("publishPackage", package="pro", applyTo="NEW_CUSTOMERS")
    await acme.do("upsertCustomer", key="globex")
    await acme.do("subscribe", customer="globex", plan="pro", price="pro-monthly")

    answer = await acme.ask(document)

    assert [customer["key"] for customer in answer["customers"]["nodes"]] == ["acme"]
    assert [(v["number"], v["subscriptionCount"]) for v in answer["plan"]["versions"]["nodes"]] == [
        (2, 1),
        (1, 1),
    ]
    assert await listed(acme, plan="pro", version=2) == ["globex"]
    assert await listed(acme, plan="pro") == ["acme", "globex"]
    assert await listed(acme, plan="pro", search="g") == ["globex"]


async def test_anyone_who_is_on_a_plan_now_is_reported_by_the_clock(acme: Client, clock: Clock) -> None:
    for name in ("changing", "coming", "leaving", "trying", "left"):
        await acme.do("upsertCustomer", key=name)
    soon = clock.now + timedelta(days=5)
    await acme.do("subscribe", customer="coming", plan="free", startAt=at(soon))
    for name in ("leaving", "left", "acme"):
        await acme.do("subscribe", customer=name, plan="free")
    await acme.do("subscribe", customer="changing", plan="pro", price="pro-monthly")
    await acme.do("changePlan", customer="changing", plan="free", timing="PERIOD_END")
    await acme.do("subscribe", customer="trying", plan="free", trialDays=5, afterTrial="EXPIRE")
    await acme.do("cancelSubscription", customer="leaving", at=at(soon))
    await acme.do("cancelSubscription", customer="left", timing="NOW")

    now = await listed(acme, plan="free")
    on_pro = await listed(acme, plan="pro")
    clock.forward(days=6)
    later = await listed(acme, plan="free")
    clock.forward(days=31)

    assert now == ["acme", "leaving", "trying"]
    assert on_pro == ["changing"]
    assert later == ["acme", "coming"]
    assert await listed(acme, plan="free") == ["acme", "changing", "coming"]


def at(instant: datetime) -> str:
    """An instant as it is written."""
    return instant.isoformat().replace("+00:00", "Z")


async def test_a_scheduled_change_took_the_version_of_its_day(acme: Client, clock: Clock) -> None:
    await acme.do("subscribe", customer="acme", plan="pro", price="pro-monthly")
    await acme.do("changePlan", customer="acme", plan="free", timing="PERIOD_END")
    for limit in (7, 8):
        clock.forward(days=20)
        await acme.do("setEntitlement", package="free", key="seats", value={"metered": {"limit": limit}})
        await acme.do("publishPackage", package="free", applyTo="NEW_CUSTOMERS")

    versions = {number: await listed(acme, plan="free", version=number) for number in (1, 2, 3, 4)}

    assert versions == {1: [], 2: ["acme"], 3: [], 4: []}


async def test_a_publish_for_everybody_moves_those_who_were_grandfathered(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="free")
    for limit, scope in ((7, "NEW_CUSTOMERS"), (8, "ALL_CUSTOMERS")):
        await acme.do("setEntitlement", package="free", key="seats", value={"metered": {"limit": limit}})
        await acme.do("publishPackage", package="free", applyTo=scope)

    versions = {number: await listed(acme, plan="free", version=number) for number in (1, 2, 3)}

    assert versions == {1: [], 2: [], 3: ["acme"]}


@pytest.mark.parametrize("asked", [{"plan": "nothing"}, {"plan": "sso"}, {"plan": "free", "version": 9}])
async def test_nobody_is_on_what_is_not_there(acme: Client, asked: dict[str, object]) -> None:
    await acme.do("subscribe", customer="acme", plan="free")

    page = (await acme.ask(LIST, **asked))["customers"]

    assert (page["nodes"], page["totalCount"]) == ([], 0)


async def test_a_version_without_a_plan_is_no_question(acme: Client) -> None:
    assert (await acme.error(LIST, version=1))["extensions"]["code"] == "BAD_USER_INPUT"
