"""The facts that the peers answer from: what Allotment tells of its demo, in tables of their own."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg

from tests.web.program import Program

METERED = """query {
  customers(first: 100) {
    nodes {
      key
      accesses {
        featureKey
        usage { used limit period { start end } }
        sources { kind package { key } }
      }
    }
  }
}"""

MANY = """
WITH many AS (
    INSERT INTO peers.customers (key) SELECT 'customer-' || number FROM generate_series(1, 10000) AS number
    RETURNING id
), plans AS (
    INSERT INTO peers.customer_plans
    SELECT many.id, plan, period_start, period_end FROM peers.customer_plans, many WHERE customer_id = 1
)
INSERT INTO peers.counters
SELECT many.id, feature, period_start, used FROM peers.counters, many WHERE customer_id = 1
"""
"""Others like the first customer, so that PostgreSQL takes its indexes, as it would in service."""

FILLED = (
    "INSERT INTO peers.customers (key) VALUES ($1) ON CONFLICT DO NOTHING",
    "INSERT INTO peers.plan_limits VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    """INSERT INTO peers.customer_plans SELECT id, $2, $3, $4 FROM peers.customers WHERE key = $1
       ON CONFLICT DO NOTHING""",
    "INSERT INTO peers.counters SELECT id, $2, $3, $4 FROM peers.customers WHERE key = $1",
)


async def laid_out(url: str, program: Program, key: str) -> None:
    """Make the peers' tables and fill them, with the key that opens Allotment."""
    answered = program.ask(METERED, key=key).json()
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute((Path(__file__).parent / "facts.sql").read_text(encoding="utf-8"))
    digest = sha256(key.encode()).hexdigest()
    await connection.execute("INSERT INTO peers.api_keys VALUES ($1)", digest)
    for customer in answered["data"]["customers"]["nodes"]:
        for access in filter(_comes_of_a_plan, customer["accesses"]):
            await _filled(connection, customer["key"], access)
    await connection.execute(MANY)
    await connection.execute("ANALYZE")
    await connection.close()


def _comes_of_a_plan(access: dict[str, Any]) -> bool:
    """Whether a plan's limit is all that counts; the peers know no more than that."""
    usage = access["usage"]
    limited = usage is not None and usage["limit"] is not None and usage["period"]["end"] is not None
    return limited and [source["kind"] for source in access["sources"]] == ["PLAN"]


async def _filled(connection: Any, customer: str, access: dict[str, Any]) -> None:  # noqa: ANN401 - asyncpg's
    feature, usage = access["featureKey"], access["usage"]
    plan = access["sources"][0]["package"]["key"]
    start, end = (datetime.fromisoformat(usage["period"][name]) for name in ("start", "end"))
    rows = (
        (customer,),
        (plan, feature, int(usage["limit"])),
        (customer, plan, start, end),
        (customer, feature, start, int(usage["used"])),
    )
    for statement, row in zip(FILLED, rows, strict=True):
        await connection.execute(statement, *row)
