"""Access: the answer to "may this customer use this feature", with what it rests on."""

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


@strawberry.type(description="How much of a limit is used, and over which period that counts.")
class UsageBalance:
    """Usage against a limit."""

    used: Quantity = strawberry.field(description="What was used in the period.")
    reserved: Quantity = strawberry.field(description="What is held and not used yet.")
    unlimited: bool = strawberry.field(description="Whether there is no limit.")
    limit: Quantity | None = strawberry.field(description="The most for a period; null when unlimited.")
    remaining: Quantity | None = strawberry.field(
        description="max(0, limit - used - reserved); null when unlimited."
    )
    overage: Quantity = strawberry.field(description="max(0, used - limit), for hard limits too.")
    percent_used: float | None = strawberry.field(
        description="used / limit as a percentage; null when unlimited, 100 where the limit is 0."
    )
    enforcement: LimitEnforcement = strawberry.field(description="What happens beyond the limit.")
    reset: UsageReset = strawberry.field(description="When usage starts again.")
    period: Period = strawberry.field(description="The period over which `used` counts.")
    overage_charge: Money | None = strawberry.field(
        description="What the overage of the period costs; null without an overage rate."
    )

    @classmethod
    def of(cls, usage: UsageBalanceFact) -> Self:
        """Show usage."""
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


@strawberry.type(description="May this customer use this feature, and how much of it is left?")
class Access:
    """A decision."""

    decision: strawberry.Private[rules.Decision]
    allowed: bool = strawberry.field(description="Yes or no.")
    reason: AccessReason = strawberry.field(description="Why.")
    customer_key: str = strawberry.field(description="Whom was asked about.")
    feature_key: str = strawberry.field(description="What was asked about.")
    requested: Quantity | None = strawberry.field(description="How much was asked for.")
    evaluated_at: datetime = strawberry.field(description="The instant of the decision.")
    valid_until: datetime | None = strawberry.field(
        description="No later than the first instant at which this answer can change with no new write."
    )

    @classmethod
    def of(cls, decision: rules.Decision) -> Self:
        """Show a decision."""
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

    @resolver_field("The feature; null where the key names none.")
    def feature(self, info: Info) -> Feature | None:
        """Give the feature."""
        subject = self.decision.subject
        return None if subject.feature is None else Feature.of(info, subject.flat, subject.feature)

    @resolver_field(
        "What the customer has, in words: '60 seats', 'Support: 24/7'. "
        "The feature's name where there is nothing."
    )
    def display_text(self) -> str:
        """Give the text."""
        return self.decision.display_text

    @resolver_field("The setting; CONFIG features only.")
    def config(self) -> ConfigValue | None:
        """Give the setting."""
        return _config(self.decision.subject.entitlement.value)

    @resolver_field("How much is used and left, where a metered row speaks and is not revoked.")
    def usage(self) -> UsageBalance | None:
        """Give the usage."""
        return None if self.decision.usage is None else UsageBalance.of(self.decision.usage)

    @resolver_field("What there is of the credits that using the feature burns; null where it burns none.")
    def credits(self) -> Annotated["CreditBalance", strawberry.lazy("schema.credits.types")] | None:
        """Give the balance."""
        from schema.credits.types import CreditBalance  # noqa: PLC0415 - credits show customers

        seen = credits_of(self.decision)
        return None if seen is None else CreditBalance.of(seen)

    @resolver_field("Credits that what was requested costs, or cost; null without a rate.")
    def credit_cost(self) -> Quantity | None:
        """Give the cost."""
        paid = self.decision.payment
        return None if paid is None else Quantity(paid.cost)

    @resolver_field("How much this answer has seen; a later read that names it sees at least as much.")
    def revision(self) -> Revision:
        """Give the revision."""
        return Revision(str(self.decision.revision))

    @resolver_field("Every row that spoke, with those that decided marked.")
    def sources(
        self, info: Info
    ) -> list[Annotated["EntitlementSource", strawberry.lazy("schema.customers.sources")]]:
        """Give the sources."""
        from schema.customers.sources import EntitlementSource  # noqa: PLC0415 - sources show customers

        subject = self.decision.subject
        return [EntitlementSource.of(info, subject, source) for source in subject.entitlement.sources]

    @resolver_field("Why the answer is what it is, and what would turn a no into a yes.")
    async def explanation(self, info: Info) -> Explanation:
        """Give the explanation."""
        return await explain_together(info, self.decision)
