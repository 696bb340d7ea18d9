from __future__ import annotations

import pytest

from rules.errors import ErrorCode, Problem, Rejected, refuse_any, reject

NEGATIVE = Problem(ErrorCode.OUT_OF_RANGE, "A limit must be 0 or more.", ("limit",))
NAMELESS = Problem(ErrorCode.REQUIRED, "A name is required.", ("name",))


def test_a_problem_seen_from_further_out_has_the_longer_path() -> None:
    assert NEGATIVE.under("value", "metered").path == ("value", "metered", "limit")
    assert NEGATIVE.under("value", "metered").code is ErrorCode.OUT_OF_RANGE


def test_a_refusal_names_all_problems_at_once() -> None:
    with pytest.raises(Rejected, match=r"A limit must be 0 or more\.; A name is required\.") as refusal:
        refuse_any(problem for problem in (NEGATIVE, NAMELESS))

    assert refusal.value.problems == (NEGATIVE, NAMELESS)


def test_nothing_is_refused_where_there_is_no_problem() -> None:
    refuse_any(())


def test_a_refusal_for_one_problem_has_its_code_and_path() -> None:
    refusal = reject(ErrorCode.NOT_FOUND, "There is no plan 'pro'.", "plan")

    assert refusal.problems == (Problem(ErrorCode.NOT_FOUND, "There is no plan 'pro'.", ("plan",)),)
