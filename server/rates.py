"""Rate limits: so much cost in a span, for each key and each customer's token."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Self

from limits import RateLimitItem, parse
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.storage import storage_from_string

from rules.permissions import Viewer
