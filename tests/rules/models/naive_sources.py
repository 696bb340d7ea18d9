"""What a naive customer has of a feature: what speaks, in its order, and what that comes to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rules.catalog.facts import Aggregation, Feature
from rules.catalog.inheritance import ResolvedCatalog
from rules.values import (
    Choices,
    Granted,
    LimitEnforcement,
    Metered,
    Number,
    Reset,
    ResetAnchor,
    ResetInterval,
    Revoked,
    Value,
)
from tests.rules.models.naive_lives import NaiveCustomer
from tests.rules.models.naive_subscriptions import Sub, cycle, is_in_force, period_of, spanning

Spoken = dict[str, Any]

FIRST = datetime(1, 1, 1, tzinfo=UTC)


def answer(flat: ResolvedCatalog, one: NaiveCustomer, key: str, now: datetime) -> dict[str, Any]:
    """Whether a feature may be used, and why."""
    feature = flat.catalog.features[key]
    spoken = speaking(flat, one, key, now)
    value = combined(feature, spoken)
    told: dict[str, Any] = {"value": value, "used": None, "period": None}
    if isinstance(value, Metered):
        told["period"], told["used"] = counted(one, feature, value, spoken, now)
    told["reason"] = reason(one, value, spoken, told["used"])
    told["sources"] = [(s["kind"], s["package"], s["version"], s["times"], s["wins"]) for s in spoken]
    return told


def reason(one: NaiveCustomer, value: Value | None, spoken: list[Spoken], used: int) -> str:
    """Why the answer is what it is."""
    if one.archived:
        return "CUSTOMER_ARCHIVED"
    if any(known["kind"] == "CUSTOM_REVOCATION" for known in spoken):
        return "REVOKED"
    if value is None:
        return nothing(one)
    return limited(value, used) if isinstance(value, Metered) else "GRANTED"


def nothing(one: NaiveCustomer) -> str:
    """Why somebody has nothing."""
    return "NOT_ENTITLED" if any(map(is_in_force, one.subs)) else "NO_ACTIVE_SUBSCRIPTION"


def limited(value: Metered, used: int) -> str:
    """Whether there is something left."""
    if value.limit is None:
        return "UNLIMITED"
    if used < value.limit:
        return "WITHIN_LIMIT"
    return "OVERAGE_ALLOWED" if value.enforcement is LimitEnforcement.SOFT else "LIMIT_EXCEEDED"


def aged(one: NaiveCustomer) -> list[Sub]:
    """The subscriptions in force, oldest first."""
    return sorted(filter(is_in_force, one.subs), key=lambda sub: (sub["started"], sub["id"]))


def speaking(flat: ResolvedCatalog, one: NaiveCustomer, key: str, now: datetime) -> list[Spoken]:
    """Plans by the age of their subscription, add-ons by the same, then what is the customer's alone."""
    subs = aged(one)
    places = [("PLAN", sub, sub["plan"], sub["version"], 1, sub["price"]) for sub in subs]
    places += [
        ("ADDON", sub, addon, held["version"], held["quantity"], None)
        for sub in subs
        for addon, held in sorted(sub["addons"].items())
    ]
    spoken = [
        {"kind": kind, "sub": sub, "package": package, "version": number, "times": times, "value": value}
        for kind, sub, package, number, times, price in places
        if (value := row(flat, package, number, key, price)) is not None
    ]
    mine = [c for c in one.custom if c["feature"] == key and c["starts"] <= now]
    mine = [c for c in mine if c["expires"] is None or now < c["expires"]]
    kinds = {"GRANT": "CUSTOM_GRANT", "REVOKE": "CUSTOM_REVOCATION"}
    if subs:
        kinds["OVERRIDE"] = "CUSTOM_OVERRIDE"
    spoken += [
        {"kind": kinds[c["mode"]], "sub": None, "package": None, "version": None, "times": 1}
        | {"value": c["value"], "custom": c}
        for c in sorted(mine, key=lambda c: (c["starts"], c["id"]))
        if c["mode"] in kinds
    ]
    return [{**known, "wins": False} for known in spoken]


