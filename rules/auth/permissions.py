"""Permissions: one table of who may read or write what, and what other callers see instead.

A secret key may do what its scopes say. A publishable key reads what is published. A customer token reads
what is published, and everything of its own customer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from rules.auth.api_keys import ApiKeyKind, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """The caller in an environment: a key, or the token of a ``customer``.

    ``key`` is the number of the key. The credential is valid until ``expires_at``, an instant of real time;
    None never expires by itself.
    """

    environment: int
    kind: ApiKeyKind
    scopes: frozenset[Scope]
    customer: str | None = None
    key: int | None = None
    expires_at: datetime | None = None

    @property
    def sees_drafts(self) -> bool:
        """Whether the caller reads the whole catalog, including what is not published yet."""
        theirs = not self.scopes.isdisjoint({Scope.CATALOG_READ, Scope.CATALOG_WRITE})
        return self.is_back_end and theirs

    @property
    def reads_customers(self) -> bool:
        """Whether the caller reads all customers."""
        return self.is_back_end and Scope.CUSTOMERS_READ in self.scopes

    @property
    def knows_customers(self) -> bool:
        """Whether the caller sees who a customer is: a secret key by its scopes, others always."""
        return not self.is_back_end or bool(self.scopes & {Scope.CUSTOMERS_READ, Scope.CUSTOMERS_WRITE})

    @property
    def is_back_end(self) -> bool:
        """Whether the caller uses a secret key."""
        return self.kind is ApiKeyKind.SECRET


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What a field requires of its caller.

    A secret key requires ``scope``, if any. ``anyone`` admits publishable keys and customer tokens. ``own``
    is the path of the argument that names the customer: a token is admitted if it names its own. If the
    argument is optional (``public``), a publishable key must leave it out.
    """

    scope: Scope | None = None
    anyone: bool = False
    own: tuple[str, ...] = ()
    public: bool = False


def _needs(scope: Scope) -> Permission:
    return Permission(scope=scope)


def _own(*path: str) -> Permission:
    return Permission(scope=Scope.CUSTOMERS_READ, own=path)


_ANYONE = Permission(anyone=True)
_PUBLISHED = Permission(scope=Scope.CATALOG_READ, anyone=True)
_PRICING = Permission(scope=Scope.CATALOG_READ, own=("customer",), public=True)

QUERIES: Mapping[str, Permission] = {
    "viewer": _ANYONE,
    # Each node has its own rule, below.
    "node": _ANYONE,
    "nodes": _ANYONE,
    "product": _PUBLISHED,
    "products": _PUBLISHED,
    "feature": _PUBLISHED,
    "features": _PUBLISHED,
    "plan": _PUBLISHED,
    "plans": _PUBLISHED,
    "addon": _PUBLISHED,
    "addons": _PUBLISHED,
    "creditType": _PUBLISHED,
    "creditTypes": _PUBLISHED,
    "pricingTable": _PRICING,
    "exportCatalog": _needs(Scope.CATALOG_READ),
    "previewPublish": _needs(Scope.CATALOG_READ),
    "customer": _own("key"),
    "customers": _needs(Scope.CUSTOMERS_READ),
    "access": _own("customer"),
    "accesses": _own("checks", "customer"),
    "previewPlanChange": _needs(Scope.CUSTOMERS_READ),
    "apiKeys": _needs(Scope.ADMIN),
}

_MUTATIONS_BY_SCOPE: Mapping[Scope, tuple[str, ...]] = {
    Scope.CATALOG_WRITE: (
        *("createProduct", "updateProduct", "createFeature", "updateFeature"),
        *("createPlan", "updatePlan", "setBasePlan", "createAddon", "updateAddon"),
        *("createCreditType", "updateCreditType", "setCreditRate", "setPrice", "removePrice"),
        *("setEntitlement", "removeEntitlement", "reorderEntitlements"),
        *("publishPackage", "discardDraft", "archivePackage", "applyCatalog"),
    ),
    Scope.CUSTOMERS_WRITE: (
        *("upsertCustomer", "upsertCustomers", "archiveCustomer"),
        *("subscribe", "subscribeBatch", "changePlan", "cancelSubscription", "resumeSubscription"),
        *("convertTrial", "setSubscriptionAddon", "migrateSubscription"),
        *("setCustomEntitlement", "removeCustomEntitlement", "createCustomerToken"),
    ),
    Scope.USAGE_WRITE: (
        *("reportUsage", "reportUsageBatch", "ingestEvents"),
        *("consume", "reserve", "settleReservation", "releaseReservation"),
    ),
    Scope.CREDITS_WRITE: ("grantCredits", "voidCreditGrant", "consumeCredits"),
    Scope.ADMIN: ("createApiKey", "revokeApiKey", "advanceClock"),
}

