"""The integrity of a whole catalog: everything that ordinary edits would have refused.

Paths are those of a catalog document, so that its author finds each problem there. The time is linear in
the size of the catalog. A catalog may hold what merely has no effect: a revocation of something no longer
inherited, a boolean row that the base plan already includes, an order of keys without rows. A draft may
hold a chain of plans that publishing will refuse, because drafts around it were discarded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from rules.catalog.facts import (
    Addon,
    Catalog,
    Content,
    CreditType,
    Feature,
    FeatureStatus,
    Package,
    Plan,
    Row,
)
from rules.catalog.inheritance import DEEPEST
from rules.catalog.validation import invalid, key_problems, text_problems, unit_problems, value_problems
from rules.catalog_edits.credit_rates import rate_problems
from rules.catalog_edits.drafts import display_text_problems, nameless, price_problems, row_subject
from rules.catalog_edits.features import feature_problems, unknown_key
from rules.catalog_edits.packages import addon_field_problems, plan_field_problems
from rules.errors import ErrorCode, Problem
from rules.values import Choices, Revoked, Value


def problems(catalog: Catalog) -> list[Problem]:
    """Return everything that is wrong with a catalog; a catalog made by edits has no problems."""
    chains = list(_chain_problems(catalog))
    sound = all(problem.code is not ErrorCode.CYCLE for problem in chains)
    return [
        *_key_problems(catalog),
        *_product_problems(catalog),
        *_feature_problems(catalog),
        *_credit_type_problems(catalog),
        *chains,
        *(_version_problems(catalog) if sound else ()),
        *(
            problem.under(*path_to(package))
            for package in catalog.packages.values()
            for problem in _package_problems(catalog, package)
        ),
    ]


def path_to(package: Package) -> tuple[str, str]:
    """Return the path of a package in a document."""
    return "addons" if isinstance(package, Addon) else "plans", package.key


def _key_problems(catalog: Catalog) -> Iterator[Problem]:
    """Check that keys are well formed, and unique in their key space when case is ignored."""
    products = [("products", key) for key in catalog.products]
    features = [("features", key) for key in catalog.features]
    credit_types = [("creditTypes", key) for key in catalog.credit_types]
    packages = [path_to(package) for package in catalog.packages.values()]
    for places in (products, [*features, *credit_types], packages):
        taken: dict[str, str] = {}
        for section, key in places:
            for problem in key_problems(key):
                yield Problem(problem.code, problem.message, (section, key))
            if key.casefold() in taken:
                message = f"The key '{taken[key.casefold()]}' is taken."
                yield Problem(ErrorCode.ALREADY_EXISTS, message, (section, key))
            taken.setdefault(key.casefold(), key)


def _product_problems(catalog: Catalog) -> Iterator[Problem]:
    for key, product in catalog.products.items():
        for problem in text_problems(product.name, product.description, product.metadata):
            yield problem.under("products", key)


def _feature_problems(catalog: Catalog) -> Iterator[Problem]:
    for key, feature in catalog.features.items():
        for problem in feature_problems(feature, feature.default):
            if problem.path != ("key",):  # keys are checked together
                yield problem.under("features", key)
        if feature.product is not None and feature.product not in catalog.products:
            yield unknown_key("product", feature.product, "features", key, "product", among=catalog.products)


def _credit_type_problems(catalog: Catalog) -> Iterator[Problem]:
    for key, credit_type in catalog.credit_types.items():
        texts = text_problems(credit_type.name, metadata=credit_type.metadata)
        for problem in (*texts, *unit_problems(credit_type.unit)):
            yield problem.under("creditTypes", key)


def _package_problems(catalog: Catalog, package: Package) -> Iterator[Problem]:
    if isinstance(package, Plan):
        yield from plan_field_problems(catalog, package)
    elif isinstance(package, Addon):
        yield from addon_field_problems(catalog, package)
    yield from _content_problems(catalog, package, package.shown)
    if package.versions and package.draft is not None:
        for problem in _content_problems(catalog, package, package.draft):
            yield problem.under("draft")


def _content_problems(catalog: Catalog, package: Package, content: Content) -> Iterator[Problem]:
    found = (
        *_base_problems(catalog, package, content.base),
        *_rows_problems(catalog, package, content),
        *_order_problems(catalog, content.order),
        *_price_list_problems(catalog, content),
        *_rate_list_problems(catalog, content),
    )
    # A package that nobody can subscribe to any more may depend on archived things.
    return (problem for problem in found if not (package.archived and problem.code is ErrorCode.ARCHIVED))


def _base_problems(catalog: Catalog, package: Package, base: str | None) -> Iterator[Problem]:
    if base is None:
        return
    known = catalog.packages.get(base)
    if isinstance(package, Addon):
        yield invalid("Only plans have a base plan.", "basePlan")
    elif not isinstance(known, Plan):
        yield unknown_key("plan", base, "basePlan", among=catalog.packages, of=Plan)
    else:
        if known.archived:
            yield Problem(ErrorCode.ARCHIVED, f"'{base}' is archived.", ("basePlan",))
        if known.product != package.product and {known.product, package.product} <= catalog.products.keys():
            yield invalid(f"'{base}' is a plan of another product.", "basePlan")


def _rows_problems(catalog: Catalog, package: Package, content: Content) -> Iterator[Problem]:
    prices = {price.key for price in content.prices}
    taken: set[tuple[str, str | None]] = set()
    for index, row in enumerate(content.rows):
        place = ("entitlements", str(index))
        for problem in _row_problems(catalog, package, row):
            yield problem.under(*place)
        if row.price is not None and isinstance(package, Addon):
            yield invalid("Entitlements of an add-on cannot be limited to a price.", *place, "price")
        elif row.price is not None and row.price not in prices:
            yield unknown_key("price", row.price, *place, "price", among=dict.fromkeys(prices))
        if (row.key, row.price) in taken:
            yield invalid(f"'{row.key}' is listed twice.", *place, "key")
        taken.add((row.key, row.price))


def _row_problems(catalog: Catalog, package: Package, row: Row) -> Iterator[Problem]:
    subject = row_subject(catalog, row.key)
    if subject is None:
        yield nameless(catalog, row.key, "key")
        return
    if isinstance(subject, Feature) and subject.status is FeatureStatus.ARCHIVED:
        yield Problem(ErrorCode.ARCHIVED, f"'{row.key}' is archived.", ("key",))
    if not isinstance(row.value, Revoked):
        yield from value_problems(_as_known_to(package, subject, row.value), row.value)
    yield from display_text_problems(row.display_text)


def _as_known_to(package: Package, subject: Feature | CreditType, value: Value) -> Feature | CreditType:
    """Return a subject with the choices that an archived package picked, which may be dropped since."""
    if package.archived and isinstance(subject, Feature) and isinstance(value, Choices):
        return replace(subject, choices=(*subject.choices, *value.choices))
    return subject


def _order_problems(catalog: Catalog, order: tuple[str, ...]) -> Iterator[Problem]:
    taken: set[str] = set()
    for index, key in enumerate(order):
        if row_subject(catalog, key) is None:
            yield nameless(catalog, key, "order", str(index))
        elif key in taken:
            yield invalid(f"'{key}' is listed twice.", "order", str(index))
        taken.add(key)


def _price_list_problems(catalog: Catalog, content: Content) -> Iterator[Problem]:
    taken: dict[str, str] = {}
    for index, price in enumerate(content.prices):
        for problem in price_problems(catalog, price):
            yield problem.under("prices", str(index))
        if price.key.casefold() in taken:
            message = f"The key '{taken[price.key.casefold()]}' is taken."
            yield Problem(ErrorCode.ALREADY_EXISTS, message, ("prices", str(index), "key"))
        taken.setdefault(price.key.casefold(), price.key)


def _rate_list_problems(catalog: Catalog, content: Content) -> Iterator[Problem]:
    taken: set[str] = set()
    for index, rate in enumerate(content.rates):
        for problem in rate_problems(catalog, rate):
            yield problem.under("creditRates", str(index))
        if rate.feature in taken:
            yield invalid(f"'{rate.feature}' has two rates.", "creditRates", str(index), "feature")
        taken.add(rate.feature)


def _version_problems(catalog: Catalog) -> Iterator[Problem]:
    """Check that published plans inherit from published versions of their base plans."""
    for package in catalog.packages.values():
        version = package.published
        base = catalog.packages.get(version.content.base or "") if version else None
        if version is None or base is None:
            continue
        if base.published is None:
            message = f"The base plan '{base.key}' was never published."
            yield Problem(ErrorCode.NOT_ALLOWED, message, (*path_to(package), "basePlan"))
        elif version.base_version != base.published.number:
            message = (
                f"It was published on version {version.base_version} of '{base.key}', which has a newer one."
            )
            yield invalid(message, *path_to(package), "basePlan")


def _chain_problems(catalog: Catalog) -> Iterator[Problem]:
    """Check that no plan inherits from itself, and that no chain of published plans is too long."""
    bases = {key: package.shown.base for key, package in catalog.packages.items()}
    depths: dict[str | None, int] = {None: 0}
    for key in sorted(bases):
        chain = _unknown_chain(bases, depths, key)
        end = bases[chain[-1]] if chain else None
        if end is not None and end in chain:
            yield _cycle(chain[chain.index(end) :])
            depths.update(dict.fromkeys(chain, 0))
            continue
        for member in reversed(chain):
            depths[member] = depths.get(bases[member], 0) + 1
            if depths[member] == DEEPEST + 1 and catalog.packages[member].versions:
                message = f"The chain of base plans holds more than {DEEPEST} plans."
                yield Problem(ErrorCode.TOO_DEEP, message, ("plans", member, "basePlan"))


def _unknown_chain(bases: Mapping[str, str | None], depths: Mapping[str | None, int], key: str) -> list[str]:
    """Return a plan and its base plans, up to one that is known, missing or there already."""
    chain: list[str] = []
    current: str | None = key
    while current is not None and current in bases and current not in depths and current not in chain:
        chain.append(current)
        current = bases[current]
    return chain


def _cycle(members: Iterable[str]) -> Problem:
    plans = list(members)
    first = plans.index(min(plans))
    around = [*plans[first:], *plans[: first + 1]]
    message = f"The base plans form a cycle: {' → '.join(around)}."
    return Problem(ErrorCode.CYCLE, message, ("plans", around[0], "basePlan"))
