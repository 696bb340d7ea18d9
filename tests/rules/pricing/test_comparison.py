from __future__ import annotations

from tests.rules.builders.catalog_builders import REVOKED, plan, row
from tests.rules.builders.small_shop import price
from tests.rules.builders.tables import MONTHLY, SHOP, column, compared, hidden, seats, selling, table


def test_features_are_compared_plan_by_plan() -> None:
    assert compared(table(SHOP, MONTHLY)) == {
        "Seats": ["3 seats", "10 seats", "50 seats"],
        "projects": ["projects: 2", "-", "-"],
        "Forum": ["Forum", "Forum", "-"],
        "Calls": ["-", "1,000 calls per month", "1,000 calls per month"],
        "SSO": ["-", "-", "SSO"],
    }


def test_what_is_hidden_is_neither_shown_nor_denied_in_the_comparison() -> None:
    shop = selling(
        plan("free", hidden(seats(1)), row("forum")),
        plan("starter", base="free"),
        plan("pro", seats(5), row("forum", REVOKED), base="free"),
        plan("other", row("sso")),
    )
    rows = {row.key: [(cell.included, cell.text) for cell in row.cells] for row in table(shop).comparison}

    assert rows["seats"] == [(True, ""), (True, ""), (True, "5 seats"), (False, "")]
    assert rows["forum"] == [(True, "Forum"), (True, "Forum"), (False, ""), (False, "")]


def test_what_every_plan_hides_is_left_out_of_the_comparison() -> None:
    shop = selling(plan("free", hidden(seats(1)), row("forum")), plan("pro", hidden(seats(5)), base="free"))

    assert compared(table(shop)) == {"Forum": ["Forum", "Forum"]}


def test_a_plan_that_hides_a_row_for_one_price_shows_the_one_for_the_others() -> None:
    prices = [price("small", 10), price("large", 20)]
    shop = selling(plan("pro", seats(1), hidden(seats(9, "large")), prices=prices))

    assert column(shop, "pro", MONTHLY).hidden == frozenset()
    assert compared(table(shop, MONTHLY)) == {"Seats": ["1 seat"]}


def test_what_a_cell_replaces_is_struck_through_and_what_is_revoked_is_silent() -> None:
    rows = {row.key: row for row in table(SHOP).comparison}
    struck = {key: [cell.struck_text for cell in one.cells] for key, one in rows.items()}

    assert struck["seats"] == [None, None, "10 seats"]
    assert struck["forum"] == [None, None, None]
