"""Previews: what an edit or a change of plan would do, before it is done."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from resolvers import previews as resolvers
from rules.catalog.facts import PublishScope
from rules.commands.change_plan import ChangeTiming
from schema.bad_input import bad_input_errors
from schema.catalog.changes import CatalogChange
from schema.catalog.packages import Plan, show_plan
from schema.customers.subscription_inputs import ChangePlanInput
from schema.fields import Info, resolver_field
from schema.previews.impacts import AccessDifference, CustomerImpact
from schema.user_errors import INPUT


@strawberry.type(description="The effects of a publish, before it is done.")
class PublishPreview:
    changes: list[CatalogChange] = strawberry.field(
        description="What the new version would change, in words."
    )
    cascades_to: list[Plan] = strawberry.field(
        description="The plans that inherit from the package and would be published with it."
    )
    impact: CustomerImpact = strawberry.field(description="What customers would notice of the publish.")

    @classmethod
    def of(cls, info: Info, preview: resolvers.PublishPreview) -> Self:
        return cls(
            changes=[CatalogChange.of(change) for change in preview.changes],
            cascades_to=[show_plan(info, preview.flat, key) for key in preview.cascaded],
            impact=CustomerImpact.of(preview.impact),
        )


@strawberry.type(description="The effects of a change of plan, before it is done.")
class PlanChangePreview:
    timing: ChangeTiming = strawberry.field(description="When `changePlan` would do it: NOW or PERIOD_END.")
    effective_at: datetime = strawberry.field(
        description="The instant at which the change would take effect."
    )
    differences: list[AccessDifference] = strawberry.field(
        description="Every feature whose access would differ at that instant, before and after the change."
    )

    @classmethod
    def of(cls, preview: resolvers.PlanChangePreview) -> Self:
        return cls(
            timing=preview.planned.timing,
            effective_at=preview.planned.effective_at,
            differences=[AccessDifference.of(one) for one in preview.differences],
        )


@strawberry.type(description="What can be asked before it is done.")
class PreviewQueries:
    @resolver_field(
        "The effects of `publishPackage`, without doing it. What `publishPackage` would "
        "refuse is BAD_USER_INPUT with the same codes."
    )
    async def preview_publish(
        self,
        info: Info,
        package: Annotated[str, strawberry.argument(description="The key of the plan or add-on.")],
        apply_to: Annotated[
            PublishScope,
            strawberry.argument(description="The subscriptions that the new version would hold for."),
        ] = PublishScope.ALL_CUSTOMERS,
    ) -> PublishPreview | None:
        """Raises GraphQLError with BAD_USER_INPUT for a publish that would be refused."""
        with bad_input_errors(info.context):
            preview = await resolvers.preview_publish(info.context, package, apply_to)
        return PublishPreview.of(info, preview)

    @resolver_field(
        "The effects of `changePlan`, without doing it. What `changePlan` would refuse is "
        "BAD_USER_INPUT with the same codes."
    )
    async def preview_plan_change(
        self, info: Info, input: Annotated[ChangePlanInput, INPUT]
    ) -> PlanChangePreview | None:
        """Raises GraphQLError with BAD_USER_INPUT for a change that would be refused."""
        with bad_input_errors(info.context):
            preview = await resolvers.preview_plan_change(info.context, input.customer, input.fact())
        return PlanChangePreview.of(preview)
