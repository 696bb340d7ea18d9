"""Whole catalogs after a life: every act that the graph knows, in any order, refused or not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from hypothesis import strategies as st

from rules.catalog.facts import (
    Addon,
    Catalog,
    CreditType,
    FeatureStatus,
    FilterOperator,
    Meter,
    MeterFilter,
    PricingType,
    Widget,
)
from rules.catalog_edits.credit_rates import RateEdit, set_credit_rate
from rules.catalog_edits.drafts import RowEdit, row_subject, set_entitlement
from rules.catalog_edits.features import create_credit_type, create_feature
from rules.catalog_edits.packages import archive, create_addon
from rules.catalog_edits.references import Holders
from rules.catalog_edits.updates import (
    AddonUpdate,
    CreditTypeUpdate,
    FeatureUpdate,
    PlanUpdate,
    ProductUpdate,
    update_addon,
    update_credit_type,
    update_feature,
    update_plan,
    update_product,
)
from rules.errors import Rejected
from rules.unset import UNSET
from rules.values import ConfigKind, Unit
from tests.rules.builders.catalog_builders import choices, config, edit, metered, published, written
from tests.rules.builders.edits import made
from tests.rules.builders.strategies import PACKAGES, PLANS, SUBJECTS, above_zero, edits, opened, values_of

Act = Callable[[Catalog], Catalog]

keepable = st.characters(codec="utf-8", exclude_characters="\0")
words = st.text(keepable, min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
awkward = ["no", "1e3", "two\nlines", " a\n  b\n", "'", "- x: y", "0o7", "~"]
told = st.none() | words | st.sampled_from(awkward)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | told,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
metadata = st.dictionaries(words, json_values, max_size=3)
units = st.builds(Unit, singular=words, plural=words)


def left_out_or(what: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Something, or as often nothing said of it."""
    return st.just(UNSET) | what


def _acts(
    act: Callable[..., Catalog], what: st.SearchStrategy[Any], **more: object
) -> st.SearchStrategy[Act]:
    return what.map(lambda one: lambda shop: act(shop, one, **more))


_meters = st.builds(
    Meter,
    event_name=st.none() | words,
    property=st.none() | words,
    filters=st.lists(
        st.builds(
            MeterFilter,
            property=words,
            operator=st.sampled_from(FilterOperator),
            values=st.lists(words, max_size=2).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
)
_subjects = st.sampled_from((*SUBJECTS, "calls", "languages", "calls", "languages"))
_texts = {"name": left_out_or(words), "metadata": left_out_or(metadata)}
_described = {**_texts, "description": left_out_or(told)}
_updates: list[st.SearchStrategy[Act]] = [
    _acts(update_product, st.builds(ProductUpdate, key=st.sampled_from(["app", "other"]), **_described)),
    _acts(
        update_credit_type, st.builds(CreditTypeUpdate, key=st.just("ai"), unit=left_out_or(units), **_texts)
    ),
    _acts(
        update_plan,
        st.builds(
            PlanUpdate,
            key=st.sampled_from(PACKAGES),
            pricing_type=left_out_or(st.sampled_from(PricingType)),
            visible=left_out_or(st.booleans()),
            position=left_out_or(st.integers(0, 9)),
            default_trial_days=left_out_or(st.none() | st.integers(0, 30)),
            compatible_addons=st.sampled_from([UNSET, None, (), ("pack",), ("extra", "pack")]),
            **_described,
        ),
    ),
    _acts(
        update_addon,
        st.builds(
            AddonUpdate,
            key=st.sampled_from(["pack", "extra"]),
            max_quantity=left_out_or(st.none() | st.integers(1, 9)),
            **_described,
        ),
    ),
]
_said_of_features: list[dict[str, st.SearchStrategy[Any]]] = [
    {"status": st.sampled_from(FeatureStatus)},
    {"choices": st.sampled_from([("us", "eu"), ("eu",), ("en",), ("asia", "eu", "fr", "us")])},
    {"default": st.sampled_from([None, written(7), choices("us", "eu")])},
    {"meter": st.none() | _meters, "unit": left_out_or(st.none() | units), **_described},
]
_feature_updates = [
    _acts(update_feature, st.builds(FeatureUpdate, key=_subjects, **said), holders=Holders())
    for said in _said_of_features
]
_creations: list[st.SearchStrategy[Act]] = [
    _acts(create_addon, st.builds(Addon, key=st.just("extra"), name=words, product=st.just("app"))),
    _acts(create_credit_type, st.builds(CreditType, key=st.just("tokens"), name=words, unit=units)),
]
_rates = _acts(
    set_credit_rate,
    st.builds(
        RateEdit,
        package=st.sampled_from(PACKAGES),
        feature=st.sampled_from(["seats", "calls"]),
        credit_type=st.sampled_from(["ai", "tokens"]),
        credits=st.none() | above_zero,
        per_units=above_zero,
    ),
)


@st.composite
def _rows(draw: st.DrawFn) -> Act:
    """Set a row that says anything that its subject can mean, with texts of its own."""
    key = draw(st.sampled_from(SUBJECTS[:4]))
    subject = row_subject(settled(), key)
    row = RowEdit(
        package=draw(st.sampled_from(PACKAGES)),
        key=key,
        value=UNSET if subject is None else draw(values_of(subject)),
        price=draw(st.sampled_from([None, None, "monthly"])),
        display_text=draw(left_out_or(told)),
        hidden_from=draw(left_out_or(st.lists(st.sampled_from(Widget), unique=True).map(tuple))),
    )
    return lambda shop: set_entitlement(shop, row)


_archivings = st.builds(
    lambda key, archived: partial(archive, key=key, archived=archived),
    st.sampled_from((*PLANS, "pack", "pack", "extra")),
    st.booleans(),
)


def acts() -> st.SearchStrategy[Act]:
    """Any act on the catalog; it may be refused."""
    ordinary: st.SearchStrategy[Act] = edits().map(lambda edit: lambda shop: made(shop, edit))
    rare: list[st.SearchStrategy[Act]] = [
        *(*_updates, *_creations, *_feature_updates),
        *(_rates, _rows(), _archivings, _archivings, _archivings),
    ]
    return ordinary | st.sampled_from(rare).flatmap(lambda kind: kind)


def settled() -> Catalog:
    """The catalog in which lives begin: the add-on too has rows, about features of its own."""
    shop = opened()
    for new in (metered("calls"), config("languages", ConfigKind.CHOICE, "en", "fr")):
        shop = create_feature(shop, new)
    for said in (edit("calls", written(5), package="pack"), edit("languages", choices("fr"), package="pack")):
        shop = set_entitlement(shop, said)
    return published(shop, "pack")


@st.composite
def histories(draw: st.DrawFn, most: int = 30) -> Catalog:
    """A catalog after a life of so many acts at most."""
    shop = settled()
    for act in draw(st.lists(acts(), max_size=most)):
        with suppress(Rejected):
            shop = act(shop)
    return shop
