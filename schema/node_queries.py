"""Nodes by global id: one finder for each type."""

from collections.abc import Awaitable, Callable, Mapping

from resolvers import auth as key_resolvers
from resolvers import catalog as catalog_resolvers
from resolvers import customers as customer_resolvers
from resolvers import environments as environment_resolvers
from resolvers import usage as usage_resolvers
from resolvers.credits import balances as credit_resolvers
from rules.auth.permissions import NODES, refusal
from rules.catalog.inheritance import ResolvedCatalog
from schema.auth.keys import ApiKey
from schema.auth.permissions import forbidden
from schema.catalog.entitlements import HiddenPlace, Price, entitlement_of
from schema.catalog.features import CreditType, Feature, Product
from schema.catalog.packages import PackageVersion, draft_place, place_of, show_package
from schema.credits.types import CreditEntry, CreditGrant, NamedGrant
from schema.customers.custom_entitlements import CustomEntitlement
from schema.customers.types import Customer, CustomerSubscription
from schema.environments import Environment
from schema.fields import Info
from schema.nodes import GlobalId, Node, from_id, is_number
from schema.usage.reservations import Reservation

Finder = Callable[[Info, GlobalId], Awaitable[Node | None]]


async def node_of(info: Info, text: str) -> Node | None:
    """Return the object that a global id names; None where it does not exist in this environment.

    Raises GraphQLError with FORBIDDEN for a type that this viewer may not read, whether or not it exists.
    """
    named = from_id(text)
    if named is None or named.kind not in _FINDERS or named.environment != str(info.context.environment):
        return None
    refused = refusal(info.context.viewer, NODES[named.kind], {"customer": named.first})
    if refused is not None:
        raise forbidden(refused)
    # What a preview supposes is not stored.
    found = None if named.standpoint.supposed else await _FINDERS[named.kind](info, named)
    # Build the id again: it must equal the given one, character by character.
    return found if found is not None and found.id == text else None


async def _environment(info: Info, _: GlobalId) -> Node | None:
    return Environment.of(info, await environment_resolvers.environment(info.context))


async def _api_key(info: Info, named: GlobalId) -> Node | None:
    number = named.first
    if not is_number(number):
        return None
    key = await key_resolvers.api_key(info.context, int(number))
    return None if key is None else ApiKey.of(info, key)


async def _customer(info: Info, named: GlobalId) -> Node | None:
    seen = await customer_resolvers.customer(info.context, named.first, named.standpoint.at)
    return None if seen is None else Customer.of(info, seen)


async def _subscription(info: Info, named: GlobalId) -> Node | None:
    seen = await customer_resolvers.customer(info.context, named.first, named.standpoint.at)
    facts = seen.customer.subscriptions if seen is not None else ()
    found = (fact for fact in facts if str(fact.number) in named.names[1:])
    return next((CustomerSubscription.of(info, seen, fact) for fact in found if seen is not None), None)


async def _custom_entitlement(info: Info, named: GlobalId) -> Node | None:
    seen = await customer_resolvers.customer(info.context, named.first, named.standpoint.at)
    if seen is None:
        return None
    found = (fact for fact in seen.customer.custom if str(fact.number) in named.names[1:])
    return next((CustomEntitlement.of(info, seen.flat, seen.customer, fact) for fact in found), None)


async def _reservation(info: Info, named: GlobalId) -> Node | None:
    seen = await customer_resolvers.customer(info.context, named.first, named.standpoint.at)
    if seen is None or len(named.names) == 1:
        return None
    hold = await usage_resolvers.reservation(info.context, seen, named.names[1])
    return None if hold is None else Reservation.of(info, seen, hold)


async def _credit_grant(info: Info, named: GlobalId) -> Node | None:
    it, at = NamedGrant.of(named), named.standpoint.at
    if it is None:
        return None
    known = await credit_resolvers.grant(info.context, it.customer, it.credit_type, it.number, at)
    return None if known is None else CreditGrant.of(info, known)


async def _credit_entry(info: Info, named: GlobalId) -> Node | None:
    match named.names:
        case [customer, credit_type, number] if is_number(number):
            known = await credit_resolvers.entry(info.context, customer, credit_type, int(number))
            return None if known is None else CreditEntry.of(info, known)
        case _:
            return None


def _in_catalog(show: Callable[[Info, ResolvedCatalog, list[str]], Node | None]) -> Finder:
    async def find(info: Info, named: GlobalId) -> Node | None:
        return show(info, await catalog_resolvers.current_catalog(info.context), named.names)

    return find


def _product(info: Info, flat: ResolvedCatalog, names: list[str]) -> Node | None:
    product = flat.catalog.products.get(_first(names))
    return None if product is None else Product.of(info, flat, product)


def _feature(info: Info, flat: ResolvedCatalog, names: list[str]) -> Node | None:
    feature = flat.catalog.features.get(_first(names))
    return None if feature is None else Feature.of(info, flat, feature)


def _credit_type(info: Info, flat: ResolvedCatalog, names: list[str]) -> Node | None:
    credit_type = flat.catalog.credit_types.get(_first(names))
    return None if credit_type is None else CreditType.of(info, flat, credit_type)


def _package(info: Info, flat: ResolvedCatalog, names: list[str]) -> Node | None:
    return show_package(info, flat, _first(names)) if _first(names) in flat.catalog.packages else None


def _version(info: Info, flat: ResolvedCatalog, names: list[str]) -> Node | None:
    place = _place(flat, names)
    return None if place is None else PackageVersion.of(info, place)


def _entitlement(info: Info, flat: ResolvedCatalog, names: list[str]) -> Node | None:
    place = _place(flat, names)
    if place is None:
        return None
    for position, row in enumerate(place.rows):
        for seen in (row, row.overrides):
            if seen is not None and [seen.row.key, seen.row.price or "", seen.defined_in] == names[2:]:
                return entitlement_of(info, place, seen, position)
    return None


def _price(info: Info, flat: ResolvedCatalog, names: list[str]) -> Node | None:
    place = _place(flat, names)
    if place is None:
        return None
    return next(
        (Price.of(info, place, price) for price in place.content.prices if [price.key] == names[2:]), None
    )


def _place(flat: ResolvedCatalog, names: list[str]) -> HiddenPlace | None:
    """Return the version, or for number 0 the draft, that an id names first."""
    package = flat.catalog.packages.get(_first(names))
    if package is None or len(names) == 1:
        return None
    if names[1] == "0":
        return None if package.draft is None else draft_place(flat, package)
    versions = (version for version in package.versions if str(version.number) == names[1])
    return next((place_of(flat, package, version) for version in versions), None)


def _first(names: list[str]) -> str:
    return names[0] if names else ""


_FINDERS: Mapping[str, Finder] = {
    "Environment": _environment,
    "ApiKey": _api_key,
    "Customer": _customer,
    "CustomerSubscription": _subscription,
    "CustomEntitlement": _custom_entitlement,
    "Reservation": _reservation,
    "CreditGrant": _credit_grant,
    "CreditEntry": _credit_entry,
    "Product": _in_catalog(_product),
    "Feature": _in_catalog(_feature),
    "CreditType": _in_catalog(_credit_type),
    "Plan": _in_catalog(_package),
    "Addon": _in_catalog(_package),
    "PackageVersion": _in_catalog(_version),
    "Entitlement": _in_catalog(_entitlement),
    "Price": _in_catalog(_price),
}
