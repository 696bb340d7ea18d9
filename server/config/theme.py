"""Addresses that an operator may put into a page: links, and a style sheet."""

from __future__ import annotations

import re
from dataclasses import dataclass

# A link leads to a site, to a mail, or to a path on this server: it never runs anything.
_LINK = re.compile(r"(?:https?://(?=[^/?#:@])|mailto:|/(?![/\\]))[^\s\x00-\x1f\\<>\"]*", re.IGNORECASE)
# A style sheet is part of the page's policy, where spaces, commas and semicolons would add rules.
_STYLE = re.compile(r"(?:https?://[\w.:-]+)?/(?!/)[\w./~%-]*(?:\?[\w.=&-]*)?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The theme of a page that belongs to no product: a style sheet, and the link back."""

    style: str | None = None
    home: str | None = None


def is_link(text: str) -> bool:
    """Return whether a page may show a link."""
    return _LINK.fullmatch(text) is not None


def is_style(text: str) -> bool:
    """Return whether an address may be that of a style sheet."""
    return _STYLE.fullmatch(text) is not None


def source_of(style: str | None) -> str | None:
    """Return a style sheet as a policy names it: without a query."""
    return None if style is None else style.partition("?")[0]
