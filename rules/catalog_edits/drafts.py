"""Edits of a draft: a package's own rows and prices before they are published."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from rules.catalog.facts import (
    Addon,
    Catalog,
    Content,
    CreditType,
    Feature,
    FeatureStatus,
    Package,
    Price,
    Row,
    Widget,
)
from rules.catalog.inheritance import ResolvedCatalog, ResolvedRow
from rules.catalog.validation import (
    LONGEST_TEXT,
    complete_value,
    invalid,
    key_problems,
    missing_value,
    money_problems,
    out_of_range,
    value_problems,
)
from rules.catalog_edits.features import taken_problems, unknown_key
from rules.catalog_edits.packages import editable_package, with_draft, with_package
from rules.errors import ErrorCode, Problem, Rejected, refuse_any
from rules.unset import UNSET, Unset
from rules.values import FeatureType, Granted, Revoked, Value, Written


@dataclass(frozen=True, slots=True, kw_only=True)
class RowEdit:
    """An edit of one row: its value, or that it is revoked; fields left out stay as they are.

    A ``value`` of None removes the value; only a boolean may have none.
    """

    package: str
    key: str
    value: Written | Unset | None = UNSET
    revoked: bool = False
    price: str | None = None
    display_text: str | Unset | None = UNSET
    hidden_from: tuple[Widget, ...] | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """The target of an edit: the package, what the key names, and the existing row."""

    package: Package
    subject: Feature | CreditType
    own: Row | None
    inherited: ResolvedRow | None


def set_entitlement(catalog: Catalog, edit: RowEdit) -> Catalog:
    """Set or replace a package's own row in its draft; raises Rejected with every problem."""
    subject = row_subject(catalog, edit.key)
    problems = [
        *([nameless(catalog, edit.key, "key")] if subject is None else _subject_problems(subject, edit)),
        *display_text_problems(None if edit.display_text is UNSET else edit.display_text),
    ]
    package = editable_package(catalog, edit.package, "package", besides=problems)
    problems += _link_problems(package, edit.price)
    if subject is None:
        raise Rejected(problems)
    place = _place(catalog, package, subject, edit)
    problems += _place_problems(place, edit)
    value = _value(place, edit)
    if value is None:
        raise Rejected([*problems, missing_value(f"'{edit.key}' needs a value.", "value")])
    refuse_any(problems)
    settled = value if isinstance(value, Revoked) else complete_value(subject, value)
    return with_draft(catalog, package, _with_row(place, edit, settled))


def row_subject(catalog: Catalog, key: str) -> Feature | CreditType | None:
    """Return the feature or credit type that a row's key names; None if there is none."""
    return catalog.features.get(key) or catalog.credit_types.get(key)


def nameless(catalog: Catalog, key: str, *path: str) -> Problem:
    """A problem: the key of a row names nothing."""
    kind = "feature or credit type"
    return unknown_key(kind, key, *path, among=catalog.features, or_among=catalog.credit_types)


def _subject_problems(subject: Feature | CreditType, edit: RowEdit) -> Iterator[Problem]:
    """Check an edit against its feature or credit type, whatever the package."""
    if isinstance(subject, Feature) and subject.status is FeatureStatus.ARCHIVED:
        yield Problem(ErrorCode.ARCHIVED, f"'{subject.key}' is archived.", ("key",))
    if edit.value is UNSET or edit.value is None:
        return
    if edit.revoked:
        yield invalid("A revocation takes no value.", "value")
    for problem in value_problems(subject, edit.value):
        yield problem.under("value")


def _link_problems(package: Package, price: str | None) -> Iterator[Problem]:
    if price is None:
        return
    if isinstance(package, Addon):
        yield invalid("Entitlements of an add-on cannot be limited to a price.", "price")
    elif price not in _prices(package.newest):
        yield unknown_key("price", price, "price", among=_prices(package.newest))


def _prices(content: Content) -> dict[str, Price]:
    return {price.key: price for price in content.prices}


def _place(catalog: Catalog, package: Package, subject: Feature | CreditType, edit: RowEdit) -> _Place:
    rows = {(row.key, row.price): row for row in package.newest.rows}
    return _Place(
        package=package,
        subject=subject,
        own=rows.get((edit.key, edit.price)),
        inherited=inherited_row(catalog, package, edit.key),
    )


def inherited_row(catalog: Catalog, package: Package, key: str) -> ResolvedRow | None:
    """Return the row that a package's draft inherits for a key, overridden or not."""
    return ResolvedCatalog(catalog).inherited(package.newest).get(key)


def _place_problems(place: _Place, edit: RowEdit) -> Iterator[Problem]:
    if edit.revoked and place.inherited is None:
        yield invalid(f"'{edit.key}' is not inherited here: there is nothing to revoke.", "revoked")
    boolean = place.inherited is not None and isinstance(place.inherited.row.value, Granted)
    if boolean and not edit.revoked:
        message = f"'{edit.key}' is a boolean that the base plan includes: it can only be revoked."
        yield Problem(ErrorCode.BOOLEAN_NOT_OVERRIDABLE, message, ("key",))


def _value(place: _Place, edit: RowEdit) -> Written | Value | Revoked | None:
    """Return the new value of the row; if the edit leaves it out, the existing or inherited value."""
    if edit.revoked:
        return Revoked()
    if edit.value is UNSET:
        return _previous_value(place)
    return Granted() if edit.value is None and _is_boolean(place.subject) else edit.value


def _previous_value(place: _Place) -> Value | Revoked | None:
    if place.own is not None and not isinstance(place.own.value, Revoked):
        return place.own.value
    if place.inherited is not None:
        return place.inherited.row.value
    if _is_boolean(place.subject):
        return Granted()
    return place.subject.default if isinstance(place.subject, Feature) else None


