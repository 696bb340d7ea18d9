"""Courses: what customers have of features, worked out once for as long as nothing changes it.

They are remembered by the catalog that they follow from, and go when it goes. A course holds while the
customer's facts are the very same objects, and until the first instant at which time alone could change
it; so it needs no invalidation.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from rules.access.decision import AccessCheck, ResolvedCheck, resolve_check
from rules.catalog.facts import CreditRate
from rules.catalog.inheritance import ResolvedCatalog
from rules.customers.facts import Customer
from rules.usage.metering import Window, whole_window
from rules.usage.windows import idle_window

MOST = 100_000
"""Courses that a catalog remembers; then all are forgotten, and those that are needed come back."""


def cached_check(
    flat: ResolvedCatalog, customer: Customer | None, question: AccessCheck, now: datetime
) -> ResolvedCheck:
    """Find what a question of the present is about, as ``resolve_check`` does."""
    if customer is None:
        return resolve_check(flat, customer, question, now)
    return _asked(_course(flat, customer, question.feature, now), question, customer, now)


def rate(flat: ResolvedCatalog, customer: Customer, feature: str, now: datetime) -> CreditRate | None:
    """Tell how many credits using a feature burns beyond its limit."""
    return _course(flat, customer, feature, now).rate


def window(flat: ResolvedCatalog, customer: Customer, feature: str, at: datetime) -> Window:
    """Return the window in which usage of an instant counts, also where no limit speaks about it."""
    course = _course(flat, customer, feature, at)
    if course.window is not None:
        return course.window
    if course.feature is None:
        return whole_window(feature)
    if course.idle is None or at not in course.idle:
        course = replace(course, idle=idle_window(flat, customer, course.feature, at))
        flat.courses[customer.number, feature] = course
    return course.idle or whole_window(feature)


def _course(flat: ResolvedCatalog, customer: Customer, feature: str, at: datetime) -> ResolvedCheck:
    known, place = flat.courses, (customer.number, feature)
    course = known.get(place)
    if course is None or not _holds(course, customer, at):
        course = resolve_check(flat, customer, AccessCheck(customer=customer.key, feature=feature), at)
        if len(known) >= MOST:
            known.clear()
        known[place] = course
    return course


def _asked(course: ResolvedCheck, question: AccessCheck, customer: Customer, now: datetime) -> ResolvedCheck:
    # Faster than ``replace`` by half, and done for every question.
    return ResolvedCheck(
        flat=course.flat,
        question=question,
        now=now,
        customer=customer,
        feature=course.feature,
        entitlement=course.entitlement,
        metering=course.metering,
        billing=course.billing,
        until=course.until,
        rate=course.rate,
    )


def _holds(course: ResolvedCheck, customer: Customer, at: datetime) -> bool:
    known = course.customer
    return (
        known is not None
        and known.subscriptions is customer.subscriptions
        and known.custom is customer.custom
        and known.timezone == customer.timezone
        and course.now <= at
        and (course.until is None or at < course.until)
    )
