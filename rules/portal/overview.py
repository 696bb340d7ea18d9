"""The customer's own page as facts: what they have, product by product, and how each limit stands.

It is laid out from the decisions, subscriptions and series that the graph shows too.
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
"""From how much of a limit on it is nearly reached."""

DAYS_SHOWN = 30
"""Over how many days usage is told, today among them."""


class LimitStatus(StrEnum):
    """How usage stands against its limit, the first that fits."""

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
    """Tell how usage stands that was decided by asking whether anything is left."""
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
    """What a customer has of one product, None for what belongs to none.

    The subscription is the live one, else the last that ended.
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
    """Lay out what a customer has: products in the order of their subscriptions, the others behind them."""
    shown = [(decision, feature) for decision in decisions if (feature := _shown(decision)) is not None]
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
    """Give of each product the live subscription, else the last that ended: live ones first, by age."""
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


def _shown(decision: Decision) -> Feature | None:
    """Return the feature of a decision that the page shows; None where it shows nothing of it."""
    feature = decision.subject.feature
    if feature is None or feature.status is FeatureStatus.ARCHIVED:
        return None
    return feature if _is_visible(decision.subject.entitlement.sources) else None


def _is_visible(sources: Iterable[Source]) -> bool:
    """Return whether any row that gives something may be seen here; what only takes away shows nothing."""
    giving = (source for source in sources if source.kind is not SourceKind.CUSTOM_REVOCATION)
    return any(
        source.row is None or Widget.CUSTOMER_PORTAL not in source.row.resolved.row.hidden_from
        for source in giving
    )


def shows_credits(flat: ResolvedCatalog, customer: Customer, credit_type: str, now: datetime) -> bool:
    """Return whether the page shows a credit type: not where every row that mints it is hidden."""
    minting = gather(flat, customer, credit_type, now)
    return not minting or _is_visible(minting)


def recent(feature: str, now: datetime, timezone: str) -> Span:
    """Return the span of the last days in a time zone, up to where usage may have occurred by now."""
    today = now.astimezone(ZoneInfo(timezone)).date()
    first = datetime.combine(today - timedelta(days=DAYS_SHOWN - 1), time(), ZoneInfo(timezone))
    return Span(feature=feature, start=first.astimezone(now.tzinfo), end=now + AHEAD)


def is_level(feature: Feature, usage: UsageBalance) -> bool:
    """Return whether usage goes up and down and never starts again, such as seats."""
    return is_gauge(feature, usage.metering.reset)


def as_levels(series: Series, usage: UsageBalance) -> Series:
    """Show levels as what they are at the end of each bucket; other series as they are.

    What is added up is known by its changes alone, so that levels are counted back from the last: the
    series has to reach as far as what is used.
    """
    if not (is_added_up(series.feature) and is_level(series.feature, usage)):
        return series
    changes = [point.value for point in series.points]
    before = usage.used - sum(changes)
    levels = list(accumulate(changes, initial=before))[1:]
    points = zip(series.points, levels, strict=True)
    return replace(series, points=tuple(replace(point, value=level) for point, level in points))


def without_future(series: Series, now: datetime) -> Series:
    """Leave out what has not begun: just before midnight, usage ahead of the clock is tomorrow's."""
    return replace(series, points=tuple(point for point in series.points if point.bucket.start <= now))


def spendable(book: CreditAccount) -> list[Lot]:
    """Return the lots of which something is left to spend, in burn order; what is held of others is not."""
    return [lot for lot in book.in_force if lot.left]


def next_to_expire(lots: Sequence[Lot]) -> tuple[datetime, int] | None:
    """Tell when credits expire next, and how many in micros; None where none ever do."""
    at = earliest(lot.grant.expires_at for lot in lots)
    return None if at is None else (at, sum(lot.left for lot in lots if lot.grant.expires_at == at))
