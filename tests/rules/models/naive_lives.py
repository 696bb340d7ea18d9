"""A naive customer, who lives through time event by event and knows nothing of how rules derive things.

What happens to a subscription happens when its hour comes, and changes a dict. A question about the
future is asked of a copy that has lived that long.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy, deepcopy
from datetime import datetime, timedelta
from typing import Any

from rules.catalog.facts import Addon, Catalog, Plan, PublishScope, Version
from rules.catalog.validation import complete_value
from rules.commands import change_plan as plan_changes
from rules.commands import custom_entitlements, report_usage
from rules.commands import customers as lifecycle
from rules.commands import subscribe as subscribing
from rules.commands import subscriptions as subscription_acts
from rules.customers.facts import CustomEntitlementMode
from rules.periods import local_days_after
from rules.values import Granted
from tests.rules.models.naive_subscriptions import (
    Sub,
    change,
    comparable,
    convert,
    goes_with,
    is_live,
    is_upgrade,
    live_on,
    newest,
    newly_held,
    period_of,
    picked_price,
    wrong_plan,
    wrong_quantity,
)

AHEAD = timedelta(minutes=5)

Custom = dict[str, Any]
Refusals = list[str]


class NaiveCustomer:
    """Somebody in dicts. Each act gives code and path of what is wrong; where nothing is, it happens."""

    def __init__(self, shop: Catalog) -> None:
        self.shop = shop
        self.exists = False
        self.archived = False
        self.zone = "UTC"
        self.revision = 0
        self.subs: list[Sub] = []
        self.custom: list[Custom] = []
        self.records: list[tuple[str, datetime, int]] = []
        self.acts: dict[type, Callable[[Any, datetime], Refusals]] = {
            lifecycle.UpsertCustomer: self.upsert,
            lifecycle.ArchiveCustomer: self.archive,
            subscribing.Subscribe: self.subscribe,
            plan_changes.ChangePlan: self.change_plan,
            subscription_acts.CancelSubscription: self.cancel,
            subscription_acts.ResumeSubscription: self.resume,
            subscription_acts.ConvertTrial: self.convert_trial,
            subscription_acts.SetSubscriptionAddon: self.set_addon,
            subscription_acts.MigrateSubscription: self.migrate,
            custom_entitlements.SetCustomEntitlement: self.set_custom,
            custom_entitlements.RemoveCustomEntitlement: self.remove_custom,
            report_usage.ReportUsage: self.report,
        }

    def act(self, act: object, now: datetime) -> Refusals:
        """Do what was asked, or tell why not."""
        before = deepcopy(self.subs)
        self.live_to(now)
        wrong = self.acts[type(act)](act, now)
        if wrong:
            self.subs = before
        else:
            self.revision += 1
        return wrong

    def copied(self) -> NaiveCustomer:
        """Give one who can live on alone."""
        twin = copy(self)
        twin.subs = deepcopy(self.subs)
        return twin

    def live_to(self, now: datetime) -> None:
        """Let everything happen whose hour comes until now."""
        for sub in self.subs:
            live_on(self.shop, sub, self.zone, now)

    def absent(self) -> Refusals:
        """Whether the customer can act."""
        if not self.exists:
            return ["NOT_FOUND customer"]
        return ["ARCHIVED customer"] if self.archived else []

    def upsert(self, act: lifecycle.UpsertCustomer, now: datetime) -> Refusals:  # noqa: ARG002
        """Bring to be, or back; a zone holds for anchors that are to come."""
        self.exists, self.archived = True, False
        if isinstance(act.timezone, str):
            self.zone = act.timezone
        return []

    def archive(self, act: lifecycle.ArchiveCustomer, now: datetime) -> Refusals:  # noqa: ARG002
        """End every subscription now."""
        if not self.exists:
            return ["NOT_FOUND customer"]
        self.archived = True
        for sub in filter(is_live, self.subs):
            sub |= {"canceled": now, "ended": now, "status": "CANCELED"}
        return []

    def subscribe(self, act: subscribing.Subscribe, now: datetime) -> Refusals:
        """Begin on a plan, where no subscription of its product lives."""
        wrong = self.absent() + wrong_plan(self.shop, act.plan, act.price)
        plan = self.shop.packages.get(act.plan)
        if isinstance(plan, Plan):
            for index, wanted in enumerate(act.addons):
                found = self.wrong_addon(plan.key, wanted.addon, wanted.quantity)
                wrong += [refusal.replace(" ", f" addons.{index}.") for refusal in found]
            wrong += self.wrong_start(plan.product, act.start_at)
        if wrong or not isinstance(plan, Plan):
            return wrong
        start = act.start_at or now
        trial = self.trial_days(act, plan)
        sub: Sub = {
            "id": self.revision + 1,
            "product": plan.product,
            "plan": plan.key,
            "version": newest(self.shop, plan.key),
            "known": newest(self.shop, plan.key),
            "price": picked_price(self.shop, plan.key, act.price),
            "started": start,
            "anchor": start,
            "zone": self.zone,
            "reset": start,
            "trial_ends": local_days_after(start, trial, self.zone) if trial else None,
            "after_trial": act.after_trial.value if trial else None,
            "canceled": None,
            "ended": None,
            "status": "SCHEDULED",
            "scheduled": None,
            "addons": {w.addon: newly_held(self.shop, w.addon, w.quantity) for w in act.addons},
        }
        self.subs.append(sub)
        live_on(self.shop, sub, self.zone, now)
        return []

    def trial_days(self, act: subscribing.Subscribe, plan: Plan) -> int:
        """A default trial is given once per product."""
        if act.trial_days is not None:
            return act.trial_days
        had = any(sub["product"] == plan.product and sub["trial_ends"] for sub in self.subs)
        return 0 if had else plan.default_trial_days or 0

    def wrong_start(self, product: str, start: datetime | None) -> Refusals:
        """One live subscription per product, one after the other."""
        before = [sub for sub in self.subs if sub["product"] == product]
        if any(map(is_live, before)):
            return ["ALREADY_EXISTS plan"]
        late = start is not None and any(start < sub["ended"] for sub in before)
        return ["OUT_OF_RANGE startAt"] if late else []

    def wrong_addon(self, plan: str, key: str, quantity: int) -> Refusals:
        """An add-on must be sold, go with the plan, and be no more than its maximum."""
        addon = self.shop.packages.get(key)
        if not isinstance(addon, Addon):
            return ["NOT_FOUND addon"]
        wrong = [] if goes_with(self.shop, plan, key) else ["NOT_ALLOWED addon"]
        return wrong + wrong_quantity(addon, quantity)

    def live(self, product: str | None = None) -> list[Sub]:
        """The subscriptions that live, of a product or of all."""
        return [sub for sub in self.subs if is_live(sub) and product in (None, sub["product"])]

    def change_plan(self, act: plan_changes.ChangePlan, now: datetime) -> Refusals:
        """Now for more, at the end of the period for less, unless it is said when."""
        wrong = self.absent() + wrong_plan(self.shop, act.plan, act.price)
        plan = self.shop.packages.get(act.plan)
        if not isinstance(plan, Plan):
            return wrong
        subs = self.live(plan.product)
        if not subs:
            elsewhere = ["INVALID plan"] if self.live() else ["NOT_FOUND customer"]
            return wrong if self.archived else sorted({*wrong, *elsewhere})
        sub, price = subs[0], picked_price(self.shop, plan.key, act.price)
        if "REQUIRED price" not in wrong and (plan.key, price) == (sub["plan"], sub["price"]):
            wrong.append("NOT_ALLOWED plan")
        if wrong:
            return wrong
        sub |= {"scheduled": None, "canceled": None}
        timing = act.timing.value
        if timing == "AUTO":
            timing = "NOW" if is_upgrade(self.shop, sub, plan.key, price) else "PERIOD_END"
        wanted = {"plan": plan.key, "price": price, "resets": act.usage.value == "RESET"}
        if timing == "NOW" or sub["status"] == "SCHEDULED":
            change(self.shop, sub, wanted, self.zone, now)
        else:
            sub["scheduled"] = {**wanted, "at": period_of(self.shop, sub, now)[1]}
        return []

    def meant(self, product: str | None) -> tuple[Refusals, Sub]:
        """The one subscription that is meant."""
        if absent := self.absent():
            return absent, {}
        subs = self.live(product)
        if len(subs) > 1:
            return ["REQUIRED product"], {}
        if not subs:
            return ["NOT_FOUND customer" if product is None else "NOT_FOUND product"], {}
        return [], subs[0]

    def cancel(self, act: subscription_acts.CancelSubscription, now: datetime) -> Refusals:
        """To the end of the period, now, or at an instant."""
        wrong, sub = self.meant(act.product)
        if not wrong and act.at is not None and act.at < now:
            wrong = ["OUT_OF_RANGE at"]
        if wrong:
            return wrong
        end = now if act.timing.value == "NOW" or sub["status"] == "SCHEDULED" else None
        sub["scheduled"] = None
        sub["canceled"] = act.at or end or period_of(self.shop, sub, now)[1]
        live_on(self.shop, sub, self.zone, now)
        return []

    def resume(self, act: subscription_acts.ResumeSubscription, now: datetime) -> Refusals:  # noqa: ARG002
        """Take back what is scheduled."""
        wrong, sub = self.meant(act.product)
        if not wrong and not sub["scheduled"] and not sub["canceled"]:
            wrong = ["NOT_ALLOWED customer"]
        if not wrong:
            sub |= {"scheduled": None, "canceled": None}
        return wrong

    def convert_trial(self, act: subscription_acts.ConvertTrial, now: datetime) -> Refusals:
        """Start the paid period now."""
        wrong, sub = self.meant(act.product)
        if not wrong and sub["status"] != "IN_TRIAL":
            wrong = ["NOT_ALLOWED customer"]
        if not wrong:
            sub |= {"scheduled": None, "canceled": None, "trial_ends": now}
            convert(sub, self.zone, now)
        return wrong

    def set_addon(self, act: subscription_acts.SetSubscriptionAddon, now: datetime) -> Refusals:  # noqa: ARG002
        """So many of an add-on; who has it keeps its version."""
        wrong, addon = self.absent(), self.shop.packages.get(act.addon)
        if not isinstance(addon, Addon):
            wrong.append("NOT_FOUND addon")
        if wrong or not isinstance(addon, Addon):
            return wrong
        subs = self.live(addon.product)
        if not subs:
            return ["NOT_FOUND customer"]
        sub, held = subs[0], subs[0]["addons"].get(addon.key)
        if act.quantity == 0:
            sub["addons"].pop(addon.key, None)
            return []
        has_it = wrong_quantity(addon, act.quantity)
        wrong = has_it if held else self.wrong_addon(sub["plan"], addon.key, act.quantity)
        if not wrong:
            new = newly_held(self.shop, addon.key, act.quantity)
            sub["addons"][addon.key] = {**(held or new), "quantity": act.quantity}
        return wrong

    def migrate(self, act: subscription_acts.MigrateSubscription, now: datetime) -> Refusals:  # noqa: ARG002
        """To a version, add-ons to their newest; anchor and usage stay."""
        wrong, sub = self.meant(act.product)
        if wrong:
            return wrong
        last = newest(self.shop, sub["plan"])
        number = last if act.version is None else act.version
        if not 1 <= number <= last:
            return ["NOT_FOUND version"]
        sub |= {"version": number, "known": last}
        for later in self.shop.packages[sub["plan"]].versions[number:]:
            self.moved(sub, later)
        for key, held in sub["addons"].items():
            held["version"] = newest(self.shop, key)
        return []

    def set_custom(self, act: custom_entitlements.SetCustomEntitlement, now: datetime) -> Refusals:
        """In place of the one of the same feature and mode."""
        wrong, start = self.absent(), act.starts_at or now
        if act.expires_at is not None and act.expires_at <= start:
            wrong.append("OUT_OF_RANGE expiresAt")
        if wrong:
            return wrong
        self.drop_custom(act.feature, act.mode, now)
        value = Granted() if act.value is None else complete_value(self.shop.features[act.feature], act.value)
        new = {"id": self.revision + 1, "feature": act.feature, "mode": act.mode.value, "starts": start}
        revokes = act.mode is CustomEntitlementMode.REVOKE
        new |= {"value": None if revokes else value, "expires": act.expires_at, "zone": self.zone}
        self.custom.append(new)
        return []

    def remove_custom(self, act: custom_entitlements.RemoveCustomEntitlement, now: datetime) -> Refusals:
        """Of one mode or of all."""
        wrong = self.absent()
        if self.exists and not self.standing(act.feature, act.mode, now):
            wrong.append("NOT_FOUND feature")
        if not wrong:
            self.drop_custom(act.feature, act.mode, now)
        return wrong

    def standing(self, feature: str, mode: CustomEntitlementMode | None, now: datetime) -> list[Custom]:
        """What was set and is not over."""
        return [
            known
            for known in self.custom
            if known["feature"] == feature
            and (mode is None or known["mode"] == mode.value)
            and (known["expires"] is None or now < known["expires"])
        ]

    def drop_custom(self, feature: str, mode: CustomEntitlementMode | None, now: datetime) -> None:
        """Forget what was set and is not over."""
        over = self.standing(feature, mode, now)
        self.custom = [known for known in self.custom if known not in over]

    def report(self, act: report_usage.ReportUsage, now: datetime) -> Refusals:
        """What happened is recorded."""
        wrong, when = self.absent(), act.occurred_at or now
        if when > now + AHEAD:
            wrong.append("OUT_OF_RANGE occurredAt")
        if not wrong:
            self.records.append((act.feature, when, act.quantity))
        return wrong

    def published(self, package: str) -> None:
        """The newest version of a package was published just now."""
        for sub in self.subs:
            for key, place in ((sub["plan"], sub), *sub["addons"].items()):
                if key == package:
                    self.moved(place, self.shop.packages[package].versions[-1])

    def moved(self, place: dict[str, Any], version: Version) -> None:
        """A publish for all moves whoever is on the package, a cascade those on the version before."""
        reaches = not version.cascaded or place["version"] == version.number - 1
        if version.scope is PublishScope.ALL_CUSTOMERS and reaches:
            place["version"] = version.number

    def shown(self, sub: Sub, now: datetime) -> dict[str, Any]:
        """A subscription in the words in which it is compared."""
        return comparable(self.shop, sub, self.zone, now)
