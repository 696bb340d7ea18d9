"""Authentication: by the key or token of a request, or none on a loopback demo."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from resolvers.auth import viewer_of
from resolvers.context import Services
from rules.auth.api_keys import ApiKeyKind, Scope
from rules.auth.permissions import Viewer


class Unauthenticated(Exception):  # noqa: N818 - it says what the request is
    """The request carries no key, or one that is unknown, expired or revoked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticator:
    """Authenticates requests. ``keyless`` is the environment of requests without a key, if any may act."""

    services: Services
    keyless: int | None = None

    async def viewer(self, request: HTTPConnection) -> Viewer:
        """Return the viewer of a request by its Authorization header; raises Unauthenticated."""
        return await self.viewer_with(request, bearer(request.headers.get("authorization")))

    async def viewer_with(self, request: HTTPConnection, secret: str | None) -> Viewer:
        """Return the viewer of a key or token; raises Unauthenticated. None means no key at all.

        Long-lived connections, whose key comes in their first message, call this again: every second is
        enough to refuse a revoked key or an expired token within another second. A call soon after another
        with the same key runs no statement.
        """
        if secret is not None:
            viewer = await viewer_of(self.services, secret)
        else:
            viewer = self._without_key(request)
        if viewer is None:
            raise Unauthenticated
        return viewer

    def _without_key(self, request: HTTPConnection) -> Viewer | None:
        # Check the host name of the request as well: another site's name may resolve to this machine.
        if self.keyless is None or not is_loopback(request.url.hostname or ""):
            return None
        return Viewer(environment=self.keyless, kind=ApiKeyKind.SECRET, scopes=frozenset(Scope))


def bearer(header: str | None) -> str | None:
    """Return the key of an Authorization header; an empty string for an empty header or another scheme."""
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
