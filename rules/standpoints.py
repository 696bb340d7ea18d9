"""Standpoints: a past instant, or an edit that is not made, for which a state is computed."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

_ENOUGH = 15
"""Bytes of a digest that make supposed edits distinct."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standpoint:
    """The standpoint of a state: another instant, or a supposed edit.

    ``supposed`` is the name of that edit. With both, it is the edit's result at an instant other than the
    one at which the edit would take effect.
    """

    at: datetime | None = None
    supposed: str | None = None


PRESENT = Standpoint()


def supposition(*edit: object) -> str:
    """Return a name for a supposed edit, from everything that it would do: equal edits have equal names."""
    text = json.dumps(edit, default=str)
    return urlsafe_b64encode(sha256(text.encode()).digest()[:_ENOUGH]).decode()
