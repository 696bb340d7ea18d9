"""Packages: their creation, and the chain of base plans that they inherit from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from rules.catalog.facts import Addon, Catalog, Content, Package, Plan, Row, plans_of
from rules.catalog.inheritance import DEEPEST, ResolvedCatalog
from rules.catalog.validation import invalid, key_problems, missing_value, out_of_range, text_problems
from rules.catalog_edits.features import taken_problems, unknown_key
from rules.catalog_edits.references import archived_features, derived_plans, dropped_choices, in_use_problems
from rules.errors import ErrorCode, Problem, Rejected, refuse_any
from rules.unset import UNSET, Unset

LARGEST_POSITION = 2**31 - 1
LARGEST_QUANTITY = 2**31 - 1
LONGEST_TRIAL_DAYS = 3_650


def editable_package(catalog: Catalog, key: str, *path: str, besides: Iterable[Problem] = ()) -> Package:
    """Return a package that can be edited.

    Raises Rejected, together with the problems ``besides``, if there is none or it is archived.
    """
    package = catalog.packages.get(key)
    if package is None:
        raise Rejected([unknown_key("package", key, *path, among=catalog.packages), *besides])
    if package.archived:
        raise Rejected([Problem(ErrorCode.ARCHIVED, f"'{key}' is archived.", path), *besides])
    return package


def with_package(catalog: Catalog, package: Package) -> Catalog:
    """Put a package into the catalog, in place of the one with its key."""
    return replace(catalog, packages={**catalog.packages, package.key: package})


def with_draft(catalog: Catalog, package: Package, draft: Content) -> Catalog:
    """Replace the draft of a package."""
    return with_package(catalog, replace(package, draft=draft))


def last_position(catalog: Catalog, product: str) -> int:
    """Return the position after all plans of a product."""
    positions = [plan.position for plan in plans_of(catalog, product, include_archived=True)]
    return min(max(positions, default=-1) + 1, LARGEST_POSITION)


def create_plan(catalog: Catalog, plan: Plan, base: str | None = None) -> Catalog:
    """Add a plan with an empty draft on a base plan; raises Rejected with every problem."""
    created = replace(plan, draft=Content(base=base))
    refuse_any(
        (
            *key_problems(plan.key),
            *taken_problems(plan.key, catalog.packages),
            *plan_field_problems(catalog, plan),
            *base_problems(catalog, created, base),
        )
    )
    return with_package(catalog, created)


def create_addon(catalog: Catalog, addon: Addon) -> Catalog:
    """Add an add-on with an empty draft; raises Rejected with every problem."""
    refuse_any(
        (
            *key_problems(addon.key),
            *taken_problems(addon.key, catalog.packages),
            *addon_field_problems(catalog, addon),
        )
    )
    return with_package(catalog, replace(addon, draft=Content()))


def addon_field_problems(catalog: Catalog, addon: Addon) -> Iterator[Problem]:
    """Check the fields of an add-on."""
    yield from text_problems(addon.name, addon.description, addon.metadata)
    yield from _product_problems(catalog, addon.product)
    if addon.max_quantity is not None and not 1 <= addon.max_quantity <= LARGEST_QUANTITY:
        yield out_of_range("maxQuantity must be 1 or more.", "maxQuantity")


def plan_field_problems(catalog: Catalog, plan: Plan) -> Iterator[Problem]:
    """Check the fields of a plan, except its base plan."""
    yield from text_problems(plan.name, plan.description, plan.metadata)
    if not 0 <= plan.position <= LARGEST_POSITION:
        yield out_of_range("A position must be 0 or more.", "position")
    if plan.default_trial_days is not None and not 0 <= plan.default_trial_days <= LONGEST_TRIAL_DAYS:
        yield out_of_range(f"A trial has 0 to {LONGEST_TRIAL_DAYS} days.", "defaultTrialDays")
    yield from _product_problems(catalog, plan.product)
    yield from _compatibility_problems(catalog, plan)


def _product_problems(catalog: Catalog, product: str) -> Iterator[Problem]:
    if product not in catalog.products:
        yield unknown_key("product", product, "product", among=catalog.products)


def _compatibility_problems(catalog: Catalog, plan: Plan) -> Iterator[Problem]:
    named = plan.compatible_addons or ()
    for index, key in enumerate(named):
        addon = catalog.packages.get(key)
        if not isinstance(addon, Addon):
            yield unknown_key("add-on", key, "compatibleAddons", str(index), among=catalog.packages, of=Addon)
        elif addon.product != plan.product:
            yield invalid(f"'{key}' is an add-on of another product.", "compatibleAddons", str(index))
        elif key in named[:index]:
            yield invalid(f"'{key}' is listed twice.", "compatibleAddons", str(index))


def set_base_plan(
    catalog: Catalog, key: str, base: str | Unset | None, *, keep_inherited: bool = False
) -> Catalog:
    """Set the base plan of a plan's draft, or remove it with None; leaving it out is refused.

    Rows inherited until now are lost, unless ``keep_inherited`` copies them into the plan's own rows.
    """
    nameless = tuple(_nameless_problems(catalog, base))
    plan = editable_package(catalog, key, "plan", besides=nameless)
    if not isinstance(plan, Plan):
        raise Rejected([invalid("Only plans have a base plan.", "plan"), *nameless])
    if isinstance(base, Unset):
        raise Rejected(nameless)
    refuse_any(base_problems(catalog, plan, base))
    draft = plan.newest
    rows = _with_inherited(catalog, plan) if keep_inherited else draft.rows
    return with_draft(catalog, plan, replace(draft, base=base, rows=rows))


def _with_inherited(catalog: Catalog, plan: Plan) -> tuple[Row, ...]:
    """Return a draft's own rows with the inherited rows copied in, in display order."""
    shown = {(r.row.key, r.row.price): r.row for r in ResolvedCatalog(catalog).draft_rows(plan)}
    own = {(row.key, row.price): row for row in plan.newest.rows}
    return tuple({**shown, **own}.values())