MUTATIONS: Mapping[str, Permission] = {
    name: _needs(scope) for scope, names in _MUTATIONS_BY_SCOPE.items() for name in names
}

SUBSCRIPTIONS: Mapping[str, Permission] = {
    "accessChanged": _own("customer"),
    "creditBalanceChanged": _own("customer"),
    "packagePublished": _needs(Scope.CUSTOMERS_READ),
}

NODES: Mapping[str, Permission] = {
    "Environment": _ANYONE,
    "Product": _PUBLISHED,
    "Feature": _PUBLISHED,
    "CreditType": _PUBLISHED,
    "Plan": _PUBLISHED,
    "Addon": _PUBLISHED,
    "PackageVersion": _PUBLISHED,
    "Entitlement": _PUBLISHED,
    "Price": _PUBLISHED,
    "Customer": _own("customer"),
    "CustomerSubscription": _own("customer"),
    "CustomEntitlement": _own("customer"),
    "Reservation": _own("customer"),
    "CreditGrant": _own("customer"),
    "CreditEntry": _own("customer"),
    "ApiKey": _needs(Scope.ADMIN),
}
"""By kind of node; ids that name a customer name it after the environment."""

UNPUBLISHED: Mapping[str, object] = {
    "Plan.draft": None,
    "Addon.draft": None,
    "Feature.meter": None,
    "Plan.versions": (),
    "Addon.versions": (),
    "PackageVersion.changes": (),
    "PackageVersion.subscriptionCount": 0,
    "Product.metadata": {},
    "Feature.metadata": {},
    "CreditType.metadata": {},
    "Plan.metadata": {},
    "Addon.metadata": {},
}
"""What callers who may not read the whole catalog see instead, wherever they reach it."""

BACK_ENDS_OWN: Mapping[str, object] = {"Customer.metadata": {}}
"""What callers without a secret key see instead."""

CUSTOMER_READERS_OWN: Mapping[str, object] = {"CustomerImpact.examples": ()}
"""What callers who may not read customers see instead."""


WHO_CUSTOMERS_ARE: Mapping[str, object] = {
    "Customer.name": None,
    "Customer.email": None,
    "Customer.metadata": {},
}
"""What a key that neither reads nor writes customers sees of one in the result of a command."""

HIDDEN_FROM_SOME: Sequence[tuple[Mapping[str, object], Callable[[Viewer], bool]]] = (
    (UNPUBLISHED, lambda viewer: viewer.sees_drafts),
    (BACK_ENDS_OWN, lambda viewer: viewer.is_back_end),
    (CUSTOMER_READERS_OWN, lambda viewer: viewer.reads_customers),
    (WHO_CUSTOMERS_ARE, lambda viewer: viewer.knows_customers),
)
"""Tables of substitutes for a field's own value, each with who sees the value."""


def refusal(viewer: Viewer, permission: Permission, arguments: Mapping[str, object]) -> str | None:
    """Return a sentence why a caller may not use a field with these arguments; None if they may."""
    match viewer.kind:
        case ApiKeyKind.SECRET:
            return _refusal_by_scope(viewer, permission)
        case ApiKeyKind.PUBLISHABLE:
            of_nobody = permission.public and not [*_values_at(arguments, permission.own)]
            allowed = permission.anyone or of_nobody
            return None if allowed else "This requires a secret key; this one is publishable."
        case ApiKeyKind.CUSTOMER:
            return _refusal_of_token(viewer, permission, arguments)
        case _:
            assert_never(viewer.kind)


def _refusal_by_scope(viewer: Viewer, permission: Permission) -> str | None:
    if permission.scope is None or permission.scope in viewer.scopes:
        return None
    return f"This requires a key with the scope {permission.scope}."


def _refusal_of_token(viewer: Viewer, permission: Permission, arguments: Mapping[str, object]) -> str | None:
    if permission.anyone:
        return None
    if not permission.own:
        return "This requires a secret key; this is a customer token."
    if any(name != viewer.customer for name in _values_at(arguments, permission.own)):
        return "This token belongs to one customer and cannot read another."
    return None


def _values_at(arguments: object, path: tuple[str, ...]) -> Iterator[object]:
    """Yield the values at a path of the arguments, in every item of lists on the path."""
    if isinstance(arguments, list):
        for item in arguments:
            yield from _values_at(item, path)
    elif path and isinstance(arguments, Mapping):
        yield from _values_at(arguments.get(path[0]), path[1:])
    elif arguments is not None:
        yield arguments


def substitute(viewer: Viewer, place: str) -> tuple[object] | None:
    """Return what a caller sees instead of a field's own value, in a tuple; None for the value itself."""
    for table, shows in HIDDEN_FROM_SOME:
        if place in table and not shows(viewer):
            return (table[place],)
    return None
