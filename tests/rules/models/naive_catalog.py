"""A naive catalog, which does what the words say with dicts and loops, and knows nothing of the rules."""

from __future__ import annotations

from typing import assert_never

from rules.catalog import facts
from rules.catalog_edits.drafts import RowEdit
from rules.unset import UNSET
from rules.values import Choices, Credits, Metered, Value, Written, WrittenLimit
from tests.rules.builders.catalog_builders import GRANTED, REVOKED, limit
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
from tests.rules.builders.strategies import BOOLEANS, REGIONS
from tests.rules.models.naive_rows import (
    Content,
    Said,
    Shelf,
    Shown,
    in_order,
    laid_over,
    listed,
    ordered,
    shelved,
)

DEEPEST = 10


class Naive:
    """A catalog in dicts. Each act gives code and path of what is wrong; where nothing is, it acts."""

    def __init__(self, shop: facts.Catalog) -> None:
        self.subjects: dict[str, Value | None] = dict.fromkeys(("sso", "seats", "regions", "ai"))
        self.subjects["seats"] = limit(5)
        self.shelves = {package.key: shelved(package) for package in shop.packages.values()}

    def act(self, edit: Edit) -> list[str]:  # noqa: C901 - one case for each edit
        """Do what was asked, or tell why not."""
        match edit:
            case NewFeature(feature):
                wrong = self.new_feature(feature.key)
            case NewPlan(key, base):
                wrong = self.new_plan(key, base)
            case RowEdit():
                wrong = self.set_row(edit)
            case RowRemoval(package, key, price):
                wrong = self.remove_row(package, key, price)
            case PriceEdit(package, price):
                wrong = self.set_price(package, price)
            case PriceRemoval(package, key):
                wrong = self.remove_price(package, key)
            case Reorder(package, keys):
                wrong = self.reorder(package, keys)
            case Discard(package):
                wrong = self.discard(package)
            case Rebase(plan, base, keep):
                wrong = self.rebase(plan, base, keep=keep)
            case Publish(package, scope, expected):
                wrong = self.publish(package, scope, expected)
            case _:
                assert_never(edit)
        return wrong

    def new_feature(self, key: str) -> list[str]:
        """Features and credit types share one key space; keys that differ in case only collide."""
        if key.lower() in map(str.lower, self.subjects):
            return ["ALREADY_EXISTS key"]
        self.subjects[key] = None
        return []

    def new_plan(self, key: str, base: str | None) -> list[str]:
        """Packages share one key space; keys that differ in case only collide."""
        taken = key.lower() in map(str.lower, self.shelves)
        wrong = ["ALREADY_EXISTS key"] if taken else []
        wrong += self.wrong_base(key, "app", base)
        if not wrong:
            self.shelves[key] = Shelf("app", is_plan=True, draft=listed(facts.Content(base=base)))
        return wrong

    def wrong_base(self, key: str, product: str, base: str | None) -> list[str]:
        """A plan has at most one base plan, of the same product; CYCLE and TOO_DEEP over drafts."""
        if base is None:
            return []
        if base == key:
            return ["CYCLE basePlan"]
        if base not in self.shelves or not self.shelves[base].is_plan:
            return ["NOT_FOUND basePlan"]
        wrong = ["INVALID basePlan"] if self.shelves[base].product != product else []
        bases = {known: shelf.newest()["base"] for known, shelf in self.shelves.items()}
        return wrong + [f"{code} basePlan" for code in wrong_chain({**bases, key: base}, key)]

    def set_row(self, edit: RowEdit) -> list[str]:
        """Set or replace a package's own row."""
        shelf = self.shelves.get(edit.package)
        wrong = self.wrong_words(edit)
        if shelf is None:
            return [*wrong, "NOT_FOUND package"]
        if edit.price and not shelf.is_plan:
            wrong.append("INVALID price")
        elif edit.price and edit.price not in shelf.newest()["prices"]:
            wrong.append("NOT_FOUND price")
        if edit.key not in self.subjects:
            return wrong
        inherited = next((row["value"] for row in self.inherited(shelf) if row["key"] == edit.key), None)
        if edit.revoked and inherited is None:
            wrong.append("INVALID revoked")
        if not edit.revoked and inherited == GRANTED:
            wrong.append("BOOLEAN_NOT_OVERRIDABLE key")
        value = REVOKED if edit.revoked else self.meant(shelf, edit, inherited)
        if value is None:
            wrong.append("REQUIRED value")
        elif not wrong:
            link = (edit.key, edit.price)
            shelf.edit()["rows"][link] = value
        return wrong

    def wrong_words(self, edit: RowEdit) -> list[str]:
        """What is wrong with an edit wherever it lands."""
        if edit.key not in self.subjects:
            return ["NOT_FOUND key"]
        if edit.value is UNSET or edit.value is None:
            return []
        return wrong_value(edit.key, edit.value)

    def meant(self, shelf: Shelf, edit: RowEdit, inherited: Said | None) -> Said | None:
        """The value; left out it is the row's own, else the inherited row's, else the feature's default."""
        if isinstance(edit.value, WrittenLimit):
            return Metered(limit=edit.value.limit)
        if isinstance(edit.value, Choices):
            return Choices(choices=tuple(choice for choice in REGIONS if choice in edit.value.choices))
        if edit.value is not UNSET:
            return GRANTED if edit.key in BOOLEANS and edit.value is None else edit.value
        own = shelf.newest()["rows"].get((edit.key, edit.price), REVOKED)
        if own != REVOKED:
            return own
        return inherited or (GRANTED if edit.key in BOOLEANS else self.subjects[edit.key])

    def remove_row(self, package: str, key: str, price: str | None) -> list[str]:
        """The inherited row holds again; on a key that is only inherited it is INVALID."""
        wrong = [] if key in self.subjects else ["NOT_FOUND key"]
        shelf = self.shelves.get(package)
        if shelf is None:
            return [*wrong, "NOT_FOUND package"]
        rows = shelf.newest()["rows"]
        if (key, price) in rows:
            del shelf.edit()["rows"][key, price]
            return []
        only_inherited = price is None and key in [row["key"] for row in self.inherited(shelf)]
        return ["INVALID key"] if only_inherited else ["NOT_FOUND key"]

    def set_price(self, package: str, price: facts.Price) -> list[str]:
        """Set or replace a price."""
        wrong = ["OUT_OF_RANGE amount.amount"] if price.amount.amount < 0 else []
        shelf = self.shelves.get(package)
        if shelf is None:
            return [*wrong, "NOT_FOUND package"]
        prices = shelf.newest()["prices"]
        if price.key not in prices and price.key.lower() in map(str.lower, prices):
            wrong.append("ALREADY_EXISTS key")
        if not wrong:
            shelf.edit()["prices"][price.key] = price
        return wrong

    def remove_price(self, package: str, key: str) -> list[str]:
        """What a row refers to is IN_USE."""
        shelf = self.shelves.get(package)
        if shelf is None:
            return ["NOT_FOUND package"]
        content = shelf.newest()
        if key not in content["prices"]:
            return ["NOT_FOUND key"]
        if key in [price for _, price in content["rows"]]:
            return ["IN_USE key"]
        del shelf.edit()["prices"][key]
        return []

    def reorder(self, package: str, keys: tuple[str, ...]) -> list[str]:
        """The keys named come first, in this order; the rest keep theirs."""
        shelf = self.shelves.get(package)
        if shelf is None:
            return ["NOT_FOUND package"]
        shown = [row["key"] for row in self.draft_rows(package)]
        strange = [f"NOT_FOUND keys.{index}" for index, key in enumerate(keys) if key not in shown]
        twice = [
            f"INVALID keys.{index}" for index, key in enumerate(keys) if key in shown and key in keys[:index]
        ]
        if not strange and not twice:
            draft = shelf.edit()
            draft["order"] = [*keys, *(key for key in draft["order"] if key not in keys)]
        return strange + twice

    def discard(self, package: str) -> list[str]:
        """What is published stays; a draft that is all there is stays too."""
        shelf = self.shelves.get(package)
        if shelf is None:
            return ["NOT_FOUND package"]
        if not shelf.versions:
            return ["NOT_ALLOWED package"]
        shelf.draft = None
        return []

    def rebase(self, key: str, base: str | None, *, keep: bool) -> list[str]:
        """Inherited rows go with the base plan unless they are copied in, where they stood."""
        shelf = self.shelves.get(key)
        if shelf is None or not shelf.is_plan:
            known = base is None or (base in self.shelves and self.shelves[base].is_plan)
            wrong = ["NOT_FOUND plan"] if shelf is None else ["INVALID plan"]
            return wrong if known else [*wrong, "NOT_FOUND basePlan"]
        wrong = self.wrong_base(key, shelf.product, base)
        if not wrong:
            shown = {(row["key"], row["price"]): row["value"] for row in self.draft_rows(key)}
            draft = shelf.edit()
            draft["base"] = base
            if keep:
                draft["rows"] = {**shown, **draft["rows"]}
        return wrong

    def publish(self, key: str, scope: facts.PublishScope, expected: int | None) -> list[str]:
        """A new version of the package and, from their own rows, of all its published descendants."""
        shelf = self.shelves.get(key)
        if shelf is None:
            return ["NOT_FOUND package"]
        wrong = []
        if expected is not None and expected != len(shelf.versions):
            wrong.append("VERSION_CONFLICT expectedVersion")
        content = shelf.newest()
        if shelf.versions and in_order(content) == in_order(shelf.versions[-1]["content"]):
            wrong.append("NOTHING_TO_PUBLISH package")
        bases = self.published_bases()
        if content["base"] is not None and content["base"] not in bases:
            wrong.append("NOT_ALLOWED package")
        else:
            wrong += [f"{code} package" for code in wrong_chain({**bases, key: content["base"]}, key)]
        if not wrong:
            self.add_version(shelf, content, scope, cascaded=False)
            shelf.draft = None
            self.cascade(key, scope)
        return wrong

    def published_bases(self) -> dict[str, str | None]:
        """The base plan of every published package."""
        return {
            key: shelf.versions[-1]["content"]["base"]
            for key, shelf in self.shelves.items()
            if shelf.versions
        }

    def cascade(self, key: str, scope: facts.PublishScope) -> None:
        """A descendant never published is left alone, an unfinished draft stays a draft."""
        for child in self.shelves.values():
            if child.versions and child.versions[-1]["content"]["base"] == key:
                self.add_version(child, child.versions[-1]["content"], scope, cascaded=True)
        for name, child in self.shelves.items():
            if child.versions and child.versions[-1]["content"]["base"] == key:
                self.cascade(name, scope)

    def add_version(
        self, shelf: Shelf, content: Content, scope: facts.PublishScope, *, cascaded: bool
    ) -> None:
        """The next version, on the base plan's newest."""
        base_version = len(self.shelves[content["base"]].versions) if content["base"] else None
        shelf.versions.append(
            {"content": content, "base_version": base_version, "scope": scope, "cascaded": cascaded}
        )

    def inherited(self, shelf: Shelf) -> list[Shown]:
        """What a draft inherits: it sees the base plan's published version."""
        base = shelf.newest()["base"]
        return self.passed_on(base, len(self.shelves[base].versions)) if base else []

    def passed_on(self, base: str, number: int) -> list[Shown]:
        """Below a revocation the key is not inherited; nor are price-linked rows. Order is own."""
        return [
            {**row, "origin": "INHERITED", "overrides": None}
            for row in (self.unordered_rows(base, number) if number else [])
            if row["value"] != REVOKED and row["price"] is None
        ]

    def draft_rows(self, key: str) -> list[Shown]:
        """What a draft shows."""
        content = self.shelves[key].newest()
        return ordered(laid_over(key, content["rows"], self.inherited(self.shelves[key])), content["order"])

    def version_rows(self, key: str, number: int) -> list[Shown]:
        """What a version shows."""
        version = self.shelves[key].versions[number - 1]
        return ordered(self.unordered_rows(key, number), version["content"]["order"])

    def unordered_rows(self, key: str, number: int) -> list[Shown]:
        """What a version would show if nobody had put it in order."""
        version = self.shelves[key].versions[number - 1]
        base = version["content"]["base"]
        above = self.passed_on(base, version["base_version"] or 0) if base else []
        return laid_over(key, version["content"]["rows"], above)


