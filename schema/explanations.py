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


@strawberry.type(description="One thing that was looked at.")
class ExplanationStep:
    """A step."""

    check: str = strawberry.field(description="What was looked at.")
    outcome: str = strawberry.field(description="What was found, in a sentence.")
    decisive: bool = strawberry.field(description="Whether it decided.")

    @classmethod
    def of(cls, step: explaining.Step) -> Self:
        """Show a step."""
        return cls(check=step.check, outcome=step.outcome, decisive=step.decisive)


@strawberry.type(description="Something that would turn a no into a yes.")
class Remedy:
    """A remedy."""

    flat: strawberry.Private[ResolvedCatalog]
    fact: strawberry.Private[rules.Remedy]
    kind: rules.RemedyKind = strawberry.field(description="What would have to be done.")
    summary: str = strawberry.field(description="The same in a sentence.")
    amount: Quantity | None = strawberry.field(
        description="How much may be asked for at most, how many of the add-on to add, or how many credits."
    )
    values: list[str] | None = strawberry.field(description="Those of a choice that may be asked for.")
    at: datetime | None = strawberry.field(description="When usage starts again.")
    price_key: str | None = strawberry.field(
        description="Key of the plan's price that the summary tells, for subscribe and changePlan."
    )

    @classmethod
    def of(cls, flat: ResolvedCatalog, fact: rules.Remedy) -> Self:
        """Show a remedy."""
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

    @resolver_field("The plan to subscribe to, or to change to.")
    def plan(self, info: Info) -> Plan | None:
        """Give the plan."""
        return None if self.fact.plan is None else show_plan(info, self.flat, self.fact.plan)

    @resolver_field("The add-on to add.")
    def addon(self, info: Info) -> Addon | None:
        """Give the add-on."""
        return None if self.fact.addon is None else show_addon(info, self.flat, self.fact.addon)


@strawberry.type(description="Why an answer is what it is.")
class Explanation:
    """An explanation."""

    summary: str = strawberry.field(description="One sentence a support engineer can paste into a reply.")
    steps: list[ExplanationStep] = strawberry.field(description="What was looked at, in order.")
    remedies: list[Remedy] = strawberry.field(
        description="What would turn a no into a yes, at most 5, cheapest first; empty for a yes."
    )

    @classmethod
    def of(cls, found: resolvers.Explanation) -> Self:
        """Show an explanation."""
        flat = found.decision.subject.flat
        return cls(
            summary=found.summary,
            steps=[ExplanationStep.of(step) for step in found.steps],
            remedies=[Remedy.of(flat, remedy) for remedy in found.remedies],
        )


async def explain_together(info: Info, decision: Decision) -> Explanation:
    """Explain a decision, together with all others of the request that are to be explained."""
    explain = partial(resolvers.explain, info.context)
    loader = info.context.own("explanations", lambda: DataLoader(load_fn=explain, cache=False))
    return Explanation.of(await loader.load(decision))
