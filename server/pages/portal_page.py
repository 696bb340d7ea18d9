"""The customer's own page: it takes a token from a link or a form, and removes it from the address.

The token is kept in a cookie that no script can read, that is sent to this page alone, and that expires with
the token.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from urllib.parse import parse_qs, quote

from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from resolvers.auth import create_customer_token
from resolvers.context import Context
from resolvers.customers import CustomerFilter, customers_like
from resolvers.portal import portal
from rules.auth.api_keys import ApiKeyKind
from rules.auth.permissions import Viewer
from rules.catalog.wording import quantity_text
from rules.errors import ErrorCode, Rejected
from server.auth import Authenticator, Unauthenticated
from server.config.theme import Theme, source_of
from server.errors import Refused
from server.http import request as bodies
from server.pages.graphiql import HERE, own_address, own_file_route, render
from server.pages.layout import (
    NOBODY,
    PAGE_HEADERS,
    SELF,
    SHARED_STYLE_ADDRESS,
    Link,
    notice,
    policy,
    too_often,
)
from server.pages.portal_view import view_of
from server.rate_limits import PAGE_COST, RateLimiter
from server.websocket.sockets import is_same_site

PATH = "/portal"
COOKIE = "allotment_portal"
STYLE = HERE / "static" / "portal" / "page.css"
SCRIPT = HERE / "static" / "portal" / "page.js"
SCRIPT_ADDRESS = own_address(SCRIPT)
STYLESHEETS = (SHARED_STYLE_ADDRESS, own_address(STYLE))

MOST_FORM_BYTES = 16_000
FORM_SECONDS = 30
"""How much of a form is read, and for how long."""

DEMO_SECONDS = 60 * 60
"""The lifetime of a token of the demo."""

DEMO_CUSTOMERS = 100

FORM = "application/x-www-form-urlencoded"


class Refusal(StrEnum):
    """Why the page is not shown; the address carries it, where a token must not be."""

    LINK = "link"
    KEY = "key"
    CUSTOMER = "customer"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """What the page needs; ``sockets`` is the graph over WebSockets."""

    doorkeeper: Authenticator
    rates: RateLimiter
    looks: Theme
    sockets: ASGIApp

    async def answer(self, request: Request) -> Response:
        """Answer a request of a link, a form or the page itself."""
        return await (_take_form(self, request) if request.method == "POST" else _open(self, request))


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalSocket:
    """The graph over WebSockets for the page's own script, with the token that no script can read."""

    sockets: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put the token of the cookie into the headers, then open the socket."""
        connection = HTTPConnection(scope)
        # A browser sends the cookie for pages of sibling domains too.
        token = connection.cookies.get(COOKIE, "") if is_same_site(connection) else ""
        others = [(name, value) for name, value in scope["headers"] if name != b"authorization"]
        headers = [*others, (b"authorization", f"Bearer {token}".encode())]
        await self.sockets({**scope, "headers": headers}, receive, send)


def portal_routes(page: Portal) -> list[BaseRoute]:
    """Return the routes of the customer's own page: page, style sheet, script and WebSocket."""
    return [
        Route(PATH, page.answer, methods=["GET", "POST"]),
        WebSocketRoute(f"{PATH}/live", PortalSocket(sockets=page.sockets)),
        own_file_route(STYLE),
        own_file_route(SCRIPT),
    ]


async def _open(page: Portal, request: Request) -> Response:
    asked = request.query_params
    if "token" in asked:
        return await _enter(page, request, asked["token"])
    keyless = await _keyless(page, request)
    if "customer" in asked and keyless is not None:
        return await _enter_demo(page, request, keyless, asked["customer"])
    if asked.get("refused") in set(Refusal):
        return _refusal_notice(page, Refusal(asked["refused"]))
    token = request.cookies.get(COOKIE)
    if token is not None:
        return await _show(page, request, token)
    return _nobody(page) if keyless is None else await _choice(page, keyless)


