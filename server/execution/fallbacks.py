"""Documents that cannot be prepared as usual: executed in a plainer way, and operators learn of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import structlog
from cachetools import LRUCache

from server.execution.trusted_documents import sha256

_log = structlog.get_logger(__name__)

MOST_KNOWN = 1_000
"""Documents that are not logged again."""

NOT_PREPARED = "a document could not be prepared as usual"

Step = Literal["measure", "validate", "compile"]


def _count_nothing(_step: Step) -> None:
    """Leave uncounted what happens outside of a server."""


class Fallbacks:
    """Counts every failure of preparing a document, and logs it once for each document.

    Such a failure is a fault of ours, but no caller's concern: there is a plainer way for every step.
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
