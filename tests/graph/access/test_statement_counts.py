"""How many statements the hot operations cost, whoever asks about however many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from models.database.transactions import Database
from tests.graph.client import Client, Clock

GLANCE = 1
"""What a question reads where nothing has to be learnt: one statement, however much it asks."""

ENVIRONMENT, CUSTOMERS, SUMS, RECORDS, HOLDS = 1, 1, 1, 1, 1
"""What it reads then: a statement of each, however much it asks."""

OWNED = 4
"""What customers own: subscriptions, their terms and add-ons, and custom entitlements; read once."""

ASKED = ENVIRONMENT + CUSTOMERS
"""What every question about customers who are known reads."""

LEFT_OUT = ("api_keys", "pg_notify")

MANY = "query Many($checks: [AccessCheckInput!]!) { accesses(checks: $checks) { reason } }"
BATCH = "mutation All($reports: [ReportUsageInput!]!) { reportUsageBatch(reports: $reports) { recorded } }"
ONE = "query One($c: String!, $f: String!) { access(customer: $c, feature: $f) { reason usage { used } } }"


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Write down what a database is told in the block, but for where transactions begin and end.

    What is told of keys is left out: it is told about once a second, whoever asks how often. So is what
    one process tells others, which is a statement for each transaction that changes something.
    """
    told: list[str] = []

    def write_down(_connection: object, _cursor: object, statement: str, *_: Any) -> None:  # noqa: ANN401
        if not statement.startswith("BEGIN") and not any(word in statement for word in LEFT_OUT):
            told.append(statement.partition("\n")[0])

    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", write_down)
    held, rows = database.held, database.held.rows

    def told_of(statement: str, parameters: Sequence[object]) -> Any:  # noqa: ANN401 - whatever is found
        told.append(statement)
        return rows(statement, parameters)

    held.rows = told_of  # type: ignore[method-assign]
    yield told
    held.rows = rows  # type: ignore[method-assign]
    for engine in database.engines:
        event.remove(engine, "before_cursor_execute", write_down)


async def settle(client: Client, *names: str) -> None:
    """Bring customers onto the free plan, and look at what they own."""
    for name in names:
        await client.do("upsertCustomer", key=name)
        await client.do("subscribe", customer=name, plan="free")
    await client.ask(MANY, checks=[{"customer": name, "feature": "sso"} for name in names])


async def test_a_question_costs_what_it_reads(acme: Client, database: Database) -> None:
    await settle(acme, "acme")
    with statements(database) as before_any_usage:
        await acme.ask(ONE, c="acme", f="api-calls")
    with statements(database) as asked_again:
        await acme.ask(ONE, c="acme", f="api-calls")
    await acme.do("reportUsage", customer="acme", feature="api-calls")
    with statements(database) as metered:
        await acme.ask(ONE, c="acme", f="api-calls")
    with statements(database) as boolean:
        await acme.ask(ONE, c="acme", f="sso")
    with statements(database) as unknown:
        await acme.ask(ONE, c="nobody", f="sso")

    assert len(before_any_usage) == GLANCE + ASKED + SUMS + HOLDS + RECORDS
    assert len(asked_again) == len(metered) == len(boolean) == len(unknown) == GLANCE


@pytest.mark.parametrize("counted_anew", [True, False])
async def test_a_thousand_questions_cost_what_one_costs(
    acme: Client, database: Database, *, counted_anew: bool
) -> None:
    names = [f"customer-{number}" for number in range(20)]
    await settle(acme, *names)
    if not counted_anew:
        for name in names:
            await acme.do("reportUsage", customer=name, feature="api-calls")
            await acme.do("reportUsage", customer=name, feature="seats")
    costs = []
    for count in (1, 10, 1_000):
        asked = [(names[n % 20], ("api-calls", "seats", "sso")[n % 3]) for n in range(count)]
        checks = [{"customer": customer, "feature": feature} for customer, feature in asked]
        with statements(database) as told:
            answers = (await acme.ask(MANY, checks=checks))["accesses"]
        assert len(answers) == count
        costs.append(len(told))

    learnt = ASKED + SUMS + HOLDS + RECORDS if counted_anew else 0
    assert costs == [GLANCE + learnt] * 3


async def test_what_customers_own_is_read_again_when_it_changed(acme: Client, database: Database) -> None:
    await settle(acme, "acme")
    await acme.do("changePlan", customer="acme", plan="starter", timing="NOW")
    with statements(database) as first:
        await acme.ask(ONE, c="acme", f="sso")
    with statements(database) as second:
        await acme.ask(ONE, c="acme", f="sso")

    assert len(first) == GLANCE + ASKED + OWNED
    assert len(second) == GLANCE


