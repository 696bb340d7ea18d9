"""How much one request may ask for, each limit with the value that holds until another is set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of a request: of its body, its document, and the time that its answer may take.

    Those of a WebSocket: ``sockets`` of a process, ``socket_operations`` at a time on each, and the
    seconds that one may take to say who opens it, and to take what is sent.
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
