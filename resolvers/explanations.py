"""Why a decision is what it is, and what would change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.usage import reservations
from models.usage.store import Owner
from resolvers.access.check import NO_TALLIES, tallies_of
from resolvers.context import Context
from resolvers.snapshot import Snapshot, open_snapshot
from rules.access.decision import Decision
from rules.explanations import steps as explaining
from rules.explanations.remedies import JUST_AFTER, Candidate, Remedy, candidates, remedies, windows_needed


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A decision in sentences, and the remedies that would turn a denial into access."""

    decision: Decision
    remedies: Sequence[Remedy]

    @property
    def summary(self) -> str:
        """The answer and its reason in one sentence."""
        return explaining.summary(self.decision)

    @property
    def steps(self) -> list[explaining.Step]:
        """What was evaluated, in order."""
        return explaining.steps(self.decision)


async def explain(context: Context, decisions: Sequence[Decision]) -> list[Explanation]:
    """Explain decisions, and try remedies on the current usage, all in one read."""
    if not any(candidates(decision, present=True) for decision in decisions):
        return [Explanation(decision=decision, remedies=()) for decision in decisions]
    async with open_snapshot(context) as seen:
        found = [candidates(decision, present=_is_present(seen, decision)) for decision in decisions]
        helping = await _helping(seen, decisions, found)
    return [
        Explanation(decision=decision, remedies=those)
        for decision, those in zip(decisions, helping, strict=True)
    ]


def _is_present(seen: Snapshot, decision: Decision) -> bool:
    """Return whether a check was about now: a remedy changes neither the past nor the far future."""
    subject = decision.subject
    clock = seen.now if subject.customer is None else subject.customer.asked_at(seen.now)
    # A refused command was decided just after the last command, and its instant is not stored.
    return not subject.past and subject.now <= clock + JUST_AFTER


async def _helping(
    seen: Snapshot, decisions: Sequence[Decision], found: Sequence[list[Candidate]]
) -> list[list[Remedy]]:
    owners = [_owner(seen, decision) for decision in decisions]
    needed = {
        (owner, window)
        for owner, those in zip(owners, found, strict=True)
        if owner is not None
        for window in windows_needed(those)
    }
    tallies = await tallies_of(seen, needed)
    holds = await reservations.load(seen.session, {owner for owner in owners if owner is not None}, seen.now)
    return [
        [] if owner is None else remedies(those, tallies.get(owner, NO_TALLIES), list(holds[owner].values()))
        for owner, those in zip(owners, found, strict=True)
    ]


def _owner(seen: Snapshot, decision: Decision) -> Owner | None:
    customer = decision.subject.customer
    number = None if customer is None else customer.number
    return None if number is None else Owner(environment=seen.environment.number, customer=number)
