"""The facts of the customer's own page: what they have by product, and the status of each limit.

It is made from the same decisions, subscriptions and series as the graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import accumulate
from zoneinfo import ZoneInfo

from rules.access.decision import AccessReason, Decision
from rules.catalog.facts import Feature, FeatureStatus, Product, Widget
from rules.catalog.inheritance import ResolvedCatalog
from rules.commands.report_usage import AHEAD
from rules.credits.accounts import CreditAccount
from rules.credits.grants import Lot
from rules.customers.effective import Source, SourceKind, gather
from rules.customers.facts import Customer, Subscription, earliest
from rules.usage.limits import UsageBalance
from rules.usage.metering import is_added_up, is_gauge
from rules.usage.series import Series, Span
from rules.values import FeatureType

NEAR_PERCENT = 80
"""The percentage from which a limit is nearly reached."""

DAYS_SHOWN = 30
"""How many days of usage are shown, including today."""


class LimitStatus(StrEnum):
    """The status of usage against its limit; the first that fits."""

    UNLIMITED = "UNLIMITED"
    WITHIN = "WITHIN"
    NEAR = "NEAR"
    SPENT = "SPENT"
    ON_CREDITS = "ON_CREDITS"
    BEYOND = "BEYOND"
    REACHED = "REACHED"


_BY_REASON = {
    AccessReason.UNLIMITED: LimitStatus.UNLIMITED,
    AccessReason.WITHIN_CREDITS: LimitStatus.ON_CREDITS,
    AccessReason.LIMIT_EXCEEDED: LimitStatus.REACHED,
    AccessReason.INSUFFICIENT_CREDITS: LimitStatus.REACHED,
}


def limit_status(decision: Decision, usage: UsageBalance) -> LimitStatus:
    """Return the status of a limit, given a decision that checked whether anything is left."""
    known = _BY_REASON.get(decision.reason)
    if known is not None:
        return known
    if usage.overage:
        return LimitStatus.BEYOND
    limit, taken = usage.limit or 0, usage.used + usage.reserved
    if limit == 0 or 100 * taken < NEAR_PERCENT * limit:
        return LimitStatus.WITHIN
    return LimitStatus.NEAR if taken < limit else LimitStatus.SPENT


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductSection:
    """What a customer has of one product; ``product`` is None for features without one.

    The subscription is the live one, otherwise the last that ended.
    """

    product: Product | None
    subscription: Subscription | None = None
    limits: tuple[Decision, ...] = ()
    settings: tuple[Decision, ...] = ()
    included: tuple[Decision, ...] = ()
    unavailable: tuple[Decision, ...] = ()


def product_sections(
    flat: ResolvedCatalog, customer: Customer, decisions: Iterable[Decision], now: datetime
) -> list[ProductSection]:
    """Return what a customer has: products in the order of their subscriptions, then the others."""
    shown = [
        (decision, feature) for decision in decisions if (feature := _visible_feature(decision)) is not None
    ]
    subscriptions = subscriptions_shown(customer, now)
    products = dict.fromkeys(
        [one.product for one in subscriptions] + [feature.product for _, feature in shown]
    )
    by_product = {one.product: one for one in subscriptions}
    return [
        _part(
            None if key is None else flat.catalog.products[key],
            None if key is None else by_product.get(key),
            [decision for decision, feature in shown if feature.product == key],
        )
        for key in sorted(products, key=lambda key: key is None)
    ]


def subscriptions_shown(customer: Customer, now: datetime) -> list[Subscription]:
    """Return each product's live subscription, otherwise the last that ended: live ones first, by age."""
    live = customer.live(now)
    taken = {subscription.product for subscription in live}
    ended = {one.product: one for one in customer.by_age if one.product not in taken}
    return [*live, *ended.values()]


def _part(
    product: Product | None, subscription: Subscription | None, shown: Sequence[Decision]
) -> ProductSection:
    limits = tuple(decision for decision in shown if _is_limit(decision))
    others = [decision for decision in shown if not _is_limit(decision)]
    return ProductSection(
        product=product,
        subscription=subscription,
        limits=limits,
        settings=tuple(d for d in others if d.allowed and _type(d) is FeatureType.CONFIG),
        included=tuple(d for d in others if d.allowed and _type(d) is FeatureType.BOOLEAN),
        unavailable=tuple(d for d in others if not d.allowed),
    )


_WITHHELD = (AccessReason.REVOKED, AccessReason.FEATURE_UNAVAILABLE, AccessReason.CUSTOMER_ARCHIVED)


def _is_limit(decision: Decision) -> bool:
    return decision.usage is not None and decision.reason not in _WITHHELD


def _type(decision: Decision) -> FeatureType | None:
    return None if decision.subject.feature is None else decision.subject.feature.type


def _visible_feature(decision: Decision) -> Feature | None:
    """Return the feature of a decision that the page shows; None if it shows none."""
    feature = decision.subject.feature
    if feature is None or feature.status is FeatureStatus.ARCHIVED:
        return None
    return feature if _is_visible(decision.subject.entitlement.sources) else None


def _is_visible(sources: Iterable[Source]) -> bool:
    """Return whether any row that gives something is visible here; revocations show nothing."""
    giving = (source for source in sources if source.kind is not SourceKind.CUSTOM_REVOCATION)
    return any(
        source.row is None or Widget.CUSTOMER_PORTAL not in source.row.resolved.row.hidden_from
        for source in giving
    )


def shows_credits(flat: ResolvedCatalog, customer: Customer, credit_type: str, now: datetime) -> bool:
    """Return whether the page shows a credit type: not if every row that mints it is hidden."""
    minting = gather(flat, customer, credit_type, now)
    return not minting or _is_visible(minting)


def recent(feature: str, now: datetime, timezone: str) -> Span:
    """Return the span of the last days in a time zone, up to the latest usage that is accepted now."""
    today = now.astimezone(ZoneInfo(timezone)).date()
    first = datetime.combine(today - timedelta(days=DAYS_SHOWN - 1), time(), ZoneInfo(timezone))
    return Span(feature=feature, start=first.astimezone(now.tzinfo), end=now + AHEAD)


def is_level(feature: Feature, usage: UsageBalance) -> bool:
    """Return whether usage goes up and down and never resets, such as seats."""
    return is_gauge(feature, usage.metering.reset)


def as_levels(series: Series, usage: UsageBalance) -> Series:
    """Return levels as of the end of each bucket; other series are unchanged.

    Sums have only their changes recorded, so levels are computed backwards from the present: the series
    must reach as far as the current usage.
    """
    if not (is_added_up(series.feature) and is_level(series.feature, usage)):
        return series
    changes = [point.value for point in series.points]
    before = usage.used - sum(changes)
    levels = list(accumulate(changes, initial=before))[1:]
    points = zip(series.points, levels, strict=True)
    return replace(series, points=tuple(replace(point, value=level) for point, level in points))


def without_future(series: Series, now: datetime) -> Series:
    """Leave out buckets in the future: just before midnight, usage ahead of the clock is tomorrow's."""
    return replace(series, points=tuple(point for point in series.points if point.bucket.start <= now))


def spendable(book: CreditAccount) -> list[Lot]:
    """Return the lots with credits left to spend, in burn order; fully held lots are left out."""
    return [lot for lot in book.in_force if lot.left]


def next_to_expire(lots: Sequence[Lot]) -> tuple[datetime, int] | None:
    """Return when credits expire next, and how many in micros; None if none expire."""
    at = earliest(lot.grant.expires_at for lot in lots)
    return None if at is None else (at, sum(lot.left for lot in lots if lot.grant.expires_at == at))
