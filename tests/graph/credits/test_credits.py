"""Credits as a back end sees them: granted, spent, minted, and paid for usage beyond a limit."""

from __future__ import annotations

import asyncio

import pytest

from tests.graph.client import Client, Clock, Connect, Json
from tests.graph.operations import operation

BALANCE = "granted consumed expired voided reserved available overdraft nextExpiry"
ASK = """query Ask($c: String!, $r: Decimal, $at: DateTime) {
  access(customer: $c, feature: "images", requested: $r) { allowed reason creditCost validUntil
    credits { available } usage { used } explanation { summary remedies { kind summary amount } } }
  customer(key: $c) { creditBalance(creditType: "ai", at: $at) { %s } }
}"""
ASK %= BALANCE  # fmt: skip
LIST = """query List($c: String!, $first: Int, $after: String) { customer(key: $c) {
  creditGrants(first: $first, after: $after) { nodes { id source remaining status package { key } }
    totalCount pageInfo { hasNextPage endCursor } }
  creditLedger(creditType: "ai", first: $first, after: $after) { nodes { id kind amount balanceAfter
    grant { id } feature { key } note } pageInfo { hasNextPage endCursor } } } }"""


async def asked(client: Client, requested: object = None, at: str | None = None) -> Json:
    """The answer about images, and the balance."""
    return dict(await client.ask(ASK, c="acme", r=requested, at=at))


async def balance(client: Client, at: str | None = None) -> Json:
    """What there is of credits, leaving out what is nothing."""
    known = (await asked(client, at=at))["customer"]["creditBalance"]
    return {name: amount for name, amount in known.items() if amount not in ("0", None)}


async def grant(client: Client, amount: object, **more: object) -> Json:
    """Grant credits."""
    return await client.do(
        "grantCredits",
        "grant { id status remaining }",
        customer="acme",
        creditType="ai",
        amount=amount,
        **more,
    )


async def test_a_plan_s_credits_are_there_at_once(studio: Client) -> None:
    known = await balance(studio)

    assert known == {"granted": "100", "available": "100", "nextExpiry": known["nextExpiry"]}


@operation("TopUp")
async def test_a_top_up_is_reported_with_the_balance_after_it(studio: Client, document: str) -> None:
    first = (await studio.ask(document, c="acme"))["grantCredits"]
    again = (await studio.ask(document, c="acme"))["grantCredits"]

    assert first == again
    assert (first["grant"]["remaining"], first["balance"]) == (
        "1000",
        {"available": "1100", "overdraft": "0"},
    )


@operation("DirectCredits")
async def test_credits_are_spent_directly(studio: Client, document: str) -> None:
    first = (await studio.ask(document, c="acme"))["consumeCredits"]
    again = (await studio.ask(document, c="acme"))["consumeCredits"]

    assert first == again
    assert (first["consumed"], first["balance"]) == (True, {"available": "97.5"})
    assert [entry["amount"] for entry in first["entries"]] == ["-2.5"]


@operation("CostOf")
async def test_what_usage_would_cost_is_reported_before(studio: Client, document: str) -> None:
    answer = (await studio.ask(document, c="acme"))["access"]

    assert answer == {
        "allowed": False,
        "reason": "INSUFFICIENT_CREDITS",
        "creditCost": "580",
        "credits": {"available": "100"},
    }


@operation("CreditsInDetail")
async def test_a_balance_and_its_grants_are_shown_in_detail(studio: Client, document: str) -> None:
    await grant(studio, 7, source="PROMOTIONAL", priority=9)
    known = (await studio.ask(document, c="acme"))["customer"]

    assert [(one["source"], one["remaining"]) for one in known["creditBalance"]["grants"]] == [
        ("PROMOTIONAL", "7"),
        ("RECURRING", "100"),
    ]
    assert [(one["source"], one["status"], one["priority"]) for one in known["creditGrants"]["nodes"]] == [
        ("PROMOTIONAL", "ACTIVE", 9),
        ("RECURRING", "ACTIVE", 50),
    ]


@operation("Void")
async def test_a_grant_is_voided_by_its_id(studio: Client, document: str) -> None:
    made = (await grant(studio, 7))["grant"]["id"]

    answer = (await studio.ask(document, g=made))["voidCreditGrant"]

    assert (answer["grant"]["status"], answer["balance"]) == ("VOIDED", {"available": "100"})
    assert await studio.refused("voidCreditGrant", grant="nonsense") == ["NOT_FOUND grant"]