async def test_the_catalog_is_read_once_and_not_by_questions(acme: Client, database: Database) -> None:
    await settle(acme, "acme")
    await acme.do("setEntitlement", package="free", key="sso")
    await acme.do("publishPackage", package="free")

    with statements(database) as told:
        await acme.ask(ONE, c="acme", f="sso")

    assert [statement for statement in told if "FROM packages" in statement] == []


TAKEN, NAMED = 1, 1
"""Looking for the keys that acts carry, or writing them; and finding the holds that acts name."""


def acted(database: Database) -> int:
    """What every act on usage reads; SQLite has kept others away before any statement."""
    lock = 0 if database.dialect == "sqlite" else 1
    return lock + ASKED + SUMS + HOLDS


WRITTEN = CUSTOMERS + RECORDS + SUMS
"""The customers, their records and their sums."""


async def test_a_report_costs_what_it_reads_and_writes(acme: Client, database: Database) -> None:
    await settle(acme, "acme")
    given = {"customer": "acme", "feature": "api-calls"}
    with statements(database) as first:
        await acme.do("reportUsage", **given)
    with statements(database) as second:
        await acme.do("reportUsage", **given)
    with statements(database) as keyed:
        await acme.do("reportUsage", **given, idempotencyKey="k")
    with statements(database) as replayed:
        await acme.do("reportUsage", **given, idempotencyKey="k")

    assert len(first) == acted(database) + RECORDS + WRITTEN
    assert len(second) == acted(database) + WRITTEN
    assert len(keyed) == acted(database) + TAKEN + WRITTEN + TAKEN
    assert len(replayed) == acted(database) + TAKEN


async def test_to_consume_costs_what_to_report_costs(acme: Client, database: Database) -> None:
    await settle(acme, "acme")
    await acme.do("reportUsage", customer="acme", feature="seats")
    with statements(database) as consumed:
        await acme.do("consume", customer="acme", feature="seats")
    with statements(database) as refused:
        await acme.try_to("consume", customer="acme", feature="seats", quantity=2)

    assert len(consumed) == acted(database) + WRITTEN
    assert len(refused) == acted(database)


async def test_a_hold_is_written_in_place_of_a_record(acme: Client, database: Database) -> None:
    await settle(acme, "acme")
    await acme.do("reportUsage", customer="acme", feature="seats")
    with statements(database) as reserved:
        await acme.do("reserve", customer="acme", feature="seats", quantity=1, key="k")
    with statements(database) as settled:
        await acme.do("settleReservation", customer="acme", key="k")
    with statements(database) as again:
        await acme.try_to("settleReservation", customer="acme", key="k")

    assert len(reserved) == acted(database) + NAMED + TAKEN + CUSTOMERS + HOLDS + TAKEN
    assert len(settled) == acted(database) + NAMED + WRITTEN + HOLDS
    assert len(again) == acted(database) + NAMED


async def test_a_batch_of_reports_costs_what_one_costs(acme: Client, database: Database) -> None:
    names = [f"customer-{number}" for number in range(20)]
    await settle(acme, *names)
    reports = [{"customer": name, "feature": "seats"} for name in names for _ in range(5)]
    await acme.ask(BATCH, reports=reports)
    with statements(database) as told:
        await acme.ask(BATCH, reports=reports)

    assert len(told) == acted(database) + WRITTEN


async def test_the_first_report_of_a_period_drops_the_sum_of_the_last(
    acme: Client, database: Database, clock: Clock
) -> None:
    await settle(acme, "acme")
    await acme.do("reportUsage", customer="acme", feature="api-calls")
    clock.forward(days=31)

    with statements(database) as told:
        await acme.do("reportUsage", customer="acme", feature="api-calls")

    assert [statement.split()[:3] for statement in told if statement.startswith("DELETE")] == [
        ["DELETE", "FROM", "usage_windows"]
    ]


INGEST = "mutation Events($e: [UsageEventInput!]!) { ingestEvents(events: $e) { accepted } }"


async def test_a_batch_of_events_costs_what_one_costs(acme: Client, database: Database) -> None:
    for key, aggregation in (("jobs", "SUM"), ("peak", "MAX"), ("users", "UNIQUE"), ("level", "LATEST")):
        meter = {"eventName": "job", "aggregation": aggregation, "property": "size"}
        await acme.do("createFeature", key=key, name=key, type="METERED", meter=meter)
    names = [f"customer-{number}" for number in range(20)]
    await settle(acme, *names)
    costs = []
    for count in (20, 1, 400):
        events = [
            {"id": f"{count}-{n}", "customer": names[n % 20], "name": "job", "properties": {"size": n}}
            for n in range(count)
        ]
        with statements(database) as told:
            assert (await acme.ask(INGEST, e=events))["ingestEvents"]["accepted"] == count
        costs.append(len(told))

    unique, all_aggregations = 1, 4
    reads_and_writes = acted(database) + TAKEN + unique + WRITTEN + TAKEN
    assert costs == [reads_and_writes + all_aggregations, reads_and_writes, reads_and_writes]
