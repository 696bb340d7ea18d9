"""The differences between two rows about the same feature or credit type, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rules.catalog.facts import CreditType, Feature, Row, Widget
from rules.catalog.wording import counted_text, interval_text, overage_text, row_text
from rules.catalog_code.diff import CatalogDifference, DiffContext, difference, plain_text
from rules.catalog_code.writer import value_entry
from rules.catalog_edits.drafts import row_subject
from rules.values import (
    BillingPeriod,
    Choices,
    Credits,
    Metered,
    Number,
    Object,
    Reset,
    ResetAnchor,
    Revoked,
    Text,
)

_WIDGETS = {Widget.PRICING_TABLE: "the pricing table", Widget.CUSTOMER_PORTAL: "the customer portal"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spot:
    """The place of a row: its package, its feature or credit type, and its price, if any."""

    scene: DiffContext
    subject: Feature | CreditType
    price: str | None
    billing: BillingPeriod | None

    @property
    def label(self) -> str:
        """The name of the row within its package."""
        return self.subject.key if self.price is None else f"{self.subject.key}@{self.price}"

    @property
    def package(self) -> str:
        """The package, and the price of a row that applies to one alone."""
        return self.scene.name if self.price is None else f"{self.scene.name} ({self.price})"

    @property
    def is_inherited(self) -> bool:
        """Whether the base plan defines the key where the package does not."""
        return self.price is None and self.subject.key in self.scene.inherited

    def text(self, row: Row) -> str:
        """What the row gives, as a pricing table prints it."""
        return row_text(row, subject=self.subject, billing=self.billing)

    def path(self, *parts: str) -> str:
        """Return the path of a place in the row."""
        return self.scene.path("entitlements", self.label, *parts)

    def changed(self, part: str, what: str, before: str, after: str) -> CatalogDifference:
        """Return a difference in one part of the row."""
        summary = f"{self.package}: the {what} of {self.subject.name} changed from {before} to {after}"
        return difference(self.path(part), before, after, summary)

    def moved(self, part: str, before: int | None, after: int | None) -> CatalogDifference:
        """Return a difference in a quantity, of which None is unlimited."""
        higher = after is None or (before is not None and after > before)
        was, now = (self._amount(quantity) for quantity in (before, after))
        verb = "raised" if higher else "lowered"
        summary = f"{self.package}: {self.subject.name} {verb} from {was} to {now}"
        return difference(self.path(part), was, now, summary)

    def _amount(self, quantity: int | None) -> str:
        return "unlimited" if quantity is None else counted_text(quantity, self.subject.unit)


def row_changes(
    scene: DiffContext, before: Row | None, after: Row | None, billing: BillingPeriod | None = None
) -> Iterator[CatalogDifference]:
    """Yield the differences between the rows of one key and price; either may be missing.

    ``billing`` is how often that price is due, if the rows apply to one price.
    """
    row = after or before
    subject = row_subject(scene.catalog, row.key) if row else None
    if row is None or subject is None:
        return
    spot = _Spot(scene=scene, subject=subject, price=row.price, billing=billing)
    if before is None or after is None or _is_revoked(before) != _is_revoked(after):
        yield _appearance(spot, before, after)
        return
    yield from _value_changes(spot, before, after)
    yield from _showing_changes(spot, before, after)


def _is_revoked(row: Row) -> bool:
    return isinstance(row.value, Revoked)


def _appearance(spot: _Spot, before: Row | None, after: Row | None) -> CatalogDifference:
    """Return a difference for a row that was added, removed, revoked or restored."""
    was, now = (spot.text(row) if row else None for row in (before, after))
    return difference(spot.path(), was, now, f"{spot.package} {_appearance_text(spot, before, after)}")


def _appearance_text(spot: _Spot, before: Row | None, after: Row | None) -> str:
    if after is not None and not _is_revoked(after):
        return f"now includes {spot.text(after)}"
    if before is None or _is_revoked(before):
        return f"{'no longer' if after is None else 'now'} leaves out {spot.subject.name}"
    if after is None and spot.is_inherited:
        return f"goes by {spot.scene.name_of(spot.scene.package.shown.base or '')} for {spot.subject.name}"
    return f"no longer includes {spot.text(before)}"


def _value_changes(spot: _Spot, before: Row, after: Row) -> Iterator[CatalogDifference]:
    match before.value, after.value:
        case Metered() as was, Metered() as now:
            yield from _limit_changes(spot, was, now)
        case Credits() as was, Credits() as now:
            yield from _credit_changes(spot, was, now)
        case Number() as was, Number() as now:
            if was != now:
                yield spot.moved("number", was.number, now.number)
        case (Text() | Choices() | Object()) as was, (Text() | Choices() | Object()) as now:
            if value_entry(was, spot.subject) != value_entry(now, spot.subject):
                yield spot.changed("value", "setting", _setting(was), _setting(now))


def _setting(value: Text | Choices | Object) -> str:
    match value:
        case Text():
            return f"'{value.text}'"
        case Choices():
            return ", ".join(value.choices)
        case Object():
            return plain_text(value.object)


def _limit_changes(spot: _Spot, was: Metered, now: Metered) -> Iterator[CatalogDifference]:
    if was.limit != now.limit:
        yield spot.moved("limit", was.limit, now.limit)
    if was.enforcement is not now.enforcement:
        yield spot.changed("enforcement", "limit", was.enforcement.lower(), now.enforcement.lower())
    if was.reset != now.reset:
        yield spot.changed("reset", "reset", _reset_text(was.reset), _reset_text(now.reset))
    if was.overage != now.overage:
        yield spot.changed("overage", "overage rate", _overage(spot, was), _overage(spot, now))


def _overage(spot: _Spot, value: Metered) -> str:
    return overage_text(value.overage, spot.subject.unit) if value.overage else "none"


def _reset_text(reset: Reset) -> str:
    words = [interval_text(reset, None) or "never"]
    if reset.anchor is ResetAnchor.CALENDAR:
        words.append("by the calendar")
    if reset.weekday is not None:
        words.append(f"from {reset.weekday.title()}")
    return " ".join(words)


def _credit_changes(spot: _Spot, was: Credits, now: Credits) -> Iterator[CatalogDifference]:
    if was.amount != now.amount:
        yield spot.moved("amount", was.amount, now.amount)
    if was.cadence is not now.cadence:
        cadences = (one.cadence.lower().replace("_", " ") for one in (was, now))
        yield spot.changed("cadence", "cadence", *cadences)
    if was.rollover_limit != now.rollover_limit:
        limits = (counted_text(one.rollover_limit, spot.subject.unit) for one in (was, now))
        yield spot.changed("rolloverLimit", "rollover limit", *limits)


def _showing_changes(spot: _Spot, before: Row, after: Row) -> Iterator[CatalogDifference]:
    if before.display_text != after.display_text:
        yield spot.changed("displayText", "text", _custom_text(before), _custom_text(after))
    for widget, place in _WIDGETS.items():
        hidden = widget in after.hidden_from
        if hidden != (widget in before.hidden_from):
            was, now = ("shown", "hidden") if hidden else ("hidden", "shown")
            summary = f"{spot.package}: {spot.subject.name} is {now} in {place} now"
            yield difference(spot.path("hiddenFrom"), was, now, summary)


def _custom_text(row: Row) -> str:
    return "the default" if row.display_text is None else f"'{row.display_text}'"
