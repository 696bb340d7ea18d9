"""Impact: how an edit or a change of plan would change decisions, and what customers lose or gain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from fractions import Fraction

from rules.access.decision import Decision
from rules.catalog.inheritance import ResolvedCatalog
from rules.commands.change_plan import ChangePlan, ChangeTiming
from rules.commands.command import CommandContext, CustomerState
from rules.credits.overage import rated_features
from rules.customers.effective import features_in_effect
from rules.customers.facts import Customer
from rules.errors import unreachable
from rules.values import Choices, Number, Value

MOST_EXAMPLES = 20

ALL, NOTHING = Fraction(1), Fraction(0)


class Severity(IntEnum):
    """What a difference takes from a customer, the worst first."""

    ACCESS = 0
    ROOM = 1
    """They are over the limit."""
    SHARE = 2
    """They have less than before."""
    NOTHING = 3
    GAIN = 4
    """They have access that they had not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionChange:
    """The decisions of one check, without and with a change, which differ."""

    before: Decision
    after: Decision

    @property
    def gains_access(self) -> bool:
        """Whether a denial becomes access."""
        return self.after.allowed and not self.before.allowed

    @property
    def loses_access(self) -> bool:
        """Whether access becomes a denial."""
        return self.before.allowed and not self.after.allowed

    @property
    def is_over_limit(self) -> bool:
        """Whether usage then exceeds the limit, hard or soft."""
        return self.after.usage is not None and self.after.usage.overage > 0

    @property
    def loss(self) -> Severity:
        """The severity for the customer."""
        if self.loses_access:
            return Severity.ACCESS
        if self.is_over_limit:
            return Severity.ROOM
        if self.gains_access:
            return Severity.GAIN
        return Severity.SHARE if self.lost_share else Severity.NOTHING

    @property
    def lost_share(self) -> Fraction:
        """The share of what they had that the customer loses: 0 to 1."""
        before, after = (decision.subject.entitlement.value for decision in (self.before, self.after))
        had, has = self.before.usage, self.after.usage
        if had is not None:
            return ALL if has is None else _share(had.limit, has.limit)
        return _lost_part(before, after)


def _share(had: int | None, has: int | None) -> Fraction:
    """Return the share of a limit that is lost; None is unlimited."""
    if has is None or had == 0:
        return NOTHING
    return ALL if had is None else max(NOTHING, Fraction(had - has, had))


def _lost_part(before: Value | None, after: Value | None) -> Fraction:
    match before, after:
        case None, _:
            return NOTHING
        case _, None:
            return ALL
        case Number(number=had), Number(number=has):
            return min(ALL, max(NOTHING, Fraction(had - has, abs(had) or 1)))
        case Choices(choices=had), Choices(choices=has):
            return Fraction(len({*had} - {*has}), len(had) or 1)
        case _:
            return NOTHING


def differences(before: Iterable[Decision], after: Iterable[Decision]) -> list[DecisionChange]:
    """Return the decisions that differ; both sides must answer the same checks in the same order.

    Names, instants and winning rows do not count: only what the customer may do and has.
    """
    pairs = (DecisionChange(before=was, after=will) for was, will in zip(before, after, strict=True))
    return [
        pair
        for pair in pairs
        if _is_noticeable(pair) and _visible_state(pair.before) != _visible_state(pair.after)
    ]


def _is_noticeable(pair: DecisionChange) -> bool:
    """Return whether the feature has any source; without one nothing can be lost."""
    subjects = pair.before.subject, pair.after.subject
    return any(subject.entitlement.sources or subject.rate is not None for subject in subjects)


def _visible_state(decision: Decision) -> object:
    book, paid = decision.book, decision.payment
    credits_ = None
    if book is not None:
        sums = book.granted, book.consumed, book.expired, book.voided, book.reserved, book.overdraft
        credits_ = book.credit_type, book.available, book.next_expiry, sums
    cost = None if paid is None else paid.cost
    return decision.reason, decision.subject.entitlement.value, _visible_usage(decision), credits_, cost


def _visible_usage(decision: Decision) -> object:
    """Return the visible part of usage, without the end of its window."""
    usage = decision.usage
    if usage is None:
        return None
    return usage.used, usage.reserved, usage.value, usage.metering.reset, usage.metering.period


