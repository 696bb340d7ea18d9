"""Updates in place: fields left out stay as they are, null clears them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, TypeVar

from rules.catalog.facts import (
    Addon,
    Catalog,
    CreditType,
    Feature,
    FeatureStatus,
    Meter,
    Plan,
    PricingType,
    Product,
)
from rules.catalog.validation import complete_value, invalid, missing_value, text_problems, unit_problems
from rules.catalog_edits.features import feature_problems, unknown_key
from rules.catalog_edits.packages import addon_field_problems, plan_field_problems, with_package
from rules.catalog_edits.references import Holders, in_use_problems, picks, references
from rules.errors import Problem, Rejected, refuse_any
from rules.unset import UNSET, Unset
from rules.values import Unit, Written

Thing = TypeVar("Thing")

_EMPTY: dict[str, object] = {"metadata": {}, "choices": ()}
"""The values that null sets where a field is never absent; all others become None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductUpdate:
    """An update of a product."""

    needs: ClassVar = ("name",)

    key: str
    name: str | Unset | None = UNSET
    description: str | Unset | None = UNSET
    metadata: object = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditTypeUpdate:
    """An update of a credit type."""

    needs: ClassVar = ("name", "unit")

    key: str
    name: str | Unset | None = UNSET
    unit: Unit | Unset | None = UNSET
    metadata: object = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureUpdate:
    """An update of a feature; its type, kind and aggregation never change."""

    needs: ClassVar = ("name", "status")

    key: str
    name: str | Unset | None = UNSET
    description: str | Unset | None = UNSET
    unit: Unit | Unset | None = UNSET
    choices: tuple[str, ...] | Unset | None = UNSET
    meter: Meter | Unset | None = UNSET
    status: FeatureStatus | Unset | None = UNSET
    default: Written | Unset | None = UNSET
    metadata: object = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanUpdate:
    """An update of a plan; it is live at once."""

    needs: ClassVar = ("name", "pricing_type", "visible", "position")

    key: str
    name: str | Unset | None = UNSET
    description: str | Unset | None = UNSET
    pricing_type: PricingType | Unset | None = UNSET
    visible: bool | Unset | None = UNSET
    position: int | Unset | None = UNSET
    default_trial_days: int | Unset | None = UNSET
    compatible_addons: tuple[str, ...] | Unset | None = UNSET
    metadata: object = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class AddonUpdate:
    """An update of an add-on; it is live at once."""

    needs: ClassVar = ("name",)

    key: str
    name: str | Unset | None = UNSET
    description: str | Unset | None = UNSET
    max_quantity: int | Unset | None = UNSET
    metadata: object = UNSET


Update = ProductUpdate | CreditTypeUpdate | FeatureUpdate | PlanUpdate | AddonUpdate


def update_product(catalog: Catalog, update: ProductUpdate) -> Catalog:
    """Change a product; raises Rejected with every problem."""
    product = _existing(catalog.products, Product, "product", update.key)
    changed = replace(product, **_changes(update))
    refuse_any((*_nulls(update), *text_problems(changed.name, changed.description, changed.metadata)))
    return replace(catalog, products={**catalog.products, product.key: changed})


def update_credit_type(catalog: Catalog, update: CreditTypeUpdate) -> Catalog:
    """Change a credit type; raises Rejected with every problem."""
    credit_type = _existing(catalog.credit_types, CreditType, "credit type", update.key)
    changed = replace(credit_type, **_changes(update))
    texts = text_problems(changed.name, metadata=changed.metadata)
    refuse_any((*_nulls(update), *texts, *unit_problems(changed.unit)))
    return replace(catalog, credit_types={**catalog.credit_types, credit_type.key: changed})


def update_plan(catalog: Catalog, update: PlanUpdate) -> Catalog:
    """Change a plan; raises Rejected with every problem."""
    plan = _existing(catalog.packages, Plan, "plan", update.key)
    changed = replace(plan, **_changes(update))
    refuse_any((*_nulls(update), *plan_field_problems(catalog, changed)))
    return with_package(catalog, changed)


def update_addon(catalog: Catalog, update: AddonUpdate) -> Catalog:
    """Change an add-on; raises Rejected with every problem."""
    addon = _existing(catalog.packages, Addon, "add-on", update.key)
    changed = replace(addon, **_changes(update))
    refuse_any((*_nulls(update), *addon_field_problems(catalog, changed)))
    return with_package(catalog, changed)


def update_feature(catalog: Catalog, update: FeatureUpdate, holders: Holders) -> Catalog:
    """Change a feature; holders prevent it from being archived, and its choices from being dropped."""
    feature = _existing(catalog.features, Feature, "feature", update.key)
    said = _changes(update)
    default = said.pop("default", feature.default)
    changed = replace(feature, **said)
    if update.meter is None and feature.meter is not None:
        # Without its meter a feature counts what is reported to it, with the same aggregation.
        changed = replace(changed, meter=Meter(aggregation=feature.meter.aggregation))
    refuse_any(
        (
            *_nulls(update),
            *feature_problems(changed, default),
            *_aggregation_problems(feature, changed),
            *_archiving_problems(catalog, feature, changed, holders),
            *_dropped_problems(catalog, feature, changed, holders),
        )
    )
    settled = None if default is None else complete_value(changed, default)
    return replace(catalog, features={**catalog.features, feature.key: replace(changed, default=settled)})


def _aggregation_problems(before: Feature, after: Feature) -> Iterator[Problem]:
    if before.meter and after.meter and before.meter.aggregation is not after.meter.aggregation:
        message = f"'{before.key}' is counted by {before.meter.aggregation}, and that never changes."
        yield invalid(message, "meter", "aggregation")


def _archiving_problems(
    catalog: Catalog, before: Feature, after: Feature, holders: Holders
) -> Iterator[Problem]:
    if after.status is FeatureStatus.ARCHIVED and before.status is not FeatureStatus.ARCHIVED:
        yield from in_use_problems(
            before.key, references(catalog, [before.key], holders)[before.key], "status"
        )


def _dropped_problems(
    catalog: Catalog, before: Feature, after: Feature, holders: Holders
) -> Iterator[Problem]:
    dropped = [choice for choice in before.choices if choice not in after.choices]
    for (_, choice), names in picks(catalog, {before.key: dropped}, holders).items():
        yield from in_use_problems(choice, names, "choices")


def _existing(among: Mapping[str, object], of: type[Thing], kind: str, key: str) -> Thing:
    thing = among.get(key)
    if not isinstance(thing, of):
        raise Rejected([unknown_key(kind, key, "key", among=among, of=of)])
    return thing


def _changes(update: Update) -> dict[str, Any]:
    """Return the fields that an update sets; null clears a clearable field, and keeps one that refuses it."""
    said: dict[str, Any] = {}
    for field in fields(update):
        value = getattr(update, field.name)
        if field.name == "key" or value is UNSET or (value is None and field.name in update.needs):
            continue
        said[field.name] = _EMPTY.get(field.name) if value is None else value
    return said


def _nulls(update: Update) -> Iterator[Problem]:
    """Refuse null for required fields."""
    for name in update.needs:
        if getattr(update, name) is None:
            yield missing_value("This cannot be removed.", _in_camel_case(name))


def _in_camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.title() for word in others)
