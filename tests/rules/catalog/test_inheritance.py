from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from rules.catalog.facts import Catalog, CreditRate, Package
from rules.catalog.inheritance import ResolvedCatalog, descendants, rows_in_effect
from rules.catalog_edits.drafts import remove_entitlement, reorder_entitlements, set_entitlement
from rules.catalog_edits.packages import set_base_plan, with_package
from rules.numbers import ONE
from rules.values import LimitEnforcement, Metered, Money, OverageRate, Reset, ResetInterval
from tests.rules.builders.catalog_builders import (
    GRANTED,
    REVOKED,
    catalog,
    chain,
    credit,
    current_rows,
    draft_rows,
    edit,
    edited,
    keys,
    limit,
    metered,
    plan,
    priced,
    published,
    row,
    told,
    written,
)
from tests.rules.builders.strategies import PRICES, catalogs

ONE_DOLLAR = OverageRate(amount=Money(amount=ONE, currency="USD"))


def reordered(shop: Catalog, key: str, *order: str) -> Catalog:
    """The catalog with a package published in which these keys come first."""
    return published(reorder_entitlements(shop, key, order), key)


def test_a_plan_without_a_base_plan_shows_its_own_rows() -> None:
    shop = chain((row("sso"), row("seats", limit(1))))

    assert told(current_rows(shop, "free")) == ["sso OWN free", "seats OWN free"]


def test_a_child_inherits_what_its_base_plan_says_and_tells_where_it_was_set() -> None:
    shop = chain((row("sso"),), (row("seats", limit(1)),), ())

    assert told(current_rows(shop, "team")) == ["sso INHERITED free", "seats INHERITED pro"]


def test_per_key_the_nearest_row_wins() -> None:
    shop = chain((row("seats", limit(1)),), (row("seats", limit(5)),), ())

    (seats,) = current_rows(shop, "team")

    assert told([seats]) == ["seats INHERITED pro"]
    assert seats.row.value == limit(5)
    assert seats.overrides is None


def test_the_nearest_row_wins_whole_and_never_field_by_field() -> None:
    daily = Reset(every=ResetInterval.DAY)
    generous = Metered(limit=ONE, reset=daily, enforcement=LimitEnforcement.SOFT, overage=ONE_DOLLAR)
    shop = chain((replace(row("calls", generous), display_text="One a day"),), (row("calls", limit(5)),))

    (calls,) = current_rows(shop, "pro")

    assert calls.row == row("calls", limit(5))


def test_an_override_gives_the_original() -> None:
    shop = chain((row("seats", limit(1)),), (row("seats", limit(5)),), (row("seats", limit(9)),))

    (seats,) = current_rows(shop, "team")

    assert told([seats]) == ["seats OVERRIDDEN team"]
    assert seats.overrides is not None
    assert told([seats.overrides]) == ["seats INHERITED pro"]
    assert seats.overrides.row.value == limit(5)


def test_a_draft_inherits_from_its_bases_published_version() -> None:
    shop = chain((row("seats", limit(1)),), ())

    shop = edited(shop, edit("seats", written(2), package="free"), edit("calls", written(9)))

    assert [r.row.value for r in draft_rows(shop, "pro")] == [limit(1), limit(9)]


def test_a_draft_on_a_base_plan_that_was_never_published_inherits_nothing() -> None:
    shop = catalog(plan("free", row("sso")), plan("pro", row("audit"), base="free"))

    assert told(draft_rows(shop, "pro")) == ["audit OWN pro"]


def test_readers_see_the_draft_of_a_package_that_was_never_published() -> None:
    shop = catalog(plan("free", row("sso")))

    assert current_rows(shop, "free") == draft_rows(shop, "free")
    assert keys(current_rows(shop, "free")) == ["sso"]


