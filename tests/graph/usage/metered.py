"""What events are metered by in these tests, and how they are sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from rules.catalog.facts import Catalog
from rules.catalog_edits.publishing import publish
from tests.graph.client import Client, Json, shortened
from tests.rules.builders.catalog_builders import catalog, plan, row
from tests.rules.builders.metered_shop import METERED, rows

EVENTS = """mutation Events($e: [UsageEventInput!]!) {
  ingestEvents(events: $e) {
    accepted duplicates unmatched revision userErrors { code message path }
  }
}"""


def metering(before: Catalog, now: datetime) -> Catalog:
    """A catalog whose plan has a hundred a day of what is metered in every way there is."""
    sold = plan("basic", *(row(key, value) for key, value in rows().items()))
    shop = replace(catalog(*METERED, sold), revision=before.revision)
    return publish(shop, sold.key, now=now).catalog


def event(identity: str = "e-1", customer: str = "acme", name: str = "request", **said: object) -> Json:
    """An event with these properties."""
    return {"id": identity, "customer": customer, "name": name, "properties": said}


async def ingest(client: Client, *events: Json) -> tuple[int, int, int, list[str]]:
    """How many events counted, were known and matched nothing, and what was refused, under its index."""
    told = (await client.ask(EVENTS, e=events))["ingestEvents"]
    assert (told["revision"] is None) == (told["accepted"] + told["duplicates"] == 0)
    return told["accepted"], told["duplicates"], told["unmatched"], shortened(told["userErrors"])
