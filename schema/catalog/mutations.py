"""Mutations of products, features, credit types and packages; they take effect at once."""

from typing import Annotated

import strawberry

from resolvers import catalog as resolvers
from schema.catalog import inputs, payloads
from schema.catalog import package_inputs as packages
from schema.fields import Info, or_none, or_unset
from schema.user_errors import INPUT, mutation


@strawberry.type(description="What can be done to the catalog.")
class CatalogMutations:
    @mutation("Creates a product.")
    async def create_product(
        self, info: Info, input: Annotated[inputs.CreateProductInput, INPUT]
    ) -> payloads.ProductPayload:
        flat = await resolvers.create_product(info.context, input.fact())
        return payloads.ProductPayload.of(info, flat, input.key)

    @mutation("Updates a product at once.")
    async def update_product(
        self, info: Info, input: Annotated[inputs.UpdateProductInput, INPUT]
    ) -> payloads.ProductPayload:
        flat = await resolvers.update_product(info.context, input.fact())
        return payloads.ProductPayload.of(info, flat, input.key)

    @mutation("Creates a feature.")
    async def create_feature(
        self, info: Info, input: Annotated[inputs.CreateFeatureInput, INPUT]
    ) -> payloads.FeaturePayload:
        default = input.default_value.fact() if input.default_value else None
        flat = await resolvers.create_feature(info.context, input.fact(), default)
        return payloads.FeaturePayload.of(info, flat, input.key)

    @mutation("Updates, suspends or archives a feature at once.")
    async def update_feature(
        self, info: Info, input: Annotated[inputs.UpdateFeatureInput, INPUT]
    ) -> payloads.FeaturePayload:
        flat = await resolvers.update_feature(info.context, input.fact())
        return payloads.FeaturePayload.of(info, flat, input.key)

    @mutation("Creates a credit type.")
    async def create_credit_type(
        self, info: Info, input: Annotated[inputs.CreateCreditTypeInput, INPUT]
    ) -> payloads.CreditTypePayload:
        flat = await resolvers.create_credit_type(info.context, input.fact())
        return payloads.CreditTypePayload.of(info, flat, input.key)

    @mutation("Updates a credit type at once.")
    async def update_credit_type(
        self, info: Info, input: Annotated[inputs.UpdateCreditTypeInput, INPUT]
    ) -> payloads.CreditTypePayload:
        flat = await resolvers.update_credit_type(info.context, input.fact())
        return payloads.CreditTypePayload.of(info, flat, input.key)

    @mutation("Creates a plan with an empty draft.")
    async def create_plan(
        self, info: Info, input: Annotated[packages.CreatePlanInput, INPUT]
    ) -> payloads.PlanPayload:
        last = or_none(input.position) is None
        flat = await resolvers.create_plan(info.context, input.fact(), or_none(input.base_plan), last=last)
        return payloads.PlanPayload.of(info, flat, input.key)

    @mutation("Updates a plan at once, without a publish.")
    async def update_plan(
        self, info: Info, input: Annotated[packages.UpdatePlanInput, INPUT]
    ) -> payloads.PlanPayload:
        flat = await resolvers.update_plan(info.context, input.fact())
        return payloads.PlanPayload.of(info, flat, input.key)

    @mutation("Sets the base plan of a plan's draft; null removes it.")
    async def set_base_plan(
        self, info: Info, input: Annotated[packages.SetBasePlanInput, INPUT]
    ) -> payloads.PlanPayload:
        flat = await resolvers.set_base_plan(
            info.context, input.plan, or_unset(input.base_plan), keep_inherited=input.keep_inherited
        )
        return payloads.PlanPayload.of(info, flat, input.plan)

    @mutation("Creates an add-on with an empty draft.")
    async def create_addon(
        self, info: Info, input: Annotated[packages.CreateAddonInput, INPUT]
    ) -> payloads.AddonPayload:
        flat = await resolvers.create_addon(info.context, input.fact())
        return payloads.AddonPayload.of(info, flat, input.key)

    @mutation("Updates an add-on at once, without a publish.")
    async def update_addon(
        self, info: Info, input: Annotated[packages.UpdateAddonInput, INPUT]
    ) -> payloads.AddonPayload:
        flat = await resolvers.update_addon(info.context, input.fact())
        return payloads.AddonPayload.of(info, flat, input.key)

    @mutation("Archives or restores a plan or add-on; existing subscriptions stay on it.")
    async def archive_package(
        self, info: Info, input: Annotated[packages.ArchivePackageInput, INPUT]
    ) -> payloads.PackagePayload:
        flat = await resolvers.archive_package(info.context, input.package, archived=input.archived)
        return payloads.PackagePayload.of(info, flat, input.package)
