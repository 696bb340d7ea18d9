"""Edits of a catalog as facts, those of its market too: add-ons, rates, archiving, names and states."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from rules.catalog.facts import Addon, Catalog, FeatureStatus
from rules.catalog_edits.credit_rates import RateEdit, set_credit_rate
from rules.catalog_edits.packages import archive, create_addon
from rules.catalog_edits.references import Holders
from rules.catalog_edits.updates import (
    AddonUpdate,
    FeatureUpdate,
    PlanUpdate,
    update_addon,
    update_feature,
    update_plan,
)
from rules.unset import UNSET
from tests.rules.builders.edits import Edit, made
from tests.rules.builders.strategies import PACKAGES, PLANS, SUBJECTS, edits

ADDONS = ("pack", "extra")


@dataclass(frozen=True)
class NewAddon:
    """Add an add-on."""

    key: str

    @property
    def addon(self) -> Addon:
        """The add-on."""
        return Addon(key=self.key, name=self.key, product="app")


@dataclass(frozen=True)
class Archive:
    """Archive a package, or bring it back."""

    package: str
    archived: bool


MarketEdit = Edit | NewAddon | Archive | RateEdit | FeatureUpdate | PlanUpdate | AddonUpdate


def dealt(shop: Catalog, edit: MarketEdit) -> Catalog:
    """The catalog after an edit; nobody is subscribed to anything."""
    match edit:
        case NewAddon():
            shop = create_addon(shop, edit.addon)
        case Archive(package, archived):
            shop = archive(shop, package, archived=archived)
        case RateEdit():
            shop = set_credit_rate(shop, edit)
        case FeatureUpdate():
            shop = update_feature(shop, edit, Holders())
        case PlanUpdate():
            shop = update_plan(shop, edit)
        case AddonUpdate():
            shop = update_addon(shop, edit)
        case _:
            shop = made(shop, edit)
    return shop


packages = st.sampled_from((*PLANS[:3], *PLANS[:3], *PACKAGES, "extra"))
names = st.sampled_from([UNSET, UNSET, "Name", "Another name", "", None])
new_addons = st.builds(NewAddon, st.sampled_from(["extra", "Pack", "PRO"]))
archivings = st.builds(Archive, packages, st.sampled_from([True, True, False]))
credit_rates = st.builds(
    RateEdit,
    package=packages,
    feature=st.sampled_from(["seats", "seats", "calls", "sso", "unheard-of"]),
    credit_type=st.sampled_from(["ai", "ai", "ai", "seats"]),
    credits=st.sampled_from([None, 1, 2, 3, 0, UNSET]),
    per_units=st.sampled_from([1, 1, 1, 0]),
)
states = st.builds(
    FeatureUpdate,
    key=st.sampled_from(SUBJECTS),
    status=st.sampled_from([*FeatureStatus, FeatureStatus.ARCHIVED, None]),
)
plan_updates = st.builds(
    PlanUpdate, key=packages, name=names, position=st.sampled_from([UNSET, UNSET, 0, 3, -1, None])
)
addon_updates = st.builds(
    AddonUpdate,
    key=st.sampled_from([*ADDONS, *ADDONS, "free"]),
    name=names,
    max_quantity=st.sampled_from([UNSET, None, 1, 0]),
)


def market_edits() -> st.SearchStrategy[MarketEdit]:
    """Any act on the catalog; it may be refused."""
    rare: list[st.SearchStrategy[MarketEdit]] = [
        *(archivings, archivings, credit_rates, credit_rates, states, states),
        *(plan_updates, addon_updates | new_addons),
    ]
    return edits() | st.sampled_from(rare).flatmap(lambda kind: kind)