Rank = tuple[Severity, int, Fraction, str, str]
"""The sort key of an example: by severity, then each customer's worst first, then by what is kept.

The keys of the customer and the feature make it unique.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A difference that is shown, and its rank."""

    rank: Rank
    difference: DecisionChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """How many customers would notice, and the most severe differences.

    Unless ``exact``, the numbers are estimated from a sample.
    """

    affected: int = 0
    gain_access: int = 0
    lose_access: int = 0
    over_limit: int = 0
    examples: Sequence[Example] = ()
    exact: bool = True

    def with_customer(self, found: Sequence[DecisionChange]) -> Impact:
        """Count one more customer with these differences."""
        if not found:
            return self
        return Impact(
            affected=self.affected + 1,
            gain_access=self.gain_access + any(one.gains_access for one in found),
            lose_access=self.lose_access + any(one.loses_access for one in found),
            over_limit=self.over_limit + any(one.is_over_limit for one in found),
            examples=self._with_examples(found),
        )

    def _with_examples(self, found: Iterable[DecisionChange]) -> Sequence[Example]:
        if len(self.examples) == MOST_EXAMPLES:
            last = self.examples[-1].rank
            # Cheap filter: among many customers hardly any ranks before the examples shown already.
            found = [one for one in found if (one.loss, 0, ALL - one.lost_share) <= last]
        more = [*self.examples, *_rank_examples(found)]
        return sorted(more, key=_rank)[:MOST_EXAMPLES] if found else self.examples

    def estimated(self, sample: int, customers: int) -> Impact:
        """Extrapolate from a random sample of this size to all customers."""

        def scaled(count: int) -> int:
            return round(Fraction(count * customers, sample))

        return replace(
            self,
            affected=scaled(self.affected),
            gain_access=scaled(self.gain_access),
            lose_access=scaled(self.lose_access),
            over_limit=scaled(self.over_limit),
            exact=False,
        )


def _rank(example: Example) -> Rank:
    return example.rank


def _rank_examples(found: Iterable[DecisionChange]) -> list[Example]:
    """Rank the differences of one customer; the first of each severity ranks before the second of any."""
    examples: list[Example] = []
    counts: Counter[Severity] = Counter()
    for loss, kept, one in sorted(((one.loss, ALL - one.lost_share, one) for one in found), key=_worst):
        question = one.after.subject.question
        rank = loss, counts[loss], kept, question.customer, question.feature
        counts[loss] += 1
        examples.append(Example(rank=rank, difference=one))
    return examples


def _worst(ranked: tuple[Severity, Fraction, DecisionChange]) -> tuple[Severity, Fraction]:
    return ranked[:2]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """A change of plan that is not made: when it would take effect, and the customer before and after."""

    timing: ChangeTiming
    effective_at: datetime
    before: Customer
    after: Customer


def plan_change_effect(
    flat: ResolvedCatalog, customer: Customer | None, act: ChangePlan, clock: datetime, *, key: str = ""
) -> PlannedChange:
    """Return the effect of a change of plan; raises Rejected if the change would be refused.

    ``key`` is the one by which the customer was looked up.
    """
    acted_at = customer.acted_at if customer is not None else None
    now = clock if acted_at is None else max(clock, acted_at + datetime.resolution)
    change = act.apply(CommandContext(flat=flat, now=now, customer=key), CustomerState(customer=customer))
    after = change.state.customer
    if customer is None or after is None:
        unreachable("a missing customer was refused above")
    changed = next(known for known in after.subscriptions if known.number == change.outcome["subscription"])
    scheduled = changed.scheduled_change(now)
    timing = ChangeTiming.NOW if scheduled is None else ChangeTiming.PERIOD_END
    # A subscription that has not started changes at once, but nobody notices before it starts.
    effective_at = max(now, changed.opens_at) if scheduled is None else scheduled.starts_at
    return PlannedChange(timing=timing, effective_at=effective_at, before=customer, after=after)


def features_mentioned(flat: ResolvedCatalog, customers: Iterable[Customer], now: datetime) -> list[str]:
    """Return the features that have a source or a credit rate for any of these customers."""
    keys: dict[str, None] = {}
    for customer in customers:
        keys |= dict.fromkeys(features_in_effect(flat, customer, now))
        keys |= dict.fromkeys(rated_features(flat, customer, now))
    return list(keys)
