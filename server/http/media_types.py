"""The media types of answers, and which of them a request wants."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"


@lru_cache(maxsize=256)
def answer_type(accept: str) -> str | None:
    """Return the media type that an Accept header prefers; None where it accepts neither of ours.

    Without a preference it is JSON, which clients that do not know the other expect.
    """
    if not accept.strip():
        return JSON
    ranges = list(_ranges(accept))
    wanted = {kind: _quality(ranges, kind) for kind in (JSON, GRAPHQL_RESPONSE)}
    named = [kind for kind, _ in ranges if kind in wanted]
    # Among equals, the one that is named first; a range such as */* names none.
    best = max(wanted, key=lambda kind: (wanted[kind], kind in named, -_place(named, kind), kind == JSON))
    return best if wanted[best] > 0 else None


@lru_cache(maxsize=256)
def is_json(content_type: str) -> bool:
    """Return whether a body is JSON in UTF-8, by its media type and charset."""
    kind, parameters = _parse(content_type)
    return kind == JSON and parameters.get("charset", "utf-8").lower() in {"utf-8", "utf8"}


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for part in accept.split(","):
        kind, parameters = _parse(part)
        try:
            yield kind, float(parameters.get("q", "1"))
        except ValueError:
            yield kind, 0.0


def _parse(text: str) -> tuple[str, dict[str, str]]:
    kind, *parameters = (part.strip() for part in text.split(";"))
    pairs = (parameter.partition("=") for parameter in parameters)
    return kind.lower(), {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def _quality(ranges: list[tuple[str, float]], kind: str) -> float:
    """Return the quality of the most specific range that matches a media type."""
    for wanted in (kind, "application/*", "*/*"):
        found = [quality for range_, quality in ranges if range_ == wanted]
        if found:
            return max(found)
    return 0.0


def _place(named: list[str], kind: str) -> int:
    return named.index(kind) if kind in named else len(named)
