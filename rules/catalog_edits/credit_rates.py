"""Credit rates: what using a feature burns, set in a package's draft."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rules.catalog.facts import ADDED_UP, Catalog, CreditRate, FeatureStatus
from rules.catalog.validation import mismatch, missing_value, out_of_range
from rules.catalog_edits.features import unknown_key
from rules.catalog_edits.packages import editable_package, with_draft
from rules.errors import ErrorCode, Problem, refuse_any
from rules.unset import UNSET, Unset
from rules.values import FeatureType


@dataclass(frozen=True, slots=True, kw_only=True)
class RateEdit:
    """An edit of a rate, in micros; ``credits`` None removes the package's own rate.

    Credits that are left out are refused: only None removes.
    """

    package: str
    feature: str
    credit_type: str
    credits: int | Unset | None
    per_units: int = 1_000_000


def set_credit_rate(catalog: Catalog, edit: RateEdit) -> Catalog:
    """Set or remove a package's own rate for a feature; raises Rejected with every problem."""
    problems = tuple(rate_problems(catalog, edit))
    package = editable_package(catalog, edit.package, "package", besides=problems)
    refuse_any(problems)
    rates = {rate.feature: rate for rate in package.newest.rates}
    if not isinstance(edit.credits, int):
        rates.pop(edit.feature, None)
    else:
        rates[edit.feature] = CreditRate(
            feature=edit.feature,
            credit_type=edit.credit_type,
            credits=edit.credits,
            per_units=edit.per_units,
        )
    return with_draft(catalog, package, replace(package.newest, rates=tuple(rates.values())))


def rate_problems(catalog: Catalog, rate: RateEdit | CreditRate) -> Iterator[Problem]:
    """Check a rate by itself."""
    yield from _feature_problems(catalog, rate)
    yield from _amount_problems(catalog, rate)


def _feature_problems(catalog: Catalog, edit: RateEdit | CreditRate) -> Iterator[Problem]:
    key, feature = edit.feature, catalog.features.get(edit.feature)
    if feature is None:
        yield unknown_key("feature", key, "feature", among=catalog.features)
    elif feature.type is not FeatureType.METERED:
        yield mismatch(f"'{key}' is not metered: it cannot burn credits.", "feature")
    elif feature.meter is not None and feature.meter.aggregation not in ADDED_UP:
        yield mismatch(
            f"'{key}' is counted by {feature.meter.aggregation}, which cannot burn credits.", "feature"
        )
    elif feature.status is FeatureStatus.ARCHIVED and edit.credits is not None:
        yield Problem(ErrorCode.ARCHIVED, f"'{key}' is archived.", ("feature",))


def _amount_problems(catalog: Catalog, edit: RateEdit | CreditRate) -> Iterator[Problem]:
    if edit.credit_type not in catalog.credit_types:
        yield unknown_key("credit type", edit.credit_type, "creditType", among=catalog.credit_types)
    if edit.credits is UNSET:
        yield missing_value("Give the credits, or null for none.", "credits")
    elif edit.credits is not None and edit.credits <= 0:
        yield out_of_range("The credits must be above 0; null removes the rate.", "credits")
    if edit.per_units <= 0:
        yield out_of_range("perUnits must be above 0.", "perUnits")
