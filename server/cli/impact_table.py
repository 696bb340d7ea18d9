"""What customers would notice, as a table for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rules.access.decision import Decision
from rules.catalog.wording import quantity_text
from rules.previews.impact import DecisionChange, Impact

HEAD = ("customer", "feature", "before", "after")
WIDEST_CELL = 48


def lines(impact: Impact) -> Iterator[str]:
    """Yield the numbers, then the examples, those that lose most first."""
    if not impact.affected:
        yield "No customers are affected."
        return
    counts = (
        (f"{'' if impact.exact else 'about '}{impact.affected:,}", "affected"),
        (f"{impact.lose_access:,}", "lose access"),
        (f"{impact.gain_access:,}", "gain access"),
        (f"{impact.over_limit:,}", "over a limit"),
    )
    yield "Customers:"
    width = max(len(count) for count, _ in counts)
    yield from (f"  {count:>{width}}  {what}" for count, what in counts)
    yield ""
    yield from _table([HEAD, *(_row(example.difference) for example in impact.examples)])


def _row(difference: DecisionChange) -> Sequence[str]:
    question = difference.after.subject.question
    return question.customer, question.feature, _outcome(difference.before), _outcome(difference.after)


def _outcome(decision: Decision) -> str:
    """Return what a customer has, with the reason where access is denied."""
    has = decision.display_text if decision.subject.entitlement.value is not None else "nothing"
    why = [] if decision.allowed else [decision.reason.value]
    if decision.usage is not None and decision.usage.overage:
        why.append(f"{quantity_text(decision.usage.overage)} over")
    return f"{has} ({', '.join(why)})" if why else has


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [min(max(map(len, column)), WIDEST_CELL) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
