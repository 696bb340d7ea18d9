"""Many callers at once, against real servers, who remember what they were told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from models.database.transactions import Database
from resolvers import catalog
from resolvers.auth import create_key
from resolvers.context import Services
from resolvers.environments import context_of
from rules.auth.api_keys import NewKey
from rules.catalog.facts import Catalog, CreditRate
from rules.commands.customers import UpsertCustomer
from rules.commands.subscribe import Subscribe
from rules.numbers import ONE
from rules.values import ResetInterval
from tests.rules.builders.catalog_builders import credit_type, metered, product
from tests.rules.builders.customer_builders import content, limited, published_plan, selling
from tests.rules.builders.metered_shop import METERED, rows

CUSTOMER = "acme"
CONNECTIONS = 500
PATIENCE_SECONDS = 60

CONSUME = """mutation ($k: String!) {
  consume(input: { customer: "acme", feature: "calls", idempotencyKey: $k }) {
    consumed replayed userErrors { code } access { usage { used reserved limit } }
  }
}"""
RESERVE = """mutation ($k: String!, $n: Decimal!) {
  reserve(input: { customer: "acme", feature: "calls", key: $k, quantity: $n }) {
    replayed userErrors { code } reservation { status } access { usage { used reserved limit } }
  }
}"""
SETTLE = """mutation ($k: String!, $n: Decimal) {
  settleReservation(input: { customer: "acme", key: $k, quantity: $n }) { replayed userErrors { code } }
}"""
RELEASE = """mutation ($k: String!) {
  releaseReservation(input: { customer: "acme", key: $k }) { replayed userErrors { code } }
}"""
REPORT = """mutation ($k: String!) {
  reportUsage(input: { customer: "acme", feature: "traffic", idempotencyKey: $k }) {
    recorded replayed userErrors { code }
  }
}"""
INGEST = """mutation ($k: String!) {
  ingestEvents(events: [
    { id: $k, customer: "acme", name: "request", properties: { bytes: 1, user: $k } }
  ]) { accepted duplicates userErrors { code } }
}"""
GRANT = """mutation ($n: Decimal!) {
  grantCredits(input: { customer: "acme", creditType: "ai", amount: $n }) { userErrors { code } }
}"""
SPEND = """mutation ($k: String!) {
  consumeCredits(input: { customer: "acme", creditType: "ai", amount: 1, idempotencyKey: $k }) {
    consumed replayed balance { available overdraft } userErrors { code }
  }
}"""
DRAW = """mutation ($k: String!) {
  consume(input: { customer: "acme", feature: "images", idempotencyKey: $k }) {
    consumed replayed userErrors { code }
  }
}"""
BALANCE = """query {
  customer(key: "acme") { creditBalance(creditType: "ai") { granted available consumed overdraft } }
}"""
COUNTED = """query ($f: String!, $from: DateTime!, $to: DateTime!) {
  customer(key: "acme") {
    access(feature: $f) { usage { used reserved } }
    usage(feature: $f, from: $from, to: $to, by: MONTH) { total }
  }
}"""

IMAGES = CreditRate(feature="images", credit_type="ai", credits=ONE)

Json = Mapping[str, Any]


def shop(limit: int | None) -> Catalog:
    """What is sold: calls up to a limit for ever, images for credits, and what events are metered by."""
    unlimited = {key: replace(value, limit=None) for key, value in rows(ResetInterval.NEVER).items()}
    said = content({"calls": limited(limit, ResetInterval.NEVER), **unlimited})
    sold = published_plan("basic", replace(said, rates=(IMAGES,)))
    catalog = selling(sold, features=(*METERED, metered("images"))).catalog
    return replace(catalog, products={"app": product()}, credit_types={"ai": credit_type("ai")})


async def opened(database: str, limit: int | None) -> str:
    """Put the shop and its customer into a database, and give a key."""
    services = Services.on(Database(database))
    secret = await create_key(services, "live", NewKey())
    context = await context_of(services, "live")
    await catalog.edit(context, lambda before, _: replace(shop(limit), revision=before.revision))
    await services.commands.commit(context.environment, CUSTOMER, UpsertCustomer(key=CUSTOMER))
    await services.commands.commit(context.environment, CUSTOMER, Subscribe(plan="basic"))
    await services.close()
    return secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """Callers of one server."""

    http: httpx.AsyncClient
    # Who waits for a connection waits here: the client's own queue is walked whole for each who comes.
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONNECTIONS))

    async def send(self, document: str, **variables: object) -> Json:
        """Give what the one field of a document answers; httpx.TransportError where nobody does."""
        async with self.room:
            response = await self.http.post("/graphql", json={"query": document, "variables": variables})
        answer = response.raise_for_status().json()
        assert "errors" not in answer, answer["errors"]
        (told,) = answer["data"].values()
        assert not told.get("userErrors"), told
        return dict(told)

    async def counted(self, feature: str) -> tuple[int, int, int]:
        """What is used by the counter, what is used by the records, and what is held, in units."""
        told = await self.send(
            COUNTED, f=feature, **{"from": "2020-01-01T00:00:00Z"}, to="2100-01-01T00:00:00Z"
        )
        usage = told["access"]["usage"]
        return int(usage["used"]), int(told["usage"]["total"]), int(usage["reserved"])


@asynccontextmanager
async def calling(address: str, secret: str) -> AsyncIterator[Callers]:
    """Let many call a server at once."""
    # No connection is kept: who is about to use an idle one may see the server close it.
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=0)
    headers = {"Authorization": f"Bearer {secret}"}
    async with httpx.AsyncClient(
        base_url=address, headers=headers, limits=limits, timeout=PATIENCE_SECONDS
    ) as http:
        yield Callers(http=http)
