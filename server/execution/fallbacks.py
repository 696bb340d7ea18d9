"""Fallbacks: documents for which a step of preparation failed are executed in a simpler way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import structlog
from cachetools import LRUCache

from server.execution.trusted_documents import sha256

_log = structlog.get_logger(__name__)

MOST_KNOWN = 1_000
"""The documents that are not logged again."""

NOT_PREPARED = "a document could not be prepared as usual"

Step = Literal["measure", "validate", "compile"]


def _count_nothing(_step: Step) -> None:
    """Count nothing, outside of a server."""


class Fallbacks:
    """Counts every failed step of preparation, and logs it once per document.

    The failure is an error of the server, but callers are answered: every step has a simpler way.
    """

    def __init__(self, count: Callable[[Step], None] = _count_nothing) -> None:
        self._count = count
        self._known: LRUCache[str, None] = LRUCache(MOST_KNOWN)

    def report(self, step: Step, document: str) -> None:
        """Count and log the exception that is being handled."""
        self._count(step)
        name = sha256(document)
        if name not in self._known:
            self._known[name] = None
            _log.exception(NOT_PREPARED, step=step, document=name)
