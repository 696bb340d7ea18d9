"""Explanations: why an answer is what it is, and what would change it."""

from datetime import datetime
from functools import partial
from typing import Self

import strawberry
from strawberry.dataloader import DataLoader

from resolvers import explanations as resolvers
from rules.access.decision import Decision
from rules.catalog.inheritance import ResolvedCatalog
from rules.explanations import remedies as rules
from rules.explanations import steps as explaining
from schema.catalog.packages import Addon, Plan, show_addon, show_plan
from schema.fields import Info, resolver_field
from schema.scalars import Quantity


@strawberry.type(description="One check on the way to an answer.")
class ExplanationStep:
    check: str = strawberry.field(description="What was checked.")
    outcome: str = strawberry.field(description="The outcome of the check, in one sentence.")
    decisive: bool = strawberry.field(description="Whether this check decided the answer.")

    @classmethod
    def of(cls, step: explaining.Step) -> Self:
        return cls(check=step.check, outcome=step.outcome, decisive=step.decisive)


@strawberry.type(description="Something that would turn a denial into an approval.")
class Remedy:
    flat: strawberry.Private[ResolvedCatalog]
    fact: strawberry.Private[rules.Remedy]
    kind: rules.RemedyKind = strawberry.field(description="What would have to be done.")
    summary: str = strawberry.field(description="The remedy in one sentence.")
    amount: Quantity | None = strawberry.field(
        description="The most that can be requested, the quantity of the add-on to add, or the credits to "
        "grant, by `kind`; null for other kinds."
    )
    values: list[str] | None = strawberry.field(
        description="The choices that can be requested; null for other kinds."
    )
    at: datetime | None = strawberry.field(
        description="The instant at which usage starts again; WAIT_FOR_RESET only, null otherwise."
    )
    price_key: str | None = strawberry.field(
        description="The key of the price that the summary names, for `subscribe` and `changePlan`; null "
        "without one."
    )

    @classmethod
    def of(cls, flat: ResolvedCatalog, fact: rules.Remedy) -> Self:
        amount = None if fact.amount is None else Quantity(fact.amount)
        return cls(
            flat=flat,
            fact=fact,
            kind=fact.kind,
            summary=fact.summary,
            amount=amount,
            values=None if fact.values is None else list(fact.values),
            at=fact.at,
            price_key=fact.price,
        )

    @resolver_field("The plan to subscribe or change to; null for other kinds.")
    def plan(self, info: Info) -> Plan | None:
        return None if self.fact.plan is None else show_plan(info, self.flat, self.fact.plan)

    @resolver_field("The add-on to add; ADD_ADDON only, null otherwise.")
    def addon(self, info: Info) -> Addon | None:
        return None if self.fact.addon is None else show_addon(info, self.flat, self.fact.addon)


@strawberry.type(description="The reasons for an answer, and ways out of a denial.")
class Explanation:
    summary: str = strawberry.field(description="One sentence that support can paste into a reply.")
    steps: list[ExplanationStep] = strawberry.field(description="The checks that were made, in order.")
    remedies: list[Remedy] = strawberry.field(
        description="What would turn a denial into an approval: at most 5, cheapest first; empty where "
        "access is allowed."
    )

    @classmethod
    def of(cls, found: resolvers.Explanation) -> Self:
        flat = found.decision.subject.flat
        return cls(
            summary=found.summary,
            steps=[ExplanationStep.of(step) for step in found.steps],
            remedies=[Remedy.of(flat, remedy) for remedy in found.remedies],
        )


async def explain_together(info: Info, decision: Decision) -> Explanation:
    """Explain a decision; all explanations of a request share one read."""
    explain = partial(resolvers.explain, info.context)
    loader = info.context.own("explanations", lambda: DataLoader(load_fn=explain, cache=False))
    return Explanation.of(await loader.load(decision))