async def _take_form(page: Portal, request: Request) -> Response:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return _unread(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"A form is sent as {FORM}.")
    if bodies.is_coded(request.headers):
        unread = _unread(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "A form is sent as it is, not compressed.")
        unread.headers.update(bodies.AS_IT_IS)
        return unread
    try:
        async with asyncio.timeout(FORM_SECONDS):
            body = await bodies.read(request.receive, request.headers, MOST_FORM_BYTES)
    except (TimeoutError, ClientDisconnect):
        return _unread(HTTPStatus.REQUEST_TIMEOUT, "Its end did not come.")
    except Refused:
        return _unread(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The form is too long to hold a token.")
    fields = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    if "leave" in fields:
        return _away(PATH)
    return await _enter(page, request, next(iter(fields.get("token", ())), ""))


async def _enter(page: Portal, request: Request, token: str) -> Response:
    """Store a valid token in the cookie, and redirect to the address without it."""
    try:
        viewer = await page.doorkeeper.viewer_with(request, token)
    except Unauthenticated:
        return _away(_address_of(Refusal.LINK))
    if viewer.customer is None or viewer.expires_at is None:
        return _away(_address_of(Refusal.KEY))
    gone_on = RedirectResponse(PATH, HTTPStatus.SEE_OTHER, headers=_UNKEPT)
    left = viewer.expires_at - page.doorkeeper.services.clock()
    gone_on.set_cookie(
        COOKIE,
        token,
        max_age=max(1, int(left.total_seconds())),
        path=PATH,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return gone_on


async def _enter_demo(page: Portal, request: Request, viewer: Viewer, customer: str) -> Response:
    """On a demo without keys, open the page of the customer named, with a token as anywhere else."""
    context = Context(services=page.doorkeeper.services, viewer=viewer)
    try:
        made = await create_customer_token(context, customer, DEMO_SECONDS)
    except Rejected as rejected:
        archived = any(problem.code is ErrorCode.ARCHIVED for problem in rejected.problems)
        return _away(_address_of(Refusal.ARCHIVED if archived else Refusal.CUSTOMER))
    return await _enter(page, request, made.token)


async def _keyless(page: Portal, request: Request) -> Viewer | None:
    try:
        return await page.doorkeeper.viewer_with(request, None)
    except Unauthenticated:
        return None


async def _show(page: Portal, request: Request, token: str) -> Response:
    try:
        viewer = await page.doorkeeper.viewer_with(request, token)
        await page.rates.charge(viewer, PAGE_COST)
    except Unauthenticated:
        return _without_cookie(_refusal_notice(page, Refusal.LINK))
    except Refused as refused:
        return too_often(refused)
    if viewer.kind is not ApiKeyKind.CUSTOMER or viewer.customer is None:
        return _without_cookie(_refusal_notice(page, Refusal.KEY))
    seen = await portal(Context(services=page.doorkeeper.services, viewer=viewer), viewer.customer)
    if seen is None:
        return _without_cookie(_refusal_notice(page, Refusal.CUSTOMER))
    if seen.customer.customer.archived:
        return _without_cookie(_refusal_notice(page, Refusal.ARCHIVED))
    shown = render(
        "portal.html",
        view=view_of(seen),
        looks=page.looks,
        quantity=quantity_text,
        path=PATH,
        script=SCRIPT_ADDRESS,
        theme=None,
        stylesheets=[*STYLESHEETS, *filter(None, [page.looks.style])],
    )
    return HTMLResponse(shown, headers={**_UNKEPT, "Content-Security-Policy": _policy(page)})


_UNKEPT: Mapping[str, str] = {**PAGE_HEADERS, "Cache-Control": "no-store"}


def _policy(page: Portal) -> str:
    return policy(style=source_of(page.looks.style), forms=SELF, scripts=True, framed_by=NOBODY)


def _address_of(refusal: Refusal) -> str:
    return f"{PATH}?refused={refusal}"


def _away(address: str) -> Response:
    """Redirect to an address, and delete the cookie."""
    return _without_cookie(RedirectResponse(address, HTTPStatus.SEE_OTHER, headers=_UNKEPT))


def _without_cookie(response: Response) -> Response:
    response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="lax")
    return response


_REFUSALS = {
    Refusal.LINK: (
        HTTPStatus.UNAUTHORIZED,
        "This link is over",
        "It has expired or was copied incompletely. Follow it again from where you found it.",
    ),
    Refusal.KEY: (
        HTTPStatus.FORBIDDEN,
        "This is a key, not a customer token",
        "This page needs a customer token. Revoke this secret key: addresses are not secret.",
    ),
    Refusal.CUSTOMER: (
        HTTPStatus.NOT_FOUND,
        "There is no such account",
        "The account of this link does not exist here.",
    ),
    Refusal.ARCHIVED: (
        HTTPStatus.FORBIDDEN,
        "This account is closed",
        "It can no longer be used. If this is a mistake, contact the sender of the link.",
    ),
}


def _refusal_notice(page: Portal, refusal: Refusal) -> Response:
    status, title, line = _REFUSALS[refusal]
    return _notice(page, status, title, line)


def _nobody(page: Portal) -> Response:
    line = "This page shows what one customer has. It opens with a link made for that customer."
    return _notice(page, HTTPStatus.UNAUTHORIZED, "Whose page is this?", line)


def _notice(page: Portal, status: HTTPStatus, title: str, line: str) -> Response:
    back = [] if page.looks.home is None else [Link(words="Go back", address=page.looks.home)]
    response = notice(status, title=title, lines=[line], links=back)
    if status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="allotment"'
    return response


def _unread(status: HTTPStatus, line: str) -> Response:
    return notice(status, title="That form cannot be read", lines=[line])


async def _choice(page: Portal, viewer: Viewer) -> Response:
    """On a demo, list the customers whose pages can be opened."""
    context = Context(services=page.doorkeeper.services, viewer=viewer)
    known = await customers_like(context, CustomerFilter(first=DEMO_CUSTOMERS, after=None))
    customers = [seen.customer for seen in known.items]
    return notice(
        HTTPStatus.OK,
        title="Whose page is this?",
        lines=[
            "A customer opens this page by a link with a token: what they have, have used and have left.",
            "In the demo on your own machine you can be any of them.",
        ],
        links_title="Be one of them",
        links=[
            Link(words=one.name or one.key, address=f"{PATH}?customer={quote(one.key, safe='')}")
            for one in customers
        ],
    )
