"""Entitlements: the rows of a package, each as the type that its value needs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Self

import strawberry

from rules import values
from rules.catalog import facts as rules
from rules.catalog import wording
from rules.catalog.facts import Widget
from rules.catalog.inheritance import Origin, ResolvedCatalog, ResolvedRow, Rows
from rules.errors import unreachable
from rules.values import BillingPeriod, CreditCadence, LimitEnforcement
from schema.catalog.features import CreditType, Feature
from schema.catalog.values import ConfigValue, Money, OverageRate, UsageReset
from schema.fields import Info, resolver_field
from schema.nodes import Node, catalog_id
from schema.scalars import Quantity

if TYPE_CHECKING:
    from schema.catalog.packages import Package


@strawberry.type(description="A price of a version of a package: a fact for your biller.")
class Price(Node):
    flat: strawberry.Private[ResolvedCatalog]
    fact: strawberry.Private[rules.Price]
    key: str = strawberry.field(description="A key that is unique in the package.")
    billing_period: BillingPeriod = strawberry.field(description="How often the price is charged.")
    amount: Money = strawberry.field(description="The amount of the price.")

    @classmethod
    def of(cls, info: Info, place: "HiddenPlace", price: rules.Price) -> Self:
        return cls(
            id=catalog_id(info, place.flat, "Price", place.package.key, place.number or 0, price.key),
            flat=place.flat,
            fact=price,
            key=price.key,
            billing_period=price.billing_period,
            amount=Money.of(price.amount),
        )

    @resolver_field("The metered feature that is charged per unit, such as seats; null for a flat price.")
    def per_unit_of(self, info: Info) -> Feature | None:
        key = self.fact.per_unit_of
        return None if key is None else Feature.of(info, self.flat, self.flat.catalog.features[key])


@strawberry.type(description="The credits that using a feature burns: `credits` for every `perUnits` units.")
class CreditRate:
    flat: strawberry.Private[ResolvedCatalog]
    fact: strawberry.Private[rules.CreditRate]
    credits: Quantity = strawberry.field(description="The credits that `perUnits` units burn.")
    per_units: Quantity = strawberry.field(description="The number of units that `credits` is for.")

    @classmethod
    def at(cls, place: "HiddenPlace") -> list[Self]:
        """Return the rates of a version by feature, inherited ones included."""
        rates = place.flat.rates(place.content, place.base_number)
        return [
            cls(
                flat=place.flat, fact=rate, credits=Quantity(rate.credits), per_units=Quantity(rate.per_units)
            )
            for _, rate in sorted(rates.items())
        ]

    @resolver_field("The feature whose usage burns credits.")
    def feature(self, info: Info) -> Feature:
        return Feature.of(info, self.flat, self.flat.catalog.features[self.fact.feature])

    @resolver_field("The credit type that is burned.")
    def credit_type(self, info: Info) -> CreditType:
        return CreditType.of(info, self.flat, self.flat.catalog.credit_types[self.fact.credit_type])


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenPlace:
    """Where a row is shown: a version of a package, or its draft (``number`` None)."""

    flat: ResolvedCatalog
    package: rules.Package
    number: int | None
    content: rules.Content
    base_number: int | None

    @property
    def rows(self) -> Rows:
        """The rows of the version or draft, in display order."""
        if self.number is None:
            return self.flat.draft_rows(self.package)
        return self.flat.rows(self.package.key, self.number)


@strawberry.interface(description="What one package says about one feature or credit type.")
class Entitlement(Node):
    place: strawberry.Private[HiddenPlace]
    seen: strawberry.Private[ResolvedRow]
    key: str = strawberry.field(description="The key of the feature or credit type.")
    origin: Origin = strawberry.field(description="Whether this package or a base plan sets the entitlement.")
    position: int = strawberry.field(description="The position in display order, from 0.")
    hidden_from: list[Widget] = strawberry.field(description="The places that do not show this entitlement.")
    display_text: str = strawberry.field(
        description="The text for pricing tables: the custom text, or the generated one."
    )
    default_display_text: str = strawberry.field(
        description="The generated text, shown where no custom text is set."
    )

    @resolver_field("The feature that the entitlement concerns; null for credits.")
    def feature(self, info: Info) -> Feature | None:
        """Return the feature; every subtype overrides this."""
        raise NotImplementedError

    @resolver_field("The package that sets this entitlement: for an inherited one, the base plan.")
    def defined_in(self, info: Info) -> Annotated["Package", strawberry.lazy("schema.catalog.packages")]:
        from schema.catalog.packages import show_package  # noqa: PLC0415 - packages build on rows

        return show_package(info, self.place.flat, self.seen.defined_in)

    @resolver_field(
        "The inherited entitlement that this one replaces, to show struck through; null where it "
        "replaces none."
    )
    def overrides(self, info: Info) -> "Entitlement | None":
        return None if self.seen.overrides is None else _show_inherited(info, self.place, self.seen.overrides)

    @resolver_field(
        "The price whose subscriptions this entitlement is limited to; null for all subscriptions."
    )
    def price(self, info: Info) -> Price | None:
        prices = (price for price in self.place.content.prices if price.key == self.seen.row.price)
        return next((Price.of(info, self.place, price) for price in prices), None)


def _feature(info: Info, row: Entitlement) -> Feature:
    return Feature.of(info, row.place.flat, row.place.flat.catalog.features[row.key])


@strawberry.type(description="An entitlement that includes a BOOLEAN feature.")
class BooleanEntitlement(Entitlement):
    @resolver_field("The feature that is included.")
    def feature(self, info: Info) -> Feature:
        return _feature(info, self)


@strawberry.type(description="An entitlement that sets a CONFIG feature.")
class ConfigEntitlement(Entitlement):
    value: ConfigValue = strawberry.field(description="The value of the setting.")

    @resolver_field("The feature that is set.")
    def feature(self, info: Info) -> Feature:
        return _feature(info, self)


@strawberry.type(description="An entitlement that limits a METERED feature.")
class MeteredEntitlement(Entitlement):
    unlimited: bool = strawberry.field(description="Whether there is no limit.")
    limit: Quantity | None = strawberry.field(
        description="The limit for a period, in units of the feature; null exactly where `unlimited` is true."
    )
    enforcement: LimitEnforcement = strawberry.field(description="What happens beyond the limit.")
    reset: UsageReset = strawberry.field(description="When usage starts again from zero.")
    overage: OverageRate | None = strawberry.field(
        description="The price of usage beyond a soft limit; null where it has none."
    )

    @resolver_field("The feature that is limited.")
    def feature(self, info: Info) -> Feature:
        return _feature(info, self)


@strawberry.type(description="An entitlement that mints credits in every cadence period.")
class CreditEntitlement(Entitlement):
    amount: Quantity = strawberry.field(description="The number of credits per cadence period.")
    cadence: CreditCadence = strawberry.field(description="How often the credits are minted.")
    rollover_limit: Quantity = strawberry.field(
        description="The most credits that are carried into the next cadence period; '0' carries none."
    )

    @resolver_field("Always null: a credit type is not a feature.")
    def feature(self, info: Info) -> Feature | None:  # noqa: ARG002
        return None

    @resolver_field("The credit type that is minted.")
    def credit_type(self, info: Info) -> CreditType:
        return CreditType.of(info, self.place.flat, self.place.flat.catalog.credit_types[self.key])


@strawberry.type(description="The revocation of an inherited entitlement. Pricing tables never show it.")
class RevokedEntitlement(Entitlement):
    @resolver_field("The inherited entitlement that does not hold here.")
    def overrides(self, info: Info) -> Entitlement:
        """Return the inherited row; a revocation without one is not shown."""
        above = self.seen.overrides
        if above is None:
            unreachable(f"nothing is revoked: {self.key}")
        return _show_inherited(info, self.place, above)

    @resolver_field("The feature that is revoked; null for credits.")
    def feature(self, info: Info) -> Feature | None:
        return _feature(info, self) if self.key in self.place.flat.catalog.features else None


def entitlements_of(info: Info, place: HiddenPlace, rows: tuple[ResolvedRow, ...]) -> list[Entitlement]:
    """Return the rows of a package, in display order."""
    return [entitlement_of(info, place, shown, position) for position, shown in enumerate(rows)]


def entitlement_of(info: Info, place: HiddenPlace, shown: ResolvedRow, position: int) -> Entitlement:
    """Return a row as the type that its value needs."""
    row = shown.row
    catalog = place.flat.catalog
    subject = catalog.features.get(row.key) or catalog.credit_types[row.key]
    billing = wording_billing(place, row)
    shared: dict[str, Any] = {
        "id": catalog_id(
            info,
            place.flat,
            "Entitlement",
            place.package.key,
            place.number or 0,
            row.key,
            row.price or "",
            shown.defined_in,
        ),
        "place": place,
        "seen": shown,
        "key": row.key,
        "origin": shown.origin,
        "position": position,
        "hidden_from": list(row.hidden_from),
        "display_text": wording.row_text(row, subject=subject, billing=billing),
        "default_display_text": wording.value_text(row.value, subject=subject, billing=billing),
    }
    return _as_type(row.value, shared)


def _show_inherited(info: Info, place: HiddenPlace, above: ResolvedRow) -> Entitlement:
    """Return an inherited row at the position of the first row that overrides it."""
    places = (position for position, seen in enumerate(place.rows) if seen.overrides == above)
    return entitlement_of(info, place, above, next(places))


def wording_billing(place: HiddenPlace, row: rules.Row) -> BillingPeriod | None:
    """Return the billing period of a row's own price, for its display text."""
    return next((price.billing_period for price in place.content.prices if price.key == row.price), None)


def _as_type(value: values.Value | values.Revoked, shared: dict[str, Any]) -> Entitlement:
    match value:
        case values.Granted():
            return BooleanEntitlement(**shared)
        case values.Metered():
            return MeteredEntitlement(
                unlimited=value.limit is None,
                limit=None if value.limit is None else Quantity(value.limit),
                enforcement=value.enforcement,
                reset=UsageReset.of(value.reset),
                overage=OverageRate.of(value.overage),
                **shared,
            )
        case values.Revoked():
            return RevokedEntitlement(**shared)
        case values.Credits():
            return CreditEntitlement(
                amount=Quantity(value.amount),
                cadence=value.cadence,
                rollover_limit=Quantity(value.rollover_limit),
                **shared,
            )
        case _:
            return ConfigEntitlement(value=ConfigValue.of(value), **shared)
