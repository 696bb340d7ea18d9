"""A naive market: what the naive catalog does, and add-ons, rates, archiving, names and states besides."""

from __future__ import annotations

from copy import copy

from rules.catalog import facts
from rules.catalog.facts import FeatureStatus
from rules.catalog_edits.credit_rates import RateEdit
from rules.catalog_edits.drafts import RowEdit
from rules.catalog_edits.updates import AddonUpdate, FeatureUpdate, PlanUpdate
from rules.unset import UNSET
from tests.rules.builders.edits import (
    Discard,
    Edit,
    NewFeature,
    NewPlan,
    PriceEdit,
    PriceRemoval,
    Publish,
    Rebase,
    Reorder,
    RowRemoval,
)
from tests.rules.builders.market_edits import Archive, MarketEdit, NewAddon
from tests.rules.models.naive_catalog import Naive
from tests.rules.models.naive_rows import Content, Shelf, listed

ACTIVE, ARCHIVED = FeatureStatus.ACTIVE, FeatureStatus.ARCHIVED


class NaiveMarket(Naive):
    """A naive catalog that also knows what is archived, suspended, and what things are called."""

    def __init__(self, shop: facts.Catalog) -> None:
        super().__init__(shop)
        self.subjects = {feature.key: feature.default for feature in shop.features.values()}
        self.subjects |= dict.fromkeys(shop.credit_types)
        self.names = {package.key: package.name for package in shop.packages.values()}
        self.numbers = {package.key: number_of(package) for package in shop.packages.values()}
        self.archived = {package.key for package in shop.packages.values() if package.archived}
        self.states = {feature.key: feature.status for feature in shop.features.values()}

    def deal(self, edit: MarketEdit) -> list[str]:
        """Do what was asked, or tell why not."""
        match edit:
            case NewAddon(key):
                wrong = self.new_addon(key)
            case Archive(package, archived):
                wrong = self.archive(package) if archived else self.bring_back(package)
            case RateEdit():
                wrong = self.set_rate(edit)
            case FeatureUpdate():
                wrong = self.put_feature(edit.key, edit.status)
            case PlanUpdate():
                wrong = self.update(edit.key, edit.name, edit.position, plan=True)
            case AddonUpdate():
                wrong = self.update(edit.key, edit.name, edit.max_quantity, plan=False)
            case _:
                wrong = self.edit(edit)
        return wrong

    def edit(self, edit: Edit) -> list[str]:
        """An archived package takes no edits."""
        match edit:
            case NewFeature(feature):
                wrong = self.act(edit)
                if not wrong:
                    self.states[feature.key] = ACTIVE
                return wrong
            case NewPlan(key):
                wrong = self.act(edit)
                if not wrong:
                    self.names[key], self.numbers[key] = key, 0
                return wrong
            case Rebase(plan, base) if plan in self.archived:
                strange = base is not None and not (base in self.shelves and self.shelves[base].is_plan)
                return ["ARCHIVED plan", *(["NOT_FOUND basePlan"] if strange else [])]
            case _ if target(edit) in self.archived:
                without = copy(self)
                without.shelves = {key: s for key, s in self.shelves.items() if key != target(edit)}
                wrong = without.act(edit)
                return ["ARCHIVED package" if each == "NOT_FOUND package" else each for each in wrong]
            case _:
                return self.act(edit)

    def wrong_words(self, edit: RowEdit) -> list[str]:
        """A feature that is archived takes no rows."""
        gone = ["ARCHIVED key"] if self.states.get(edit.key) is ARCHIVED else []
        return [*gone, *super().wrong_words(edit)]

    def wrong_base(self, key: str, product: str, base: str | None) -> list[str]:
        """An archived plan takes no new derived plans."""
        gone = ["ARCHIVED basePlan"] if base != key and base in self.archived and self.is_plan(base) else []
        return [*gone, *super().wrong_base(key, product, base)]

    def is_plan(self, key: str) -> bool:
        """Whether there is a plan of this key."""
        return key in self.shelves and self.shelves[key].is_plan

    def new_addon(self, key: str) -> list[str]:
        """Packages share one key space; keys that differ in case only collide."""
        if key.lower() in map(str.lower, self.shelves):
            return ["ALREADY_EXISTS key"]
        self.shelves[key] = Shelf("app", is_plan=False, draft=listed(facts.Content()))
        self.names[key], self.numbers[key] = key, None
        return []

    def contents(self, key: str) -> list[Content]:
        """What a package says to readers, and in its draft."""
        shelf = self.shelves[key]
        drafts = [shelf.draft] if shelf.draft else []
        return [*drafts, *(version["content"] for version in shelf.versions[-1:])]

    def archive(self, key: str) -> list[str]:
        """A base plan with unarchived derived plans is in use."""
        if key not in self.shelves:
            return ["NOT_FOUND package"]
        for other in self.shelves.keys() - self.archived:
            if key not in self.archived and key in [content["base"] for content in self.contents(other)]:
                return ["IN_USE package"]
        self.archived.add(key)
        return []

    def bring_back(self, key: str) -> list[str]:
        """A plan comes back after its base plan and all that it refers to."""
        if key not in self.shelves:
            return ["NOT_FOUND package"]
        if key not in self.archived:
            return []
        buried = {content["base"] for content in self.contents(key)} & self.archived
        buried |= {feature for feature in self.states if self.states[feature] is ARCHIVED} & self.used(key)
        if not buried:
            self.archived.remove(key)
        return ["ARCHIVED package"] * len(buried)

    def put_feature(self, key: str, status: object) -> list[str]:
        """What an unarchived package refers to is in use, and keeps a feature from being archived."""
        if key not in self.states:
            return ["NOT_FOUND key"]
        if not isinstance(status, FeatureStatus):
            return ["REQUIRED status"]
        if status is ARCHIVED and self.states[key] is not ARCHIVED and self.is_used(key):
            return ["IN_USE status"]
        self.states[key] = status
        return []

    def is_used(self, key: str) -> bool:
        """Whether an unarchived package refers to a feature."""
        return any(key in self.used(package) for package in self.shelves.keys() - self.archived)

    def used(self, package: str) -> set[str]:
        """What a package refers to."""
        contents = self.contents(package)
        return {key for content in contents for key in (*(k for k, _ in content["rows"]), *content["rates"])}

    def set_rate(self, edit: RateEdit) -> list[str]:
        """One rate per package and feature; null takes it away."""
        wrong = self.wrong_rate(edit)
        if edit.feature not in self.states:
            wrong.append("NOT_FOUND feature")
        elif edit.feature not in {"seats", "calls"}:
            wrong.append("TYPE_MISMATCH feature")
        elif self.states[edit.feature] is ARCHIVED and edit.credits is not None:
            wrong.append("ARCHIVED feature")
        if edit.package not in self.shelves:
            wrong.append("NOT_FOUND package")
        elif edit.package in self.archived:
            wrong.append("ARCHIVED package")
        if not wrong:
            self.write_rate(self.shelves[edit.package].edit()["rates"], edit)
        return wrong

    def wrong_rate(self, edit: RateEdit) -> list[str]:
        """What is wrong with a rate wherever it lands."""
        wrong = []
        if edit.credit_type != "ai":
            wrong.append("NOT_FOUND creditType")
        if edit.credits is UNSET:
            wrong.append("REQUIRED credits")
        if edit.credits == 0:
            wrong.append("OUT_OF_RANGE credits")
        if edit.per_units == 0:
            wrong.append("OUT_OF_RANGE perUnits")
        return wrong

    def write_rate(self, rates: dict[str, facts.CreditRate], edit: RateEdit) -> None:
        """Set a rate where it stood, or behind the others."""
        if isinstance(edit.credits, int):
            rates[edit.feature] = facts.CreditRate(
                feature=edit.feature, credit_type="ai", credits=edit.credits, per_units=edit.per_units
            )
        else:
            rates.pop(edit.feature, None)

    def update(self, key: str, name: object, number: object, *, plan: bool) -> list[str]:
        """Names, positions and quantities are live at once, of archived packages too."""
        if key not in self.shelves or self.is_plan(key) is not plan:
            return ["NOT_FOUND key"]
        wrong = ["REQUIRED name"] if name in {None, ""} else []
        if plan and number is None:
            wrong.append("REQUIRED position")
        if number == (-1 if plan else 0):
            wrong.append("OUT_OF_RANGE position" if plan else "OUT_OF_RANGE maxQuantity")
        if not wrong:
            self.names[key] = self.names[key] if name is UNSET else str(name)
            if number is None or isinstance(number, int):
                self.numbers[key] = number
        return wrong

    def rates(self, key: str, number: int) -> dict[str, facts.CreditRate]:
        """The rates of a version: per feature the nearest wins."""
        version = self.shelves[key].versions[number - 1]
        base, above = version["content"]["base"], version["base_version"]
        inherited = self.rates(base, above) if base and above else {}
        return {**inherited, **version["content"]["rates"]}


def number_of(package: facts.Package) -> int | None:
    """The position of a plan, the largest quantity of an add-on."""
    if isinstance(package, facts.Plan):
        return package.position
    assert isinstance(package, facts.Addon)
    return package.max_quantity


def target(edit: Edit) -> str:
    """The package that an edit is about."""
    match edit:
        case RowEdit() | RowRemoval() | PriceEdit() | PriceRemoval() | Reorder() | Discard() | Publish():
            return edit.package
        case Rebase():
            return edit.plan
        case NewPlan() | NewFeature():
            return ""
