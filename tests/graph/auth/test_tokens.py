"""Customers' tokens: one customer, for a while, and nobody else."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from http import HTTPStatus

import jwt
import pytest
import pytest_asyncio

from models.auth.tables import ApiKeyRow
from models.database.dialects import table_of
from models.database.transactions import Database
from resolvers.auth import viewer_of
from resolvers.context import Services
from tests.graph.client import Client, Clock, Connect
from tests.graph.operations import operation

WHO = "{ viewer { kind scopes customer { key name } environment { key } } }"


@pytest_asyncio.fixture
async def another(clock: Clock, database_url: str) -> AsyncIterator[Services]:
    """What another process has on the same database."""
    services = Services.on(Database(database_url), clock)
    yield services
    await services.close()


async def token_of(client: Client, customer: str = "acme", **given: object) -> Client:
    """A browser of a customer's, with a token."""
    made = await client.try_to("createCustomerToken", "token", customer=customer, **given)
    assert made["userErrors"] == []
    return Client(http=client.http, secret=made["token"])


def claims(token: str) -> dict[str, object]:
    """What anyone can read in a token."""
    payload = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


@operation("Token")
async def test_a_back_end_makes_a_token_for_a_customers_page(
    acme: Client, clock: Clock, document: str
) -> None:
    made = (await acme.ask(document, c="acme"))["createCustomerToken"]
    browser = Client(http=acme.http, secret=made["token"])

    assert made["userErrors"] == []
    assert made["expiresAt"] == f"{clock.now + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}Z"
    assert (await browser.ask(WHO))["viewer"] == {
        "kind": "CUSTOMER",
        "scopes": [],
        "customer": {"key": "acme", "name": None},
        "environment": {"key": "live"},
    }


@operation("Me")
async def test_a_customers_page_asks_for_everything_with_a_token_alone(acme: Client, document: str) -> None:
    unit = {"singular": "credit", "plural": "credits"}
    await acme.do("createCreditType", key="ai", name="AI credits", unit=unit)
    await acme.do("subscribe", customer="acme", plan="free")
    await acme.do("reportUsage", customer="acme", feature="seats")
    await acme.do("grantCredits", customer="acme", creditType="ai", amount=5)

    seen = (await (await token_of(acme)).ask(document))["viewer"]["customer"]

    assert seen["key"] == "acme"
    used = {access["featureKey"]: access["usage"] for access in seen["accesses"]}
    assert (used["seats"]["used"], used["seats"]["limit"]) == ("1", "3")
    assert [balance["available"] for balance in seen["creditBalances"]] == ["5"]


async def test_a_token_says_whose_it_is_and_nothing_secret(acme: Client) -> None:
    said = claims((await token_of(acme)).secret)

    assert said.keys() == {"iss", "env", "sub", "iat", "exp"}
    assert (said["iss"], said["env"], said["sub"]) == ("allotment", "live", "acme")


async def test_a_token_opens_until_it_is_over_by_real_time(connect: Connect, clock: Clock) -> None:
    sandbox = await connect("trial", sandbox=True)
    await sandbox.do("upsertCustomer", key="acme")
    browser = await token_of(sandbox, ttlSeconds=60)
    await sandbox.do("advanceClock", to="2030-01-01T00:00:00Z")
    clock.forward(seconds=60, microseconds=-1)
    before = await browser.send(WHO)
    clock.forward(microseconds=1)
    after = await browser.send(WHO)

    assert [before.status_code, after.status_code] == [HTTPStatus.OK, HTTPStatus.UNAUTHORIZED]


@pytest.mark.parametrize("seconds", [0, -1, 86_401])
async def test_a_token_holds_for_a_day_at_most(acme: Client, seconds: int) -> None:
    refused = await acme.refused("createCustomerToken", customer="acme", ttlSeconds=seconds)

    assert refused == ["OUT_OF_RANGE ttlSeconds"]


async def test_a_token_is_for_a_customer_who_is_there(acme: Client) -> None:
    await acme.do("upsertCustomer", key="gone")
    await acme.do("archiveCustomer", customer="gone")

    assert await acme.refused("createCustomerToken", customer="nobody") == ["NOT_FOUND customer"]
    assert await acme.refused("createCustomerToken", customer="gone", ttlSeconds=0) == [
        "OUT_OF_RANGE ttlSeconds",
        "ARCHIVED customer",
    ]
    assert await acme.refused("createCustomerToken", customer="a\tb") == ["NOT_FOUND customer"]


async def test_a_customer_who_is_archived_later_is_denied_everything(acme: Client) -> None:
    browser = await token_of(acme)
    await acme.do("archiveCustomer", customer="acme")

    asked = await browser.ask('{ access(customer: "acme", feature: "sso") { reason } }')

    assert asked["access"]["reason"] == "CUSTOMER_ARCHIVED"


async def test_a_token_is_not_believed_unless_we_have_signed_it(acme: Client, services: Services) -> None:
    browser = await token_of(acme)
    head, body, signature = browser.secret.split(".")
    said = claims(browser.secret)
    others = base64.urlsafe_b64encode(json.dumps({**said, "sub": "globex"}).encode()).decode().rstrip("=")
    forged = [
        f"{head}.{others}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}.{signature[:-4]}AAAA",
        jwt.encode(said, None, "none"),
        jwt.encode(said, "another secret, and long enough too", "HS256"),
        jwt.encode(said, "another secret, and long enough too, so that it does for SHA-384", "HS384"),
        "..",
        "a.b.c",
        "\ud800.b.c",
        f"{base64.urlsafe_b64encode(b'[' * 5_000).decode()}.{body}.{signature}",
    ]

    assert [await viewer_of(services, token) for token in forged] == [None] * len(forged)
    assert await viewer_of(services, browser.secret) is not None


async def test_every_process_opens_the_tokens_that_another_has_made(
    acme: Client, services: Services, another: Services
) -> None:
    browser = await token_of(acme)

    assert (await viewer_of(another, browser.secret)) == (await viewer_of(services, browser.secret))


async def test_processes_that_sign_first_together_sign_alike(services: Services, another: Services) -> None:
    ours, theirs = await asyncio.gather(services.signer._signing_secret(), another.signer._signing_secret())

    assert ours == theirs


async def test_tokens_are_signed_with_the_secret_that_is_set(
    acme: Client, database: Database, clock: Clock
) -> None:
    by_default = await token_of(acme)
    with_a_setting = Services.on(database, clock, token_secret="t" * 32)

    assert await viewer_of(with_a_setting, by_default.secret) is None
    own = jwt.encode(claims(by_default.secret), "t" * 32, "HS256")
    assert await viewer_of(with_a_setting, own) is not None


async def test_a_token_of_an_environment_that_is_not_here_opens_nothing(
    acme: Client, services: Services
) -> None:
    said = claims((await token_of(acme)).secret)
    elsewhere = jwt.encode({**said, "env": "staging"}, await services.signer._signing_secret(), "HS256")

    assert await viewer_of(services, elsewhere) is None


async def test_nothing_is_kept_of_a_token(acme: Client, services: Services) -> None:
    async with services.database.read() as session:
        before = (await session.execute(table_of(ApiKeyRow).select())).all()
    await token_of(acme)
    async with services.database.read() as session:
        after = (await session.execute(table_of(ApiKeyRow).select())).all()

    assert [row.id for row in after] == [row.id for row in before]