def wrong_chain(bases: dict[str, str | None], key: str) -> list[str]:
    """No plan stands on itself, and no chain that holds this one is too long."""
    lengths = []
    for start, first in bases.items():
        chain, base = [start], first
        while base is not None and base not in chain:
            chain.append(base)
            base = bases[base]
        if start == key and base == key:
            return ["CYCLE"]
        lengths.append(len(chain) if key in chain else 0)
    return ["TOO_DEEP"] if max(lengths) > DEEPEST else []


def wrong_value(key: str, value: Written) -> list[str]:
    """What a feature or credit type cannot mean."""
    where = {WrittenLimit: "metered", Credits: "credit", Choices: "config"}[type(value)]
    if {"regions": "config", "ai": "credit", "seats": "metered", "calls": "metered"}.get(key) != where:
        return [f"TYPE_MISMATCH value.{where}"]
    match value:
        case WrittenLimit(limit=int(amount)) if amount < 0:
            return ["OUT_OF_RANGE value.metered.limit"]
        case Choices(choices=picked):
            strange = [index for index, choice in enumerate(picked) if choice not in REGIONS]
            return [f"INVALID value.config.choices.{index}" for index in strange]
        case Credits(amount=0):
            return ["OUT_OF_RANGE value.credit.amount"]
        case _:
            return []
