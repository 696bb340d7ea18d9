"""Who buys what the demo sells, since when, and how much they use. All of them are invented."""

from __future__ import annotations

from dataclasses import dataclass

from rules.commands.change_plan import ChangePlan
from rules.commands.custom_entitlements import SetCustomEntitlement
from rules.commands.subscribe import AddonQuantity
from rules.commands.subscriptions import CancelSubscription
from rules.credits.grants import CreditSource
from rules.customers.facts import TrialEnd
from rules.numbers import ONE
from rules.values import Reset, ResetInterval, WrittenLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Usage of a feature in whole units: in the current period, and in the ended ones of the last 60 days."""

    feature: str
    lately: int
    before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A subscription: its plan, its age in days, perhaps a trial, and a change to come."""

    plan: str
    days: int
    uses: tuple[Use, ...] = ()
    trial_days: int | None = None
    after_trial: TrialEnd = TrialEnd.CONVERT
    addons: tuple[AddonQuantity, ...] = ()
    then: ChangePlan | CancelSubscription | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """Whole credits granted on top of the plans, for a number of days."""

    credit_type: str
    credits: int
    source: CreditSource
    days: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A customer and their plans."""

    key: str
    name: str
    email: str
    timezone: str
    stays: tuple[Stay, ...] = ()
    bonus: SetCustomEntitlement | None = None
    gifts: tuple[Gift, ...] = ()


# The days make every current period some days old, with some days to go, in any month.
COMPANIES = (
    Company(
        key="acme",
        name="Acme",
        email="ops@acme.test",
        timezone="Europe/Berlin",
        stays=(
            Stay(
                plan="pro",
                days=410,
                uses=(
                    Use(feature="seats", lately=37),
                    Use(feature="api-calls", lately=6_204, before=12_871),
                ),
            ),
            # Beyond its limit, which is soft: allowed, and counted as overage.
            Stay(
                plan="ai-metered",
                days=75,
                uses=(
                    Use(feature="tokens", lately=61_500, before=88_214),
                    Use(feature="pictures", lately=23, before=36),
                ),
            ),
        ),
    ),
    Company(
        key="saltmarsh",
        name="Saltmarsh Sailing",
        email="crew@saltmarsh.test",
        timezone="Europe/Lisbon",
        # On trial, which becomes a paid period when it ends.
        stays=(
            Stay(
                plan="pro",
                days=9,
                uses=(Use(feature="seats", lately=6), Use(feature="api-calls", lately=902)),
                trial_days=14,
            ),
        ),
    ),
    Company(
        key="pinecone",
        name="Pinecone Playgrounds",
        email="hi@pinecone.test",
        timezone="America/Denver",
        # On trial, which ends the subscription unless it is converted before.
        stays=(
            Stay(
                plan="starter",
                days=5,
                uses=(Use(feature="seats", lately=3), Use(feature="api-calls", lately=44)),
                trial_days=14,
                after_trial=TrialEnd.EXPIRE,
            ),
        ),
    ),
    Company(
        key="mosaic",
        name="Mosaic Ceramics",
        email="atelier@mosaic.test",
        timezone="Europe/Madrid",
        # A downgrade waits for the end of the period; extra seats are kept.
        stays=(
            Stay(
                plan="pro",
                days=47,
                uses=(Use(feature="seats", lately=12), Use(feature="api-calls", lately=2_210, before=3_954)),
                addons=(AddonQuantity("extra-seats", 2),),
                then=ChangePlan(plan="starter", price="starter-monthly", idempotency_key="demo-downgrade"),
            ),
        ),
    ),
    Company(
        key="driftwood",
        name="Driftwood Hostels",
        email="desk@driftwood.test",
        timezone="America/Sao_Paulo",
        # Canceled at the end of the period, with a bonus until then.
        stays=(
            Stay(
                plan="orders-basic",
                days=83,
                uses=(Use(feature="orders", lately=61, before=140),),
                then=CancelSubscription(),
            ),
        ),
        bonus=SetCustomEntitlement(
            feature="orders",
            value=WrittenLimit(limit=25 * ONE, reset=Reset(every=ResetInterval.BILLING_PERIOD)),
            note="Sorry for the outage.",
        ),
    ),
    Company(
        key="nimbus",
        name="Nimbus Outfitters",
        email="shop@nimbus.test",
        timezone="America/Los_Angeles",
        stays=(Stay(plan="orders-pro", days=290, uses=(Use(feature="orders", lately=412, before=604),)),),
    ),
    Company(
        key="bramble-finch",
        name="Bramble & Finch",
        email="hello@bramblefinch.test",
        timezone="Europe/London",
        # Near its limit.
        stays=(Stay(plan="orders-basic", days=141, uses=(Use(feature="orders", lately=97, before=131),)),),
    ),
    Company(
        key="hollow-oak",
        name="Hollow Oak Books",
        email="orders@hollowoak.test",
        timezone="America/Toronto",
        # Beyond its limit, which is hard: reports record what has happened, and access is denied.
        stays=(Stay(plan="orders-basic", days=71, uses=(Use(feature="orders", lately=104, before=118),)),),
    ),
    Company(
        key="lantern",
        name="Lantern Groceries",
        email="it@lantern.test",
        timezone="America/Chicago",
        stays=(
            Stay(
                plan="orders-enterprise", days=508, uses=(Use(feature="orders", lately=8_214, before=21_390),)
            ),
        ),
    ),
    Company(
        key="inkwell",
        name="Inkwell Legal",
        email="engineering@inkwell.test",
        timezone="America/New_York",
        # Near its limit.
        stays=(
            Stay(
                plan="ai-metered",
                days=98,
                uses=(
                    Use(feature="tokens", lately=47_900, before=71_033),
                    Use(feature="pictures", lately=12, before=17),
                ),
            ),
        ),
    ),
    # A bit of everything: near a limit, beyond one, without one, and on credits, with changes to come.
    Company(
        key="meridian",
        name="Meridian Maps",
        email="hello@meridian.test",
        timezone="Europe/Dublin",
        stays=(
            Stay(
                plan="pro",
                days=141,
                uses=(Use(feature="seats", lately=41), Use(feature="api-calls", lately=9_412, before=7_320)),
                addons=(AddonQuantity("extra-seats", 2),),
                then=ChangePlan(plan="starter", price="starter-monthly", idempotency_key="demo-downgrade"),
            ),
            Stay(
                plan="ai-metered",
                days=75,
                uses=(
                    Use(feature="tokens", lately=57_340, before=84_100),
                    Use(feature="pictures", lately=64, before=52),
                ),
                addons=(AddonQuantity("credit-pack", 1),),
            ),
            Stay(
                plan="orders-enterprise",
                days=45,
                uses=(Use(feature="orders", lately=3_180, before=6_905),),
                then=CancelSubscription(product="orders"),
            ),
        ),
        gifts=(
            Gift(
                credit_type="ai-credits",
                credits=200,
                source=CreditSource.PROMOTIONAL,
                days=12,
                note="Thank you for the bug report.",
            ),
            Gift(
                credit_type="ai-credits",
                credits=1_000,
                source=CreditSource.PAID,
                days=300,
                note="Order 2041",
            ),
        ),
    ),
    Company(
        key="quillwright",
        name="Quillwright",
        email="dev@quillwright.test",
        timezone="Asia/Kolkata",
        stays=(
            Stay(
                plan="ai-metered",
                days=45,
                # Near its limit, with no credits for usage beyond it.
                uses=(
                    Use(feature="tokens", lately=12_400, before=19_650),
                    Use(feature="pictures", lately=37, before=31),
                ),
            ),
            Stay(plan="free", days=40, uses=(Use(feature="seats", lately=2),)),
        ),
    ),
    Company(
        key="hoshizora",
        name="Hoshizora Robotics",
        email="platform@hoshizora.test",
        timezone="Asia/Tokyo",
        stays=(
            Stay(
                plan="scale",
                days=222,
                uses=(
                    Use(feature="seats", lately=132),
                    # Near its limit, which starts again every month of a plan that is paid by the year.
                    Use(feature="api-calls", lately=96_750, before=148_300),
                ),
            ),
        ),
    ),
    Company(
        key="copper-kettle",
        name="Copper Kettle Coffee",
        email="it@copperkettle.test",
        timezone="Pacific/Auckland",
        stays=(
            Stay(
                plan="pro",
                days=105,
                # Beyond its limit in seats.
                uses=(Use(feature="seats", lately=53), Use(feature="api-calls", lately=1_873, before=3_420)),
            ),
            Stay(plan="orders-pro", days=112, uses=(Use(feature="orders", lately=266, before=540),)),
        ),
    ),
    Company(
        key="fjellbekk",
        name="Fjellbekk Design",
        email="post@fjellbekk.test",
        timezone="Europe/Oslo",
        stays=(
            Stay(
                plan="starter",
                days=163,
                # At its limit: nothing is left.
                uses=(Use(feature="seats", lately=10), Use(feature="api-calls", lately=715, before=902)),
            ),
        ),
    ),
    Company(
        key="wattlebird",
        name="Wattlebird Studio",
        email="studio@wattlebird.test",
        timezone="Australia/Sydney",
        stays=(
            Stay(
                plan="starter",
                days=20,
                uses=(Use(feature="seats", lately=4), Use(feature="api-calls", lately=310)),
            ),
        ),
    ),
    Company(
        key="jacaranda",
        name="Jacaranda Tutors",
        email="office@jacaranda.test",
        timezone="Africa/Nairobi",
        stays=(Stay(plan="free", days=80, uses=(Use(feature="seats", lately=1),)),),
    ),
    # The last, without a plan: it marks the demo as complete.
    Company(
        key="piccolo",
        name="Piccolo Press",
        email="ciao@piccolo.test",
        timezone="Europe/Rome",
    ),
)
