"""Plans and add-ons, written. What is left out keeps; null clears."""

import strawberry

from rules.catalog import facts as rules
from rules.catalog.facts import PricingType
from rules.catalog_edits.updates import AddonUpdate, PlanUpdate
from schema.fields import UNSET, or_none, or_unset, tuple_or_unset
from schema.scalars import JSON


@strawberry.input(description="A new plan, with an empty draft.")
class CreatePlanInput:
    """A plan, written."""

    key: str = strawberry.field(description="Immutable, unique among plans and add-ons.")
    name: str = strawberry.field(description="What people call it.")
    product: str = strawberry.field(description="The product that it belongs to.")
    description: str | None = strawberry.field(default=UNSET, description="What it is.")
    base_plan: str | None = strawberry.field(default=UNSET, description="The plan that it inherits from.")
    pricing_type: PricingType = strawberry.field(default=PricingType.FREE, description="How it is bought.")
    visible: bool = strawberry.field(default=True, description="Shown on pricing tables.")
    position: int | None = strawberry.field(
        default=UNSET, description="Its place among the product's plans; left out, the last."
    )
    default_trial_days: int | None = strawberry.field(
        default=UNSET, description="Local days that a customer's first trial lasts."
    )
    compatible_addons: list[str] | None = strawberry.field(
        default=UNSET,
        description="Null: every add-on of the product, later ones too. Empty: none.",
    )
    metadata: JSON | None = strawberry.field(default=UNSET, description="A JSON object of at most 16 kB.")

    def fact(self) -> rules.Plan:
        """Read it; where it goes without a position is up to whoever adds it."""
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


@strawberry.input(description="Changes of a plan; all of them are live at once.")
class UpdatePlanInput:
    """What is said of a plan."""

    key: str = strawberry.field(description="Which plan.")
    name: str | None = strawberry.field(default=UNSET, description="What people call it.")
    description: str | None = strawberry.field(default=UNSET, description="What it is.")
    pricing_type: PricingType | None = strawberry.field(default=UNSET, description="How it is bought.")
    visible: bool | None = strawberry.field(default=UNSET, description="Shown on pricing tables.")
    position: int | None = strawberry.field(default=UNSET, description="Its place among the product's plans.")
    default_trial_days: int | None = strawberry.field(
        default=UNSET, description="Local days that a customer's first trial lasts."
    )
    compatible_addons: list[str] | None = strawberry.field(
        default=UNSET, description="Null: every add-on of the product, later ones too. Empty: none."
    )
    metadata: JSON | None = strawberry.field(default=UNSET, description="A JSON object of at most 16 kB.")

    def fact(self) -> PlanUpdate:
        """Read it."""
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


@strawberry.input(description="Null takes the base plan away.")
class SetBasePlanInput:
    """Another base plan, written."""

    plan: str = strawberry.field(description="The plan that is to inherit.")
    base_plan: str | None = strawberry.field(
        default=UNSET, description="The plan to inherit from; only an explicit null removes."
    )
    keep_inherited: bool = strawberry.field(
        default=False, description="Copies what is inherited now into the plan's own rows."
    )


@strawberry.input(description="A new add-on, with an empty draft.")
class CreateAddonInput:
    """An add-on, written."""

    key: str = strawberry.field(description="Immutable, unique among plans and add-ons.")
    name: str = strawberry.field(description="What people call it.")
    product: str = strawberry.field(description="The product that it belongs to.")
    description: str | None = strawberry.field(default=UNSET, description="What it is.")
    max_quantity: int | None = strawberry.field(
        default=UNSET, description="The most that one subscription may have; null: no maximum."
    )
    metadata: JSON | None = strawberry.field(default=UNSET, description="A JSON object of at most 16 kB.")

    def fact(self) -> rules.Addon:
        """Read it."""
        return rules.Addon(
            key=self.key,
            name=self.name,
            product=self.product,
            description=or_none(self.description),
            max_quantity=or_none(self.max_quantity),
            metadata=or_none(self.metadata) or {},
        )


@strawberry.input(description="Changes of an add-on; all of them are live at once.")
class UpdateAddonInput:
    """What is said of an add-on."""

    key: str = strawberry.field(description="Which add-on.")
    name: str | None = strawberry.field(default=UNSET, description="What people call it.")
    description: str | None = strawberry.field(default=UNSET, description="What it is.")
    max_quantity: int | None = strawberry.field(
        default=UNSET, description="The most that one subscription may have; null: no maximum."
    )
    metadata: JSON | None = strawberry.field(default=UNSET, description="A JSON object of at most 16 kB.")

    def fact(self) -> AddonUpdate:
        """Read it."""
        return AddonUpdate(
            key=self.key,
            name=or_unset(self.name),
            description=or_unset(self.description),
            max_quantity=or_unset(self.max_quantity),
            metadata=or_unset(self.metadata),
        )


@strawberry.input(description="Names a package.")
class PackageKeyInput:
    """A package's key."""

    package: str = strawberry.field(description="Key of the plan or add-on.")


@strawberry.input(description="A package to archive, or with `archived: false` to bring back.")
class ArchivePackageInput:
    """Archiving, written."""

    package: str = strawberry.field(description="Key of the plan or add-on.")
    archived: bool = strawberry.field(default=True, description="Whether it is to be archived.")