def _nameless_problems(catalog: Catalog, base: str | Unset | None) -> Iterator[Problem]:
    if base is UNSET:
        yield missing_value("Give a base plan, or null for none.", "basePlan")
    elif base is not None and not isinstance(catalog.packages.get(base), Plan):
        yield unknown_key("plan", base, "basePlan", among=catalog.packages, of=Plan)


def base_problems(catalog: Catalog, plan: Plan, base: str | None) -> Iterator[Problem]:
    """Check that a plan can inherit from a base plan, by their drafts where there are any."""
    if base is None:
        return
    if base == plan.key:
        yield _cycle(base, base)
        return
    package = catalog.packages.get(base)
    if not isinstance(package, Plan):
        yield unknown_key("plan", base, "basePlan", among=catalog.packages, of=Plan)
        return
    if package.archived:
        yield Problem(ErrorCode.ARCHIVED, f"'{base}' is archived.", ("basePlan",))
    if package.product != plan.product:
        yield invalid(f"'{base}' is a plan of another product.", "basePlan")
    yield from _chain_problems(catalog, plan, base)


def _chain_problems(catalog: Catalog, plan: Plan, base: str) -> Iterator[Problem]:
    above = _draft_chain(catalog, base)
    if plan.key in above:
        yield _cycle(plan.key, *above[: above.index(plan.key) + 1])
        return
    depth = len(above) + _height(catalog, plan.key)
    if depth > DEEPEST:
        message = f"The chain of base plans would hold {depth} plans; {DEEPEST} is the most."
        yield Problem(ErrorCode.TOO_DEEP, message, ("basePlan",))


def _cycle(*plans: str) -> Problem:
    return Problem(ErrorCode.CYCLE, f"The base plans would form a cycle: {' → '.join(plans)}.", ("basePlan",))


def _draft_chain(catalog: Catalog, key: str) -> list[str]:
    """Return a plan and its base plans, nearest first."""
    chain: list[str] = []
    current: str | None = key
    while current is not None and current not in chain:
        chain.append(current)
        current = catalog.packages[current].newest.base
    return chain


def _height(catalog: Catalog, key: str) -> int:
    """Count the plans of the longest chain from this plan down to its descendants, itself included."""
    children: dict[str, list[str]] = {}
    for package in catalog.packages.values():
        if package.newest.base is not None:
            children.setdefault(package.newest.base, []).append(package.key)
    height, level = 0, [key]
    while level:
        height += 1
        # Discarding a draft can leave a cycle of drafts.
        level = [child for parent in level for child in children.get(parent, []) if child != key]
    return height


def archive(catalog: Catalog, key: str, *, archived: bool) -> Catalog:
    """Archive a package, or restore it; its subscribers keep it either way.

    Refused with IN_USE for a base plan while unarchived plans inherit from it.
    """
    package = catalog.packages.get(key)
    if package is None:
        raise Rejected([unknown_key("package", key, "package", among=catalog.packages)])
    if package.archived == archived:
        return catalog
    refuse_any(
        in_use_problems(key, derived_plans(catalog, [key])[key], "package")
        if archived
        else _buried_problems(catalog, package)
    )
    return with_package(catalog, replace(package, archived=archived))


def _buried_problems(catalog: Catalog, package: Package) -> Iterator[Problem]:
    """Check that nothing that a package inherits from or refers to was archived or dropped meanwhile."""
    bases = {package.newest.base, package.shown.base} - {None}
    for base in sorted(base for base in bases if base is not None and catalog.packages[base].archived):
        yield Problem(ErrorCode.ARCHIVED, f"Its base plan '{base}' is archived.", ("package",))
    for key in archived_features(catalog, package):
        yield Problem(ErrorCode.ARCHIVED, f"It refers to '{key}', which is archived.", ("package",))
    for key, choice in dropped_choices(catalog, package):
        yield invalid(f"It picks '{choice}', which '{key}' no longer has.", "package")
