"""What happens to a naive subscription, which is a dict, when its hour comes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rules.catalog.facts import Addon, Catalog, Plan, Price
from rules.periods import period_at
from rules.values import BillingPeriod, Reset, ResetInterval

Sub = dict[str, Any]
Span = tuple[datetime, datetime | None]

MONTHS = {None: 0, BillingPeriod.ONE_TIME: 0, BillingPeriod.MONTHLY: 1, BillingPeriod.YEARLY: 12}


def is_live(sub: Sub) -> bool:
    """Whether it stands in the way of another."""
    return sub["status"] in {"SCHEDULED", "IN_TRIAL", "ACTIVE"}


def is_in_force(sub: Sub) -> bool:
    """Whether it gives anything."""
    return sub["status"] in {"IN_TRIAL", "ACTIVE"}


def live_on(shop: Catalog, sub: Sub, zone: str, now: datetime) -> None:
    """Let happen what is due until now, the earliest first; where two are, the cancellation."""
    while is_live(sub):
        due = []
        if sub["canceled"] is not None:
            due.append((sub["canceled"], 0))
        if sub["status"] == "SCHEDULED":
            due.append((sub["started"], 1))
        elif sub["scheduled"] is not None:
            due.append((sub["scheduled"]["at"], 2))
        elif sub["status"] == "IN_TRIAL":
            due.append((sub["trial_ends"], 3))
        at, kind = min(due, default=(None, 0))
        if at is None or at > now:
            return
        happen(shop, sub, zone, at, kind)


def happen(shop: Catalog, sub: Sub, zone: str, at: datetime, kind: int) -> None:
    """One thing whose hour has come."""
    if kind == 0:
        sub |= {"status": "CANCELED", "ended": at}
    elif kind == 1:
        sub |= {"status": "IN_TRIAL" if sub["trial_ends"] else "ACTIVE", "zone": zone, "reset": at}
    elif kind == 2:
        wanted, sub["scheduled"] = sub["scheduled"], None
        take_over(shop, sub, wanted, zone, at)
    elif sub["after_trial"] == "CONVERT":
        convert(sub, zone, at)
    else:
        sub |= {"status": "EXPIRED", "ended": at}


def convert(sub: Sub, zone: str, at: datetime) -> None:
    """The paid period starts, with a new anchor and usage at zero."""
    sub |= {"status": "ACTIVE", "anchor": at, "zone": zone, "reset": at}


def change(shop: Catalog, sub: Sub, wanted: dict[str, Any], zone: str, now: datetime) -> None:
    """A change of plan that happens now; a trial goes on."""
    move(shop, sub, wanted)
    if wanted["resets"] and sub["status"] != "SCHEDULED":
        sub |= {"anchor": now, "zone": zone, "reset": now}


def take_over(shop: Catalog, sub: Sub, wanted: dict[str, Any], zone: str, at: datetime) -> None:
    """A change of plan at the end of a period, or of a trial, in the place of its conversion."""
    was_trial, before = sub["status"] == "IN_TRIAL", cycle(shop, sub)
    move(shop, sub, wanted)
    sub["status"] = "ACTIVE"
    if was_trial or cycle(shop, sub) != before:
        sub |= {"anchor": at, "zone": zone}
    if wanted["resets"]:
        sub["reset"] = at


def move(shop: Catalog, sub: Sub, wanted: dict[str, Any]) -> None:
    """Another plan in its newest version, and of the add-ons those that go with it."""
    number = newest(shop, wanted["plan"])
    sub |= {"plan": wanted["plan"], "price": wanted["price"], "version": number, "known": number}
    sub["addons"] = {k: held for k, held in sub["addons"].items() if goes_with(shop, sub["plan"], k)}


def newest(shop: Catalog, package: str) -> int:
    """The number of the newest version."""
    return len(shop.packages[package].versions)


def newly_held(shop: Catalog, addon: str, quantity: int) -> dict[str, int]:
    """So many of an add-on as it is sold now."""
    return {"version": newest(shop, addon), "quantity": quantity}


def goes_with(shop: Catalog, plan_key: str, addon: str) -> bool:
    """Whether an add-on is of the same product, and among those that the plan names, if it names any."""
    plan = shop.packages[plan_key]
    if not isinstance(plan, Plan) or plan.product != shop.packages[addon].product:
        return False
    return plan.compatible_addons is None or addon in plan.compatible_addons


def prices(shop: Catalog, package: str, number: int) -> dict[str, Price]:
    """What a version costs, by key."""
    return {price.key: price for price in shop.packages[package].versions[number - 1].content.prices}


def wrong_plan(shop: Catalog, key: str, price: str | None) -> list[str]:
    """A plan must be there, and so must the price, which is said where there are several."""
    if not isinstance(shop.packages.get(key), Plan):
        return ["NOT_FOUND plan"]
    known = prices(shop, key, newest(shop, key))
    if price is not None and price not in known:
        return ["NOT_FOUND price"]
    return ["REQUIRED price"] if price is None and len(known) > 1 else []


def wrong_quantity(addon: Addon, quantity: int) -> list[str]:
    """At least one, and no more than the maximum, where there is one."""
    wrong = quantity < 1 or (addon.max_quantity is not None and quantity > addon.max_quantity)
    return ["OUT_OF_RANGE quantity"] if wrong else []


def picked_price(shop: Catalog, key: str, price: str | None) -> str | None:
    """The price asked for, else the only one."""
    known = list(prices(shop, key, newest(shop, key)))
    return price if price is not None or not known else known[0]


def paid(shop: Catalog, sub: Sub) -> Price | None:
    """The price of its key in the version it is on, else in the last that had it."""
    down = range(sub["version"], 0, -1)
    for number in (*down, *range(sub["known"], sub["version"], -1)):
        if sub["price"] in (known := prices(shop, sub["plan"], number)):
            return known[sub["price"]]
    return None


def cycle(shop: Catalog, sub: Sub) -> ResetInterval:
    """How often it is billed: by the month unless it is by the year."""
    price = paid(shop, sub)
    yearly = price is not None and price.billing_period is BillingPeriod.YEARLY
    return ResetInterval.YEAR if yearly else ResetInterval.MONTH


def period_of(shop: Catalog, sub: Sub, now: datetime) -> Span:
    """The trial while one runs, else the billing period."""
    if sub["status"] == "IN_TRIAL":
        return sub["started"], sub["trial_ends"]
    return spanning(Reset(every=cycle(shop, sub)), sub["anchor"], sub["zone"], now)


def spanning(reset: Reset, anchor: datetime, zone: str, now: datetime) -> Span:
    """The period of a reset that holds an instant."""
    period = period_at(reset, anchor=anchor, timezone=zone, at=now)
    return period.start, period.end


def chain(shop: Catalog, key: str) -> list[str]:
    """A plan and all that it inherits from."""
    base = shop.packages[key].versions[-1].content.base
    return [key] if base is None else [key, *chain(shop, base)]


def is_upgrade(shop: Catalog, sub: Sub, plan: str, price: str | None) -> bool:
    """More by inheritance or a longer billing period, else by price, else by position."""
    current, target = paid(shop, sub), prices(shop, plan, newest(shop, plan))
    asked = target.get(price) if price is not None else None
    if plan == sub["plan"]:
        length = MONTHS[current.billing_period if current else None]
        if MONTHS[asked.billing_period if asked else None] > length:
            return True
    elif sub["plan"] in chain(shop, plan):
        return True
    elif plan in chain(shop, sub["plan"]):
        return False
    like = [p for p in target.values() if current is not None and alike(p, current)]
    if current is not None and like:
        cost = min(p.amount.amount for p in like)
        cost = next((p.amount.amount for p in like if p is asked), cost)
        return cost > current.amount.amount
    return position(shop, plan) > position(shop, sub["plan"])


def alike(one: Price, other: Price) -> bool:
    """Whether two prices can be compared."""
    return (one.billing_period, one.amount.currency) == (other.billing_period, other.amount.currency)


def position(shop: Catalog, key: str) -> int:
    """Where a plan stands among those of its product."""
    plan = shop.packages[key]
    assert isinstance(plan, Plan)
    return plan.position


def comparable(shop: Catalog, sub: Sub, zone: str, now: datetime) -> dict[str, Any]:
    """What is compared of a subscription; of one that ended only that, and when."""
    shown = {"id": sub["id"], "status": sub["status"], "trial_ends": sub["trial_ends"]}
    if not is_live(sub):
        return {**shown, "ended": sub["ended"]}
    change, begun = sub["scheduled"], sub["status"] != "SCHEDULED"
    return shown | {
        "plan": sub["plan"],
        "version": sub["version"],
        "price": paid(shop, sub),
        "anchor": sub["anchor"],
        "zone": sub["zone"] if begun else zone,
        "period": period_of(shop, sub, now) if begun else None,
        "addons": {k: (held["version"], held["quantity"]) for k, held in sorted(sub["addons"].items())},
        "canceled": sub["canceled"],
        "scheduled": None if change is None else (change["plan"], change["at"]),
    }