def _is_boolean(subject: Feature | CreditType) -> bool:
    return isinstance(subject, Feature) and subject.type is FeatureType.BOOLEAN


def display_text_problems(text: str | None) -> Iterator[Problem]:
    """Check a row's own display text, if any."""
    if text is not None and len(text) > LONGEST_TEXT:
        yield out_of_range(f"A display text has at most {LONGEST_TEXT} characters.", "displayText")


def _with_row(place: _Place, edit: RowEdit, value: Value | Revoked) -> Content:
    """Put the row in its existing place, or behind the others if it is new."""
    before = place.own or Row(key=edit.key, value=value, price=edit.price)
    row = replace(
        before,
        value=value,
        display_text=before.display_text if edit.display_text is UNSET else edit.display_text,
        hidden_from=before.hidden_from if edit.hidden_from is UNSET else edit.hidden_from,
    )
    draft = place.package.newest
    rows = tuple(row if known is place.own else known for known in draft.rows)
    return replace(draft, rows=rows if place.own is not None else (*rows, row))


def remove_entitlement(catalog: Catalog, package_key: str, key: str, price: str | None = None) -> Catalog:
    """Remove a package's own row; the base plan's row for the key applies again."""
    unknown = [nameless(catalog, key, "key")] if row_subject(catalog, key) is None else []
    package = editable_package(catalog, package_key, "package", besides=unknown)
    draft = package.newest
    kept = tuple(row for row in draft.rows if (row.key, row.price) != (key, price))
    if len(kept) == len(draft.rows):
        raise Rejected([_not_own(catalog, package, key, price)])
    return with_draft(catalog, package, replace(draft, rows=kept))


def _not_own(catalog: Catalog, package: Package, key: str, price: str | None) -> Problem:
    above = inherited_row(catalog, package, key)
    if above is None or price is not None:
        return unknown_key("own row for", key, "key", among={row.key: row for row in package.newest.rows})
    message = f"'{key}' is inherited: it is set in '{above.defined_in}'. Revoke it here, or remove it there."
    return invalid(message, "key")


def set_price(catalog: Catalog, package_key: str, price: Price) -> Catalog:
    """Set or replace a price in a package's draft; raises Rejected with every problem."""
    problems = tuple(price_problems(catalog, price))
    package = editable_package(catalog, package_key, "package", besides=problems)
    prices = {known.key: known for known in package.newest.prices}
    others = {key: known for key, known in prices.items() if key != price.key}
    refuse_any((*problems, *taken_problems(price.key, others)))
    prices[price.key] = price
    return with_draft(catalog, package, replace(package.newest, prices=tuple(prices.values())))


def price_problems(catalog: Catalog, price: Price) -> Iterator[Problem]:
    """Check a price by itself."""
    yield from key_problems(price.key)
    for problem in money_problems(price.amount):
        yield problem.under("amount")
    yield from _per_unit_problems(catalog, price.per_unit_of)


def _per_unit_problems(catalog: Catalog, feature_key: str | None) -> Iterator[Problem]:
    if feature_key is None:
        return
    feature = catalog.features.get(feature_key)
    if feature is None:
        yield unknown_key("feature", feature_key, "perUnitOf", among=catalog.features)
    elif feature.type is not FeatureType.METERED:
        message = f"'{feature_key}' is not metered: it has no units to price."
        yield Problem(ErrorCode.TYPE_MISMATCH, message, ("perUnitOf",))
    elif feature.status is FeatureStatus.ARCHIVED:
        yield Problem(ErrorCode.ARCHIVED, f"'{feature_key}' is archived.", ("perUnitOf",))


def remove_price(catalog: Catalog, package_key: str, key: str) -> Catalog:
    """Remove a price from a package's draft; refused while a row of the draft applies to it alone."""
    package = editable_package(catalog, package_key, "package")
    draft = package.newest
    if key not in _prices(draft):
        raise Rejected([unknown_key("price", key, "key", among=_prices(draft))])
    linked = [row.key for row in draft.rows if row.price == key]
    if linked:
        message = f"Entitlements hold for this price only: {', '.join(linked)}."
        raise Rejected([Problem(ErrorCode.IN_USE, message, ("key",))])
    kept = tuple(price for price in draft.prices if price.key != key)
    return with_draft(catalog, package, replace(draft, prices=kept))


def reorder_entitlements(catalog: Catalog, package_key: str, keys: tuple[str, ...]) -> Catalog:
    """Put the rows of these keys first, in this order; the rest keep theirs."""
    package = editable_package(catalog, package_key, "package")
    shown = {resolved.row.key for resolved in ResolvedCatalog(catalog).draft_rows(package)}
    refuse_any(_order_problems(keys, shown))
    draft = package.newest
    order = tuple(dict.fromkeys((*keys, *draft.order)))
    return with_draft(catalog, package, replace(draft, order=order))


def _order_problems(keys: tuple[str, ...], shown: Collection[str]) -> Iterator[Problem]:
    for index, key in enumerate(keys):
        if key not in shown:
            yield unknown_key("row for", key, "keys", str(index), among=dict.fromkeys(shown))
        elif key in keys[:index]:
            yield invalid(f"'{key}' is listed twice.", "keys", str(index))


def discard_draft(catalog: Catalog, package_key: str) -> Catalog:
    """Discard the edits since the last publish; refused if the package was never published."""
    package = editable_package(catalog, package_key, "package")
    if package.published is None:
        message = f"'{package_key}' was never published: it has only its draft."
        raise Rejected([Problem(ErrorCode.NOT_ALLOWED, message, ("package",))])
    return catalog if package.draft is None else with_package(catalog, replace(package, draft=None))
