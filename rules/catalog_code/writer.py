"""The catalog as a document: plain mappings, lists, texts and numbers, complete and deterministic.

Names are those of the graph's inputs. Defaults are left out; a quantity is a whole number, or a text such
as '19.9' that keeps its digits everywhere. Things are sorted by key; rows and prices keep their own order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from rules.catalog.facts import (
    Addon,
    Catalog,
    Content,
    CreditRate,
    CreditType,
    Feature,
    FeatureStatus,
    Meter,
    Package,
    Plan,
    Price,
    PricingType,
    Product,
    Row,
    Widget,
)
from rules.catalog.validation import default_reset
from rules.catalog_edits.drafts import row_subject
from rules.numbers import ONE, to_text
from rules.values import (
    Choices,
    Config,
    CreditCadence,
    Credits,
    Granted,
    LimitEnforcement,
    Metered,
    Money,
    Number,
    Object,
    OverageRate,
    Reset,
    ResetAnchor,
    Revoked,
    Text,
    Unit,
    Value,
)

Entry = dict[str, Any]
"""A mapping of a document."""

Subject = Feature | CreditType | None
"""What a row is about; None where the catalog has no such thing."""


def document_of(catalog: Catalog) -> Entry:
    """Return the whole catalog as a document, without unfinished drafts of published packages."""
    plans = {key: package for key, package in catalog.packages.items() if isinstance(package, Plan)}
    addons = {key: package for key, package in catalog.packages.items() if isinstance(package, Addon)}
    return _entry(
        products={key: product_entry(thing) for key, thing in sorted(catalog.products.items())},
        features={key: feature_entry(thing) for key, thing in sorted(catalog.features.items())},
        creditTypes={key: credit_type_entry(thing) for key, thing in sorted(catalog.credit_types.items())},
        plans={key: _package_entry(thing, catalog) for key, thing in sorted(plans.items())},
        addons={key: _package_entry(thing, catalog) for key, thing in sorted(addons.items())},
    )


def _entry(**fields: object) -> Entry:
    """Leave out fields that are absent, false or empty."""
    return {
        name: value
        for name, value in fields.items()
        if value is not None and value is not False and value not in ({}, [])
    }


def quantity_entry(micros: int) -> int | str:
    """Return a quantity in a form in which no reader loses digits."""
    return to_text(micros) if micros % ONE else micros // ONE


def product_entry(product: Product) -> Entry:
    """Return a product as an entry."""
    return _entry(
        name=product.name, description=product.description, metadata=without_empty(product.metadata)
    )


def credit_type_entry(credit_type: CreditType) -> Entry:
    """Return a credit type as an entry."""
    return _entry(
        name=credit_type.name,
        unit=_unit_entry(credit_type.unit),
        metadata=without_empty(credit_type.metadata),
    )


def feature_entry(feature: Feature) -> Entry:
    """Return a feature as an entry."""
    default = None if feature.default is None else value_entry(feature.default, feature)
    return _entry(
        name=feature.name,
        description=feature.description,
        product=feature.product,
        type=feature.type.value,
        status=None if feature.status is FeatureStatus.ACTIVE else feature.status.value,
        configKind=feature.config_kind and feature.config_kind.value,
        choices=list(feature.choices),
        unit=feature.unit and _unit_entry(feature.unit),
        meter=None if feature.meter is None else _meter_entry(feature.meter),
        metadata=without_empty(feature.metadata),
    ) | ({} if default is None else {"defaultValue": default})


def _unit_entry(unit: Unit) -> Entry:
    return {"singular": unit.singular, "plural": unit.plural}


def _meter_entry(meter: Meter) -> Entry:
    """Return a meter as an entry; the plain one, which sums what is reported, is the default."""
    plain = Meter()
    return _entry(
        eventName=meter.event_name,
        aggregation=None if meter.aggregation is plain.aggregation else meter.aggregation.value,
        property=meter.property,
        filters=[
            _entry(property=one.property, operator=one.operator.value, values=list(one.values))
            for one in meter.filters
        ],
    )


def _package_entry(package: Package, catalog: Catalog) -> Entry:
    draft = {} if package.versions else {"draft": True}
    return {**terms_entry(package), **draft, **content_entry(package.shown, catalog)}


def terms_entry(package: Package) -> Entry:
    """Return what a package says outside of its versions: everything that is live at once."""
    said = _entry(
        name=package.name,
        product=package.product,
        description=package.description,
        metadata=without_empty(package.metadata),
        archived=package.archived,
    )
    if isinstance(package, Plan):
        return said | _plan_terms(package)
    return said | _entry(maxQuantity=package.max_quantity if isinstance(package, Addon) else None)


def _plan_terms(plan: Plan) -> Entry:
    addons = plan.compatible_addons
    return {
        **_entry(pricingType=None if plan.pricing_type is PricingType.FREE else plan.pricing_type.value),
        **({} if plan.visible else {"visible": False}),
        "position": plan.position,
        **_entry(defaultTrialDays=plan.default_trial_days),
        **({} if addons is None else {"compatibleAddons": sorted(set(addons))}),
    }


def content_entry(content: Content, catalog: Catalog) -> Entry:
    """Return what a version or draft itself says, before inheritance."""
    return _entry(
        basePlan=content.base,
        entitlements=[_row_entry(row, row_subject(catalog, row.key)) for row in content.rows],
        order=list(content.order),
        prices=[_price_entry(price) for price in content.prices],
        creditRates=[_rate_entry(rate) for rate in sorted(content.rates, key=lambda rate: rate.feature)],
    )


def _row_entry(row: Row, subject: Subject) -> Entry:
    value = {"revoked": True} if isinstance(row.value, Revoked) else value_entry(row.value, subject)
    texts = _entry(
        displayText=row.display_text,
        hiddenFrom=[widget.value for widget in Widget if widget in row.hidden_from],
    )
    return {"key": row.key, **_entry(price=row.price), **value, **texts}


def _price_entry(price: Price) -> Entry:
    return _entry(
        key=price.key,
        billingPeriod=price.billing_period.value,
        amount=_money_entry(price.amount),
        perUnitOf=price.per_unit_of,
    )


def _rate_entry(rate: CreditRate) -> Entry:
    return _entry(
        feature=rate.feature,
        creditType=rate.credit_type,
        credits=quantity_entry(rate.credits),
        perUnits=None if rate.per_units == ONE else quantity_entry(rate.per_units),
    )


def _money_entry(money: Money) -> Entry:
    return {"amount": quantity_entry(money.amount), "currency": money.currency}


def value_entry(value: Value, subject: Subject) -> Entry:
    """Return a value in the field of its kind; a boolean grant has none."""
    match value:
        case Granted():
            return {}
        case Metered():
            return {"metered": _limit_entry(value, subject)}
        case Credits():
            return {"credit": _credit_entry(value)}
        case _:
            return {"config": _config_entry(value, subject)}


def _config_entry(value: Config, subject: Subject) -> Entry:
    match value:
        case Number():
            return {"number": quantity_entry(value.number)}
        case Text():
            return {"text": value.text}
        case Choices():
            return {"choices": _in_order(value.choices, subject)}
        case Object():
            return {"object": without_empty(value.object)}
        case _:
            assert_never(value)


def _in_order(picked: tuple[str, ...], subject: Subject) -> list[str]:
    """Return choices in the order of their feature, those that it no longer has at the end."""
    known = subject.choices if isinstance(subject, Feature) else ()
    return [*(one for one in known if one in picked), *(one for one in picked if one not in known)]


def _limit_entry(value: Metered, subject: Subject) -> Entry:
    usual = subject is not None and value.reset == default_reset(subject)
    return _entry(
        limit=None if value.limit is None else quantity_entry(value.limit),
        unlimited=value.limit is None,
        enforcement=None if value.enforcement is LimitEnforcement.HARD else value.enforcement.value,
        reset=None if usual else _reset_entry(value.reset),
        overage=value.overage and _overage_entry(value.overage),
    )


def _reset_entry(reset: Reset) -> Entry:
    return _entry(
        every=reset.every.value,
        count=None if reset.count == 1 else reset.count,
        anchor=None if reset.anchor is ResetAnchor.SUBSCRIPTION_START else reset.anchor.value,
        weekday=reset.weekday and reset.weekday.value,
    )


def _overage_entry(rate: OverageRate) -> Entry:
    return _entry(
        amount=_money_entry(rate.amount),
        perUnits=None if rate.per_units == ONE else quantity_entry(rate.per_units),
    )


def _credit_entry(value: Credits) -> Entry:
    return _entry(
        amount=quantity_entry(value.amount),
        cadence=None if value.cadence is CreditCadence.MONTHLY else value.cadence.value,
        rolloverLimit=None if value.rollover_limit == 0 else quantity_entry(value.rollover_limit),
    )


def without_empty(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return free-form JSON with its keys sorted."""
    if isinstance(value, Mapping):
        return {key: without_empty(item) for key, item in sorted(value.items())}
    if isinstance(value, list | tuple):
        return [without_empty(item) for item in value]
    return value
