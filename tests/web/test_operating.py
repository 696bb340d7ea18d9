from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from models.database.transactions import Database
from resolvers.auth import create_key
from resolvers.context import Services
from rules.auth.api_keys import NewKey
from server.app import create_app
from server.metrics import MOST_NAMES, Metrics
from tests.web.http.asking import Asker

FIND = 'query Find { customer(key: "acme") { key } }'
UPSERT = 'mutation Upsert { upsertCustomer(input: { key: "acme" }) { revision } }'


LABELS = ("operation", "kind", "outcome", "le")


def client(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://allotment.test")


async def samples(http: httpx.AsyncClient) -> Mapping[tuple[str, ...], float]:
    """Give what Prometheus would read: a number for each name with its labels, in their order."""
    page = await http.get("/metrics")
    assert page.headers["Content-Type"].startswith("text/plain")
    return {
        (sample.name, *(sample.labels[label] for label in LABELS if label in sample.labels)): sample.value
        for family in text_string_to_metric_families(page.text)
        for sample in family.samples
    }


async def test_requests_are_counted_by_operation_and_outcome(back_end: Asker) -> None:
    for body in (
        {"query": FIND},
        {"query": FIND},
        {"query": f"{FIND} {UPSERT}", "operationName": "Upsert"},
        {"query": "{ __typename }"},
        {"query": "query Find($n: Int) { plans(first: $n) { totalCount } }", "variables": {"n": "x"}},
        {"query": "{"},
    ):
        await back_end.post(body)
    await back_end.http.post("/graphql")
    counted = await samples(back_end.http)

    assert {key[1:]: value for key, value in counted.items() if key[0] == "allotment_requests_total"} == {
        ("Find", "query", "OK"): 2,
        ("Upsert", "mutation", "OK"): 1,
        ("(nameless)", "query", "OK"): 1,
        ("Find", "query", "BAD_USER_INPUT"): 1,
        ("(none)", "(none)", "GRAPHQL_PARSE_FAILED"): 1,
        ("(none)", "(none)", "UNAUTHENTICATED"): 1,
    }
    assert counted["allotment_request_seconds_count", "Find", "query"] == 3
    assert counted["allotment_request_seconds_bucket", "Find", "query", "+Inf"] == 3


async def test_however_many_names_callers_think_of_few_are_counted_by_name(back_end: Asker) -> None:
    for number in range(MOST_NAMES + 5):
        await back_end.post({"query": f"query Q{number} {{ __typename }}"})
    await back_end.post({"query": "query Q0 { __typename }"})
    counted = await samples(back_end.http)

    assert counted["allotment_requests_total", "Q0", "query", "OK"] == 2
    assert counted["allotment_requests_total", "(others)", "query", "OK"] == 5
    assert sum(key[0] == "allotment_requests_total" for key in counted) == MOST_NAMES + 1


async def test_acts_that_share_a_transaction_are_counted_together(database_url: str) -> None:
    metrics = Metrics()
    services = Services.on(Database(database_url), committed=metrics.committed)
    secret = await create_key(services, "live", NewKey())
    async with client(create_app(services, metrics=metrics)) as http:
        asker = Asker(http, {"Authorization": f"Bearer {secret}"})
        await asker.post({"query": UPSERT})
        before = await samples(http)
        acts = (asker.post({"query": UPSERT.replace("acme", f"acme-{n}")}) for n in range(20))
        await asyncio.gather(*acts)
        after = await samples(http)
    await services.close()

    transactions = after["allotment_commit_acts_count",] - before["allotment_commit_acts_count",]
    assert after["allotment_commit_acts_sum",] - before["allotment_commit_acts_sum",] == 20
    assert 1 <= transactions < 20


async def test_the_program_tells_of_its_memory_and_its_files(back_end: Asker) -> None:
    counted = await samples(back_end.http)

    assert counted["process_resident_memory_bytes",] > 0
    assert counted["process_open_fds",] > 0


async def test_a_server_is_alive_whatever_its_database_does(empty_url: str) -> None:
    services = Services.on(Database(empty_url))
    async with client(create_app(services)) as http:
        alive, ready = await http.get("/healthz"), await http.get("/readyz")
    await services.close()

    assert (alive.status_code, alive.text) == (200, "alive\n")
    assert (ready.status_code, ready.json()) == (503, {"ready": False})


async def test_a_server_is_ready_when_its_database_is_migrated(database_url: str) -> None:
    services = Services.on(Database(database_url))
    async with client(create_app(services)) as http:
        ready = await http.get("/readyz")
    await services.close()

    assert (ready.status_code, ready.json()) == (200, {"ready": True})


@pytest.mark.parametrize(
    "url", ["sqlite+aiosqlite:////nowhere/allotment.db", "postgresql+asyncpg://nobody@127.0.0.1:1/nothing"]
)
async def test_a_server_whose_database_cannot_be_reached_is_not_ready(url: str) -> None:
    services = Services.on(Database(url))
    async with client(create_app(services)) as http:
        ready = await http.get("/readyz")
    await services.close()

    assert (ready.status_code, ready.json()) == (503, {"ready": False})


async def test_a_server_whose_database_is_newer_is_not_ready(migrated_file: Path, tmp_path: Path) -> None:
    from sqlalchemy import text  # noqa: PLC0415 - here alone a test writes SQL

    file = shutil.copy(migrated_file, tmp_path / "allotment.db")
    services = Services.on(Database(f"sqlite+aiosqlite:///{file}"))
    async with services.database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    async with client(create_app(services)) as http:
        ready = await http.get("/readyz")
    await services.close()

    assert (ready.status_code, ready.json()) == (503, {"ready": False})