def row(flat: ResolvedCatalog, package: str, number: int, key: str, price: str | None) -> Value | None:
    """What a version says about a feature to who pays this price; silence where it is revoked."""
    rows = {r.row.price: r.row.value for r in flat.rows(package, number) if r.row.key == key}
    said = rows.get(price, rows.get(None)) if price is not None else rows.get(None)
    return None if said is None or isinstance(said, Revoked) else said


def combined(feature: Feature, spoken: list[Spoken]) -> Any:  # noqa: ANN401 - of any kind
    """A revocation, else an override, else everything added up."""
    for kind in ("CUSTOM_REVOCATION", "CUSTOM_OVERRIDE"):
        for known in spoken:
            if known["kind"] == kind:
                known["wins"] = True
                return known["value"]
    if not spoken:
        return None
    values = [known["value"] for known in spoken]
    if feature.key in {"support", "branding"}:
        winner = preferred(spoken)
        winner["wins"] = True
        return winner["value"]
    for known in spoken:
        known["wins"] = True
    return added(feature, values, [known["times"] for known in spoken])


def preferred(spoken: list[Spoken]) -> Spoken:
    """Custom before plan before add-on, then the newest."""
    for kind in ("CUSTOM_GRANT", "PLAN", "ADDON"):
        of_kind = [known for known in spoken if known["kind"] == kind]
        if of_kind:
            return of_kind[-1]
    raise AssertionError(spoken)


def added(feature: Feature, values: list[Any], times: list[int]) -> Value:
    """Booleans by OR, numbers and limits by sum, choices as a set."""
    if isinstance(values[0], Granted):
        return Granted()
    if isinstance(values[0], Number):
        return Number(number=sum(v.number * n for v, n in zip(values, times, strict=True)))
    if isinstance(values[0], Choices):
        picked = {choice for v in values for choice in v.choices}
        return Choices(choices=tuple(choice for choice in feature.choices if choice in picked))
    total: int | None = 0
    for value, n in zip(values, times, strict=True):
        total = None if total is None or value.limit is None else total + value.limit * n
    soft = [v for v in values if v.enforcement is LimitEnforcement.SOFT]
    rates = [v.overage for v in values if v.overage is not None]
    return Metered(
        limit=total,
        enforcement=LimitEnforcement.SOFT if soft else LimitEnforcement.HARD,
        reset=values[0].reset,
        overage=rates[0] if rates else None,
    )


def counted(
    one: NaiveCustomer, feature: Feature, value: Metered, spoken: list[Spoken], now: datetime
) -> tuple[tuple[datetime, datetime | None], int]:
    """The period of the reset, and what was used in it since the last reset."""
    sub = next((known["sub"] for known in spoken if known["sub"]), None) or next(iter(aged(one)), None)
    if sub is None:
        oldest = min((known["custom"] for known in spoken), key=lambda c: (c["starts"], c["id"]))
        reset = settled(value.reset, ResetInterval.MONTH)
        start, end = spanning(reset, oldest["starts"], oldest["zone"], now)
    else:
        start, end = period_by(one, value.reset, sub, now)
    latest = feature.meter is not None and feature.meter.aggregation is Aggregation.LATEST
    if latest or value.reset.every is ResetInterval.NEVER:
        return (start, end), used(one, feature.key, FIRST, None)
    if sub is not None:
        start = max(start, sub["reset"])
    return (start, end), used(one, feature.key, start, end)


def settled(reset: Reset, billing: ResetInterval) -> Reset:
    """A billing period is a month or a year."""
    if reset.every is not ResetInterval.BILLING_PERIOD:
        return reset
    return Reset(every=billing, count=reset.count, anchor=reset.anchor)


def period_by(one: NaiveCustomer, reset: Reset, sub: Sub, now: datetime) -> tuple[datetime, datetime | None]:
    """The period of a reset counted from a subscription; the trial where it is billed, and on trial."""
    if reset.every is ResetInterval.BILLING_PERIOD and reset.anchor is ResetAnchor.SUBSCRIPTION_START:
        return period_of(one.shop, sub, now)
    return spanning(settled(reset, cycle(one.shop, sub)), sub["anchor"], sub["zone"], now)


def used(one: NaiveCustomer, key: str, start: datetime, end: datetime | None) -> int:
    """What was used from one instant to another."""
    records = (r for r in one.records if r[0] == key and start <= r[1] and (end is None or r[1] < end))
    return sum(record[2] for record in records)
