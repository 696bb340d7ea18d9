"""Nodes by global id: each kind knows how its own are found."""

from collections.abc import Awaitable, Callable, Mapping

from resolvers import catalog as catalog_resolvers
from resolvers import credits as credit_resolvers
from resolvers import customers as customer_resolvers
from resolvers import environments as environment_resolvers
from resolvers import keys as key_resolvers
from resolvers import usage as usage_resolvers
from rules.inheritance import Flattened
from rules.permissions import NODES, refusal
from schema.catalog import CreditType, Feature, Product
from schema.credits import CreditEntry, CreditGrant
from schema.customers import CustomEntitlement, Customer, CustomerSubscription
from schema.entitlements import Place, entitlement_of
from schema.environments import Environment
from schema.keys import LONGEST_NUMBER, ApiKey
from schema.nodes import Info, Node, from_id
from schema.packages import PackageVersion, draft_place, package_of, place_of, rows_at
from schema.permissions import forbidden
from schema.reservations import Reservation

Finder = Callable[[Info, list[str]], Awaitable[Node | None]]


async def node_of(info: Info, text: str) -> Node | None:
    """Find what a global id names; None for what is not there, or in another environment.

    GraphQLError with FORBIDDEN for what this viewer may not ask for, whether it is there or not.
    """
    kind, *names = from_id(text) or ("",)
    if kind not in _FINDERS or not names or names[0] != str(info.context.environment):
        return None
    refused = refusal(info.context.viewer, NODES[kind], {"customer": _first(names[1:])})
    if refused is not None:
        raise forbidden(refused)
    found = await _FINDERS[kind](info, names[1:])
    # The id is made anew: what was found must be what was named, to the letter.
    return found if found is not None and found.id == text else None


async def _environment(info: Info, _: list[str]) -> Node | None:
    return Environment.of(info, await environment_resolvers.environment(info.context))


async def _api_key(info: Info, names: list[str]) -> Node | None:
    number = _first(names)
    if not number.isdecimal() or len(number) > LONGEST_NUMBER:
        return None
    key = await key_resolvers.api_key(info.context, int(number))
    return None if key is None else ApiKey.of(info, key)


async def _customer(info: Info, names: list[str]) -> Node | None:
    seen = await customer_resolvers.customer(info.context, _first(names))
    return None if seen is None else Customer.of(info, seen)


async def _subscription(info: Info, names: list[str]) -> Node | None:
    seen = await customer_resolvers.customer(info.context, _first(names))
    facts = seen.customer.subscriptions if seen is not None else ()
    named = (fact for fact in facts if str(fact.number) in names[1:])
    return next((CustomerSubscription.of(info, seen, fact) for fact in named if seen is not None), None)


async def _custom_entitlement(info: Info, names: list[str]) -> Node | None:
    seen = await customer_resolvers.customer(info.context, _first(names))
    if seen is None:
        return None
    named = (fact for fact in seen.customer.custom if str(fact.number) in names[1:])
    return next((CustomEntitlement.of(info, seen.flat, seen.customer, fact) for fact in named), None)


async def _reservation(info: Info, names: list[str]) -> Node | None:
    seen = await customer_resolvers.customer(info.context, _first(names))
    if seen is None or len(names) == 1:
        return None
    hold = await usage_resolvers.reservation(info.context, seen.customer, names[1])
    return None if hold is None else Reservation.of(info, seen, hold)


async def _credit_grant(info: Info, names: list[str]) -> Node | None:
    place = _credit_place(names)
    known = None if place is None else await credit_resolvers.grant(info.context, *place)
    return None if known is None else CreditGrant.of(info, known)


async def _credit_entry(info: Info, names: list[str]) -> Node | None:
    place = _credit_place(names)
    known = None if place is None else await credit_resolvers.entry(info.context, *place)
    return None if known is None else CreditEntry.of(info, known)


def _credit_place(names: list[str]) -> tuple[str, str, int] | None:
    """Read whose it is, of which credit type, and its number."""
    match names:
        case [customer, credit_type, number] if number.isdecimal() and len(number) <= LONGEST_NUMBER:
            return customer, credit_type, int(number)
        case _:
            return None


def _in_catalog(show: Callable[[Info, Flattened, list[str]], Node | None]) -> Finder:
    async def find(info: Info, names: list[str]) -> Node | None:
        return show(info, await catalog_resolvers.read(info.context), names)

    return find


def _product(info: Info, flat: Flattened, names: list[str]) -> Node | None:
    product = flat.catalog.products.get(_first(names))
    return None if product is None else Product.of(info, flat, product)


def _feature(info: Info, flat: Flattened, names: list[str]) -> Node | None:
    feature = flat.catalog.features.get(_first(names))
    return None if feature is None else Feature.of(info, flat, feature)


def _credit_type(info: Info, flat: Flattened, names: list[str]) -> Node | None:
    credit_type = flat.catalog.credit_types.get(_first(names))
    return None if credit_type is None else CreditType.of(info, credit_type)


def _package(info: Info, flat: Flattened, names: list[str]) -> Node | None:
    return package_of(info, flat, _first(names)) if _first(names) in flat.catalog.packages else None


def _version(info: Info, flat: Flattened, names: list[str]) -> Node | None:
    place = _place(flat, names)
    return None if place is None else PackageVersion.of(info, place)


def _entitlement(info: Info, flat: Flattened, names: list[str]) -> Node | None:
    place = _place(flat, names)
    if place is None:
        return None
    for position, row in enumerate(rows_at(place)):
        for seen in (row, row.overrides):
            if seen is not None and [seen.row.key, seen.row.price or "", seen.defined_in] == names[2:]:
                return entitlement_of(info, place, seen, position)
    return None


def _place(flat: Flattened, names: list[str]) -> Place | None:
    """Give the version, or as number 0 the draft, that an id names first."""
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
}
