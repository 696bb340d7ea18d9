"""Signs customer tokens: JSON Web Tokens, with a secret from the settings or from the database."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from models import environments
from models.auth import keys
from models.database.transactions import Database
from rules.auth.api_keys import ApiKeyKind
from rules.auth.customer_tokens import Claims, claims_of
from rules.auth.permissions import Viewer

if TYPE_CHECKING:
    from jwt.types import Options

ALGORITHM = "HS256"
SECRET_BYTES = 32

_SIGNATURE_ALONE: Options = {
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}
"""The claims are for our own rules to check, by our clock."""


def is_token(secret: str) -> bool:
    """Return whether a secret is a token rather than a key: it has three parts."""
    return secret.count(".") == 2  # noqa: PLR2004 - head, claims and signature


class TokenSigner:
    """Signs and verifies tokens. ``clock`` gives real time; ``secret`` None uses the database's own."""

    def __init__(self, database: Database, clock: Callable[[], datetime], secret: str | None = None) -> None:
        self._database = database
        self._clock = clock
        self._secret = secret
        self._environments: dict[str, int] = {}

    async def sign(self, claims: Claims) -> str:
        """Return the token of claims."""
        import jwt  # noqa: PLC0415 - slow to load, and many installations use no tokens

        return jwt.encode(claims.payload(self._clock()), await self._signing_secret(), ALGORITHM)

    async def viewer(self, token: str) -> Viewer | None:
        """Return the viewer of a token; None where its signature is not ours, or it has expired."""
        claims = await self._claims(token)
        if claims is None or not claims.is_valid(self._clock()):
            return None
        environment = await self._environment(claims.environment)
        if environment is None:
            return None
        return Viewer(
            environment=environment,
            kind=ApiKeyKind.CUSTOMER,
            scopes=frozenset(),
            customer=claims.customer,
            expires_at=claims.expires_at,
        )

    async def _claims(self, token: str) -> Claims | None:
        import jwt  # noqa: PLC0415 - as above

        secret = await self._signing_secret()
        try:
            return claims_of(jwt.decode(token, secret, [ALGORITHM], _SIGNATURE_ALONE))
        except (jwt.InvalidTokenError, ValueError, RecursionError):
            return None

    async def _environment(self, key: str) -> int | None:
        # An environment is never renamed or deleted, so that a cached number stays right.
        if key not in self._environments:
            async with self._database.read() as session:
                known = await environments.find(session, key)
            if known is None:
                return None
            self._environments[key] = known.number
        return self._environments[key]

    async def _signing_secret(self) -> str:
        if self._secret is None:
            self._secret = await self._kept_secret()
        return self._secret

    async def _kept_secret(self) -> str:
        async with self._database.read() as session:
            kept = await keys.token_secret(session)
        if kept is not None:
            return kept
        async with self._database.write() as session:
            new = secrets.token_urlsafe(SECRET_BYTES)
            return await keys.ensure_token_secret(session, new, self._clock())
