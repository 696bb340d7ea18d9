"""Log lines: one form for our own, the libraries' and uvicorn's, each with the id of its request.

They go to standard error. Keys, tokens and passwords are struck out everywhere. uvicorn's lines are included
where it runs with ``log_config=None``.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from random import getrandbits

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from server.config.settings import Settings

STRUCK_OUT = "***"

_SECRET_NAMES = frozenset({"authorization", "password", "token", "secret", "api_key", "database_url"})

_SECRET_TEXT = re.compile(
    r"""(?ix)
    (?P<kept> \b bearer \s+ | [?&] (?: key | token ) = | \b [sp]k_[0-9a-f]+_ | \b eyJ (?= [\w-]+ \. ) )
        [^\s&"'\\]+
    | (?P<user> :// [^\s:/@]* : ) [^\s@]+ (?= @ )
    """
)


_REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)


class request_id:  # noqa: N801 - used like a function; a generator would cost as much as a log line
    """Gives one request an id, which each of its log lines shows."""

    __slots__ = ("_before",)

    def __enter__(self) -> str:
        """Set a new id and return it."""
        identifier = f"{getrandbits(64):016x}"
        self._before = _REQUEST_ID.set(identifier)
        return identifier

    def __exit__(self, *_: object) -> None:
        """Restore the id from before."""
        _REQUEST_ID.reset(self._before)


def current_request_id() -> str | None:
    """Return the id of the current request, or None outside of a request."""
    return _REQUEST_ID.get()


def configure(settings: Settings) -> None:
    """Send all logging of this program to standard error, in the form that the settings name."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_common_processors(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(_formatter(settings))
    root = logging.getLogger()
    root.handlers = [output]
    root.setLevel(settings.log_level.upper())
    _quieten(settings)


def _common_processors() -> list[Processor]:
    return [
        _with_request_id,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _with_request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    identifier = current_request_id()
    return event if identifier is None else {**event, "request_id": identifier}


def _formatter(settings: Settings) -> logging.Formatter:
    renderer: Processor = structlog.processors.JSONRenderer()
    if settings.log_format == "text":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_common_processors(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _strike_out_secrets,
            renderer,
        ],
    )


def _quieten(settings: Settings) -> None:
    # A line per request costs more than the request; aiosqlite logs the values of each statement.
    access_level = logging.INFO if settings.log_level == "debug" else logging.WARNING
    logging.getLogger("uvicorn.access").setLevel(access_level)
    for chatty in ("aiosqlite", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _strike_out_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: _harmless(name, value) for name, value in event.items()}


def _harmless(name: str, value: object) -> object:
    if name.lower() in _SECRET_NAMES:
        return STRUCK_OUT
    match value:
        case str():
            return _SECRET_TEXT.sub(_struck_out, value)
        case Mapping():
            return {key: _harmless(str(key), inner) for key, inner in value.items()}
        case list() | tuple():
            return [_harmless("", inner) for inner in value]
        case _:
            return value


def _struck_out(found: re.Match[str]) -> str:
    return f"{found['kept'] or found['user']}{STRUCK_OUT}"
