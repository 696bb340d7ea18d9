from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.catalog.facts import Catalog, CreditRate, Package
from rules.catalog.inheritance import ResolvedCatalog
from rules.commands.subscribe import AddonQuantity, Subscribe
from rules.credits.accounts import Cause, CreditAccount
from rules.credits.burn_down import add_grant, burn_for_usage, post_grant, refund_usage
from rules.credits.burn_records import PricedUsage
from rules.credits.grants import CreditSource, Grant
from rules.credits.overage import credit_rate, overage_cost, overage_quantity
from rules.numbers import ONE
from rules.usage.metering import whole_window
from rules.values import Metered
from tests.rules.builders.customer_builders import HARD, SOFT, limited
from tests.rules.builders.customer_builders import rate as in_dollars
from tests.rules.builders.small_shop import DAY, START, addon, plan, sold
from tests.rules.models.wallets import IMAGES, THIRD, Wallet, proven, selling_credits, wallet

DEAR = replace(IMAGES, credits=5 * ONE)


@pytest.mark.parametrize(
    ("limit", "used", "requested", "over"),
    [
        (100, 0, 100, 0),
        (100, 0, 101, 1),
        (100, 90, 30, 20),
        (100, 100, 5, 5),
        (100, 150, 5, 5),
        (100, 150, 0, 0),
        (100, 150, -5, 0),
        (0, 0, 7, 7),
        (None, 1000, 7, 0),
    ],
)
def test_what_of_a_request_is_beyond_the_limit(
    limit: int | None, used: int, requested: int, over: int
) -> None:
    assert overage_quantity(limit, used, requested) == over


def paid(
    value: Metered | None, used: int, requested: int | None, credits_there: int = 0
) -> tuple[int, int, bool]:
    """What is beyond a limit, what it costs in whole credits, and whether that is covered."""
    life = wallet()
    if credits_there:
        life.gets(credits_there)
    wanted = None if requested is None else requested * ONE
    found = overage_cost(value, IMAGES, life.brought_up(), used * ONE, wanted)
    return found.beyond.quantity // ONE, found.cost // ONE, found.cost <= found.available


def test_credits_pay_what_is_beyond_a_hard_limit() -> None:
    assert paid(limited(100), 90, 30, 20) == (20, 20, True)
    assert paid(limited(100), 90, 30, 19) == (20, 20, False)


def test_credits_pay_beyond_a_soft_limit_that_has_no_rate_in_money() -> None:
    assert paid(limited(100, enforcement=SOFT), 90, 30) == (20, 20, False)


def test_what_costs_money_costs_no_credits() -> None:
    assert paid(limited(100, enforcement=SOFT, overage=in_dollars(5)), 90, 30) == (0, 0, True)
    assert paid(limited(100, enforcement=HARD, overage=in_dollars(5)), 90, 30) == (20, 20, False)


def test_where_no_limit_applies_credits_pay_all_of_it() -> None:
    assert paid(None, 0, 3, 3) == (3, 3, True)


def test_what_is_unlimited_costs_nothing() -> None:
    assert paid(limited(None), 1000, 30) == (0, 0, True)


@pytest.mark.parametrize("requested", [None, 0, -5])
def test_nothing_requested_costs_nothing(requested: int | None) -> None:
    assert paid(limited(100), 100, requested) == (0, 0, True)


# Rates.


def rated(package: Package, *rates: CreditRate, base: str | None = None) -> Package:
    """A package whose usage burns credits."""
    drawn = package if package.draft is not None else sold(package)
    return replace(drawn, draft=replace(drawn.newest, rates=rates, base=base))


def shop(*packages: Package) -> Catalog:
    """A shop with two plans of two products, one of which stands on another, and an add-on."""
    return selling_credits(*packages)


def rate_of(life: Wallet) -> CreditRate | None:
    """The rate at which calls burn credits now."""
    assert life.customer is not None
    return credit_rate(ResolvedCatalog(life.shop), life.customer, "calls", life.present)


def test_the_rate_is_that_of_the_plan_or_else_of_its_base_plan() -> None:
    sells = shop(
        rated(plan("basic"), IMAGES), rated(plan("pro"), base="basic"), rated(plan("top"), DEAR, base="pro")
    )

    assert rate_of(wallet(Subscribe(plan="pro"), shop=sells)) == IMAGES
    assert rate_of(wallet(Subscribe(plan="top"), shop=sells)) == DEAR


