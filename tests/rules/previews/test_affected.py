"""Whom an edit concerns: nothing that would differ is left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hypothesis import event, given
from hypothesis import strategies as st

from rules.catalog.facts import Catalog, PublishScope
from rules.catalog.inheritance import ResolvedCatalog
from rules.commands.custom_entitlements import SetCustomEntitlement
from rules.commands.report_usage import ReportUsage
from rules.credits.accounts import CreditAccount
from rules.credits.roll_forward import roll_forward
from rules.customers.facts import CustomEntitlementMode, Customer
from rules.numbers import ONE
from rules.previews.affected import CatalogEdit
from rules.usage.metering import UsageRecord
from rules.values import (
    Reset,
    ResetInterval,
    WrittenLimit,
)
from tests.rules.builders.acts_at_random import ZONES, Step, beginnings, steps
from tests.rules.builders.lives import Life
from tests.rules.builders.previewing import differing, on, republished, selling_everything
from tests.rules.builders.small_shop import DAY, limit, row
from tests.rules.builders.tweaks import Edit, Tweak, edited, edits, tweaks
from tests.rules.customers.test_time_travel import Happening, happen

lives = st.tuples(st.sampled_from(ZONES), beginnings, st.lists(steps | tweaks, min_size=2, max_size=12))


@given(lives, st.lists(edits, min_size=1, max_size=3), st.booleans())
def test_whatever_differs_is_among_what_an_edit_touches(
    history: tuple[str, Step, list[Happening | Tweak]],
    made: list[Edit],
    kept: bool,  # noqa: FBT001 - drawn by place
) -> None:
    zone, first, rest = history
    life = Life(shop=selling_everything()).born(zone)
    for happening in (replace(first, away=()), *rest):
        match happening:
            case Tweak():
                life.shop = after(life, happening)
                life.comes_to(life.present + DAY)
            case Step(act=ReportUsage(feature=feature, quantity=quantity)):
                # What it burned is left aside: it is as good as burned, or not, by both catalogs.
                record = UsageRecord(feature=feature, occurred_at=life.present, quantity=quantity)
                life.records.append(record)
            case _:
                happen(life, happening)
    assert life.customer is not None
    life.comes_to(life.present)
    book = CreditAccount(credit_type="ai")
    if kept:
        book = roll_forward(book, life.customer, life.flat, life.present)
    edit = CatalogEdit(life.flat, ResolvedCatalog(after(life, *made)))

    touched = edit.touched(life.customer, life.present)
    found = differing(life, edit.after, book)

    event(f"{len(found)} differ")
    assert {one.after.subject.question.feature for one in found} <= set(touched)
    assert not found or is_concerned(edit, life.customer, life.now)


def is_concerned(edit: CatalogEdit, customer: Customer, clock: datetime) -> bool:
    """Whether somebody has anything that an edit concerns."""
    had = [(t.plan, t.version or 0, t.starts_at) for known in customer.subscriptions for t in known.terms]
    had += [(h.addon, h.version, h.starts_at) for known in customer.subscriptions for h in known.addons]
    alone = {custom.feature for custom in customer.custom}
    return bool(edit.features & alone) or any(
        (key, number) in edit.versions or (key in edit.packages and clock <= since)
        for key, number, since in had
    )


def after(life: Life, *made: Edit) -> Catalog:
    """The catalog after edits of now."""
    shop = life.shop
    assert life.customer is not None
    for edit in made:
        shop = edited(shop, life.customer, edit, life.present)
    return shop


def test_only_what_differs_between_two_versions_is_touched() -> None:
    life = on("basic", "monthly")
    rows = life.shop.packages["basic"].newest.rows
    after = republished(life, "basic", row("calls", limit(99)), *rows[1:])

    assert life.customer is not None
    assert CatalogEdit(life.flat, after).touched(life.customer, life.present) == ["calls"]
    assert CatalogEdit(life.flat, life.flat).touched(life.customer, life.present) == []


def test_where_a_plan_is_due_by_the_year_the_periods_of_what_stands_for_a_customer_alone_are_others() -> None:
    life = on("basic", "monthly").does(
        SetCustomEntitlement(
            feature="seats",
            mode=CustomEntitlementMode.GRANT,
            value=WrittenLimit(limit=5 * ONE, reset=Reset(every=ResetInterval.BILLING_PERIOD)),
        ),
        SetCustomEntitlement(
            feature="projects",
            mode=CustomEntitlementMode.OVERRIDE,
            value=WrittenLimit(limit=5 * ONE, reset=Reset(every=ResetInterval.BILLING_PERIOD)),
        ),
    )
    yearly = Tweak(nth=0, rows={}, rates=(), swapped=True, scope=PublishScope.ALL_CUSTOMERS)

    edit = CatalogEdit(life.flat, ResolvedCatalog(after(life, yearly)))

    assert life.customer is not None
    found = {one.after.subject.question.feature for one in differing(life, edit.after)}
    assert found == {"calls", "seats", "projects"}
    assert found <= set(edit.touched(life.customer, life.present))
