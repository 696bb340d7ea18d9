"""Who is asking: the key that a request carries, or on a loopback demo nobody in particular."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from resolvers.auth import viewer_of
from resolvers.context import Services
from rules.auth.api_keys import ApiKeyKind, Scope
from rules.auth.permissions import Viewer


class Unauthenticated(Exception):  # noqa: N818 - what the request is
    """The request carries no key, or one that opens nothing (any more)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticator:
    """Tells who is asking. ``keyless`` is the environment of those who carry no key, if they have one."""

    services: Services
    keyless: int | None = None

    async def viewer(self, request: HTTPConnection) -> Viewer:
        """Give who is asking, by the header of a request; raises Unauthenticated."""
        return await self.viewer_with(request, bearer(request.headers.get("authorization")))

    async def viewer_with(self, request: HTTPConnection, secret: str | None) -> Viewer:
        """Give who is asking with a key or token; raises Unauthenticated. None is no key at all.

        This is for long-lived connections too, whose key comes in their first message: whoever asks
        again every second hears within another that a key was revoked or a token is over. Asking
        costs no statement where others have asked with the same key just before.
        """
        if secret is not None:
            viewer = await viewer_of(self.services, secret)
        else:
            viewer = self._without_key(request)
        if viewer is None:
            raise Unauthenticated
        return viewer

    def _without_key(self, request: HTTPConnection) -> Viewer | None:
        # The name that the browser used is checked as well: another site's name may lead here too.
        if self.keyless is None or not is_loopback(request.url.hostname or ""):
            return None
        return Viewer(environment=self.keyless, kind=ApiKeyKind.SECRET, scopes=frozenset(Scope))


def bearer(header: str | None) -> str | None:
    """Give the key of an Authorization header; an empty one, or one of another scheme, opens nothing."""
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def is_loopback(host: str) -> bool:
    """Tell whether an address can be reached from this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