def test_a_version_stands_forever_on_the_base_version_that_it_was_published_against() -> None:
    shop = chain((row("seats", limit(1)),), ())

    later = published(edited(shop, edit("seats", written(2), package="free")), "free")

    assert [r.row.value for r in ResolvedCatalog(later).rows("pro", 1)] == [limit(1)]
    assert [r.row.value for r in ResolvedCatalog(later).rows("pro", 2)] == [limit(2)]


def test_inherited_rows_stand_before_own_rows_base_first() -> None:
    shop = chain((row("seats", limit(1)),), (row("sso"), row("audit")), (row("calls", limit(9)),))

    assert keys(current_rows(shop, "team")) == ["seats", "sso", "audit", "calls"]


def test_an_override_stays_where_the_inherited_row_stood() -> None:
    base = (row("sso"), row("seats", limit(1)), row("audit"))
    shop = chain(base, (row("calls", limit(9)), row("seats", limit(5))), (row("sso", REVOKED),))

    assert told(current_rows(shop, "pro")) == [
        "sso INHERITED free",
        "seats OVERRIDDEN pro",
        "audit INHERITED free",
        "calls OWN pro",
    ]
    assert keys(current_rows(shop, "team")) == ["sso", "seats", "audit", "calls"]


def test_rows_of_one_key_stand_together_and_the_one_for_every_price_first() -> None:
    shop = priced(chain((row("seats", limit(1)),), ()), "pro")

    shop = edited(
        shop,
        edit("calls", written(1), price="yearly"),
        edit("sso", GRANTED),
        edit("calls", written(9)),
        edit("seats", written(2), price="monthly"),
    )

    assert keys(draft_rows(shop, "pro")) == ["seats", "seats@monthly", "calls", "calls@yearly", "sso"]


def test_the_keys_named_by_hand_come_first_and_the_rest_keep_their_order() -> None:
    shop = chain((row("seats", limit(1)), row("audit")), (row("sso"), row("calls", limit(9))))

    shop = reordered(shop, "pro", "calls", "audit")

    assert keys(current_rows(shop, "pro")) == ["calls", "audit", "seats", "sso"]


def test_a_row_added_later_stands_behind_those_ordered_by_hand() -> None:
    shop = reordered(chain((row("seats", limit(1)), row("audit"))), "free", "audit")

    shop = edited(shop, edit("sso", GRANTED, package="free"))

    assert keys(draft_rows(shop, "free")) == ["audit", "seats", "sso"]


def test_the_place_of_a_row_that_is_gone_is_kept_for_it() -> None:
    shop = reordered(chain((row("seats", limit(1)), row("audit"), row("sso"))), "free", "sso", "audit")
    without = remove_entitlement(shop, "free", "audit")

    assert keys(draft_rows(without, "free")) == ["sso", "seats"]
    assert keys(draft_rows(edited(without, edit("audit", package="free")), "free")) == [
        "sso",
        "audit",
        "seats",
    ]


def test_order_is_own_so_that_a_base_plan_put_in_order_leaves_derived_plans_as_they_were() -> None:
    shop = chain((row("seats", limit(1)), row("audit")), (row("sso"),), (row("calls", limit(9)),))

    shop = reordered(reordered(shop, "free", "audit"), "pro", "sso")

    assert keys(current_rows(shop, "free")) == ["audit", "seats"]
    assert keys(current_rows(shop, "pro")) == ["sso", "seats", "audit"]
    assert keys(current_rows(shop, "team")) == ["seats", "audit", "sso", "calls"]


def test_a_price_linked_row_holds_for_subscriptions_on_that_price_only() -> None:
    shop = priced(chain((), ()), "pro")
    flat = ResolvedCatalog(published(edited(shop, edit("calls", written(9), price="yearly")), "pro"))

    assert list(flat.held("pro", 2, "yearly")) == ["calls"]
    assert list(flat.held("pro", 2, "monthly")) == []
    assert list(flat.held("pro", 2, None)) == []


