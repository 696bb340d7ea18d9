"""Mutations of drafts: rows, prices, rates, and the publish that makes them visible."""

from typing import Annotated

import strawberry

from resolvers import catalog as resolvers
from schema.catalog import draft_inputs as inputs
from schema.catalog import package_inputs as packages
from schema.catalog import payloads
from schema.fields import Info, or_none
from schema.user_errors import INPUT, mutation


@strawberry.type(description="What can be done to drafts.")
class DraftMutations:
    @mutation("Sets or replaces an entitlement in the draft of a package.")
    async def set_entitlement(
        self, info: Info, input: Annotated[inputs.SetEntitlementInput, INPUT]
    ) -> payloads.EntitlementPayload:
        flat = await resolvers.set_entitlement(info.context, input.fact())
        return payloads.EntitlementPayload.of(info, flat, input.package, input.key, or_none(input.price))

    @mutation("Removes an entitlement from the draft of a package; the inherited one holds again.")
    async def remove_entitlement(
        self, info: Info, input: Annotated[inputs.RemoveEntitlementInput, INPUT]
    ) -> payloads.PackagePayload:
        flat = await resolvers.remove_entitlement(
            info.context, input.package, input.key, or_none(input.price)
        )
        return payloads.PackagePayload.of(info, flat, input.package)

    @mutation("Changes the order of entitlements in the draft of a package.")
    async def reorder_entitlements(
        self, info: Info, input: Annotated[inputs.ReorderEntitlementsInput, INPUT]
    ) -> payloads.PackagePayload:
        flat = await resolvers.reorder_entitlements(info.context, input.package, tuple(input.keys))
        return payloads.PackagePayload.of(info, flat, input.package)

    @mutation("Sets or replaces a price in the draft of a package.")
    async def set_price(
        self, info: Info, input: Annotated[inputs.SetPriceInput, INPUT]
    ) -> payloads.PackagePayload:
        flat = await resolvers.set_price(info.context, input.package, input.fact())
        return payloads.PackagePayload.of(info, flat, input.package)

    @mutation("Removes a price from the draft of a package.")
    async def remove_price(
        self, info: Info, input: Annotated[inputs.RemovePriceInput, INPUT]
    ) -> payloads.PackagePayload:
        flat = await resolvers.remove_price(info.context, input.package, input.key)
        return payloads.PackagePayload.of(info, flat, input.package)

    @mutation(
        "Sets the credits that using a feature burns, in the draft of a package; null removes the rate."
    )
    async def set_credit_rate(
        self, info: Info, input: Annotated[inputs.SetCreditRateInput, INPUT]
    ) -> payloads.PackagePayload:
        flat = await resolvers.set_credit_rate(info.context, input.fact())
        return payloads.PackagePayload.of(info, flat, input.package)

    @mutation("Publishes the draft of a package, and with it the plans that inherit from it.")
    async def publish_package(
        self, info: Info, input: Annotated[inputs.PublishPackageInput, INPUT]
    ) -> payloads.PublishPayload:
        after = await resolvers.publish_package(
            info.context, input.package, input.apply_to, or_none(input.expected_version)
        )
        return payloads.PublishPayload.of(info, after, input.package)

    @mutation("Discards the edits of a package since its last publish.")
    async def discard_draft(
        self, info: Info, input: Annotated[packages.PackageKeyInput, INPUT]
    ) -> payloads.PackagePayload:
        flat = await resolvers.discard_draft(info.context, input.package)
        return payloads.PackagePayload.of(info, flat, input.package)
