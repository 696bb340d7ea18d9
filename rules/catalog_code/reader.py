"""Read a catalog document: the catalog it describes, and everything that cannot be read.

The problems of the described catalog itself are found by ``rules.catalog_code.integrity``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from rules.catalog.facts import (
    Addon,
    Aggregation,
    Catalog,
    Content,
    CreditRate,
    CreditType,
    Feature,
    FeatureStatus,
    FilterOperator,
    Meter,
    MeterFilter,
    Package,
    Plan,
    Price,
    PricingType,
    Product,
    Row,
    Widget,
)
from rules.catalog.validation import invalid
from rules.catalog_code import field_reader as read
from rules.catalog_code import value_reader as values
from rules.catalog_code.field_reader import Fields, Findings, Path
from rules.catalog_code.writer import Subject
from rules.catalog_edits.drafts import row_subject
from rules.errors import ErrorCode, Problem
from rules.values import BillingPeriod, ConfigKind, FeatureType, Granted, Revoked, Unit, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The catalog a document describes: things by key, packages with their content as a draft.

    ``drafts`` are the packages that are not to be published. What is ``unread`` has its default, and a
    problem among ``problems``.
    """

    products: Mapping[str, Product]
    features: Mapping[str, Feature]
    credit_types: Mapping[str, CreditType]
    packages: Mapping[str, Package]
    drafts: frozenset[str]
    problems: tuple[Problem, ...]
    unread: frozenset[Path]

    def explains(self, problem: Problem) -> bool:
        """Return whether a problem of the wanted catalog only follows from what could not be read."""
        path = problem.path
        subjects = {one[1] for one in self.unread if len(one) == len(("features", "key"))}
        inside = any(path[:length] in self.unread for length in range(2, len(path) + 1))
        return inside or not subjects.isdisjoint(self._subjects_of(path))

    def _subjects_of(self, path: Path) -> set[str | None]:
        """Return the keys of the features and credit types of the row, price or rate at a path."""
        match path:
            case _, key, "entitlements", index, *_ if key in self.packages:
                return {self.packages[key].newest.rows[int(index)].key}
            case _, key, "prices", index, *_ if key in self.packages:
                return {self.packages[key].newest.prices[int(index)].per_unit_of}
            case _, key, "creditRates", index, *_ if key in self.packages:
                rate = self.packages[key].newest.rates[int(index)]
                return {rate.feature, rate.credit_type}
            case _:
                return set()


def _element(path: Path) -> Path:
    """Return the smallest part of a document that is unreliable if something at a path is unreadable."""
    match path:
        case "features", key, "type" | "configKind" | "choices" | "meter", *_:
            return "features", key
        case _, _, "entitlements" | "prices" | "creditRates" | "filters", _, *_:
            return path[:4]
        case _:
            return path[:3]


def read_document(document: object, catalog: Catalog) -> Wanted:
    """Read a document; rows may name features and credit types that only the catalog has."""
    return _Reading(catalog).read(document)


class _Reading:
    """The reading of one document; rows need the features that were read before them."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._findings = Findings()
        self._features: Mapping[str, Feature] = {}
        self._credit_types: Mapping[str, CreditType] = {}
        self._drafts: set[str] = set()

    def read(self, document: object) -> Wanted:
        """Read the whole document."""
        root = Fields(document, (), self._findings)
        products = root.things("products", _product)
        self._features = root.things("features", _feature)
        self._credit_types = root.things("creditTypes", _credit_type)
        addons = self._of_their_kind("addons", root.things("addons", self._addon))
        plans = self._of_their_kind("plans", root.things("plans", self._plan))
        root.refuse_unknown()
        for key in sorted(plans.keys() & addons.keys()):
            message = f"The key '{key}' is taken by a plan."
            self._findings.problems.append(Problem(ErrorCode.ALREADY_EXISTS, message, ("addons", key)))
        return Wanted(
            products=products,
            features=self._features,
            credit_types=self._credit_types,
            packages={**addons, **plans},
            drafts=frozenset(self._drafts),
            problems=tuple(self._findings.problems),
            unread=frozenset(map(_element, self._findings.unread)),
        )

    def _of_their_kind(self, section: str, packages: Mapping[str, Package]) -> dict[str, Package]:
        """Leave out what the catalog has as a package of the other kind."""
        fitting = dict(packages)
        for key, package in packages.items():
            known = self._catalog.packages.get(key)
            if known is not None and isinstance(known, Plan) != isinstance(package, Plan):
                kind = "a plan" if isinstance(known, Plan) else "an add-on"
                problem = invalid(f"'{key}' is {kind}, and that never changes.", section, key)
                self._findings.problems.append(problem)
                del fitting[key]
        return fitting

    def _plan(self, key: str, fields: Fields) -> Plan:
        return Plan(
            pricing_type=fields.one("pricingType", partial(read.member, PricingType)) or PricingType.FREE,
            visible=fields.one("visible", read.flag) is not False,
            position=fields.one("position", read.whole) or 0,
            default_trial_days=fields.one("defaultTrialDays", read.whole),
            compatible_addons=fields.one("compatibleAddons", read.texts),
            **self._read_shared(key, fields, base=fields.one("basePlan", read.text)),
        )

    def _addon(self, key: str, fields: Fields) -> Addon:
        return Addon(max_quantity=fields.one("maxQuantity", read.whole), **self._read_shared(key, fields))

    def _read_shared(self, key: str, fields: Fields, base: str | None = None) -> dict[str, Any]:
        if fields.one("draft", read.flag):
            self._drafts.add(key)
        return {
            **_read_common(key, fields),
            "description": fields.one("description", read.text),
            "product": fields.needed("product", read.text) or "",
            "archived": bool(fields.one("archived", read.flag)),
            "draft": self._content(fields, base),
        }

    def _content(self, fields: Fields, base: str | None) -> Content:
        return Content(
            base=base,
            rows=fields.items("entitlements", self._row),
            order=fields.one("order", read.texts) or (),
            prices=fields.items("prices", _price),
            rates=fields.items("creditRates", _rate),
        )

    def _row(self, fields: Fields) -> Row:
        key = fields.needed("key", read.text) or ""
        revoked = fields.one("revoked", read.flag)
        value = values.value(fields, self._subject(key))
        if revoked and value is not None:
            fields.complain(invalid("A revocation takes no value.", "revoked"))
        return Row(
            key=key,
            value=Revoked() if revoked else value or _default_value(self._subject(key)),
            price=fields.one("price", read.text),
            display_text=fields.one("displayText", read.text),
            hidden_from=fields.one("hiddenFrom", partial(read.members, Widget)) or (),
        )

    def _subject(self, key: str) -> Subject:
        return self._features.get(key) or self._credit_types.get(key) or row_subject(self._catalog, key)


def _default_value(subject: Subject) -> Value:
    """Return the value of a row that states none: the feature's default, or that it is granted."""
    default = subject.default if isinstance(subject, Feature) else None
    return default or Granted()


