"""The subscriptions of the graph: each sends the state first, then its newest state after every change."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Annotated, Self, TypeVar, cast

import strawberry

from resolvers.credits.balances import CreditAccountView
from resolvers.live import subscriptions as live
from resolvers.live.stream import StreamMessage
from rules.access.decision import Decision
from rules.revisions import Sight, read_sight
from schema.access.types import Access
from schema.bad_input import bad_input
from schema.catalog.packages import PackageVersion, show_version
from schema.credits.customer_credits import CreditTypeKey
from schema.credits.types import CreditBalance
from schema.fields import UNSET, Info, or_none
from schema.scalars import Revision

MOST_FEATURES = 1_000

CustomerKey = Annotated[str, strawberry.argument(description="The key of the customer.")]
Features = Annotated[
    list[str] | None,
    strawberry.argument(
        description="The keys of the features, at most 1,000; every mentioned feature if left out."
    ),
]
Since = Annotated[
    Revision | None,
    strawberry.argument(
        description="The `revision` of the last message of a stream with the same arguments: skips the "
        "initial state where nothing has changed since."
    ),
]


@strawberry.type(description="A message of `accessChanged`: the access to one feature as it is now.")
class AccessChange:
    initial: bool = strawberry.field(
        description="True for messages that give the state at the start of the stream."
    )
    access: Access = strawberry.field(description="The newest access to the feature.")
    revision: Revision = strawberry.field(description="Resume token: pass it as `since` or `atLeast`.")

    @classmethod
    def of(cls, told: StreamMessage[Decision]) -> Self:
        return cls(initial=told.initial, access=Access.of(told.thing), revision=Revision(str(told.sight)))


@strawberry.type(description="A message of `creditBalanceChanged`: the balance as it is now.")
class CreditBalanceChange:
    initial: bool = strawberry.field(
        description="True for the message that gives the state at the start of the stream."
    )
    balance: CreditBalance = strawberry.field(description="The newest balance of the credit type.")
    revision: Revision = strawberry.field(description="Resume token: pass it as `since` or `atLeast`.")

    @classmethod
    def of(cls, told: StreamMessage[CreditAccountView]) -> Self:
        return cls(
            initial=told.initial, balance=CreditBalance.of(told.thing), revision=Revision(str(told.sight))
        )


Resolver = TypeVar("Resolver", bound=Callable[..., object])


def stream_field(description: str) -> Callable[[Resolver], Resolver]:
    """Make a method the resolver of a subscription."""

    def decorate(resolver: Resolver) -> Resolver:
        # mypy cannot follow the type of Strawberry's own decorator.
        return cast("Resolver", strawberry.subscription(resolver=resolver, description=description))

    return decorate


@strawberry.type(description="The streams that a client can subscribe to over a WebSocket.")
class Subscription:
    @stream_field(
        "The access to the named features now, then the newest after every change, in order. "
        "Changes that come faster than they can be sent are merged; the last one is always "
        "sent."
    )
    async def access_changed(
        self, info: Info, customer: CustomerKey, features: Features = UNSET, since: Since = UNSET
    ) -> AsyncGenerator[AccessChange, None]:
        """Raises GraphQLError with BAD_USER_INPUT for invalid arguments."""
        named: list[str] | None = or_none(features)
        if named is not None and len(named) > MOST_FEATURES:
            message = f"At most {MOST_FEATURES} features can be named, not {len(named)}."
            raise bad_input(message)
        async with aclosing(live.access_changes(info.context, customer, named, _sight(since))) as changes:
            async for told in changes:
                yield AccessChange.of(told)

    @stream_field("The balance now, then the newest after every change, in the way of `accessChanged`.")
    async def credit_balance_changed(
        self, info: Info, customer: CustomerKey, credit_type: CreditTypeKey, since: Since = UNSET
    ) -> AsyncGenerator[CreditBalanceChange, None]:
        """Raises GraphQLError with BAD_USER_INPUT for an unknown customer or credit type."""
        try:
            begun = await live.balance_changes(info.context, customer, credit_type, _sight(since))
        except live.NotThere as problem:
            raise bad_input(str(problem)) from None
        async with aclosing(begun) as changes:
            async for told in changes:
                yield CreditBalanceChange.of(told)

    @stream_field("The packages of this environment, each time one is published.")
    async def package_published(self, info: Info) -> AsyncGenerator[PackageVersion, None]:
        async with aclosing(live.publishes(info.context)) as published:
            async for flat, package, number in published:
                yield show_version(info, flat, package, number)


def _sight(since: Revision | None) -> Sight | None:
    text = or_none(since)
    if text is None:
        return None
    sight = read_sight(text)
    if sight is None:
        message = f"'{text}' is not a revision."
        raise bad_input(message)
    return sight
