from __future__ import annotations

import pytest

from tests.rules.builders.catalog_builders import REVOKED, credit, number, plan, row
from tests.rules.builders.small_shop import price
from tests.rules.builders.tables import (
    MONTHLY,
    SHOP,
    STARTER,
    YEARLY,
    calls,
    column,
    hidden,
    inherited,
    own,
    seats,
    selling,
)


def test_a_plan_without_a_base_plan_tells_what_it_includes() -> None:
    free = column(SHOP, "free")

    assert free.heading == "Free includes:"
    assert own(free) == ["3 seats", "projects: 2", "Forum"]
    assert inherited(free) == []


def test_a_child_without_own_rows_promises_no_more() -> None:
    shop = selling(STARTER, plan("twin", base="starter"))

    assert column(shop, "twin").heading == "Everything in Starter"
    assert own(column(shop, "twin")) == []


def test_rows_that_are_only_hidden_promise_no_more_either() -> None:
    shop = selling(STARTER, plan("twin", hidden(row("sso")), base="starter"))

    assert column(shop, "twin").heading == "Everything in Starter"


def test_a_plan_whose_base_is_whole_says_everything() -> None:
    shop = selling(STARTER, plan("pro", row("sso"), base="starter"))

    assert column(shop, "pro").heading == "Everything in Starter, plus:"


LARGE = plan("large", seats(1), calls(1), row("sso"), row("forum"), row("projects", number(2)))


@pytest.mark.parametrize(
    ("revoked", "heading"),
    [
        (["forum"], "Everything in Large except Forum"),
        (["forum", "sso"], "Everything in Large except SSO and Forum"),
        (["forum", "sso", "calls"], "Everything in Large except Calls, SSO and Forum"),
        (["forum", "sso", "calls", "seats"], "Most of Large"),
    ],
)
def test_what_a_plan_revokes_is_named_in_the_order_of_its_base(revoked: list[str], heading: str) -> None:
    less = [row(key, REVOKED) for key in revoked]
    shop = selling(
        LARGE, plan("bare", *less, base="large"), plan("more", *less, row("ai", credit(5)), base="large")
    )

    assert column(shop, "bare").heading == heading
    assert column(shop, "more").heading == f"{heading}, plus:"


def test_what_the_base_hides_is_not_named_when_it_is_revoked() -> None:
    shop = selling(
        plan("free", seats(1), hidden(row("forum"))), plan("pro", row("forum", REVOKED), base="free")
    )

    assert column(shop, "pro").heading == "Everything in Free"


def test_what_the_base_has_revoked_itself_is_not_missing() -> None:
    """Only the plan above is named, and what that one shows."""
    middle = plan("middle", row("forum", REVOKED), row("sso"), base="free")
    shop = selling(
        plan("free", seats(1), row("forum")),
        middle,
        plan("top", calls(1), base="middle"),
        plan("again", row("forum"), base="middle"),
        plan("less", row("seats", REVOKED), row("sso", REVOKED), base="middle"),
    )

    assert column(shop, "middle").heading == "Everything in Free except Forum, plus:"
    assert column(shop, "top").heading == "Everything in Middle, plus:"
    assert column(shop, "again").heading == "Everything in Middle, plus:"
    assert column(shop, "less").heading == "Everything in Middle except Seats and SSO"


def test_an_override_leaves_nothing_out_even_where_it_is_hidden() -> None:
    shop = selling(STARTER, plan("pro", hidden(seats(50)), base="starter"))

    assert column(shop, "pro").heading == "Everything in Starter"


def test_what_is_revoked_for_one_price_is_missing_at_that_price() -> None:
    partial = plan("pro", row("forum", REVOKED, "yearly"), base="free", prices=[price("yearly", 490, YEARLY)])
    shop = selling(plan("free", row("forum"), row("sso")), partial)

    assert column(shop, "pro", YEARLY).heading == "Everything in Free except Forum"
    assert column(shop, "pro", MONTHLY).heading == "Everything in Free"


def test_what_the_base_gives_for_a_price_of_its_own_is_missing_too() -> None:
    """Rows for one price are not inherited, and the base plan's column shows them."""
    shop = selling(
        plan("free", seats(1), row("sso", price="yearly"), prices=[price("yearly", 90, YEARLY)]),
        plan("pro", row("forum"), base="free"),
        plan("max", row("sso"), base="free"),
    )

    assert column(shop, "pro", YEARLY).heading == "Everything in Free except SSO, plus:"
    assert column(shop, "pro", MONTHLY).heading == "Everything in Free, plus:"
    assert column(shop, "max", YEARLY).heading == "Everything in Free, plus:"
