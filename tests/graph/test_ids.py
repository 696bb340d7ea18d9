"""Global ids tell states apart: now, at another instant, and as a preview supposes."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.graph.auth.test_tokens import token_of
from tests.graph.catalog.test_nodes import furnish
from tests.graph.client import Client, Clock
from tests.graph.states import marks

GRANTS = """query ($at: DateTime) { customer(key: "acme") { creditBalance(creditType: "ai", at: $at) {
  available grants { id amount remaining status customer { id subscriptions { id status } } } } } }"""

NODE = """query ($id: ID!) { node(id: $id) { __typename id
  ... on CreditGrant { amount remaining status customer { id } }
  ... on CustomerSubscription { standing: status plan { key } customer { id } }
  ... on Reservation { held: status settledQuantity customer { id } }
  ... on Customer { access(feature: "images") { reason usage { used } credits { available } }
    creditBalances { available grants { id } } subscriptions { id status }
    reservations(status: null) { nodes { id key status } } } } }"""


def text(at: datetime) -> str:
    """An instant as it is written in documents."""
    return at.isoformat().replace("+00:00", "Z")


def made_up(*parts: object) -> str:
    """An id of somebody's own making."""
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def parts(id_: str) -> list[Any]:
    """What an id is made of."""
    return list(json.loads(base64.urlsafe_b64decode(id_ + "=" * (-len(id_) % 4))))


async def grants(client: Client, at: datetime | None = None) -> list[dict[str, Any]]:
    """The grants in force at an instant."""
    answer = await client.ask(GRANTS, at=None if at is None else text(at))
    return list(answer["customer"]["creditBalance"]["grants"])


async def node(client: Client, id_: str) -> Any:  # noqa: ANN401 - JSON
    """What has an id."""
    return (await client.ask(NODE, id=id_))["node"]


async def spend(client: Client, amount: int) -> None:
    """Spend credits of acme's."""
    await client.do("consumeCredits", customer="acme", creditType="ai", amount=amount)


async def test_a_grant_has_one_id_for_each_state(studio: Client, clock: Clock) -> None:
    await spend(studio, 20)
    then = clock.forward(hours=1)
    clock.forward(hours=1)
    await spend(studio, 50)

    ((now,), (was,)) = await grants(studio), await grants(studio, then)

    assert (now["remaining"], was["remaining"]) == ("30", "80")
    assert now["id"] != was["id"]
    assert now["customer"]["id"] != was["customer"]["id"]
    found = {id_: (await node(studio, id_))["remaining"] for id_ in (now["id"], was["id"])}
    assert found == {now["id"]: "30", was["id"]: "80"}


async def test_another_instant_is_reported_by_its_id_forever(studio: Client, clock: Clock) -> None:
    then = clock.forward(hours=1)
    clock.forward(hours=1)
    (was,) = await grants(studio, then)
    told = await node(studio, was["id"])
    await spend(studio, 50)
    clock.forward(days=400)

    assert await node(studio, was["id"]) == told
    assert told["remaining"] == "100"


async def test_the_clocks_own_instant_has_the_id_of_now(studio: Client, clock: Clock) -> None:
    await spend(studio, 20)
    clock.forward(hours=1)

    assert await grants(studio, clock.now) == await grants(studio)


async def test_an_instant_to_come_keeps_its_id_when_it_has_come(studio: Client, clock: Clock) -> None:
    (to_come,) = await grants(studio, clock.now + timedelta(hours=1))
    clock.forward(hours=1)
    arrived = await node(studio, to_come["id"])
    clock.forward(hours=1)
    await spend(studio, 50)

    assert arrived["remaining"] == "100"
    assert await node(studio, to_come["id"]) == arrived