def _read_common(key: str, fields: Fields) -> dict[str, Any]:
    """Read the fields that everything has."""
    return {
        "key": key,
        "name": fields.needed("name", read.text) or "",
        "metadata": fields.one("metadata", read.free_mapping) or {},
    }


def _product(key: str, fields: Fields) -> Product:
    return Product(description=fields.one("description", read.text), **_read_common(key, fields))


def _credit_type(key: str, fields: Fields) -> CreditType:
    return CreditType(unit=fields.needed_inner("unit", _unit) or _NAMELESS, **_read_common(key, fields))


_NAMELESS = Unit(singular="", plural="")


def _unit(fields: Fields) -> Unit:
    return Unit(
        singular=fields.needed("singular", read.text) or "", plural=fields.needed("plural", read.text) or ""
    )


def _feature(key: str, fields: Fields) -> Feature:
    kind = fields.needed("type", partial(read.member, FeatureType)) or FeatureType.BOOLEAN
    meter = fields.inner("meter", _meter)
    plain = Meter() if kind is FeatureType.METERED else None
    feature = Feature(
        description=fields.one("description", read.text),
        product=fields.one("product", read.text),
        type=kind,
        status=fields.one("status", partial(read.member, FeatureStatus)) or FeatureStatus.ACTIVE,
        config_kind=fields.one("configKind", partial(read.member, ConfigKind)),
        choices=fields.one("choices", read.texts) or (),
        unit=fields.inner("unit", _unit),
        meter=meter or plain,
        **_read_common(key, fields),
    )
    default = fields.inner("defaultValue", partial(_default, feature))
    return replace(feature, default=default)


def _default(feature: Feature, fields: Fields) -> Value:
    return values.value(fields, feature) or Granted()


def _meter(fields: Fields) -> Meter:
    return Meter(
        event_name=fields.one("eventName", read.text),
        aggregation=fields.one("aggregation", partial(read.member, Aggregation)) or Aggregation.SUM,
        property=fields.one("property", read.text),
        filters=fields.items("filters", _filter),
    )


def _filter(fields: Fields) -> MeterFilter:
    return MeterFilter(
        property=fields.needed("property", read.text) or "",
        operator=fields.needed("operator", partial(read.member, FilterOperator)) or FilterOperator.EQ,
        values=fields.one("values", read.texts) or (),
    )


def _price(fields: Fields) -> Price:
    return Price(
        key=fields.needed("key", read.text) or "",
        billing_period=fields.needed("billingPeriod", partial(read.member, BillingPeriod))
        or BillingPeriod.MONTHLY,
        amount=values.amount(fields),
        per_unit_of=fields.one("perUnitOf", read.text),
    )


def _rate(fields: Fields) -> CreditRate:
    return CreditRate(
        feature=fields.needed("feature", read.text) or "",
        credit_type=fields.needed("creditType", read.text) or "",
        credits=fields.needed("credits", read.quantity) or 0,
        per_units=values.per_units(fields),
    )
