"""What all pages for people share: their policy and headers, and a notice in place of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import HTMLResponse

from rules.catalog.wording import wait_text
from server.errors import Refused
from server.pages.graphiql import HERE, own_address, render

SHARED_STYLE = HERE / "static" / "page.css"
SHARED_STYLE_ADDRESS = own_address(SHARED_STYLE)

SELF, NOBODY = "'self'", "'none'"

PAGE_HEADERS: Mapping[str, str] = {"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link of a notice."""

    words: str
    address: str


def policy(*, style: str | None = None, forms: str = NOBODY, scripts: bool = False, framed_by: str) -> str:
    """Return a policy that allows style sheets only; ``style`` is one of another site.

    With ``scripts``, those of this server may run, and may send requests to it.
    """
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src {' '.join(filter(None, [SELF, style]))}",
            "img-src data:",  # the icon, which is empty
            *(["script-src 'self'", "connect-src 'self'"] if scripts else []),
            "base-uri 'none'",
            f"form-action {forms}",
            f"frame-ancestors {framed_by}",
        ]
    )


def notice(
    status: HTTPStatus,
    *,
    title: str,
    lines: Sequence[str],
    links_title: str = "",
    links: Sequence[Link] = (),
    framed_by: str = NOBODY,
) -> HTMLResponse:
    """Return a page that says why another is not shown."""
    page = render(
        "notice.html",
        title=title,
        lines=lines,
        links_title=links_title,
        links=links,
        theme=None,
        stylesheets=[SHARED_STYLE_ADDRESS],
    )
    headers = {
        **PAGE_HEADERS,
        "Content-Security-Policy": policy(framed_by=framed_by),
        "Cache-Control": "no-store",
    }
    return HTMLResponse(page, status_code=status, headers=headers)


def too_often(refused: Refused, *, framed_by: str = NOBODY) -> HTMLResponse:
    """Return a notice of when to try again after the rate limit was reached, perhaps by others."""
    response = notice(
        HTTPStatus.TOO_MANY_REQUESTS,
        title="Too many requests",
        lines=[f"Try it again in {wait_text(int(refused.headers['Retry-After']))}."],
        framed_by=framed_by,
    )
    response.headers.update(refused.headers)
    return response