@operation("Ledger")
async def test_the_ledger_is_reported_newest_first(studio: Client, document: str) -> None:
    await studio.do("reportUsage", customer="acme", feature="images", value=15)
    nodes = (await studio.ask(document, c="acme"))["customer"]["creditLedger"]["nodes"]

    assert [(n["kind"], n["amount"], n["balanceAfter"], n["feature"]) for n in nodes] == [
        ("CONSUMED", "-10", "90", {"name": "images"}),
        ("GRANTED", "100", "100", None),
    ]


@operation("Consume")
async def test_what_is_refused_for_lack_of_credits_says_what_would_help(
    studio: Client, document: str
) -> None:
    allowed = (await studio.ask(document, c="acme", k="1"))["consume"]
    assert (allowed["consumed"], allowed["access"]["credits"]) == (True, {"available": "100"})

    await studio.do("reportUsage", customer="acme", feature="images", value=59)
    refused = (await studio.ask(document, c="acme", k="2"))["consume"]
    assert (refused["consumed"], refused["access"]["reason"]) == (False, "INSUFFICIENT_CREDITS")
    remedies = refused["access"]["explanation"]["remedies"]
    assert ("TOP_UP_CREDITS", "2") in [(remedy["kind"], remedy["amount"]) for remedy in remedies]


@operation("Me")
async def test_a_customer_sees_their_own_credits(studio: Client, document: str) -> None:
    token = (await studio.try_to("createCustomerToken", "token", customer="acme"))["token"]
    browser = Client(http=studio.http, secret=token)
    me = (await browser.ask(document))["viewer"]["customer"]

    assert [(one["creditType"]["name"], one["available"]) for one in me["creditBalances"]] == [("ai", "100")]
    assert [one["featureKey"] for one in me["accesses"]] == ["images"]


async def test_usage_beyond_the_limit_is_paid_in_credits(studio: Client, clock: Clock) -> None:
    shown = "consumed access { reason creditCost credits { available } usage { used } }"
    answer = await studio.do("consume", shown, customer="acme", feature="images", quantity=15)
    assert answer["access"] == {
        "reason": "WITHIN_CREDITS",
        "creditCost": "10",
        "credits": {"available": "90"},
        "usage": {"used": "15"},
    }

    clock.forward(minutes=1)
    back = await studio.do(
        "reportUsage", "recorded access { creditCost credits { available } }",
        customer="acme", feature="images", value=-3,
    )  # fmt: skip
    assert (back["access"]["creditCost"], back["access"]["credits"]["available"]) == ("-6", "96")


async def test_a_no_names_what_would_help(studio: Client) -> None:
    answer = (await asked(studio, 100))["access"]

    assert (answer["reason"], answer["creditCost"]) == ("INSUFFICIENT_CREDITS", "180")
    assert [(one["kind"], one["amount"]) for one in answer["explanation"]["remedies"]] == [
        ("REQUEST_LESS", "60"),
        ("TOP_UP_CREDITS", "80"),
    ]


async def test_credits_are_held_settled_and_released(studio: Client) -> None:
    for key in ("a", "b"):
        await studio.do("reserve", customer="acme", feature="images", quantity=15, key=key)
    assert (await balance(studio))["reserved"] == "40"

    await studio.do("settleReservation", customer="acme", key="a", quantity=12)
    await studio.do("releaseReservation", customer="acme", key="b")
    known = await balance(studio)
    assert (known["available"], known["consumed"]) == ("96", "4")


async def test_a_balance_is_reported_as_it_was_and_as_it_will_be(studio: Client, clock: Clock) -> None:
    before = clock.now.isoformat()
    clock.forward(minutes=5)
    await studio.do("consumeCredits", customer="acme", creditType="ai", amount=30)
    clock.forward(days=40)

    assert (await balance(studio, at=before))["available"] == "100"
    assert (await balance(studio))["expired"] == "70"
    later = clock.now.replace(year=clock.now.year + 1).isoformat()
    assert (await balance(studio, at=later))["granted"] == "1400"


