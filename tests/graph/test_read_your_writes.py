"""Reads that name a write see it, or say that it is not here."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from resolvers import read_your_writes
from rules.revisions import Revision, read_revision
from tests.graph.client import Client
from tests.graph.operations import operation

ASK = 'query Ask($rev: Revision) { access(customer: "acme", feature: "sso", atLeast: $rev) { revision } }'
SEE = 'query See($rev: Revision) { customer(key: "acme", atLeast: $rev) { revision name } }'
ALL = """query All($rev: Revision) {
  accesses(
    checks: [{ customer: "acme", feature: "sso" }, { customer: "globex", feature: "sso" }]
    atLeast: $rev
  )
  { revision }
}"""


def revision_in(answer: dict[str, Any]) -> Revision:
    """Give the revision that an answer shows: of several, the first customer's."""
    (shown,) = answer.values()
    read = read_revision((shown[0] if isinstance(shown, list) else shown)["revision"])
    assert read is not None
    return read


def catalog_of(written: str) -> int:
    """Give how far the catalog had come with a write of it."""
    read = read_revision(written)
    assert read is not None
    return read.catalog


@operation("ReadYourWrite")
async def test_a_back_end_reads_what_it_has_just_written(acme: Client, document: str) -> None:
    await acme.do("subscribe", customer="acme", plan="free")
    written = await acme.do("reportUsage", customer="acme", feature="seats")

    seen = (await acme.ask(document, c="acme", rev=written["revision"]))["access"]

    assert seen == {"allowed": True, "revision": written["revision"]}


@pytest.mark.parametrize("document", [ASK, SEE, ALL])
async def test_a_write_of_the_catalog_is_seen_by_reads_about_customers(acme: Client, document: str) -> None:
    before = revision_in(await acme.ask(document))
    written = await acme.do("createFeature", key="new", name="New", type="BOOLEAN")

    seen = revision_in(await acme.ask(document, rev=written["revision"]))

    assert seen.catalog == catalog_of(written["revision"]) > before.catalog


@pytest.mark.parametrize("document", [ASK, SEE, ALL])
async def test_no_revision_asks_for_nothing(acme: Client, document: str) -> None:
    newest = revision_in(await acme.ask(document))

    assert revision_in(await acme.ask(document, rev=None)) == newest
    assert newest.catalog > 0


@pytest.mark.parametrize("document", [ASK, SEE, ALL])
@pytest.mark.parametrize("revision", ["", "nonsense", "1", "-1.0", "1.2.3", "99999999999999999999.0"])
async def test_what_names_no_write_is_refused(acme: Client, document: str, revision: str) -> None:
    assert (await acme.error(document, rev=revision))["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads that wait for nothing."""
    monkeypatch.setattr(read_your_writes, "PATIENCE_SECONDS", 0)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("document", [ASK, SEE, ALL])
@pytest.mark.parametrize("revision", ["1000000.0", "0.1000000"])
async def test_a_write_that_is_not_here_is_refused_after_a_while(
    acme: Client, document: str, revision: str
) -> None:
    error = await acme.error(document, rev=revision)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"].startswith(f"The revision '{revision}' was not reached within")


async def test_a_write_that_comes_while_it_is_waited_for_is_seen(acme: Client) -> None:
    first = (await acme.do("upsertCustomer", key="acme", name="Acme 1"))["revision"]
    catalog, _, customer = first.partition(".")
    waiting = asyncio.create_task(acme.ask(SEE, rev=f"{catalog}.{int(customer) + 1}"))
    await asyncio.sleep(0)
    await acme.do("upsertCustomer", key="acme", name="Acme 2")

    assert (await waiting)["customer"]["name"] == "Acme 2"


@pytest.mark.usefixtures("hasty")
async def test_of_several_customers_the_one_who_has_come_furthest_counts(acme: Client) -> None:
    await acme.do("upsertCustomer", key="globex")
    written = await acme.do("upsertCustomer", key="acme", name="Acme")

    assert len((await acme.ask(ALL, rev=written["revision"]))["accesses"]) == 2
