"""Queries of the catalog."""

from collections.abc import Iterable
from typing import Annotated, TypeVar

import strawberry

from resolvers import catalog as resolvers
from resolvers.paging import Listing
from rules.catalog import facts as rules
from rules.values import FeatureType
from schema.catalog.features import CreditType, Feature, Product, features_page
from schema.catalog.packages import Addon, Plan
from schema.connections import After, Connection, First
from schema.fields import UNSET, Info, or_none, resolver_field

Key = Annotated[str, strawberry.argument(description="The key of the object.")]
OfProduct = Annotated[
    str | None, strawberry.argument(description="The key of a product: only what belongs to it.")
]

Keyed = TypeVar("Keyed", rules.Product, rules.CreditType, rules.Plan, rules.Addon)


def _listing(info: Info, name: str, items: Iterable[Keyed]) -> Listing[Keyed]:
    """Return a list of the catalog, in the order of its keys."""
    return Listing(name=(name, info.context.environment), items=list(items), position=lambda item: item.key)


@strawberry.type(description="What can be asked about the catalog.")
class CatalogQueries:
    @resolver_field("The product with this key; null for an unknown key.")
    async def product(self, info: Info, key: Key) -> Product | None:
        flat = await resolvers.current_catalog(info.context)
        product = flat.catalog.products.get(key)
        return None if product is None else Product.of(info, flat, product)

    @resolver_field("All products, in the order of their keys.")
    async def products(self, info: Info, first: First = 20, after: After = UNSET) -> Connection[Product]:
        flat = await resolvers.current_catalog(info.context)
        listing = _listing(info, "products", flat.catalog.products.values())
        return Connection[Product].of(listing, lambda fact: Product.of(info, flat, fact), first, after)

    @resolver_field("The feature with this key; null for an unknown key.")
    async def feature(self, info: Info, key: Key) -> Feature | None:
        flat = await resolvers.current_catalog(info.context)
        feature = flat.catalog.features.get(key)
        return None if feature is None else Feature.of(info, flat, feature)

    @resolver_field("Features in the order of their keys.")
    async def features(
        self,
        info: Info,
        first: First = 20,
        after: After = UNSET,
        type: Annotated[
            FeatureType | None, strawberry.argument(description="Only features of this type.")
        ] = UNSET,
        product: OfProduct = UNSET,
        search: Annotated[
            str | None, strawberry.argument(description="A part of a key or name, in upper or lower case.")
        ] = UNSET,
    ) -> Connection[Feature]:
        flat = await resolvers.current_catalog(info.context)
        found = rules.features_like(
            flat.catalog, type_=or_none(type), product=or_none(product), search=or_none(search)
        )
        return features_page(info, flat, found, first, after)

    @resolver_field("The plan with this key; null for an unknown key.")
    async def plan(self, info: Info, key: Key) -> Plan | None:
        flat = await resolvers.current_catalog(info.context)
        plan = flat.catalog.packages.get(key)
        return Plan.of(info, flat, plan) if isinstance(plan, rules.Plan) else None

    @resolver_field("Plans in the order of their keys, archived ones included.")
    async def plans(
        self, info: Info, first: First = 20, after: After = UNSET, product: OfProduct = UNSET
    ) -> Connection[Plan]:
        flat = await resolvers.current_catalog(info.context)
        plans = rules.packages_of(flat.catalog, rules.Plan, or_none(product))
        listing = _listing(info, "plans", plans)
        return Connection[Plan].of(listing, lambda fact: Plan.of(info, flat, fact), first, after)

    @resolver_field("The add-on with this key; null for an unknown key.")
    async def addon(self, info: Info, key: Key) -> Addon | None:
        flat = await resolvers.current_catalog(info.context)
        addon = flat.catalog.packages.get(key)
        return Addon.of(info, flat, addon) if isinstance(addon, rules.Addon) else None

    @resolver_field("Add-ons in the order of their keys, archived ones included.")
    async def addons(
        self, info: Info, first: First = 20, after: After = UNSET, product: OfProduct = UNSET
    ) -> Connection[Addon]:
        flat = await resolvers.current_catalog(info.context)
        addons = rules.packages_of(flat.catalog, rules.Addon, or_none(product))
        listing = _listing(info, "addons", addons)
        return Connection[Addon].of(listing, lambda fact: Addon.of(info, flat, fact), first, after)

    @resolver_field("The credit type with this key; null for an unknown key.")
    async def credit_type(self, info: Info, key: Key) -> CreditType | None:
        flat = await resolvers.current_catalog(info.context)
        credit_type = flat.catalog.credit_types.get(key)
        return None if credit_type is None else CreditType.of(info, flat, credit_type)

    @resolver_field("All credit types, in the order of their keys.")
    async def credit_types(
        self, info: Info, first: First = 20, after: After = UNSET
    ) -> Connection[CreditType]:
        flat = await resolvers.current_catalog(info.context)
        listing = _listing(info, "creditTypes", flat.catalog.credit_types.values())
        return Connection[CreditType].of(listing, lambda fact: CreditType.of(info, flat, fact), first, after)
