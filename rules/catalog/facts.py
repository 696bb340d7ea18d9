"""The catalog as facts: products, features, credit types, and packages with their versions.

Everything here is immutable. An edit makes a new ``Catalog`` that shares all unchanged parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from rules.values import (
    BillingPeriod,
    ConfigKind,
    FeatureType,
    Money,
    Revoked,
    Unit,
    Value,
)


class FeatureStatus(StrEnum):
    """Whether a feature can be used at all."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    ARCHIVED = "ARCHIVED"


class Aggregation(StrEnum):
    """How events become a quantity."""

    COUNT = "COUNT"
    SUM = "SUM"
    MAX = "MAX"
    UNIQUE = "UNIQUE"
    LATEST = "LATEST"


ADDED_UP = (Aggregation.SUM, Aggregation.COUNT)
"""The aggregations whose usage can be consumed, reserved and charged immediately."""


class FilterOperator(StrEnum):
    """How a meter's filter compares an event's property."""

    EQ = "EQ"
    NEQ = "NEQ"
    IN = "IN"
    NOT_IN = "NOT_IN"
    GT = "GT"
    GTE = "GTE"
    LT = "LT"
    LTE = "LTE"
    EXISTS = "EXISTS"
    NOT_EXISTS = "NOT_EXISTS"


class PricingType(StrEnum):
    """How a plan is bought."""

    FREE = "FREE"
    PAID = "PAID"
    CUSTOM = "CUSTOM"


class PackageStatus(StrEnum):
    """Whether a package can be subscribed to."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    ARCHIVED = "ARCHIVED"


class VersionState(StrEnum):
    """The state of a version."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    SUPERSEDED = "SUPERSEDED"


class PublishScope(StrEnum):
    """Which customers a publish applies to."""

    ALL_CUSTOMERS = "ALL_CUSTOMERS"
    NEW_CUSTOMERS = "NEW_CUSTOMERS"


class Widget(StrEnum):
    """A widget in which a row can be hidden."""

    PRICING_TABLE = "PRICING_TABLE"
    CUSTOMER_PORTAL = "CUSTOMER_PORTAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterFilter:
    """A condition that an event must meet."""

    property: str
    operator: FilterOperator
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """How events become usage of a feature; the plain meter sums what is reported."""

    event_name: str | None = None
    aggregation: Aggregation = Aggregation.SUM
    property: str | None = None
    filters: tuple[MeterFilter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What is sold; it groups features and packages."""

    key: str
    name: str
    description: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """Something that a customer may use or not, or up to a limit."""

    key: str
    name: str
    type: FeatureType
    description: str | None = None
    product: str | None = None
    status: FeatureStatus = FeatureStatus.ACTIVE
    config_kind: ConfigKind | None = None
    choices: tuple[str, ...] = ()
    unit: Unit | None = None
    meter: Meter | None = None
    default: Value | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditType:
    """A kind of credits."""

    key: str
    name: str
    unit: Unit
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One package's own statement about one feature or credit type.

    With a ``price`` it applies only to subscriptions on that price of that very plan.
    """

    key: str
    value: Value | Revoked
    price: str | None = None
    display_text: str | None = None
    hidden_from: tuple[Widget, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a package costs. Allotment never charges it: it is for the billing system."""

    key: str
    billing_period: BillingPeriod
    amount: Money
    per_unit_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRate:
    """Using ``per_units`` of the feature burns ``credits``, both in micros."""

    feature: str
    credit_type: str
    credits: int
    per_units: int = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a version or draft itself says, before inheritance.

    ``order`` holds the keys that were placed first by hand; all others follow in the natural order.
    """

    base: str | None = None
    rows: tuple[Row, ...] = ()
    order: tuple[str, ...] = ()
    prices: tuple[Price, ...] = ()
    rates: tuple[CreditRate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A published content, which never changes.

    ``base_version`` is the version of the base plan that it was published against, and ``cascaded`` says
    that it was published because its base was.
    """

    number: int
    content: Content
    published_at: datetime
    base_version: int | None = None
    scope: PublishScope = PublishScope.ALL_CUSTOMERS
    cascaded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """Something a customer can subscribe to. Version n has index n - 1."""

    key: str
    name: str
    product: str
    description: str | None = None
    archived: bool = False
    draft: Content | None = None
    versions: tuple[Version, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)

    @property
    def published(self) -> Version | None:
        """The newest published version."""
        return self.versions[-1] if self.versions else None

    @property
    def status(self) -> PackageStatus:
        """Archived; otherwise published as soon as there is a version."""
        if self.archived:
            return PackageStatus.ARCHIVED
        return PackageStatus.PUBLISHED if self.versions else PackageStatus.DRAFT

    @property
    def shown(self) -> Content:
        """What readers see: the published version's content, otherwise the draft's."""
        return self.versions[-1].content if self.versions else self.newest

    @property
    def newest(self) -> Content:
        """What an edit starts from: the draft, otherwise the published version."""
        if self.draft is not None:
            return self.draft
        return self.versions[-1].content if self.versions else Content()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Package):
    """A package of which a customer has at most one per product."""

    pricing_type: PricingType = PricingType.FREE
    visible: bool = True
    position: int = 0
    default_trial_days: int | None = None
    compatible_addons: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Addon(Package):
    """A package bought on top of a plan, in a quantity."""

    max_quantity: int | None = None


AnyPackage = TypeVar("AnyPackage", Plan, Addon)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Everything that one environment sells, by key."""

    revision: int = 0
    products: Mapping[str, Product] = field(default_factory=dict)
    features: Mapping[str, Feature] = field(default_factory=dict)
    credit_types: Mapping[str, CreditType] = field(default_factory=dict)
    packages: Mapping[str, Package] = field(default_factory=dict)


def packages_of(catalog: Catalog, kind: type[AnyPackage], product: str | None) -> list[AnyPackage]:
    """Return the plans or the add-ons, of one product or of all."""
    return [
        package
        for package in catalog.packages.values()
        if isinstance(package, kind) and product in (None, package.product)
    ]


def features_like(
    catalog: Catalog, *, type_: FeatureType | None, product: str | None, search: str | None
) -> list[Feature]:
    """Return the features of a type and product whose key or name contains a text, ignoring case."""
    wanted = (search or "").casefold()
    return [
        feature
        for feature in catalog.features.values()
        if type_ in (None, feature.type)
        and product in (None, feature.product)
        and (wanted in feature.key.casefold() or wanted in feature.name.casefold())
    ]


def plans_of(catalog: Catalog, product: str, *, include_archived: bool = False) -> list[Plan]:
    """Return the plans of a product in display order: by position, then by key."""
    plans = packages_of(catalog, Plan, product)
    shown = [plan for plan in plans if include_archived or not plan.archived]
    return sorted(shown, key=lambda plan: (plan.position, plan.key))


def addons_of(catalog: Catalog, product: str, *, include_archived: bool = False) -> list[Addon]:
    """Return the add-ons of a product in display order: by key."""
    addons = packages_of(catalog, Addon, product)
    shown = [addon for addon in addons if include_archived or not addon.archived]
    return sorted(shown, key=lambda addon: addon.key)


def available_addons(catalog: Catalog, plan: Plan) -> list[Addon]:
    """Return the add-ons that a subscriber of a plan may buy: published, and compatible with it."""
    return [
        addon
        for addon in addons_of(catalog, plan.product)
        if addon.versions and (plan.compatible_addons is None or addon.key in plan.compatible_addons)
    ]
