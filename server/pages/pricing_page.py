"""The pricing page: the graph's pricing table, for people, without a script.

The template receives a table and its frame, nothing else, so that the version of the one and a digest of the
other identify the page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from resolvers.catalog import current_catalog
from resolvers.context import Context
from resolvers.pricing import PricingTableView, storefront
from rules.auth.api_keys import ApiKeyKind
from rules.catalog.wording import due_text, money_parts
from rules.pricing.table import charged_feature
from server.auth import Authenticator, Unauthenticated
from server.errors import Refused
from server.pages.graphiql import HERE, own_address, own_file_route, render
from server.pages.layout import NOBODY, PAGE_HEADERS, SHARED_STYLE_ADDRESS, Link, notice, policy, too_often
from server.pages.pricing_frame import Frame, frame_of, is_embedded, read_offering
from server.rate_limits import PAGE_COST, RateLimiter

STYLE = HERE / "static" / "pricing" / "page.css"
STYLESHEETS = (SHARED_STYLE_ADDRESS, own_address(STYLE))
TEMPLATES = ("pricing.html", "page.html")

# A new template makes a new page, even with the same content.
_EDITION = hashlib.sha256(
    b"".join((HERE / "templates" / name).read_bytes() for name in TEMPLATES) + "".join(STYLESHEETS).encode()
).hexdigest()

MAKE_A_KEY = "python -m server keys create --environment … --kind publishable"


def pricing_routes(doorkeeper: Authenticator, rates: RateLimiter) -> list[BaseRoute]:
    """Return the routes of the pricing page of each product, and its style sheet."""
    return [Route("/pricing/{product}", _page(doorkeeper, rates)), own_file_route(STYLE)]


def _page(doorkeeper: Authenticator, rates: RateLimiter) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        # A customer's token comes before the key of the site that shows the page.
        key = request.query_params.get("token") or request.query_params.get("key")
        try:
            viewer = await doorkeeper.viewer_with(request, key)
        except Unauthenticated:
            return _stranger(request, key)
        if key is not None and viewer.kind is ApiKeyKind.SECRET:
            return _secret_key_notice(request)
        try:
            await rates.charge(viewer, PAGE_COST)
        except Refused as refused:
            return too_often(refused, framed_by=_framed_by(request))
        return await _of_viewer(request, Context(services=doorkeeper.services, viewer=viewer))

    return page


async def _of_viewer(request: Request, context: Context) -> Response:
    product = request.path_params["product"]
    seen = await storefront(context, product, read_offering(request.query_params))
    if seen is None:
        return await _unknown(request, context, product)
    frame = frame_of(seen.table, seen.offering, request.query_params)
    headers = {
        **PAGE_HEADERS,
        "Content-Security-Policy": policy(
            style=frame.style_source, framed_by="*" if frame.embedded else NOBODY
        ),
        # Caches must revalidate it each time; only the browser may store a customer's own page.
        "Cache-Control": "no-cache" if context.viewer.customer is None else "private, no-cache",
        "ETag": _etag(seen, frame),
    }
    if _is_known(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return HTMLResponse(_render(seen, frame), headers=headers)


def _render(seen: PricingTableView, frame: Frame) -> str:
    catalog = seen.flat.catalog
    return render(
        "pricing.html",
        table=seen.table,
        frame=frame,
        theme=frame.theme,
        money=lambda price: money_parts(price.amount),
        due=lambda price: due_text(price, charged_feature(catalog, price)),
        stylesheets=STYLESHEETS,
    )


def _etag(seen: PricingTableView, frame: Frame) -> str:
    around = hashlib.sha256(f"{frame!r} {_EDITION}".encode()).hexdigest()[:16]
    return f'"{seen.table.version}-{around}"'


def _is_known(if_none_match: str | None, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return etag in tags or "*" in tags


async def _unknown(request: Request, context: Context, product: str) -> Response:
    catalog = (await current_catalog(context)).catalog
    query = f"?{request.url.query}" if request.url.query else ""
    return notice(
        HTTPStatus.NOT_FOUND,
        title="No such product",
        lines=[f"There is no product “{product}” here."],
        links_title="These have a pricing page",
        links=[
            Link(words=known.name, address=f"/pricing/{known.key}{query}")
            for known in catalog.products.values()
        ],
        framed_by=_framed_by(request),
    )


def _stranger(request: Request, key: str | None) -> Response:
    missing = "This page needs a publishable key at the end of its address: ?key=pk_…"
    unknown = "The key or token in the address is not valid: it is mistyped, revoked or expired."
    refused = notice(
        HTTPStatus.UNAUTHORIZED,
        title="Which shop is this?",
        lines=[
            missing if key is None else unknown,
            f"The operator of the server can create one: {MAKE_A_KEY}",
        ],
        framed_by=_framed_by(request),
    )
    refused.headers["WWW-Authenticate"] = 'Bearer realm="allotment"'
    return refused


def _secret_key_notice(request: Request) -> Response:
    return notice(
        HTTPStatus.FORBIDDEN,
        title="That is a secret key",
        lines=[
            "Addresses are not secret: a key in an address is exposed.",
            f"Revoke the key, and put a publishable one here: {MAKE_A_KEY}",
        ],
        framed_by=_framed_by(request),
    )


def _framed_by(request: Request) -> str:
    return "*" if is_embedded(request.query_params) else NOBODY
