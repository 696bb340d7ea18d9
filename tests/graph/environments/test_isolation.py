"""One environment can never see another, whatever it asks with whichever names it has found.

Two empty environments are asked and told the same, field by field: the one with the ids, keys and cursors
of an environment that holds things, the other with names of nothing. The answers must be the same.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
import pytest_asyncio
from graphql import is_required_argument

from resolvers.auth import viewer_of
from resolvers.context import Context, Services
from schema.graph import graph
from tests.graph.client import Client, Connect
from tests.graph.whole_schema import ROOTS, Selection, always, called, kinds_in, naming

OWN_NAMES = frozenset(
    {"id", "cursor", "startCursor", "endCursor", "prefix", "secret", "token", "environment", "viewer"}
)
"""Fields that differ between any two environments, or any two answers."""

KEYS = ("qq-a", "qq-b", "qq-c")
"""What things are called: of each kind the first is "qq-a"."""

NOTHING = "qq-nothing"


async def furnish(client: Client) -> None:
    """Make one of everything, so named that a name is found wherever it shows."""
    unit = {"singular": "unit", "plural": "units"}
    await client.do("createProduct", key="qq-a", name="Ours", metadata={"margin": 1})
    await client.do("createFeature", key="qq-c", name="Flag", type="BOOLEAN", product="qq-a")
    await client.do("createFeature", key="qq-a", name="Metered", type="METERED", unit=unit)
    await client.do("createCreditType", key="qq-b", name="Credits", unit=unit)
    await client.do("createPlan", key="qq-a", name="Plan", product="qq-a")
    await client.do("createAddon", key="qq-b", name="Pack", product="qq-a")
    amount = {"amount": 9, "currency": "USD"}
    await client.do("setPrice", package="qq-a", key="qq-a", billingPeriod="MONTHLY", amount=amount)
    limit = {"metered": {"limit": 10}}
    await client.do("setEntitlement", package="qq-a", key="qq-a", value=limit)
    await client.do("setEntitlement", package="qq-a", key="qq-c")
    await client.do("setEntitlement", package="qq-b", key="qq-a", value=limit)
    for package in ("qq-a", "qq-b"):
        await client.do("publishPackage", package=package)
    await client.do("setEntitlement", package="qq-a", key="qq-b", value={"credit": {"amount": 5}})
    await client.do("upsertCustomer", key="qq-a", name="Customer", email="them@ours.test")
    addons = [{"addon": "qq-b"}]
    await client.do("subscribe", customer="qq-a", plan="qq-a", addons=addons, idempotencyKey="qq-a")
    await client.do("reportUsage", customer="qq-a", feature="qq-a", value=3)
    await client.do("reserve", customer="qq-a", feature="qq-a", quantity=1, key="qq-a")
    await client.do("setCustomEntitlement", customer="qq-a", feature="qq-c", note="Sorry.")
    await client.do("grantCredits", customer="qq-a", creditType="qq-b", amount=7, idempotencyKey="qq-a")
    await client.do("consumeCredits", customer="qq-a", creditType="qq-b", amount=2)
    await client.try_to("createApiKey", name="Worker")


@pytest_asyncio.fixture
async def holder(connect: Connect) -> Client:
    """The back end of an environment that holds one of everything."""
    client = await connect("holder")
    await furnish(client)
    return client


class Asking:
    """A back end that asks without a limit on how much."""

    def __init__(self, services: Services, context: Context) -> None:
        self._services = services
        self._context = context

    async def __call__(self, document: str) -> Any:  # noqa: ANN401 - JSON
        """Give data and the messages of errors, as text that can be compared."""
        context = Context(services=self._services, viewer=self._context.viewer)
        answer = await graph.execute(document, context_value=context)
        errors = [(error.message, error.path, error.extensions) for error in answer.errors or ()]
        assert not any("Cannot query" in error[0] or "Syntax" in error[0] for error in errors), errors
        return json.loads(json.dumps([answer.data, errors], default=str))


async def asking(services: Services, client: Client) -> Asking:
    """Ask as a client does."""
    viewer = await viewer_of(services, client.secret)
    assert viewer is not None
    return Asking(services, Context(services=services, viewer=viewer))


def documents(word: str, kind: str, name: str, *, without: frozenset[str] = OWN_NAMES) -> Iterator[str]:
    """Ask every field of a root in which something of a kind can be named, for this name, in every place."""
    choose = always(name)
    for field, known in ROOTS[word].fields.items():
        places = naming(known, kind)
        if not places or field in without:
            continue
        # What an id names is told by its kind alone.
        selection = Selection(choose=choose, depth=int(kind == "String"), without=without).of(known.type)
        calls = {
            called(field, known, choose, place, whole=whole) for place in places for whole in (False, True)
        }
        yield from (f"{word} {{ {call} {selection} }}" for call in sorted(calls))


def everything() -> Iterator[str]:
    """Ask for all that an environment holds, by the names in it."""
    for field, known in ROOTS["query"].fields.items():
        if "ID" in {kind for place in known.args.values() for kind in kinds_in(place)}:
            continue
        needed = any(is_required_argument(place) for place in known.args.values())
        for key in KEYS if needed else KEYS[:1]:
            selection = Selection(choose=always(key), depth=2).of(known.type)
            yield f"{{ {called(field, known, always(key))} {selection} }}"


async def held(ask: Asking) -> list[Any]:
    """All that an environment holds."""
    return [await ask(document) for document in everything()]


def found(answer: Any, *names: str) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Give every text in an answer that stands under one of the names, as itself or in a list."""
    if isinstance(answer, list):
        for item in answer:
            yield from found(item, *names)
    elif isinstance(answer, dict):
        for name, value in answer.items():
            if name.rpartition("_")[2] in names and isinstance(value, str):
                yield value
            else:
                yield from found(value, *names)


