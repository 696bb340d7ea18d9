"""Acts on products, features, credit types and packages."""

from typing import Annotated

import strawberry

from resolvers import catalog as resolvers
from schema.catalog import inputs, payloads
from schema.catalog import package_inputs as packages
from schema.fields import Info, or_none, or_unset
from schema.user_errors import INPUT, mutation


@strawberry.type(description="What can be done to the catalog.")
class CatalogMutations:
    """Acts that hold at once."""

    @mutation("Adds a product.")
    async def create_product(
        self, info: Info, input: Annotated[inputs.CreateProductInput, INPUT]
    ) -> payloads.ProductPayload:
        """Add a product."""
        flat = await resolvers.create_product(info.context, input.fact())
        return payloads.ProductPayload.of(info, flat, input.key)

    @mutation("Changes a product.")
    async def update_product(
        self, info: Info, input: Annotated[inputs.UpdateProductInput, INPUT]
    ) -> payloads.ProductPayload:
        """Change a product."""
        flat = await resolvers.update_product(info.context, input.fact())
        return payloads.ProductPayload.of(info, flat, input.key)

    @mutation("Adds a feature.")
    async def create_feature(
        self, info: Info, input: Annotated[inputs.CreateFeatureInput, INPUT]
    ) -> payloads.FeaturePayload:
        """Add a feature."""
        default = input.default_value.fact() if input.default_value else None
        flat = await resolvers.create_feature(info.context, input.fact(), default)
        return payloads.FeaturePayload.of(info, flat, input.key)

    @mutation("Changes, suspends or archives a feature.")
    async def update_feature(
        self, info: Info, input: Annotated[inputs.UpdateFeatureInput, INPUT]
    ) -> payloads.FeaturePayload:
        """Change a feature."""
        flat = await resolvers.update_feature(info.context, input.fact())
        return payloads.FeaturePayload.of(info, flat, input.key)

    @mutation("Adds a kind of credits.")
    async def create_credit_type(
        self, info: Info, input: Annotated[inputs.CreateCreditTypeInput, INPUT]
    ) -> payloads.CreditTypePayload:
        """Add a credit type."""
        flat = await resolvers.create_credit_type(info.context, input.fact())
        return payloads.CreditTypePayload.of(info, flat, input.key)

    @mutation("Changes a kind of credits.")
    async def update_credit_type(
        self, info: Info, input: Annotated[inputs.UpdateCreditTypeInput, INPUT]
    ) -> payloads.CreditTypePayload:
        """Change a credit type."""
        flat = await resolvers.update_credit_type(info.context, input.fact())
        return payloads.CreditTypePayload.of(info, flat, input.key)

    @mutation("Adds a plan, with an empty draft.")
    async def create_plan(
        self, info: Info, input: Annotated[packages.CreatePlanInput, INPUT]
    ) -> payloads.PlanPayload:
        """Add a plan."""
        last = or_none(input.position) is None
        flat = await resolvers.create_plan(info.context, input.fact(), or_none(input.base_plan), last=last)
        return payloads.PlanPayload.of(info, flat, input.key)

    @mutation("Changes a plan, at once.")
    async def update_plan(
        self, info: Info, input: Annotated[packages.UpdatePlanInput, INPUT]
    ) -> payloads.PlanPayload:
        """Change a plan."""
        flat = await resolvers.update_plan(info.context, input.fact())
        return payloads.PlanPayload.of(info, flat, input.key)

    @mutation("Puts a plan's draft on another base plan, or with null on none.")
    async def set_base_plan(
        self, info: Info, input: Annotated[packages.SetBasePlanInput, INPUT]
    ) -> payloads.PlanPayload:
        """Set the base plan."""
        flat = await resolvers.set_base_plan(
            info.context, input.plan, or_unset(input.base_plan), keep_inherited=input.keep_inherited
        )
        return payloads.PlanPayload.of(info, flat, input.plan)

    @mutation("Adds an add-on, with an empty draft.")
    async def create_addon(
        self, info: Info, input: Annotated[packages.CreateAddonInput, INPUT]
    ) -> payloads.AddonPayload:
        """Add an add-on."""
        flat = await resolvers.create_addon(info.context, input.fact())
        return payloads.AddonPayload.of(info, flat, input.key)

    @mutation("Changes an add-on, at once.")
    async def update_addon(
        self, info: Info, input: Annotated[packages.UpdateAddonInput, INPUT]
    ) -> payloads.AddonPayload:
        """Change an add-on."""
        flat = await resolvers.update_addon(info.context, input.fact())
        return payloads.AddonPayload.of(info, flat, input.key)

    @mutation("Archives a plan or add-on, or brings it back; those who are on it stay.")
    async def archive_package(
        self, info: Info, input: Annotated[packages.ArchivePackageInput, INPUT]
    ) -> payloads.PackagePayload:
        """Archive a package."""
        flat = await resolvers.archive_package(info.context, input.package, archived=input.archived)
        return payloads.PackagePayload.of(info, flat, input.package)
