"""The inputs of plans and add-ons. What is left out keeps; null clears."""

import strawberry

from rules.catalog import facts as rules
from rules.catalog.facts import PricingType
from rules.catalog_edits.updates import AddonUpdate, PlanUpdate
from schema.fields import UNSET, or_none, or_unset, tuple_or_unset
from schema.scalars import JSON


@strawberry.input(description="A new plan; it starts with an empty draft.")
class CreatePlanInput:
    key: str = strawberry.field(description="An immutable key, unique among plans and add-ons.")
    name: str = strawberry.field(description="The name shown to people.")
    product: str = strawberry.field(description="The product that it belongs to.")
    description: str | None = strawberry.field(default=UNSET, description="A description for people.")
    base_plan: str | None = strawberry.field(
        default=UNSET, description="The plan whose entitlements it inherits; null for none."
    )
    pricing_type: PricingType = strawberry.field(
        default=PricingType.FREE, description="Whether the plan is free, paid or sold on request."
    )
    visible: bool = strawberry.field(default=True, description="Whether pricing tables show the plan.")
    position: int | None = strawberry.field(
        default=UNSET, description="The position among the product's plans; the last if left out."
    )
    default_trial_days: int | None = strawberry.field(
        default=UNSET, description="The length of a customer's first trial in local days; null for no trial."
    )
    compatible_addons: list[str] | None = strawberry.field(
        default=UNSET,
        description="The keys of the add-ons that subscribers may buy. Null: every add-on of the product, "
        "later ones too. Empty: none.",
    )
    metadata: JSON | None = strawberry.field(
        default=UNSET, description="Free-form JSON for your own use: an object of at most 16 kB."
    )

    def fact(self) -> rules.Plan:
        """Return the plan; without a position, the mutation chooses one."""
        return rules.Plan(
            key=self.key,
            name=self.name,
            product=self.product,
            description=or_none(self.description),
            pricing_type=self.pricing_type,
            visible=self.visible,
            position=or_none(self.position) or 0,
            default_trial_days=or_none(self.default_trial_days),
            compatible_addons=None
            if or_none(self.compatible_addons) is None
            else tuple(self.compatible_addons or ()),
            metadata=or_none(self.metadata) or {},
        )


@strawberry.input(description="Changes of a plan; they are live at once. What is left out stays.")
class UpdatePlanInput:
    key: str = strawberry.field(description="The key of the plan.")
    name: str | None = strawberry.field(default=UNSET, description="The name shown to people.")
    description: str | None = strawberry.field(default=UNSET, description="A description for people.")
    pricing_type: PricingType | None = strawberry.field(
        default=UNSET, description="Whether the plan is free, paid or sold on request."
    )
    visible: bool | None = strawberry.field(
        default=UNSET, description="Whether pricing tables show the plan."
    )
    position: int | None = strawberry.field(
        default=UNSET, description="The position among the product's plans."
    )
    default_trial_days: int | None = strawberry.field(
        default=UNSET, description="The length of a customer's first trial in local days; null for no trial."
    )
    compatible_addons: list[str] | None = strawberry.field(
        default=UNSET,
        description="The keys of the add-ons that subscribers may buy. Null: every add-on of the product, "
        "later ones too. Empty: none.",
    )
    metadata: JSON | None = strawberry.field(
        default=UNSET, description="Free-form JSON for your own use: an object of at most 16 kB."
    )

    def fact(self) -> PlanUpdate:
        return PlanUpdate(
            key=self.key,
            name=or_unset(self.name),
            description=or_unset(self.description),
            pricing_type=or_unset(self.pricing_type),
            visible=or_unset(self.visible),
            position=or_unset(self.position),
            default_trial_days=or_unset(self.default_trial_days),
            compatible_addons=tuple_or_unset(self.compatible_addons),
            metadata=or_unset(self.metadata),
        )


@strawberry.input(description="A plan and its new base plan.")
class SetBasePlanInput:
    plan: str = strawberry.field(description="The key of the plan that inherits.")
    base_plan: str | None = strawberry.field(
        default=UNSET,
        description="The key of the base plan. An explicit null removes it; left out is REQUIRED.",
    )
    keep_inherited: bool = strawberry.field(
        default=False, description="True copies what the plan inherits now into entitlements of its own."
    )


@strawberry.input(description="A new add-on; it starts with an empty draft.")
class CreateAddonInput:
    key: str = strawberry.field(description="An immutable key, unique among plans and add-ons.")
    name: str = strawberry.field(description="The name shown to people.")
    product: str = strawberry.field(description="The product that it belongs to.")
    description: str | None = strawberry.field(default=UNSET, description="A description for people.")
    max_quantity: int | None = strawberry.field(
        default=UNSET, description="The largest quantity that one subscription may have; null for no maximum."
    )
    metadata: JSON | None = strawberry.field(
        default=UNSET, description="Free-form JSON for your own use: an object of at most 16 kB."
    )

    def fact(self) -> rules.Addon:
        return rules.Addon(
            key=self.key,
            name=self.name,
            product=self.product,
            description=or_none(self.description),
            max_quantity=or_none(self.max_quantity),
            metadata=or_none(self.metadata) or {},
        )


@strawberry.input(description="Changes of an add-on; they are live at once. What is left out stays.")
class UpdateAddonInput:
    key: str = strawberry.field(description="The key of the add-on.")
    name: str | None = strawberry.field(default=UNSET, description="The name shown to people.")
    description: str | None = strawberry.field(default=UNSET, description="A description for people.")
    max_quantity: int | None = strawberry.field(
        default=UNSET, description="The largest quantity that one subscription may have; null for no maximum."
    )
    metadata: JSON | None = strawberry.field(
        default=UNSET, description="Free-form JSON for your own use: an object of at most 16 kB."
    )

    def fact(self) -> AddonUpdate:
        return AddonUpdate(
            key=self.key,
            name=or_unset(self.name),
            description=or_unset(self.description),
            max_quantity=or_unset(self.max_quantity),
            metadata=or_unset(self.metadata),
        )


@strawberry.input(description="The key of a package.")
class PackageKeyInput:
    package: str = strawberry.field(description="The key of the plan or add-on.")


@strawberry.input(description="A package to archive, or to restore with `archived: false`.")
class ArchivePackageInput:
    package: str = strawberry.field(description="The key of the plan or add-on.")
    archived: bool = strawberry.field(
        default=True, description="True archives the package, false restores it."
    )