def nowhere(name: str) -> str:
    """Give an id or a cursor that is as this one, but for an environment that is not there."""
    parts = json.loads(base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)))
    assert isinstance(parts[1], int)
    parts[1] += 1_000_000
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


@pytest.mark.slow
async def test_every_key_of_another_environment_is_as_good_as_none(
    holder: Client, connect: Connect, services: Services
) -> None:
    holding = await asking(services, holder)
    before = await held(holding)

    for key in KEYS:
        knowing, guessing = [await asking(services, await connect(f"{who} {key}")) for who in ("a", "b")]
        for word in ("query", "mutation"):
            pairs = zip(documents(word, "String", key), documents(word, "String", NOTHING), strict=True)
            for document, empty in pairs:
                told, expected = json.dumps(await knowing(document)), json.dumps(await guessing(empty))
                assert told.replace(key, "*") == expected.replace(NOTHING, "*"), document

    assert await held(holding) == before


@pytest.mark.slow
async def test_every_id_of_another_environment_is_as_good_as_none(
    holder: Client, connect: Connect, services: Services
) -> None:
    holding = await asking(services, holder)
    before = await held(holding)
    ids = sorted(set(found(before, "id")))
    stranger = await asking(services, await connect("stranger"))

    for word in ("query", "mutation"):
        for id_ in ids:
            for document, empty in zip(
                documents(word, "ID", id_), documents(word, "ID", nowhere(id_)), strict=True
            ):
                assert await stranger(document) == await stranger(empty), document

    assert len(ids) > 20
    assert await held(holding) == before


async def test_every_cursor_of_another_environment_is_as_good_as_none(
    holder: Client, connect: Connect, services: Services
) -> None:
    cursors = sorted(set(found(await held(await asking(services, holder)), "cursor")))
    stranger = await asking(services, await connect("stranger"))

    for cursor in cursors:
        for field, known in ROOTS["query"].fields.items():
            if "after" not in known.args:
                continue
            selection = Selection(choose=always(cursor), depth=2, without=OWN_NAMES).of(known.type)
            data, errors = await stranger(
                f"{{ {called(field, known, always(cursor), 'after')} {selection} }}"
            )
            assert data is None
            assert [error[2] for error in errors] == [{"code": "BAD_USER_INPUT"}]

    assert len(cursors) > 5


async def test_what_is_held_is_told_to_its_own_back_end(holder: Client, services: Services) -> None:
    told = json.dumps(await held(await asking(services, holder)))

    assert [key for key in KEYS if key not in told] == []
    assert {"Ours", "them@ours.test", "Sorry.", "Worker"} <= set(
        found(json.loads(told), "name", "email", "note")
    )
