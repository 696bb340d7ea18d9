"""How many statements credits cost, however long their past is."""

from __future__ import annotations

import pytest

from models.database.transactions import Database
from tests.graph.access.test_statement_counts import MANY, statements
from tests.graph.client import Client, Clock
from tests.graph.credits.test_credits import asked, grant


async def count(client: Client, database: Database, names: list[str]) -> int:
    """The statements of one request that asks about images."""
    with statements(database) as told:
        await client.ask(MANY, checks=[{"customer": name, "feature": "images"} for name in names])
    return len(told)


async def test_a_question_costs_the_same_however_much_was_burned(studio: Client, database: Database) -> None:
    await studio.do("reportUsage", customer="acme", feature="images", value=11)
    before = await count(studio, database, ["acme"])
    for _ in range(20):
        await grant(studio, 1)
        await studio.do("consumeCredits", customer="acme", creditType="ai", amount=2)

    assert await count(studio, database, ["acme"]) == before


async def test_many_questions_cost_what_one_costs(studio: Client, database: Database) -> None:
    names = [f"customer-{number}" for number in range(10)]
    for name in names:
        await studio.do("upsertCustomer", key=name)
        await studio.do("subscribe", customer=name, plan="maker")
        await studio.do("reportUsage", customer=name, feature="images", value=11)
    await count(studio, database, names)

    assert await count(studio, database, names) == await count(studio, database, names[:1])


@pytest.mark.parametrize("field", ["consume", "reportUsage"])
async def test_an_act_costs_the_same_however_much_was_burned(
    studio: Client, database: Database, field: str
) -> None:
    async def acts() -> int:
        with statements(database) as told:
            await studio.do(field, customer="acme", feature="images")
        return len(told)

    await studio.do("reportUsage", customer="acme", feature="images", value=11)
    await acts()
    before = await acts()
    for _ in range(20):
        await studio.do("reportUsage", customer="acme", feature="images")

    assert await acts() == before


async def test_looking_at_a_ledger_that_is_up_to_date_writes_nothing(
    studio: Client, database: Database, clock: Clock
) -> None:
    document = '{ customer(key: "acme") { creditLedger(creditType: "ai") { nodes { kind } } revision } }'
    clock.forward(days=40)
    first = await studio.ask(document)
    with statements(database) as told:
        again = await studio.ask(document)

    assert again["customer"]["creditLedger"] == first["customer"]["creditLedger"]
    assert not any(statement.startswith(("INSERT", "UPDATE")) for statement in told)
    assert (await asked(studio))["customer"]["creditBalance"]["expired"] == "100"
