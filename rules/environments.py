"""Environments: separate worlds, each with its clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rules.errors import ErrorCode, Problem, refuse_any


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """An environment; ``clock_at`` is the time of a sandbox's clock once it was advanced."""

    number: int
    key: str
    name: str
    sandbox: bool
    clock_at: datetime | None = None
    catalog_revision: int = 0

    def now(self, real: datetime) -> datetime:
        """Return the time of the environment's clock, given the real time."""
        return real if self.clock_at is None else self.clock_at


def check_advance(environment: Environment, to: datetime, real: datetime) -> None:
    """Raise Rejected unless the environment's clock can be advanced to an instant."""
    problems = []
    if not environment.sandbox:
        message = f"'{environment.key}' is a live environment: its clock is real time."
        problems.append(Problem(ErrorCode.NOT_A_SANDBOX, message))
    elif to < environment.now(real):
        message = "The clock cannot go back."
        problems.append(Problem(ErrorCode.OUT_OF_RANGE, message, ("to",)))
    refuse_any(problems)
