"""An impact as a person reads it at a terminal."""

from __future__ import annotations

from rules.previews.impact import Impact
from server.cli.impact_table import lines
from tests.rules.builders.previewing import differing, on, republished
from tests.rules.builders.small_shop import limit, row


def test_an_impact_is_a_table_of_numbers_and_examples() -> None:
    life = on("free").uses("calls", 8)
    impact = Impact().with_customer(differing(life, republished(life, "free", row("calls", limit(6)))))

    after = "Calls: 6 per billing period (LIMIT_EXCEEDED, 2 over)"
    assert list(lines(impact)) == [
        "Customers:",
        "  1  affected",
        "  1  lose access",
        "  0  gain access",
        "  1  over a limit",
        "",
        "customer  feature  before                        after",
        f"acme      calls    Calls: 10 per billing period  {after}",
    ]


def test_what_was_estimated_is_said_to_be_about_so_much() -> None:
    life = on("free")
    impact = Impact().with_customer(differing(life, republished(life, "free")))

    assert list(lines(impact.estimated(1, 12_345)))[1:3] == [
        "  about 12,345  affected",
        "        12,345  lose access",
    ]


def test_nobody_is_one_line() -> None:
    assert list(lines(Impact())) == ["No customers are affected."]
