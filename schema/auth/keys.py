"""API keys and customers' tokens: made, listed and ended."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from resolvers import auth as resolvers
from resolvers import environments
from rules.auth import api_keys as rules
from rules.auth.api_keys import USUAL_SCOPES, ApiKeyKind, NewKey, Scope
from rules.revisions import Revision as RevisionName
from schema.fields import UNSET, Info, or_none, resolver_field
from schema.nodes import Node, from_id, is_number, to_id
from schema.scalars import Revision
from schema.user_errors import INPUT, Payload, mutation


@strawberry.type(description="A key that opens this environment; never its secret.")
class ApiKey(Node):
    """A key."""

    name: str = strawberry.field(description="What to call it.")
    kind: ApiKeyKind = strawberry.field(description="Whom it is for.")
    scopes: list[Scope] = strawberry.field(description="What it may do; none for a publishable key.")
    prefix: str = strawberry.field(description="How it begins: all that is kept of it for people.")
    created_at: datetime = strawberry.field(description="When it was made, in real time as all that follows.")
    expires_at: datetime | None = strawberry.field(description="When it stops to open; null never.")
    revoked_at: datetime | None = strawberry.field(description="When it was ended by hand.")
    last_used_at: datetime | None = strawberry.field(
        description="When it was last used, to about a minute; null never."
    )

    @classmethod
    def of(cls, info: Info, key: rules.ApiKey) -> Self:
        """Show a key."""
        return cls(
            id=to_id("ApiKey", info.context.environment, key.number),
            name=key.name,
            kind=key.kind,
            scopes=list(key.scopes) if key.kind is ApiKeyKind.SECRET else [],
            prefix=key.prefix,
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            last_used_at=key.last_used_at,
        )


@strawberry.input(description="A key to be made.")
class CreateApiKeyInput:
    """A key, written."""

    name: str = strawberry.field(description="What to call it in lists.")
    kind: ApiKeyKind = strawberry.field(
        default=ApiKeyKind.SECRET, description="Whom it is for: SECRET or PUBLISHABLE."
    )
    scopes: list[Scope] | None = strawberry.field(
        default=UNSET, description="What a secret key may do; left out, all but ADMIN."
    )
    expires_at: datetime | None = strawberry.field(
        default=UNSET, description="When it stops to open, in real time; left out, never."
    )

    def fact(self) -> NewKey:
        """Read it."""
        scopes = or_none(self.scopes)
        if scopes is None and self.kind is ApiKeyKind.SECRET:
            scopes = USUAL_SCOPES
        return NewKey(kind=self.kind, name=self.name, scopes=scopes, expires_at=or_none(self.expires_at))


@strawberry.input(description="A key to be ended.")
class RevokeApiKeyInput:
    """A key, named."""

    id: strawberry.ID = strawberry.field(description="The key's global id.")


@strawberry.input(description="A token to be made for a customer's browser.")
class CreateCustomerTokenInput:
    """A token, written."""

    customer: str = strawberry.field(description="Key of the customer.")
    ttl_seconds: int = strawberry.field(
        default=3600, description="How long it holds in real time, up to 86,400: a day."
    )


@strawberry.type(description="A key that was made or ended.")
class ApiKeyPayload(Payload):
    """A key's payload."""

    api_key: ApiKey | None = strawberry.field(default=None, description="The key.")
    secret: str | None = strawberry.field(
        default=None, description="The key itself, where it was made: shown this once."
    )


@strawberry.type(description="A token that was made; nothing is kept of it.")
class CustomerTokenPayload(Payload):
    """A token's payload."""

    token: str | None = strawberry.field(default=None, description="The token, sent as a key is.")
    expires_at: datetime | None = strawberry.field(default=None, description="When it stops to open.")


@strawberry.type(description="What can be asked about keys.")
class KeyQueries:
    """Questions about keys."""

    @resolver_field("The keys of this environment, revoked ones too, the oldest first.")
    async def api_keys(self, info: Info) -> list[ApiKey]:
        """Give the keys."""
        return [ApiKey.of(info, key) for key in await resolvers.api_keys(info.context)]


@strawberry.type(description="What can be done about keys.")
class KeyMutations:
    """Acts on keys."""

    @mutation("Makes a key for this environment; its secret is in the answer, and never again.")
    async def create_api_key(self, info: Info, input: Annotated[CreateApiKeyInput, INPUT]) -> ApiKeyPayload:
        """Make a key."""
        made = await resolvers.create_api_key(info.context, input.fact())
        return ApiKeyPayload(
            revision=await _revision(info), api_key=ApiKey.of(info, made.key), secret=made.secret
        )

    @mutation("Ends a key, everywhere within a second. One that is revoked already stays as it is.")
    async def revoke_api_key(self, info: Info, input: Annotated[RevokeApiKeyInput, INPUT]) -> ApiKeyPayload:
        """Revoke a key."""
        key = await resolvers.revoke_api_key(info.context, number_of(info, input.id))
        return ApiKeyPayload(revision=await _revision(info), api_key=ApiKey.of(info, key))

    @mutation("Makes a token with which a customer's browser may read what is theirs.")
    async def create_customer_token(
        self, info: Info, input: Annotated[CreateCustomerTokenInput, INPUT]
    ) -> CustomerTokenPayload:
        """Make a token."""
        made = await resolvers.create_customer_token(info.context, input.customer, input.ttl_seconds)
        return CustomerTokenPayload(token=made.token, expires_at=made.expires_at)


def number_of(info: Info, text: str) -> int | None:
    """Give the number of the key that a global id names; None where it names none of this environment."""
    named = from_id(text)
    here = named is not None and (named.kind, named.environment) == ("ApiKey", str(info.context.environment))
    number = named.first if named is not None and here else ""
    # The id is made anew: what was found must be what was named, to the letter.
    known = is_number(number)
    return int(number) if known and to_id("ApiKey", info.context.environment, int(number)) == text else None


async def _revision(info: Info) -> Revision:
    # A key is none of the things that a revision counts, and is there for every later read.
    seen = await environments.environment(info.context)
    return Revision(str(RevisionName(seen.catalog_revision)))