def test_the_rate_of_the_oldest_subscription_s_plan_comes_first_and_addons_last() -> None:
    sells = shop(
        rated(plan("bare")),
        rated(plan("basic"), IMAGES),
        rated(plan("chat", of="desk"), DEAR),
        rated(addon("boost"), THIRD),
    )
    boosted = Subscribe(plan="bare", addons=(AddonQuantity("boost"),))

    assert rate_of(wallet(boosted, shop=sells)) == THIRD
    assert rate_of(wallet(boosted, Subscribe(plan="chat"), shop=sells)) == DEAR
    assert rate_of(wallet(Subscribe(plan="basic"), Subscribe(plan="chat"), shop=sells)) == IMAGES
    assert rate_of(wallet(Subscribe(plan="chat"), Subscribe(plan="basic"), shop=sells)) == DEAR


def test_anyone_who_has_no_package_with_a_rate_burns_nothing() -> None:
    assert rate_of(wallet(shop=shop(rated(plan("basic"), IMAGES)))) is None


# Rounding.

rates = st.builds(
    CreditRate,
    feature=st.just("calls"),
    credit_type=st.just("ai"),
    credits=st.integers(1, 10),
    per_units=st.integers(1, 10),
)


@given(rate=rates, parts=st.lists(st.integers(1, 50), min_size=1, max_size=6), there=st.integers(0, 200))
def test_burning_a_and_then_b_is_burning_a_and_b_at_once(
    rate: CreditRate, parts: list[int], there: int
) -> None:
    apart, at_once = spending(there), spending(there)
    for quantity in parts:
        apart = burnt(apart, rate, quantity)
    at_once = burnt(at_once, rate, sum(parts))

    assert (apart.consumed, apart.available, apart.overdraft) == (
        *(at_once.consumed, at_once.available, at_once.overdraft),
    )
    assert (apart.burned, apart.remainders) == (at_once.burned, at_once.remainders)


@given(
    parts=st.lists(st.tuples(rates, st.integers(1, 50)), min_size=1, max_size=6), there=st.integers(0, 200)
)
def test_the_running_total_is_what_is_rounded_whatever_the_rates(
    parts: list[tuple[CreditRate, int]], there: int
) -> None:
    book, exact = spending(there), Fraction(0)
    for rate, quantity in parts:
        book, exact = burnt(book, rate, quantity), exact + Fraction(quantity * rate.credits, rate.per_units)
        assert book.consumed == floor(exact + Fraction(1, 2))


@given(
    parts=st.lists(st.tuples(rates, st.integers(1, 50)), min_size=1, max_size=6),
    there=st.integers(0, 200),
    days=st.integers(0, 1),
)
def test_what_was_burned_last_comes_back_as_if_it_had_never_been(
    parts: list[tuple[CreditRate, int]], there: int, days: int
) -> None:
    books = [spending(there)]
    for number, (rate, quantity) in enumerate(parts):
        books.append(burnt(books[-1], rate, quantity, START + number * days * DAY))
    book = books[-1]
    for before, (_, quantity) in reversed(list(zip(books, parts, strict=False))):
        changed = refund_usage({"ai": book}, quantity, whole_window("calls"), Cause(at=START + 9 * DAY))
        book = proven(changed.get("ai", book))
        assert (book.consumed, book.available, book.overdraft, book.remainders) == (
            *(before.consumed, before.available, before.overdraft, before.remainders),
        )


def spending(there: int) -> CreditAccount:
    """A book with so many micros of credits in two grants."""
    book = CreditAccount(credit_type="ai", at=START)
    for number in (1, 2):
        grant = Grant(
            number=number, amount=there, source=CreditSource.PAID, made_at=START, effective_at=START
        )
        book = post_grant(add_grant(book, grant), number, Cause(at=START))
    return book


def burnt(book: CreditAccount, rate: CreditRate, quantity: int, at: datetime = START) -> CreditAccount:
    """The book after so many micros of calls."""
    span = whole_window("calls").day_until(at)
    return proven(burn_for_usage(book, PricedUsage(quantity=quantity, rate=rate), span, Cause(at=at)))
