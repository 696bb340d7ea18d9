"""Addresses that whoever runs a page may put into it: links, and style sheets of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass

# A link leads to a site, to a mail, or to a place on this server: it never runs anything.
_LINK = re.compile(r"(?:https?://(?=[^/?#:@])|mailto:|/(?![/\\]))[^\s\x00-\x1f\\<>\"]*", re.IGNORECASE)
# A style sheet is named in the page's policy, where spaces, commas and semicolons would say more.
_STYLE = re.compile(r"(?:https?://[\w.:-]+)?/(?!/)[\w./~%-]*(?:\?[\w.=&-]*)?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """What a page that is no product's has around it: a style sheet, and where its customers come from."""

    style: str | None = None
    home: str | None = None


def is_link(text: str) -> bool:
    """Tell whether a link may stand on a page."""
    return _LINK.fullmatch(text) is not None


def is_style(text: str) -> bool:
    """Tell whether an address may be that of a style sheet."""
    return _STYLE.fullmatch(text) is not None


def source_of(style: str | None) -> str | None:
    """Give a style sheet as a policy names it: without a query."""
    return None if style is None else style.partition("?")[0]
