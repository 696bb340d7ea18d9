"""Access: the answer to "may this customer use this feature", with what it is based on."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from resolvers.credits.balances import credits_of
from rules.access import decision as rules
from rules.access.decision import AccessReason
from rules.usage.limits import UsageBalance as UsageBalanceFact
from rules.values import Choices, LimitEnforcement, Number, Object, Text, Value
from schema.catalog.features import Feature
from schema.catalog.values import ConfigValue, Money, UsageReset
from schema.explanations import Explanation, explain_together
from schema.fields import Info, resolver_field
from schema.scalars import Quantity, Revision

if TYPE_CHECKING:
    from schema.credits.types import CreditBalance
    from schema.customers.sources import EntitlementSource
from schema.arguments import Period


@strawberry.type(description="Usage against a limit in a period, in units of the feature.")
class UsageBalance:
    used: Quantity = strawberry.field(description="The quantity that was used in the period; never below 0.")
    reserved: Quantity = strawberry.field(description="The quantity that open reservations hold.")
    unlimited: bool = strawberry.field(description="Whether there is no limit.")
    limit: Quantity | None = strawberry.field(description="The limit for a period; null where unlimited.")
    remaining: Quantity | None = strawberry.field(
        description="max(0, limit - used - reserved); null where unlimited."
    )
    overage: Quantity = strawberry.field(description="max(0, used - limit), for hard limits too.")
    percent_used: float | None = strawberry.field(
        description="used / limit in percent; 100 where the limit is 0, null where unlimited."
    )
    enforcement: LimitEnforcement = strawberry.field(description="What happens beyond the limit.")
    reset: UsageReset = strawberry.field(description="When usage starts again from zero.")
    period: Period = strawberry.field(description="The period over which `used` counts.")
    overage_charge: Money | None = strawberry.field(
        description="The price of the overage of the period; null without an overage rate."
    )

    @classmethod
    def of(cls, usage: UsageBalanceFact) -> Self:
        charge = usage.overage_charge
        return cls(
            used=Quantity(usage.used),
            reserved=Quantity(usage.reserved),
            unlimited=usage.limit is None,
            limit=_quantity(usage.limit),
            remaining=_quantity(usage.remaining),
            overage=Quantity(usage.overage),
            percent_used=usage.percent_used,
            enforcement=usage.value.enforcement,
            reset=UsageReset.of(usage.metering.reset),
            period=Period.of(usage.metering.period),
            overage_charge=None if charge is None else Money.of(charge),
        )


def _quantity(micros: int | None) -> Quantity | None:
    return None if micros is None else Quantity(micros)


def _config(value: Value | None) -> ConfigValue | None:
    return ConfigValue.of(value) if isinstance(value, Number | Text | Choices | Object) else None


@strawberry.type(description="Whether a customer may use a feature, how much of it is left, and why.")
class Access:
    decision: strawberry.Private[rules.Decision]
    allowed: bool = strawberry.field(description="Whether the customer may use the feature as requested.")
    reason: AccessReason = strawberry.field(
        description="The reason for the answer; the first that applies, in the order of the enum."
    )
    customer_key: str = strawberry.field(description="The key of the customer that was checked.")
    feature_key: str = strawberry.field(description="The key of the feature that was checked.")
    requested: Quantity | None = strawberry.field(
        description="The requested quantity in units of the feature; null where none was named."
    )
    evaluated_at: datetime = strawberry.field(
        description="The instant for which the answer holds: the clock of the environment, or `at`."
    )
    valid_until: datetime | None = strawberry.field(
        description="The answer stays the same until this instant unless something is written; it may "
        "change later than that, never earlier. Null where time alone never changes it."
    )

    @classmethod
    def of(cls, decision: rules.Decision) -> Self:
        question = decision.subject.question
        return cls(
            decision=decision,
            allowed=decision.allowed,
            reason=decision.reason,
            customer_key=question.customer,
            feature_key=question.feature,
            requested=_quantity(question.requested),
            evaluated_at=decision.subject.now,
            valid_until=decision.valid_until,
        )

    @resolver_field("The feature that was checked; null where no feature has the key.")
    def feature(self, info: Info) -> Feature | None:
        subject = self.decision.subject
        return None if subject.feature is None else Feature.of(info, subject.flat, subject.feature)

    @resolver_field(
        "What the customer has, in words: '60 seats', 'Support: 24/7'. The feature's name "
        "where nothing includes it."
    )
    def display_text(self) -> str:
        return self.decision.display_text

    @resolver_field(
        "The customer's setting of a CONFIG feature; null for other types and where nothing "
        "includes the feature."
    )
    def config(self) -> ConfigValue | None:
        return _config(self.decision.subject.entitlement.value)

    @resolver_field("Usage and remaining quota; null unless a metered entitlement applies.")
    def usage(self) -> UsageBalance | None:
        return None if self.decision.usage is None else UsageBalance.of(self.decision.usage)

    @resolver_field("The balance of the credits that using the feature burns; null where it burns none.")
    def credits(self) -> Annotated["CreditBalance", strawberry.lazy("schema.credits.types")] | None:
        from schema.credits.types import CreditBalance  # noqa: PLC0415 - credits show customers

        seen = credits_of(self.decision)
        return None if seen is None else CreditBalance.of(seen)

    @resolver_field(
        "Credits that the requested quantity costs beyond the limit, or cost when it was "
        "consumed; null without a credit rate."
    )
    def credit_cost(self) -> Quantity | None:
        paid = self.decision.payment
        return None if paid is None else Quantity(paid.cost)

    @resolver_field(
        "The revision that this answer reflects; pass it as `atLeast` to read at least as much later."
    )
    def revision(self) -> Revision:
        return Revision(str(self.decision.revision))

    @resolver_field(
        "Every entitlement that says something about the feature; those that decided are marked `winning`."
    )
    def sources(
        self, info: Info
    ) -> list[Annotated["EntitlementSource", strawberry.lazy("schema.customers.sources")]]:
        from schema.customers.sources import EntitlementSource  # noqa: PLC0415 - sources show customers

        subject = self.decision.subject
        return [EntitlementSource.of(info, subject, source) for source in subject.entitlement.sources]

    @resolver_field(
        "The reasons for the answer, step by step, and what would turn a denial into an approval."
    )
    async def explanation(self, info: Info) -> Explanation:
        return await explain_together(info, self.decision)