async def test_lists_come_in_pages_and_what_time_made_is_in_them(studio: Client, clock: Clock) -> None:
    clock.forward(days=40)
    page = (await studio.ask(LIST, c="acme", first=1))["customer"]

    assert (page["creditGrants"]["totalCount"], page["creditGrants"]["nodes"][0]["package"]) == (
        2,
        {"key": "maker"},
    )
    assert page["creditLedger"]["nodes"][0]["kind"] == "GRANTED"
    grants, ledger = page["creditGrants"], page["creditLedger"]
    document = """query Next($c: String!, $g: String, $l: String) { customer(key: $c) {
      creditGrants(first: 1, after: $g) { nodes { status } pageInfo { hasNextPage hasPreviousPage } }
      creditLedger(creditType: "ai", first: 9, after: $l) { nodes { kind } pageInfo { hasNextPage } } } }"""
    after = {"g": grants["pageInfo"]["endCursor"], "l": ledger["pageInfo"]["endCursor"]}
    rest = (await studio.ask(document, c="acme", **after))["customer"]
    assert rest["creditGrants"] == {
        "nodes": [{"status": "EXPIRED"}],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": True},
    }
    assert [node["kind"] for node in rest["creditLedger"]["nodes"]] == ["EXPIRED", "GRANTED"]


async def test_grants_and_entries_are_nodes_of_their_environment(studio: Client, connect: Connect) -> None:
    page = (await studio.ask(LIST, c="acme"))["customer"]
    grant_id, entry_id = (page[name]["nodes"][0]["id"] for name in ("creditGrants", "creditLedger"))
    document = """query Node($g: ID!, $e: ID!) { g: node(id: $g) { id ... on CreditGrant { remaining
      customer { key } creditType { key } } } e: node(id: $e) { id ... on CreditEntry { kind } } }"""

    known = await studio.ask(document, g=grant_id, e=entry_id)
    assert known["g"] == {
        "id": grant_id, "remaining": "100", "customer": {"key": "acme"}, "creditType": {"key": "ai"},
    }  # fmt: skip
    assert known["e"] == {"id": entry_id, "kind": "GRANTED"}
    stranger = await connect("elsewhere")
    assert await stranger.ask(document, g=grant_id, e=entry_id) == {"g": None, "e": None}
    assert await stranger.refused("voidCreditGrant", grant=grant_id) == ["NOT_FOUND grant"]


@pytest.mark.parametrize("given", [{"customer": "nobody"}, {"amount": 101}])
async def test_a_no_to_spending_is_an_answer(studio: Client, given: dict[str, object]) -> None:
    wanted = {"customer": "acme", "creditType": "ai", "amount": 1, **given}
    answer = await studio.try_to("consumeCredits", "consumed entries { id } balance { available }", **wanted)

    assert (answer["consumed"], answer["entries"], answer["userErrors"]) == (False, [], [])
    assert answer["balance"] == ({"available": "100"} if "amount" in given else None)


async def test_credits_of_an_unknown_type_cannot_be_spent(studio: Client) -> None:
    wanted = {"customer": "acme", "creditType": "gold", "amount": 1}

    assert await studio.refused("consumeCredits", **wanted) == ["NOT_FOUND creditType"]
    assert await studio.refused("consumeCredits", **wanted, allowOverdraft=True) == ["NOT_FOUND creditType"]


async def test_an_unknown_credit_type_has_no_balance(studio: Client) -> None:
    document = """query Ask($c: String!) { customer(key: $c) { creditBalance(creditType: "gold") { granted }
      creditBalances { creditType { key } available }
      creditLedger(creditType: "gold") { nodes { id } } } }"""

    assert (await studio.ask(document, c="acme"))["customer"] == {
        "creditBalance": None,
        "creditBalances": [{"creditType": {"key": "ai"}, "available": "100"}],
        "creditLedger": {"nodes": []},
    }


async def test_two_hundred_who_use_at_once_never_burn_more_than_there_is(studio: Client) -> None:
    acts = (
        studio.try_to("consume", "consumed", customer="acme", feature="images", quantity=1)
        for _ in range(200)
    )
    done = await asyncio.gather(*acts)

    assert sum(answer["consumed"] for answer in done) == 10 + 50
    known = await balance(studio)
    assert (known.get("available", "0"), known["consumed"]) == ("0", "100")
