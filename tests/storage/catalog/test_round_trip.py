"""Catalogs are kept as they are, edit by edit, and of two who publish at once one is told so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import count

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import environments
from models.catalog import store as stored
from models.database.transactions import Database
from resolvers import catalog
from resolvers.context import Context, Services
from rules.auth.api_keys import ApiKeyKind, Scope
from rules.auth.permissions import Viewer
from rules.catalog.facts import Catalog, Feature, Meter, MeterFilter, Plan, PricingType, Product, PublishScope
from rules.catalog.facts import FilterOperator as Operator
from rules.catalog.validation import complete_value
from rules.catalog_edits.drafts import RowEdit
from rules.errors import ErrorCode, Rejected
from rules.values import ConfigKind, FeatureType, Unit
from tests.rules.builders.catalog_builders import NOW, addon, own, product, row, written
from tests.rules.builders.edits import Edit, made
from tests.rules.builders.strategies import edits, features, opened, values_of

one_database = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
"""Every example has an environment of its own."""

environment_keys = (f"environment-{number}" for number in count(1))

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)

documents = st.dictionaries(
    texts,
    st.recursive(
        st.none() | st.booleans() | st.integers() | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=5,
    ),
    max_size=3,
)


async def empty(database: Database) -> int:
    """The number of a new environment."""
    async with database.write() as session:
        made = await environments.create(session, next(environment_keys), sandbox=False, now=NOW)
        return made.number


async def save(database: Database, environment: int, before: Catalog, after: Catalog) -> Catalog:
    """Keep an edit; gives the catalog with its new revision."""
    renewed = replace(after, revision=before.revision + 1)
    async with database.write() as session:
        await stored.save(session, environment, before, renewed)
    return renewed


async def load(database: Database, environment: int) -> Catalog:
    """The catalog as the tables have it."""
    async with database.read() as session:
        known = await environments.load(session, environment)
        return await stored.load(session, environment, known.catalog_revision)


@one_database
@given(st.lists(edits(), max_size=30))
async def test_a_catalog_is_kept_edit_by_edit(database: Database, acts: list[Edit]) -> None:
    environment = await empty(database)
    shop = await save(database, environment, Catalog(), opened())
    assert await load(database, environment) == shop

    for act in acts:
        with suppress(Rejected):
            shop = await save(database, environment, shop, made(shop, act))

    assert await load(database, environment) == shop


@st.composite
def complete_features(draw: st.DrawFn) -> Feature:
    """A feature of any kind with all that it can have."""
    known = draw(features())
    picks = draw(st.lists(texts, min_size=1, max_size=3, unique=True))
    is_choice = known.config_kind is ConfigKind.CHOICE
    known = replace(known, choices=tuple(picks) if is_choice else ())
    default = draw(st.none() | values_of(known).filter(lambda value: "\0" not in str(value)))
    conditions = st.builds(MeterFilter, property=texts, operator=st.sampled_from(Operator))
    meter = Meter(event_name=draw(texts), filters=tuple(draw(st.lists(conditions, max_size=2))))
    return replace(
        known,
        name=draw(texts),
        description=draw(st.none() | texts),
        product=draw(st.sampled_from([None, "app"])),
        unit=draw(st.none() | st.builds(Unit, singular=texts, plural=texts)),
        meter=meter if known.type is FeatureType.METERED else None,
        default=None if default is None else complete_value(known, default),
        metadata=draw(documents),
    )


plans = st.builds(
    Plan,
    key=st.just("plan"),
    name=texts,
    product=st.just("app"),
    description=st.none() | texts,
    archived=st.booleans(),
    metadata=documents,
    pricing_type=st.sampled_from(PricingType),
    visible=st.booleans(),
    position=st.integers(0, 2**31 - 1),
    default_trial_days=st.none() | st.integers(0, 3_650),
    compatible_addons=st.none() | st.lists(st.just("pack"), max_size=1).map(tuple),
)


@one_database
@given(complete_features(), plans, documents)
async def test_whatever_is_said_of_a_thing_is_kept(
    database: Database, known: Feature, sold: Plan, metadata: dict[str, object]
) -> None:
    environment = await empty(database)
    shop = Catalog(
        products={"app": Product(key="app", name="App", metadata=metadata)},
        features={known.key: known},
        packages={"plan": sold, "pack": replace(addon("pack", row("sso")), max_quantity=3)},
    )

    shop = await save(database, environment, Catalog(), shop)

    assert await load(database, environment) == shop


async def test_an_edit_writes_nothing_into_other_environments(database: Database) -> None:
    here, there = await empty(database), await empty(database)
    shop = await save(database, here, Catalog(), opened())
    other = await save(database, there, Catalog(), opened())

    await save(database, here, shop, replace(shop, products={**shop.products, "new": product("new")}))

    assert await load(database, there) == other


@pytest_asyncio.fixture
async def editors(database: Database, another: Database) -> AsyncIterator[list[Context]]:
    """Two processes that edit one catalog."""
    environment = await empty(database)
    await save(database, environment, Catalog(), opened())
    processes = [Services.on(known, lambda: NOW) for known in (database, another)]
    viewer = Viewer(environment=environment, kind=ApiKeyKind.SECRET, scopes=frozenset(Scope))
    yield [Context(services=services, viewer=viewer) for services in processes]
    for services in processes:
        await services.commands.close()


def seats(units: int) -> RowEdit:
    """The seats of the free plan."""
    return RowEdit(package="free", key="seats", value=written(units))


async def test_of_two_who_publish_at_once_one_is_reported_that_the_other_was_first(
    editors: list[Context],
) -> None:
    await catalog.set_entitlement(editors[0], seats(9))

    answers = await asyncio.gather(
        *(catalog.publish_package(editor, "free", PublishScope.ALL_CUSTOMERS, 1) for editor in editors),
        return_exceptions=True,
    )

    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert len(refused) == 1
    assert isinstance(refused[0], Rejected)
    assert ErrorCode.VERSION_CONFLICT in {problem.code for problem in refused[0].problems}
    environment = editors[0].environment
    kept = await load(editors[0].services.database, environment)
    assert [version.number for version in kept.packages["free"].versions] == [1, 2]


async def test_edits_of_two_processes_are_all_kept(editors: list[Context]) -> None:
    names = [f"product-{number}" for number in range(20)]

    await asyncio.gather(
        *(catalog.create_product(editors[n % 2], product(name)) for n, name in enumerate(names))
    )

    kept = await load(editors[0].services.database, editors[0].environment)
    assert kept.products.keys() == {"app", "other", *names}
    assert kept.revision == 21
    for editor in editors:
        assert (await catalog.current_catalog(editor)).catalog == kept


async def test_the_same_key_made_by_two_processes_is_made_once(editors: list[Context]) -> None:
    answers = await asyncio.gather(
        *(catalog.create_product(editor, product("new")) for editor in editors), return_exceptions=True
    )

    refused = [answer for answer in answers if isinstance(answer, Rejected)]
    assert [problem.code for problem in refused[0].problems] == [ErrorCode.ALREADY_EXISTS]
    assert len(refused) == 1


async def test_what_one_process_edits_the_other_reads_at_once(editors: list[Context]) -> None:
    here, there = editors
    await catalog.current_catalog(there)

    await catalog.set_entitlement(here, seats(9))

    assert own((await catalog.current_catalog(there)).catalog, "free") == own(
        (await catalog.current_catalog(here)).catalog, "free"
    )


async def test_an_edit_that_fails_leaves_the_catalog_in_memory_as_it_was(editors: list[Context]) -> None:
    before = await catalog.current_catalog(editors[0])

    def fail(_: Catalog, __: datetime) -> Catalog:
        message = "a bug"
        raise ZeroDivisionError(message)

    with pytest.raises(ZeroDivisionError):
        await catalog.edit(editors[0], fail)

    assert (await catalog.current_catalog(editors[0])).catalog == before.catalog
