"""The fields by which a customer shows credits."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers.credits import balances as credit_resolvers
from resolvers.customers import CustomerView
from schema.arguments import At
from schema.bad_input import bad_input_errors
from schema.connections import After, Connection, First
from schema.credits.types import CreditBalance, CreditEntryConnection, CreditGrant
from schema.fields import UNSET, Info, or_none, resolver_field

CreditTypeKey = Annotated[str, strawberry.argument(description="The key of the credit type.")]


@strawberry.type(description="A customer's credits.")
class CustomerCredits:
    if TYPE_CHECKING:
        key: str
        seen: CustomerView

    @resolver_field("Balances for every credit type the customer has ever held.")
    async def credit_balances(self, info: Info, at: At = UNSET) -> list[CreditBalance]:
        instant = or_none(at) or self.seen.standpoint.at
        known = await credit_resolvers.balances(info.context, self.key, instant, self.seen.supposed)
        return [CreditBalance.of(seen) for seen in known]

    @resolver_field(
        "The balance of a credit type: zeros where nothing was granted, null for an unknown credit type."
    )
    async def credit_balance(
        self, info: Info, credit_type: CreditTypeKey, at: At = UNSET
    ) -> CreditBalance | None:
        instant, supposed = or_none(at) or self.seen.standpoint.at, self.seen.supposed
        known = await credit_resolvers.balance(info.context, self.key, credit_type, instant, supposed)
        return None if known is None else CreditBalance.of(known)

    @resolver_field("All grants of credits in their present state, newest first.")
    async def credit_grants(
        self,
        info: Info,
        credit_type: Annotated[
            str | None, strawberry.argument(description="The key of a credit type: only its grants.")
        ] = UNSET,
        first: First = 20,
        after: After = UNSET,
    ) -> Connection[CreditGrant]:
        with bad_input_errors():
            page = await credit_resolvers.grants(
                info.context, self.key, or_none(credit_type), first, or_none(after)
            )
        return Connection[CreditGrant].showing(page, lambda seen: CreditGrant.of(info, seen))

    @resolver_field("The ledger of a credit type in its present state, newest entry first.")
    async def credit_ledger(
        self, info: Info, credit_type: CreditTypeKey, first: First = 20, after: After = UNSET
    ) -> CreditEntryConnection:
        with bad_input_errors():
            page = await credit_resolvers.ledger(info.context, self.key, credit_type, first, or_none(after))
        return CreditEntryConnection.showing(info, page)