def test_a_price_linked_row_wins_over_an_inherited_row_of_the_same_key() -> None:
    shop = priced(chain((row("seats", limit(1)),), ()), "pro")
    shop = published(edited(shop, edit("seats", written(5), price="yearly")), "pro")
    flat = ResolvedCatalog(shop)

    assert told(current_rows(shop, "pro")) == ["seats INHERITED free", "seats@yearly OVERRIDDEN pro"]
    assert flat.held("pro", 2, "yearly")["seats"].row.value == limit(5)
    assert flat.held("pro", 2, "monthly")["seats"].row.value == limit(1)


def test_price_linked_rows_are_not_inherited() -> None:
    shop = priced(chain((row("seats", limit(1)),), (), ()), "pro")
    shop = edited(shop, edit("seats", written(5), price="yearly"), edit("calls", written(9), price="yearly"))

    shop = published(shop, "pro")

    assert told(current_rows(shop, "team")) == ["seats INHERITED free"]


def test_credit_rates_are_inherited_and_per_feature_the_nearest_wins() -> None:
    cheap = CreditRate(feature="calls", credit_type="ai", credits=1)
    dear = replace(cheap, credits=9)
    stored = CreditRate(feature="storage", credit_type="ai", credits=2)
    shop = published(
        catalog(
            *(metered("calls"), metered("storage")),
            rated(plan("free"), cheap, stored),
            rated(plan("pro", base="free"), dear),
            plan("team", base="pro"),
        ),
        *("free", "pro", "team"),
    )

    assert rates(shop, "free") == {"calls": cheap, "storage": stored}
    assert rates(shop, "team") == {"calls": dear, "storage": stored}


def rated(package: Package, *own: CreditRate) -> Package:
    """A draft with credit rates."""
    return replace(package, draft=replace(package.newest, rates=own))


def rates(shop: Catalog, key: str) -> dict[str, CreditRate]:
    """What the published version of a package says that usage burns."""
    version = shop.packages[key].versions[-1]
    return ResolvedCatalog(shop).rates(version.content, version.base_version)


def test_descendants_are_all_plans_below_bases_first() -> None:
    shop = chain((), (), ())
    shop = published(with_package(shop, plan("scale", base="free")), "scale")

    assert descendants(shop, "free") == ["pro", "scale", "team"]
    assert descendants(shop, "team") == []


def test_only_published_plans_are_descendants() -> None:
    shop = set_base_plan(with_package(chain((), ()), plan("scale", base="free")), "pro", None)

    assert descendants(shop, "free") == ["pro"]


@given(catalogs())
def test_a_child_with_no_rows_of_its_own_gives_what_its_base_gives(shop: Catalog) -> None:
    for key in ("free", "pro", "team"):
        base = current_rows(shop, key) if shop.packages[key].published else ()
        child = with_package(shop, plan("child", base=key))

        rows = draft_rows(child, "child")

        # In the natural order: what its base puts first by hand is the base's own affair.
        assert sorted((r.row.key, r.defined_in) for r in rows) == sorted(
            (r.row.key, r.defined_in) for r in base if r.speaks and r.row.price is None
        )
        assert {r.row.key: r.row for r in rows} == {
            r.row.key: r.row for r in base if r.speaks and r.row.price is None
        }


@given(catalogs())
def test_per_key_and_price_one_row_is_held(shop: Catalog) -> None:
    flat = ResolvedCatalog(shop)
    for package in shop.packages.values():
        rows = flat.current_rows(package)
        links = [(r.row.key, r.row.price) for r in rows]

        assert len(links) == len(set(links))
        assert all(r.speaks for linked in (None, *PRICES) for r in rows_in_effect(rows, linked).values())


@given(catalogs())
def test_an_edit_of_a_draft_changes_no_version(shop: Catalog) -> None:
    before = {key: current_rows(shop, key) for key, package in shop.packages.items() if package.published}

    for key in shop.packages:
        shop = set_entitlement(shop, edit("ai", package=key, value=credit(5)))

    assert {key: current_rows(shop, key) for key in before} == before
