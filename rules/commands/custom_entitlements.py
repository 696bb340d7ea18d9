"""Commands on custom entitlements, which apply to one customer alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from rules.catalog.facts import Feature, FeatureStatus
from rules.catalog.validation import (
    LONGEST_TEXT,
    complete_value,
    invalid,
    missing_value,
    out_of_range,
    value_problems,
)
from rules.catalog_edits.features import unknown_key
from rules.commands.command import CommandContext, CustomerState, FactsCommand, StateChange, customer_problems
from rules.customers.facts import CustomEntitlement, CustomEntitlementMode, Customer
from rules.errors import ErrorCode, Problem, refuse_any, unreachable
from rules.values import FeatureType, Granted, Value, Written


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCustomEntitlement(FactsCommand):
    """Grant, override or revoke a feature for a customer, and replace what this mode had set."""

    operation: ClassVar[str] = "setCustomEntitlement"

    feature: str
    mode: CustomEntitlementMode = CustomEntitlementMode.GRANT
    value: Written | None = None
    starts_at: datetime | None = None
    expires_at: datetime | None = None
    note: str | None = None

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Set it; a boolean needs no value, a revocation takes none."""
        customer, feature = state.customer, scene.flat.catalog.features.get(self.feature)
        refuse_any(self._problems(scene, customer, feature))
        if customer is None or feature is None:
            unreachable("what is missing was refused above")
        made = CustomEntitlement(
            number=customer.revision + 1,
            feature=self.feature,
            mode=self.mode,
            value=self._value(feature),
            note=self.note,
            starts_at=self.starts_at or scene.now,
            expires_at=self.expires_at,
            timezone=customer.timezone,
        )
        custom = (*without_custom(customer, self.feature, self.mode, scene.now), made)
        state = replace(state, customer=replace(customer, custom=custom))
        return StateChange(state=state, outcome={"custom": made.number})

    def _value(self, feature: Feature) -> Value | None:
        if self.mode is CustomEntitlementMode.REVOKE:
            return None
        return Granted() if self.value is None else complete_value(feature, self.value)

    def _problems(
        self, scene: CommandContext, customer: Customer | None, feature: Feature | None
    ) -> Iterator[Problem]:
        yield from customer_problems(scene, customer)
        if feature is None:
            yield unknown_key("feature", self.feature, "feature", among=scene.flat.catalog.features)
        else:
            yield from self._feature_problems(feature)
        start = self.starts_at or scene.now
        if self.expires_at is not None and self.expires_at <= start:
            yield out_of_range("expiresAt must lie after startsAt.", "expiresAt")
        if self.note is not None and len(self.note) > LONGEST_TEXT:
            yield out_of_range(f"A note has at most {LONGEST_TEXT} characters.", "note")

    def _feature_problems(self, feature: Feature) -> Iterator[Problem]:
        if feature.status is FeatureStatus.ARCHIVED:
            yield Problem(ErrorCode.ARCHIVED, f"'{feature.key}' is archived.", ("feature",))
        if self.mode is CustomEntitlementMode.REVOKE:
            if self.value is not None:
                yield invalid("A revocation takes no value.", "value")
        elif self.value is None:
            if feature.type is not FeatureType.BOOLEAN:
                yield missing_value(f"'{feature.key}' needs a value.", "value")
        else:
            for problem in value_problems(feature, self.value):
                yield problem.under("value")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveCustomEntitlement(FactsCommand):
    """Remove a customer's custom entitlements for a feature, in one mode or in all."""

    operation: ClassVar[str] = "removeCustomEntitlement"

    feature: str
    mode: CustomEntitlementMode | None = None

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Remove them; refused if there are none."""
        refuse_any(self._problems(scene, state.customer))
        if state.customer is None:
            unreachable("a missing customer was refused above")
        kept = without_custom(state.customer, self.feature, self.mode, scene.now)
        return StateChange(state=replace(state, customer=replace(state.customer, custom=kept)))

    def _problems(self, scene: CommandContext, customer: Customer | None) -> Iterator[Problem]:
        yield from customer_problems(scene, customer)
        if self.feature not in scene.flat.catalog.features:
            yield unknown_key("feature", self.feature, "feature", among=scene.flat.catalog.features)
        elif customer is not None:
            standing = (c for c in customer.custom if _stands(c, self.feature, self.mode, scene.now))
            if next(standing, None) is None:
                yield unknown_key("custom entitlement of", self.feature, "feature")


def without_custom(
    customer: Customer, feature: str, mode: CustomEntitlementMode | None, now: datetime
) -> tuple[CustomEntitlement, ...]:
    """Return a customer's custom entitlements; those of the feature and mode end now."""
    return tuple(
        replace(known, removed_at=now) if _stands(known, feature, mode, now) else known
        for known in customer.custom
    )


def _stands(
    known: CustomEntitlement, feature: str, mode: CustomEntitlementMode | None, now: datetime
) -> bool:
    over = known.ends_at is not None and known.ends_at <= now
    return known.feature == feature and mode in (None, known.mode) and not over
