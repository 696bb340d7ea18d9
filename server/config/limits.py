"""The limits of one request, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of a request: of its body, its document, and the time that its answer may take.

    For WebSockets: ``sockets`` per process, ``socket_operations`` at a time on each, and the seconds within
    which a socket must send its key, and must take a message.
    """

    tokens: int = 2_000
    depth: int = 15
    root_fields: int = 50
    aliases: int = 100
    directives: int = 100
    cost: int = 500_000
    body_bytes: int = 1_000_000
    catalog_body_bytes: int = 16_000_000
    seconds: float = 30
    sockets: int = 10_000
    socket_operations: int = 100
    opening_seconds: float = 10
    sending_seconds: float = 10
