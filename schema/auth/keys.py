"""API keys and customer tokens: create, list and revoke."""

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


@strawberry.type(description="An API key of this environment, without its secret.")
class ApiKey(Node):
    name: str = strawberry.field(description="A name that tells keys apart in lists.")
    kind: ApiKeyKind = strawberry.field(description="The kind of client that the key is for.")
    scopes: list[Scope] = strawberry.field(description="What the key may do; empty for a publishable key.")
    prefix: str = strawberry.field(
        description="The first characters of the key; the rest is never shown again."
    )
    created_at: datetime = strawberry.field(
        description="The instant of its creation, in real time as are all instants of a key."
    )
    expires_at: datetime | None = strawberry.field(
        description="The instant from which the key is refused; null for never."
    )
    revoked_at: datetime | None = strawberry.field(
        description="The instant at which the key was revoked; null for a key that was not."
    )
    last_used_at: datetime | None = strawberry.field(
        description="The instant of its last use, accurate to about a minute; null before the first use."
    )

    @classmethod
    def of(cls, info: Info, key: rules.ApiKey) -> Self:
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


@strawberry.input(description="The properties of a new API key.")
class CreateApiKeyInput:
    name: str = strawberry.field(description="A name that tells keys apart in lists.")
    kind: ApiKeyKind = strawberry.field(
        default=ApiKeyKind.SECRET, description="The kind of the key: SECRET or PUBLISHABLE."
    )
    scopes: list[Scope] | None = strawberry.field(
        default=UNSET, description="What a secret key may do; all scopes but ADMIN if left out."
    )
    expires_at: datetime | None = strawberry.field(
        default=UNSET,
        description="The instant from which the key is refused, in real time; never if left out.",
    )

    def fact(self) -> NewKey:
        scopes = or_none(self.scopes)
        if scopes is None and self.kind is ApiKeyKind.SECRET:
            scopes = USUAL_SCOPES
        return NewKey(kind=self.kind, name=self.name, scopes=scopes, expires_at=or_none(self.expires_at))


@strawberry.input(description="The API key to revoke.")
class RevokeApiKeyInput:
    id: strawberry.ID = strawberry.field(description="The global id of the API key.")


@strawberry.input(description="The customer and lifetime of a new token.")
class CreateCustomerTokenInput:
    customer: str = strawberry.field(description="The key of the customer.")
    ttl_seconds: int = strawberry.field(
        default=3600, description="The lifetime in seconds of real time; at most 86,400, a day."
    )


@strawberry.type(description="The result of creating or revoking an API key.")
class ApiKeyPayload(Payload):
    api_key: ApiKey | None = strawberry.field(
        default=None, description="The API key; null where `userErrors` names problems."
    )
    secret: str | None = strawberry.field(
        default=None, description="The key itself, shown only in the answer to its creation; null otherwise."
    )


@strawberry.type(description="The result of creating a customer token; the server does not keep it.")
class CustomerTokenPayload(Payload):
    token: str | None = strawberry.field(default=None, description="The token, to be sent as a Bearer token.")
    expires_at: datetime | None = strawberry.field(
        default=None, description="The instant from which the token is refused."
    )


@strawberry.type(description="What can be asked about keys.")
class KeyQueries:
    @resolver_field("The API keys of this environment, oldest first, revoked ones included.")
    async def api_keys(self, info: Info) -> list[ApiKey]:
        return [ApiKey.of(info, key) for key in await resolvers.api_keys(info.context)]


@strawberry.type(description="What can be done about keys.")
class KeyMutations:
    @mutation("Creates an API key; only this answer shows its secret.")
    async def create_api_key(self, info: Info, input: Annotated[CreateApiKeyInput, INPUT]) -> ApiKeyPayload:
        made = await resolvers.create_api_key(info.context, input.fact())
        return ApiKeyPayload(
            revision=await _revision(info), api_key=ApiKey.of(info, made.key), secret=made.secret
        )

    @mutation("Revokes an API key within a second on every process; a revoked key stays revoked.")
    async def revoke_api_key(self, info: Info, input: Annotated[RevokeApiKeyInput, INPUT]) -> ApiKeyPayload:
        key = await resolvers.revoke_api_key(info.context, number_of(info, input.id))
        return ApiKeyPayload(revision=await _revision(info), api_key=ApiKey.of(info, key))

    @mutation("Creates a token that lets a customer's browser read that customer's data.")
    async def create_customer_token(
        self, info: Info, input: Annotated[CreateCustomerTokenInput, INPUT]
    ) -> CustomerTokenPayload:
        made = await resolvers.create_customer_token(info.context, input.customer, input.ttl_seconds)
        return CustomerTokenPayload(token=made.token, expires_at=made.expires_at)


def number_of(info: Info, text: str) -> int | None:
    """Return the number of the key that a global id names; None where it names none of this environment."""
    named = from_id(text)
    here = named is not None and (named.kind, named.environment) == ("ApiKey", str(info.context.environment))
    number = named.first if named is not None and here else ""
    # Build the id again: it must equal the given one, character by character.
    known = is_number(number)
    return int(number) if known and to_id("ApiKey", info.context.environment, int(number)) == text else None


async def _revision(info: Info) -> Revision:
    # Keys do not count in a revision, and every later read sees the new one.
    seen = await environments.environment(info.context)
    return Revision(str(RevisionName(seen.catalog_revision)))