async def test_a_customer_of_another_instant_is_asked_about_that_instant(
    studio: Client, clock: Clock
) -> None:
    await studio.do("reportUsage", customer="acme", feature="images", value=4)
    await studio.do("reserve", customer="acme", feature="images", quantity=1, key="first")
    then = clock.forward(minutes=10)
    clock.forward(minutes=10)
    await studio.do("settleReservation", customer="acme", key="first", quantity=1)
    await studio.do("reserve", customer="acme", feature="images", quantity=1, key="second")
    await studio.do("reportUsage", customer="acme", feature="images", value=3)
    await spend(studio, 50)
    await studio.do("cancelSubscription", customer="acme", at=text(clock.now + timedelta(hours=1)))
    clock.forward(hours=2)
    (was,) = await grants(studio, then)

    found = await node(studio, was["customer"]["id"])

    assert found["access"]["usage"] == {"used": "4"}
    assert found["access"]["credits"] == {"available": "100"}
    assert [one["available"] for one in found["creditBalances"]] == ["100"]
    assert found["subscriptions"] == was["customer"]["subscriptions"]
    assert [one["status"] for one in found["subscriptions"]] == ["ACTIVE"]
    assert [(one["key"], one["status"]) for one in found["reservations"]["nodes"]] == [("first", "HELD")]
    (held,) = found["reservations"]["nodes"]
    again = await node(studio, held["id"])
    assert (again["held"], again["settledQuantity"]) == ("HELD", None)
    assert again["customer"] == {"id": was["customer"]["id"]}


@pytest.mark.parametrize(
    ("status", "then", "now"),
    [
        ("HELD", ["settled", "released", "expired", "kept"], ["kept"]),
        ("SETTLED", [], ["settled"]),
        ("RELEASED", [], ["released"]),
        ("EXPIRED", [], ["expired"]),
    ],
)
async def test_holds_are_listed_by_what_they_were(
    studio: Client, clock: Clock, status: str, then: list[str], now: list[str]
) -> None:
    document = """query ($id: ID!, $status: ReservationStatus!) { node(id: $id) { ... on Customer {
      reservations(status: $status) { totalCount nodes { key status } } } } }"""
    for key in ("kept", "expired", "released", "settled"):
        seconds = 600 if key == "expired" else 80_000
        await studio.do("reserve", customer="acme", feature="images", quantity=1, key=key, ttlSeconds=seconds)
    before = clock.forward(minutes=1)
    (known,) = await grants(studio, before)
    clock.forward(minutes=1)
    (known,) = await grants(studio, before)
    await studio.do("settleReservation", customer="acme", key="settled", quantity=1)
    await studio.do("releaseReservation", customer="acme", key="released")
    after = clock.forward(hours=1)
    clock.forward(minutes=1)
    await studio.do("reserve", customer="acme", feature="images", quantity=1, key="later")
    clock.forward(hours=1)
    (known_after,) = await grants(studio, after)

    for id_, expected in ((known["customer"]["id"], then), (known_after["customer"]["id"], now)):
        page = (await studio.ask(document, id=id_, status=status))["node"]["reservations"]
        assert [(one["key"], one["status"]) for one in page["nodes"]] == [(key, status) for key in expected]
        assert page["totalCount"] == len(expected)


async def test_a_grant_to_come_is_never_taken_for_another(studio: Client, clock: Clock) -> None:
    (to_come,) = await grants(studio, clock.now + timedelta(days=40))
    assert (await node(studio, to_come["id"]))["remaining"] == "100"

    made = await studio.do("grantCredits", "grant { id }", customer="acme", creditType="ai", amount=7)
    clock.forward(hours=1)

    assert parts(to_come["id"])[4] == parts(made["grant"]["id"])[4]
    assert await node(studio, to_come["id"]) is None
    assert await studio.refused("voidCreditGrant", grant=to_come["id"]) == ["NOT_FOUND grant"]


async def test_an_act_takes_the_id_of_any_instant_for_the_thing_itself(studio: Client, clock: Clock) -> None:
    then = clock.forward(hours=1)
    clock.forward(hours=1)
    (was,) = await grants(studio, then)

    done = await studio.do("voidCreditGrant", "grant { id status }", grant=was["id"])

    assert done["grant"]["status"] == "VOIDED"
    assert marks(done["grant"]["id"]) == ""
    assert (await node(studio, was["id"]))["status"] == "ACTIVE"


async def test_a_grant_that_was_not_yet_in_force_was_scheduled(studio: Client, clock: Clock) -> None:
    made = await studio.do(
        "grantCredits",
        "grant { id }",
        customer="acme",
        creditType="ai",
        amount=7,
        effectiveAt=text(clock.now + timedelta(hours=2)),
    )
    (_, number), then = parts(made["grant"]["id"])[3:], clock.forward(hours=1)
    clock.forward(hours=2)
    in_force = await grants(studio, clock.now - timedelta(minutes=1))
    (late,) = [one for one in in_force if parts(one["id"])[4] == number]
    moved = parts(late["id"])

    def at(instant: datetime) -> str:
        micros = (instant - datetime.fromisoformat("1970-01-01T00:00Z")) // timedelta(microseconds=1)
        return made_up(f"CreditGrant@{micros}", *moved[1:])

    scheduled = await node(studio, at(then))
    assert (scheduled["status"], scheduled["remaining"]) == ("SCHEDULED", "7")
    assert (await node(studio, late["id"]))["status"] == "ACTIVE"
    assert await node(studio, at(then - timedelta(hours=2))) is None


