"""A mind that remembers what it was told of a customer's usage, and counts it all anew when asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rules.commands.command import Command
from rules.commands.ingest_event import IngestEvent
from rules.commands.report_usage import ReportUsage, UsageMode
from rules.numbers import ONE
from tests.rules.builders.customer_builders import DAY, START


@dataclass(frozen=True)
class Seen:
    """Something that was counted: of which feature, when, how much, and who."""

    feature: str
    at: datetime
    units: int
    who: object = None


@dataclass
class NaiveMeter:
    """Counts by whole days since periods began, or everything together; whole units."""

    daily: bool
    begins: datetime = START
    seen: list[Seen] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def does(self, act: Command, now: datetime) -> str:
        """Do an act, and tell in a few words what came of it."""
        match act:
            case IngestEvent():
                return self._event(act, now)
            case ReportUsage():
                return self._report(act, now)
        message = f"nobody knows how to do {act}"
        raise AssertionError(message)

    def _event(self, act: IngestEvent, now: datetime) -> str:
        if act.id in self.ids:
            return "again"
        said = act.properties or {}
        if any(not isinstance(said.get(name, 0), int) for name in ("bytes", "level")):
            return "INVALID"
        at = act.occurred_at or now
        found = [Seen("requests", at, 1)]
        if "bytes" in said:
            found += [Seen("traffic", at, said["bytes"]), Seen("largest", at, said["bytes"])]  # type: ignore[arg-type]
        if "user" in said:
            found.append(Seen("users", at, 1, said["user"]))
        if "level" in said:
            found.append(Seen("level", at, said["level"]))  # type: ignore[arg-type]
        self.seen += found
        self.ids.add(act.id)
        return f"matched {len(found)}"

    def _report(self, act: ReportUsage, now: datetime) -> str:
        at, units, who = act.occurred_at or now, act.quantity // ONE, None
        before = self.used(act.feature, at)
        if act.feature == "users":
            units, who = 1, (act.properties or {})["user"]
        elif act.mode is UsageMode.SET:
            units = units - before if act.feature in {"requests", "traffic"} else units
        self.seen.append(Seen(act.feature, at, units, who))
        after = self.used(act.feature, at)
        if after < 0 or (act.feature in {"largest", "level"} and units < 0):
            self.seen.pop()
            return "OUT_OF_RANGE"
        return f"recorded {after - before}"

    def used(self, feature: str, now: datetime, seen_by: datetime | None = None) -> int:
        """Count what is used at an instant; with ``seen_by`` only what had occurred by then."""
        found = [
            one
            for one in self.seen
            if one.feature == feature
            if not self.daily or feature == "level" or self._day(one.at) == self._day(now)
            if seen_by is None or one.at <= seen_by
        ]
        match feature:
            case "largest":
                return max((one.units for one in found), default=0)
            case "users":
                return len({one.who for one in found})
            case "level":
                last = max((one.at for one in found), default=None)
                return [0, *(one.units for one in found if one.at == last)][-1]
            case _:
                return sum(one.units for one in found)

    def _day(self, at: datetime) -> int:
        return (at - self.begins) // DAY

    def all_used(self, now: datetime) -> Mapping[str, int]:
        """Count what is used of every feature."""
        return {key: self.used(key, now) for key in ("requests", "traffic", "largest", "users", "level")}
