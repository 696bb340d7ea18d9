"""Catalogs that are edited at random through the resolvers, on both databases, beside a naive one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from itertools import count
from typing import Any, ClassVar, TypeVar

from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from models.access.cache import MemoryCache
from models.database.transactions import Database
from resolvers import catalog
from resolvers.catalog_code.documents import (
    AfterApply,
    CatalogDocument,
    CatalogFormat,
    apply_document,
    compare,
    export,
)
from resolvers.context import Context, Services
from resolvers.environments import ensure_environment
from rules.auth.api_keys import ApiKeyKind, Scope
from rules.auth.permissions import Viewer
from rules.catalog.facts import Catalog, PublishScope
from rules.catalog_edits.publishing import publish_contents
from rules.catalog_edits.references import Holders, derived_plans, references
from rules.errors import Rejected
from tests.profiles import FULL
from tests.rules.builders.catalog_builders import NOW, shortened
from tests.rules.builders.likeness import compare_market
from tests.rules.builders.market_edits import MarketEdit, market_edits
from tests.rules.builders.strategies import opened
from tests.rules.models.naive_market import NaiveMarket
from tests.storage.catalog.market_acts import act

Answer = TypeVar("Answer")
Document = Mapping[str, Mapping[str, Mapping[str, Any]]]

LASTING = ("products", "creditTypes")
"""What is never archived."""

EFFORT = settings(max_examples=30 if FULL else 3, stateful_step_count=40 if FULL else 20)

environment_keys = (f"market-{number}" for number in count(1))


class Market(RuleBasedStateMachine):
    """A catalog behind the resolvers, a naive one beside it, and the documents that were exported."""

    documents = Bundle("documents")

    url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.services = Services.on(Database(self.url), lambda: NOW)
        self.context = self.opened_context()
        self.run(catalog.edit(self.context, lambda before, _: replace(opened(), revision=before.revision)))
        self.naive = NaiveMarket(opened())

    def run(self, doing: Coroutine[Any, Any, Answer]) -> Answer:
        """Wait for an answer."""
        return self.runner.run(doing)

    def opened_context(self) -> Context:
        """Somebody in an environment of their own."""
        environment = self.run(ensure_environment(self.services, next(environment_keys)))
        viewer = Viewer(environment=environment.number, kind=ApiKeyKind.SECRET, scopes=frozenset(Scope))
        return Context(services=self.services, viewer=viewer)

    def shop(self) -> Catalog:
        """The catalog as this process has it in memory."""
        return self.run(catalog.current_catalog(self.context)).catalog

    def kept(self) -> Catalog:
        """The catalog as a process has it that has just been started."""
        services = replace(self.services, memory=MemoryCache())
        return self.run(catalog.current_catalog(replace(self.context, services=services))).catalog

    def exported(self, context: Context) -> str:
        """The whole catalog as a document."""
        return self.run(export(context, CatalogFormat.JSON))

    @rule(edits=st.lists(market_edits(), min_size=1, max_size=10))
    def edit(self, edits: list[MarketEdit]) -> None:
        """Make edits, each compared."""
        for edit in edits:
            self.make(edit)
            self.is_what_the_naive_catalog_is_and_is_kept()

    def make(self, edit: MarketEdit) -> None:
        """Make an edit, or be refused for what the naive catalog refuses it for."""
        before = self.shop()
        expected = self.naive.deal(edit)
        try:
            self.run(act(self.context, edit))
            problems = []
        except Rejected as refusal:
            problems = shortened(refusal.problems)
            assert self.shop() is before
        event(problems[0] if problems else type(edit).__name__)
        assert sorted(problems) == sorted(expected)

    @rule(target=documents)
    def export(self) -> str:
        """Export the catalog; to apply the document is no change."""
        before = self.shop()
        document = self.exported(self.context)
        told = self.run(
            apply_document(self.context, CatalogDocument(text=document, format=CatalogFormat.JSON))
        )
        assert told == AfterApply(changes=())
        assert self.shop() is before
        return document

    @rule(document=documents)
    def copy(self, document: str) -> None:
        """Apply a document in an empty environment, which then exports the same."""
        elsewhere = self.opened_context()
        self.run(apply_document(elsewhere, CatalogDocument(text=document, format=CatalogFormat.JSON)))
        assert self.exported(elsewhere) == document

    @rule(document=documents, scope=st.sampled_from(PublishScope), prune=st.booleans())
    def apply(self, document: str, scope: PublishScope, prune: bool) -> None:  # noqa: FBT001 - drawn by name
        """Apply what was exported at some time; the catalog says it again, or nothing has changed."""
        before = self.shop()
        wanted = CatalogDocument(text=document, format=CatalogFormat.JSON, scope=scope, prune=prune)
        try:
            expected = self.run(compare(self.context, wanted))
            applied = self.run(apply_document(self.context, wanted))
        except Rejected as refusal:
            event(f"apply: {shortened(refusal.problems)[0]}")
            assert self.shop() is before
            return
        assert applied.changes == expected.changes
        assert (applied.revision is None) == (self.shop() is before)
        compare_documents(json.loads(self.exported(self.context)), json.loads(document), prune=prune)
        self.naive = NaiveMarket(self.shop())

    @invariant()
    def is_what_the_naive_catalog_is_and_is_kept(self) -> None:
        """Compare with the naive catalog, and with what another process would load."""
        shop = self.shop()
        compare_market(shop, self.naive, versions=1)
        assert self.kept() == shop

    @invariant()
    def is_told_alike_everywhere(self) -> None:
        """Compare what is told in an order, which may not be that in which things came into memory."""
        assert listed(self.kept()) == listed(self.shop())

    def teardown(self) -> None:
        """Let go of the database."""
        self.run(self.services.close())
        self.runner.close()


def listed(shop: Catalog) -> tuple[object, ...]:
    """What is told in an order: a cascade, and what stands in the way of what."""
    cascade = publish_contents(
        shop, {"free": shop.packages["free"].newest}, now=NOW, scope=PublishScope.ALL_CUSTOMERS
    )
    return cascade.cascaded, derived_plans(shop, shop.packages), references(shop, shop.features, Holders())


def compare_documents(exported: Document, applied: Document, *, prune: bool) -> None:
    """Compare what a catalog says with the document that was applied to it."""
    for section, things in exported.items():
        known = applied.get(section, {})
        for key, thing in things.items():
            if key not in known:
                assert not prune or section in LASTING or is_archived(thing)
            elif "draft" not in known[key]:
                assert thing == known[key]
    assert all(things.keys() <= exported[section].keys() for section, things in applied.items())


def is_archived(thing: Mapping[str, Any]) -> bool:
    """Whether a feature or package of a document is out of use."""
    return thing.get("archived") is True or thing.get("status") == "ARCHIVED"


def test_a_catalog_edited_at_random_is_what_a_naive_catalog_is_and_is_kept(database_url: str) -> None:
    class MarketHere(Market):
        url = database_url

    run_state_machine_as_test(MarketHere, settings=EFFORT)