async def test_a_token_opens_what_is_its_customers_at_every_instant(studio: Client, clock: Clock) -> None:
    await studio.do("upsertCustomer", key="bell")
    then = clock.forward(hours=1)
    clock.forward(hours=1)
    (was,) = await grants(studio, then)
    hers, his = await token_of(studio, "acme"), await token_of(studio, "bell")

    assert (await node(hers, was["id"]))["remaining"] == "100"
    for id_ in (was["id"], was["customer"]["id"], was["customer"]["subscriptions"][0]["id"]):
        assert await node(hers, id_) is not None
        assert (await his.error(NODE, id=id_))["extensions"]["code"] == "FORBIDDEN"


async def test_what_no_instant_changes_has_one_id(shop: Client, clock: Clock) -> None:
    await furnish(shop)
    then = clock.forward(hours=1)
    clock.forward(hours=1)
    document = """query ($at: DateTime) { access(customer: "acme", feature: "seats", at: $at) {
      feature { id } sources { package { id } entitlement { id } customEntitlement { id } } } }"""

    told = (await shop.ask(document))["access"]

    assert told["sources"]
    assert told == (await shop.ask(document, at=text(then)))["access"]


MADE_UP = (
    *('["CreditGrant@",1,"acme","ai","1","0"]', '["CreditGrant@1",1,"acme","ai","1"]'),
    *('["CreditGrant@-9999999999999999",1,"acme","ai","1","0"]', '["Customer@999999999999999999",1,"acme"]'),
    *('["Customer@253402300799999999",1,"acme"]', '["Customer@-2208988800000001",1,"acme"]'),
    *('["Customer@01",1,"acme"]', '["Customer@+1",1,"acme"]', '["Customer@-0",1,"acme"]'),
    *('["Customer@\\u0661",1,"acme"]', '["Customer@1@1",1,"acme"]', '["Customer@1 ",1,"acme"]'),
    *('["Customer@1?a",1,"acme"]', '["Customer?",1,"acme"]', '["Customer?a",1,"acme"]'),
    *('["Customer?a@1",1,"acme"]', '["@1",1,"acme"]', '["Plan@1",1,"maker"]', '["Feature@1",1,"images"]'),
    *('["Reservation@1",1,"acme","nothing"]', '["Price",1,"maker",1,"nothing"]', '["Price",1,"maker"]'),
    *('["CustomEntitlement@1",1,"acme",1]', '["CreditEntry@1",1,"acme","ai","1"]', '["Environment@1",1]'),
    *('["CreditGrant@1",1,"acme","ai","1",""]', '["CreditGrant@1",1,"acme","ai","1","x"]'),
    *('["CreditGrant@1",1,"acme","nothing","1","1"]', '["CreditGrant@1",1,"nobody","ai","1","1"]'),
)


async def test_an_instant_of_somebodys_own_making_names_nothing(studio: Client) -> None:
    ids = [made_up(*json.loads(id_)) for id_ in MADE_UP]

    answer = await studio.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)

    assert dict(zip(MADE_UP, answer["nodes"], strict=True)) == dict.fromkeys(MADE_UP)


async def test_every_instant_that_can_be_asked_about_has_an_id(studio: Client) -> None:
    for instant in ("1900-01-01T00:00:00Z", "8999-12-31T23:59:59.999999Z"):
        document = f"""{{ customer(key: "acme") {{ subscriptions {{ id }}
          access(feature: "images", at: "{instant}") {{ sources {{ subscription {{ id }} }} }} }} }}"""
        (known,) = (await studio.ask(document))["customer"]["subscriptions"]
        micros = (datetime.fromisoformat(instant) - datetime.fromisoformat("1970-01-01T00:00Z")) // timedelta(
            microseconds=1
        )
        kind, *names = parts(known["id"])
        id_ = made_up(f"{kind}@{micros}", *names)
        assert (await node(studio, id_))["id"] == id_
