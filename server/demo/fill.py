"""Fills the demo: a sandbox with a sample, written by the same resolvers that mutations call.

Filling it again adds nothing, even after a crash halfway: all times are relative to the instant of the first
publish, each command has an idempotency key, and the last customer is created when everything else is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from random import Random
from typing import Any

from resolvers import catalog, customers, usage
from resolvers.context import Context, Services
from resolvers.customers import CustomerView
from resolvers.environments import ensure_environment
from rules.access.decision import AccessCheck, resolve_check
from rules.auth.api_keys import ApiKeyKind, Scope
from rules.auth.permissions import Viewer
from rules.catalog.facts import CreditRate, Plan, PublishScope
from rules.catalog_edits.credit_rates import RateEdit
from rules.catalog_edits.drafts import RowEdit
from rules.commands.credits import GrantCredits
from rules.commands.customers import UpsertCustomer
from rules.commands.report_usage import ReportUsage
from rules.commands.subscribe import Subscribe
from rules.errors import unreachable
from rules.numbers import ONE
from rules.values import Revoked, Written
from server.demo.catalog import CREDIT_TYPES, FEATURES, OFFERS, PRODUCTS, Offer
from server.demo.customers import COMPANIES, Company, Gift, Stay, Use

ENVIRONMENT = "demo"
LAST = COMPANIES[-1]
SPAN = timedelta(days=60)
"""How far back usage goes."""


async def fill(services: Services) -> int:
    """Fill the environment ``demo`` where that is not done yet, and return its number.

    Raises Rejected where there is a live environment of that name.
    """
    environment = await ensure_environment(services, ENVIRONMENT, sandbox=True)
    viewer = Viewer(environment=environment.number, kind=ApiKeyKind.SECRET, scopes=frozenset(Scope))
    context = Context(services=services, viewer=viewer)
    if await customers.customer(context, LAST.key) is None:
        await _make_catalog(context)
        await _make_customers(context)
    return environment.number


async def _make_catalog(context: Context) -> None:
    known = (await catalog.current_catalog(context)).catalog
    for product in PRODUCTS:
        if product.key not in known.products:
            await catalog.create_product(context, product)
    for feature in FEATURES:
        if feature.key not in known.features:
            await catalog.create_feature(context, feature)
    for credit_type in CREDIT_TYPES:
        if credit_type.key not in known.credit_types:
            await catalog.create_credit_type(context, credit_type)
    for offer in OFFERS:
        package = known.packages.get(offer.package.key)
        if package is None:
            await _create(context, offer)
        if package is None or package.published is None:
            await _publish(context, offer)


async def _create(context: Context, offer: Offer) -> None:
    if isinstance(offer.package, Plan):
        await catalog.create_plan(context, offer.package, offer.base, last=True)
    else:
        await catalog.create_addon(context, offer.package)


async def _publish(context: Context, offer: Offer) -> None:
    key = offer.package.key
    for feature, value in offer.rows.items():
        await catalog.set_entitlement(context, _row(key, feature, value))
    for price in offer.prices:
        await catalog.set_price(context, key, price)
    for rate in offer.rates:
        await catalog.set_credit_rate(context, _rate(key, rate))
    await catalog.publish_package(context, key, PublishScope.ALL_CUSTOMERS)


def _row(package: str, feature: str, value: Written | Revoked) -> RowEdit:
    if isinstance(value, Revoked):
        return RowEdit(package=package, key=feature, revoked=True)
    return RowEdit(package=package, key=feature, value=value)


def _rate(package: str, rate: CreditRate) -> RateEdit:
    return RateEdit(package=package, feature=rate.feature, credit_type=rate.credit_type, credits=rate.credits)


async def _make_customers(context: Context) -> None:
    opened = await _opening(context)
    await _together(_settle_in(context, company, opened) for company in COMPANIES[:-1])
    await customers.upsert_customer(context, _introduction(LAST))


async def _opening(context: Context) -> datetime:
    """Return the instant at which the first plan was published."""
    first = (await catalog.current_catalog(context)).catalog.packages[OFFERS[0].package.key]
    return first.versions[0].published_at


async def _settle_in(context: Context, company: Company, opened: datetime) -> None:
    await customers.upsert_customer(context, _introduction(company))
    for number, gift in enumerate(company.gifts):
        await customers.customer_command(context, company.key, _grant(gift, number, opened))
    for stay in company.stays:
        subscribed = await customers.customer_command(context, company.key, _subscription(stay, opened))
        reports = _reports(CustomerView.after(subscribed), stay, opened)
        await _together(usage.report_usage(context, company.key, report) for report in reports)
        if stay.then is not None:
            await customers.customer_command(context, company.key, stay.then)
    if company.bonus is not None:
        await customers.customer_command(context, company.key, company.bonus)


async def _together(acts: Iterable[Coroutine[Any, Any, object]]) -> None:
    """Run commands at once, so that group commit puts many of them in one transaction."""
    async with asyncio.TaskGroup() as group:
        for act in acts:
            group.create_task(act)


def _introduction(company: Company) -> UpsertCustomer:
    return UpsertCustomer(
        key=company.key,
        name=company.name,
        email=company.email,
        timezone=company.timezone,
        idempotency_key="demo",
    )


def _subscription(stay: Stay, opened: datetime) -> Subscribe:
    start = opened - timedelta(days=stay.days)
    return Subscribe(
        plan=stay.plan,
        price=next((price.key for price in _offer(stay.plan).prices), None),
        start_at=start,
        addons=stay.addons,
        trial_days=stay.trial_days,
        after_trial=stay.after_trial,
        idempotency_key=f"demo-{stay.plan}",
    )


def _grant(gift: Gift, number: int, opened: datetime) -> GrantCredits:
    return GrantCredits(
        credit_type=gift.credit_type,
        amount=gift.credits * ONE,
        source=gift.source,
        expires_at=opened + timedelta(days=gift.days),
        note=gift.note,
        idempotency_key=f"demo-gift-{number}",
    )


def _offer(plan: str) -> Offer:
    return next(offer for offer in OFFERS if offer.package.key == plan)


def _reports(seen: CustomerView, stay: Stay, opened: datetime) -> Iterator[ReportUsage]:
    for use in stay.uses:
        for number, (when, units) in enumerate(_occasions(seen, stay, use, opened)):
            yield ReportUsage(
                feature=use.feature,
                quantity=units * ONE,
                occurred_at=when,
                idempotency_key=f"demo-{use.feature}-{number}",
            )


def _occasions(seen: CustomerView, stay: Stay, use: Use, opened: datetime) -> Iterator[tuple[datetime, int]]:
    """Spread usage over the ended periods, and over the one in which the demo opened."""
    question = AccessCheck(customer=seen.customer.key, feature=use.feature)
    window = resolve_check(seen.flat, seen.customer, question, opened).window
    if window is None:
        unreachable(f"{stay.plan} does not count {use.feature}")
    begun = opened - min(timedelta(days=stay.days), SPAN)
    renewed = max(begun, window.starts_at)
    dice = Random(f"{seen.customer.key} {use.feature}")  # noqa: S311 - a sample, no secret
    yield from _spread(dice, use.before, begun, renewed)
    yield from _spread(dice, use.lately, renewed, opened)


def _spread(dice: Random, total: int, start: datetime, end: datetime) -> Iterator[tuple[datetime, int]]:
    """Split a total into whole parts, about one a day, at instants of [start, end) in order."""
    days = max(1, (end - start) // timedelta(days=1))
    weights = [dice.randint(2, 6) for _ in range(days)]
    marks = [total * weight // sum(weights) for weight in accumulate(weights, initial=0)]
    for day, (before, after) in enumerate(pairwise(marks)):
        if before < after:
            yield start + (end - start) * (day + dice.random()) / days, after - before
