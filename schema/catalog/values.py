"""The values of entitlements, as types and as inputs."""

from typing import Self, assert_never

import strawberry

from rules import values as rules
from rules.errors import unreachable
from rules.values import (
    CreditCadence,
    LimitEnforcement,
    ResetAnchor,
    ResetInterval,
    Weekday,
)
from schema.scalars import JSON, Quantity


@strawberry.type(description="The words for one unit and for several.")
class Unit:
    singular: str = strawberry.field(description="The word for exactly one: 'seat'.")
    plural: str = strawberry.field(description="The word for any other number: 'seats'.")

    @classmethod
    def of(cls, unit: rules.Unit | None) -> Self | None:
        return None if unit is None else cls(singular=unit.singular, plural=unit.plural)


@strawberry.type(description="An amount of money: a fact for your biller.")
class Money:
    amount: Quantity = strawberry.field(description="The amount in the currency's main unit: '19.90'.")
    currency: str = strawberry.field(description="The ISO 4217 code of the currency.")

    @classmethod
    def of(cls, money: rules.Money) -> Self:
        return cls(amount=Quantity(money.amount), currency=money.currency)


@strawberry.type(description="The price of usage beyond a soft limit: a fact for your biller.")
class OverageRate:
    amount: Money = strawberry.field(description="The price of `perUnits` units.")
    per_units: Quantity = strawberry.field(description="The number of units that the amount is for.")

    @classmethod
    def of(cls, rate: rules.OverageRate | None) -> Self | None:
        return None if rate is None else cls(amount=Money.of(rate.amount), per_units=Quantity(rate.per_units))


@strawberry.type(description="Usage starts again every `count` intervals, counted from the anchor.")
class UsageReset:
    every: ResetInterval = strawberry.field(description="The unit of a period.")
    count: int = strawberry.field(description="The number of intervals in a period.")
    anchor: ResetAnchor = strawberry.field(description="The instant from which periods are counted.")
    weekday: Weekday | None = strawberry.field(
        description="The first day of calendar weeks; null unless WEEK and CALENDAR."
    )

    @classmethod
    def of(cls, reset: rules.Reset) -> Self:
        return cls(every=reset.every, count=reset.count, anchor=reset.anchor, weekday=reset.weekday)


@strawberry.type(
    description="The value of a CONFIG feature. Exactly one field is set, by the feature's kind."
)
class ConfigValue:
    number: Quantity | None = strawberry.field(default=None, description="The number; kind NUMBER only.")
    text: str | None = strawberry.field(default=None, description="The text; kind TEXT only.")
    choices: list[str] | None = strawberry.field(
        default=None, description="The included choices; kind CHOICE only."
    )
    object: JSON | None = strawberry.field(default=None, description="The JSON object; kind OBJECT only.")

    @classmethod
    def of(cls, value: rules.Config) -> Self:
        match value:
            case rules.Number():
                return cls(number=Quantity(value.number))
            case rules.Text():
                return cls(text=value.text)
            case rules.Choices():
                return cls(choices=list(value.choices))
            case rules.Object():
                return cls(object=JSON(value.object))
            case _:
                assert_never(value)


@strawberry.type(description="The limit on the counted usage of a METERED feature.")
class MeteredValue:
    unlimited: bool = strawberry.field(description="Whether there is no limit.")
    limit: Quantity | None = strawberry.field(
        description="The limit for a period, in units of the feature; null exactly where `unlimited` is true."
    )
    enforcement: LimitEnforcement = strawberry.field(description="What happens beyond the limit.")
    reset: UsageReset = strawberry.field(description="When usage starts again from zero.")
    overage: OverageRate | None = strawberry.field(
        description="The price of usage beyond a soft limit; null where it has none."
    )

    @classmethod
    def of(cls, value: rules.Metered) -> Self:
        return cls(
            unlimited=value.limit is None,
            limit=None if value.limit is None else Quantity(value.limit),
            enforcement=value.enforcement,
            reset=UsageReset.of(value.reset),
            overage=OverageRate.of(value.overage),
        )


@strawberry.type(description="The value of an entitlement; a BOOLEAN feature has none.")
class EntitlementValue:
    config: ConfigValue | None = strawberry.field(default=None, description="The value for a CONFIG feature.")
    metered: MeteredValue | None = strawberry.field(
        default=None, description="The limit for a METERED feature."
    )

    @classmethod
    def of(cls, value: rules.Value | None) -> Self | None:
        match value:
            case rules.Metered():
                return cls(metered=MeteredValue.of(value))
            case rules.Number() | rules.Text() | rules.Choices() | rules.Object():
                return cls(config=ConfigValue.of(value))
            case _:
                return None


@strawberry.input(description="The words for one unit and for several.")
class UnitInput:
    singular: str = strawberry.field(description="The word for exactly one: 'seat'.")
    plural: str = strawberry.field(description="The word for any other number: 'seats'.")

    def fact(self) -> rules.Unit:
        return rules.Unit(singular=self.singular, plural=self.plural)


