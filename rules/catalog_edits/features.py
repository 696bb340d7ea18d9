"""Features, products and credit types: their validation and creation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from rules.catalog.facts import (
    Aggregation,
    Catalog,
    CreditType,
    Feature,
    FilterOperator,
    Meter,
    MeterFilter,
    Product,
)
from rules.catalog.validation import (
    LONGEST_NAME,
    complete_value,
    invalid,
    key_problems,
    missing_value,
    text_problems,
    unit_problems,
    value_problems,
)
from rules.errors import ErrorCode, Problem, Unknown, refuse_any
from rules.numbers import number_in
from rules.values import ConfigKind, FeatureType, Value, Written

_COMPARES_NUMBERS = (FilterOperator.GT, FilterOperator.GTE, FilterOperator.LT, FilterOperator.LTE)
_COMPARES_NOTHING = (FilterOperator.EXISTS, FilterOperator.NOT_EXISTS)
_COMPARES_MANY = (FilterOperator.IN, FilterOperator.NOT_IN)


def taken_problems(key: str, *spaces: Mapping[str, object]) -> Iterator[Problem]:
    """Check that no key of these spaces is the same, ignoring case."""
    folded = key.casefold()
    clash = next((known for space in spaces for known in space if known.casefold() == folded), None)
    if clash is not None:
        yield Problem(ErrorCode.ALREADY_EXISTS, f"The key '{clash}' is taken.", ("key",))


def unknown_key(
    kind: str,
    key: str,
    *path: str,
    among: Mapping[str, object] | None = None,
    or_among: Mapping[str, object] | None = None,
    of: type[object] = object,
) -> Problem:
    """A problem: a key names nothing; suggestions are the keys ``among`` these things ``of`` a type."""
    spaces = tuple(space for space in (among, or_among) if space is not None)
    unknown = Unknown(key, spaces, of) if spaces else None
    return Problem(ErrorCode.NOT_FOUND, f"There is no {kind} '{key}'.", path, unknown)


def create_product(catalog: Catalog, product: Product) -> Catalog:
    """Add a product; raises Rejected with every problem."""
    refuse_any(
        (
            *key_problems(product.key),
            *text_problems(product.name, product.description, product.metadata),
            *taken_problems(product.key, catalog.products),
        )
    )
    return replace(catalog, products={**catalog.products, product.key: product})


def create_feature(catalog: Catalog, feature: Feature, default: Written | None = None) -> Catalog:
    """Add a feature; a metered one without a meter sums what is reported to it."""
    refuse_any(
        (
            *feature_problems(feature, default),
            *taken_problems(feature.key, catalog.features, catalog.credit_types),
            *_product_problems(catalog, feature.product),
        )
    )
    if feature.type is FeatureType.METERED and feature.meter is None:
        feature = replace(feature, meter=Meter())
    if default is not None:
        feature = replace(feature, default=complete_value(feature, default))
    return replace(catalog, features={**catalog.features, feature.key: feature})


def create_credit_type(catalog: Catalog, credit_type: CreditType) -> Catalog:
    """Add a credit type; it shares its key space with the features."""
    refuse_any(
        (
            *key_problems(credit_type.key),
            *text_problems(credit_type.name, metadata=credit_type.metadata),
            *unit_problems(credit_type.unit),
            *taken_problems(credit_type.key, catalog.features, catalog.credit_types),
        )
    )
    return replace(catalog, credit_types={**catalog.credit_types, credit_type.key: credit_type})


def _product_problems(catalog: Catalog, product: str | None) -> Iterator[Problem]:
    if product is not None and product not in catalog.products:
        yield unknown_key("product", product, "product", among=catalog.products)


def feature_problems(feature: Feature, default: Written | Value | None) -> Iterator[Problem]:
    """Check a feature by itself, and its default value."""
    yield from key_problems(feature.key)
    yield from text_problems(feature.name, feature.description, feature.metadata)
    yield from unit_problems(feature.unit)
    yield from _kind_problems(feature)
    yield from meter_problems(feature)
    if default is not None:
        for problem in value_problems(feature, default):
            yield problem.under("defaultValue")


def _kind_problems(feature: Feature) -> Iterator[Problem]:
    if feature.type is FeatureType.CONFIG and feature.config_kind is None:
        yield missing_value("A CONFIG feature needs its configKind.", "configKind")
    if feature.type is not FeatureType.CONFIG and feature.config_kind is not None:
        yield invalid("configKind is for CONFIG features only.", "configKind")
    if feature.config_kind is ConfigKind.CHOICE:
        yield from _choice_list_problems(feature.choices)
    elif feature.choices:
        yield invalid("choices are for CONFIG features of kind CHOICE only.", "choices")


def _choice_list_problems(choices: tuple[str, ...]) -> Iterator[Problem]:
    if not choices:
        yield missing_value("A CHOICE feature needs at least one choice.", "choices")
    for index, choice in enumerate(choices):
        if not choice.strip() or len(choice) > LONGEST_NAME:
            yield invalid("A choice has 1 to 255 characters.", "choices", str(index))
        elif choice in choices[:index]:
            yield invalid(f"The choice '{choice}' is listed twice.", "choices", str(index))


def meter_problems(feature: Feature) -> Iterator[Problem]:
    """Check how a feature's events become usage."""
    meter = feature.meter
    if meter is None:
        return
    if feature.type is not FeatureType.METERED:
        yield invalid("A meter is for METERED features only.", "meter")
        return
    yield from _property_problems(meter)
    for index, condition in enumerate(meter.filters):
        for problem in _filter_problems(condition):
            yield problem.under("meter", "filters", str(index))


def _property_problems(meter: Meter) -> Iterator[Problem]:
    if meter.event_name is not None and not 1 <= len(meter.event_name) <= LONGEST_NAME:
        yield invalid("An event name has 1 to 255 characters.", "meter", "eventName")
    if meter.aggregation is Aggregation.COUNT:
        if meter.property is not None:
            yield invalid("COUNT counts events and reads no property.", "meter", "property")
    elif meter.property is not None and not 1 <= len(meter.property) <= LONGEST_NAME:
        yield invalid("A property has 1 to 255 characters.", "meter", "property")
    elif meter.property is None and (meter.event_name is not None or meter.aggregation is Aggregation.UNIQUE):
        yield missing_value(f"{meter.aggregation} needs the property that it reads.", "meter", "property")


def _filter_problems(condition: MeterFilter) -> Iterator[Problem]:
    operator, values = condition.operator, condition.values
    if not 1 <= len(condition.property) <= LONGEST_NAME:
        yield invalid("A property has 1 to 255 characters.", "property")
    if operator in _COMPARES_NOTHING:
        if values:
            yield invalid(f"{operator} takes no values.", "values")
    elif operator in _COMPARES_MANY:
        if not values:
            yield missing_value(f"{operator} takes at least one value.", "values")
    elif len(values) != 1:
        yield invalid(f"{operator} takes exactly one value.", "values")
    elif operator in _COMPARES_NUMBERS and number_in(values[0]) is None:
        yield invalid(f"{operator} compares numbers: '{values[0]}' is not a number.", "values", "0")
