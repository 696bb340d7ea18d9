"""Mutations of credits."""

from typing import Annotated, Self

import strawberry

from resolvers.credits import balances as resolvers
from rules.catalog_edits.features import unknown_key
from rules.commands.command import CommandResult
from rules.commands.credits import VoidCreditGrant
from rules.errors import Rejected
from schema.credits import inputs
from schema.credits.types import CreditBalance, CreditEntry, CreditGrant, NamedGrant
from schema.fields import Info, or_none
from schema.nodes import from_id
from schema.payloads import revision_written
from schema.user_errors import INPUT, Payload, mutation


@strawberry.type(description="The result of granting or voiding credits.")
class CreditGrantPayload(Payload):
    grant: CreditGrant | None = strawberry.field(
        default=None, description="The grant in its present state; null where `userErrors` names problems."
    )
    balance: CreditBalance | None = strawberry.field(
        default=None, description="The balance after the act; null where `userErrors` names problems."
    )
    replayed: bool = strawberry.field(default=False, description="True where the same write was done before.")

    @classmethod
    async def of(cls, info: Info, done: CommandResult, credit_type: str, number: int) -> Self:
        """Return the payload for the grant that the command, or its first run, created or voided."""
        grant = await resolvers.grant_after(info.context, done, credit_type, number)
        balance = resolvers.balance_after(done, credit_type)
        return cls(
            revision=revision_written(done),
            grant=None if grant is None else CreditGrant.of(info, grant),
            balance=None if balance is None else CreditBalance.of(balance),
            replayed=done.replayed,
        )


@strawberry.type(description="The result of spending credits.")
class CreditConsumptionPayload(Payload):
    consumed: bool = strawberry.field(
        default=False, description="Whether the credits were available and were spent."
    )
    balance: CreditBalance | None = strawberry.field(
        default=None, description="The balance after the act; null where `userErrors` names problems."
    )
    entries: list[CreditEntry] = strawberry.field(
        default_factory=list,
        description="The ledger entries of the act; for a replay, those of the first time.",
    )
    replayed: bool = strawberry.field(
        default=False, description="True where the idempotency key was used before with the same input."
    )

    @classmethod
    async def of(cls, info: Info, done: CommandResult, credit_type: str) -> Self:
        balance = resolvers.balance_after(done, credit_type)
        lines = await resolvers.entries_after(info.context, done, credit_type)
        return cls(
            revision=revision_written(done),
            consumed=done.outcome["consumed"] > 0,
            balance=None if balance is None else CreditBalance.of(balance),
            entries=[CreditEntry.of(info, line) for line in lines],
            replayed=done.replayed,
        )


@strawberry.type(description="What can be done with credits.")
class CreditMutations:
    @mutation(
        "Grants credits to a customer, from now or from a later instant; they settle an overdraft first."
    )
    async def grant_credits(
        self, info: Info, input: Annotated[inputs.GrantCreditsInput, INPUT]
    ) -> CreditGrantPayload:
        done = await resolvers.credit_command(info.context, input.customer, input.fact())
        return await CreditGrantPayload.of(info, done, input.credit_type, done.outcome["grant"])

    @mutation("Voids what is left of a grant of credits.")
    async def void_credit_grant(
        self, info: Info, input: Annotated[inputs.VoidCreditGrantInput, INPUT]
    ) -> CreditGrantPayload:
        grant = _parse_grant_id(info, input.grant)
        deed = VoidCreditGrant(
            credit_type=grant.credit_type,
            number=grant.number,
            made_at=grant.made_at,
            note=or_none(input.note),
        )
        done = await resolvers.credit_command(info.context, grant.customer, deed)
        return await CreditGrantPayload.of(info, done, grant.credit_type, grant.number)

    @mutation("Spends credits, all or nothing, unless `allowOverdraft` is true.")
    async def consume_credits(
        self, info: Info, input: Annotated[inputs.ConsumeCreditsInput, INPUT]
    ) -> CreditConsumptionPayload:
        done = await resolvers.credit_command(info.context, input.customer, input.fact())
        return await CreditConsumptionPayload.of(info, done, input.credit_type)


def _parse_grant_id(info: Info, grant: str) -> NamedGrant:
    """Return the grant that an id names, at any instant; raises Rejected where there is none here."""
    read = from_id(grant)
    here = read is not None and read.environment == str(info.context.environment)
    known = NamedGrant.of(read) if read is not None and here else None
    if known is None:
        raise Rejected([unknown_key("grant", grant, "grant")])
    return known
