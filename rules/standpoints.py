"""Standpoints: from where a state is told, if that is not the present."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

_ENOUGH = 15
"""Bytes of a digest that tell one supposition from every other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standpoint:
    """Where a state is told from: another instant, or an edit that is not made.

    ``supposed`` is the name of that edit. With both, it is the edit's outcome at an instant other than
    the one at which the edit would take effect.
    """

    at: datetime | None = None
    supposed: str | None = None


PRESENT = Standpoint()


def supposition(*edit: object) -> str:
    """Name an edit that is not made by all that it would do: the same edit has the same name."""
    text = json.dumps(edit, default=str)
    return urlsafe_b64encode(sha256(text.encode()).digest()[:_ENOUGH]).decode()
