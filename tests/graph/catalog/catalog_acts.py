"""Acts whose input is named after what it holds, and the catalog as the database has it."""

from __future__ import annotations

from models import environments
from models.catalog import store as catalog
from resolvers.context import Context
from rules.catalog.facts import Catalog
from schema.graph import graph
from tests.graph.client import USER_ERRORS, Client, Json, shortened


async def attempted(client: Client, act: str, shown: str = "__typename", **given: object) -> Json:
    """Give the payload of an act, refused or not."""
    document = f"mutation ($input: {input_of(act)}) {{ {act}(input: $input) {{ {shown} {USER_ERRORS} }} }}"
    payload: Json = (await client.ask(document, input=given))[act]
    return payload


async def refused(client: Client, act: str, **given: object) -> list[str]:
    """Give code and path of every problem of an act that is refused, and names no write."""
    payload = await attempted(client, act, "revision", **given)
    assert payload["revision"] is None
    return shortened(payload["userErrors"])


def input_of(act: str) -> str:
    """Give the type of what an act is given."""
    acts = graph._schema.mutation_type
    assert acts is not None
    return str(acts.fields[act].args["input"].type)


async def kept(context: Context) -> Catalog:
    """Load the whole catalog anew."""
    async with context.services.database.read() as session:
        environment = await environments.load(session, context.environment)
        return await catalog.load(session, environment.number, environment.catalog_revision)