@strawberry.input(description="An amount of money with its currency.")
class MoneyInput:
    amount: Quantity = strawberry.field(description="The amount in the currency's main unit: '19.90'.")
    currency: str = strawberry.field(description="The ISO 4217 code of the currency.")

    def fact(self) -> rules.Money:
        return rules.Money(amount=self.amount, currency=self.currency)


@strawberry.input(description="The price of usage beyond a soft limit: a fact for your biller.")
class OverageRateInput:
    amount: MoneyInput = strawberry.field(description="The price of `perUnits` units.")
    per_units: Quantity = strawberry.field(
        default=Quantity(1_000_000), description="The number of units that the amount is for."
    )

    def fact(self) -> rules.OverageRate:
        return rules.OverageRate(amount=self.amount.fact(), per_units=self.per_units)


@strawberry.input(
    description="When usage starts again. `count` is 1 with NEVER and BILLING_PERIOD; `weekday` needs "
    "WEEK and CALENDAR."
)
class UsageResetInput:
    every: ResetInterval = strawberry.field(description="The unit of a period.")
    count: int = strawberry.field(default=1, description="The number of intervals in a period.")
    anchor: ResetAnchor = strawberry.field(
        default=ResetAnchor.SUBSCRIPTION_START, description="The instant from which periods are counted."
    )
    weekday: Weekday | None = strawberry.field(
        default=strawberry.UNSET, description="The first day of calendar weeks; Monday if left out."
    )

    def fact(self) -> rules.Reset:
        return rules.Reset(
            every=self.every, count=self.count, anchor=self.anchor, weekday=self.weekday or None
        )


@strawberry.input(one_of=True, description="The value of a CONFIG feature, of the feature's kind.")
class ConfigValueInput:
    number: Quantity | None = strawberry.field(
        default=strawberry.UNSET, description="The number; kind NUMBER only."
    )
    text: str | None = strawberry.field(default=strawberry.UNSET, description="The text; kind TEXT only.")
    choices: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="The included choices; kind CHOICE only."
    )
    object: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="A JSON object; kind OBJECT only."
    )

    def fact(self) -> rules.Config:
        """Return the setting; GraphQL guarantees that exactly one field is set."""
        if isinstance(self.number, int):
            return rules.Number(number=self.number)
        if isinstance(self.text, str):
            return rules.Text(text=self.text)
        if isinstance(self.choices, list):
            return rules.Choices(choices=tuple(self.choices))
        return rules.Object(object=self.object)


@strawberry.input(description="The limit on counted usage: exactly one of `limit` and `unlimited: true`.")
class MeteredValueInput:
    limit: Quantity | None = strawberry.field(
        default=strawberry.UNSET, description="The limit for a period, in units of the feature."
    )
    unlimited: bool = strawberry.field(default=False, description="True for no limit.")
    enforcement: LimitEnforcement = strawberry.field(
        default=LimitEnforcement.HARD, description="What happens beyond the limit."
    )
    reset: UsageResetInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="When usage starts again. Left out: BILLING_PERIOD; NEVER for features counted by "
        "LATEST.",
    )
    overage: OverageRateInput | None = strawberry.field(
        default=strawberry.UNSET, description="The price of usage beyond the limit; SOFT only."
    )

    def fact(self) -> rules.WrittenLimit:
        return rules.WrittenLimit(
            limit=self.limit if isinstance(self.limit, int) else None,
            unlimited=self.unlimited,
            enforcement=self.enforcement,
            reset=self.reset.fact() if self.reset else None,
            overage=self.overage.fact() if self.overage else None,
        )


@strawberry.input(description="Credits that are minted in every cadence period.")
class CreditValueInput:
    amount: Quantity = strawberry.field(description="The number of credits per cadence period.")
    cadence: CreditCadence = strawberry.field(
        default=CreditCadence.MONTHLY, description="How often the credits are minted."
    )
    rollover_limit: Quantity = strawberry.field(
        default=Quantity(0),
        description="The most credits that are carried into the next cadence period; none if left out.",
    )

    def fact(self) -> rules.Credits:
        return rules.Credits(amount=self.amount, cadence=self.cadence, rollover_limit=self.rollover_limit)


@strawberry.input(one_of=True, description="The value of an entitlement. A BOOLEAN feature needs none.")
class EntitlementValueInput:
    config: ConfigValueInput | None = strawberry.field(
        default=strawberry.UNSET, description="The value for a CONFIG feature."
    )
    metered: MeteredValueInput | None = strawberry.field(
        default=strawberry.UNSET, description="The limit for a METERED feature."
    )
    credit: CreditValueInput | None = strawberry.field(
        default=strawberry.UNSET, description="The credits for a credit type."
    )

    def fact(self) -> rules.Written:
        """Return the value; GraphQL guarantees that exactly one field is set."""
        if self.config:
            return self.config.fact()
        if self.metered:
            return self.metered.fact()
        if self.credit:
            return self.credit.fact()
        return unreachable("a @oneOf input with nothing set")
