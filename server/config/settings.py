"""The settings: the only module that reads the environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from server.config.limits import Limits
from server.config.theme import Theme, is_link, is_style

PREFIX = "ALLOTMENT_"

_LIMITS = Limits()

_METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable in which Prometheus' own library looks for the folder."""

_DRIVERS = frozenset({"sqlite+aiosqlite", "postgresql+asyncpg"})

_WRONG_DATABASE = PydanticCustomError(
    "database_url", "must be sqlite+aiosqlite:///<file> or postgresql+asyncpg://<host>/<database>"
)

_WRONG_RATE = PydanticCustomError("rate_limit", "must be one rate such as 1000/second or 50000 per minute")

_WRONG_STORAGE = PydanticCustomError(
    "rate_limit_storage", "must be memory:// or redis://<host>:<port>/<number>"
)

_WRONG_LINK = PydanticCustomError(
    "portal_home",
    "must be a link, https://, http:// or mailto:, or begin with a single slash, and hold no spaces",
)

_WRONG_STYLE = PydanticCustomError(
    "portal_style", "must be the address of a style sheet, such as https://example.com/brand.css"
)


class SettingsError(Exception):
    """The environment holds values that cannot be used: one line for each, without the value."""

    def __init__(self, refused: ValidationError) -> None:
        lines = (f"{PREFIX}{str(error['loc'][0]).upper()}: {error['msg']}" for error in refused.errors())
        super().__init__("\n".join(lines))


def _format_for_the_reader() -> Literal["text", "json"]:
    return "text" if sys.stderr.isatty() else "json"


class Settings(BaseSettings):
    """Every setting, read from ``ALLOTMENT_`` and its name in capitals; empty counts as left out."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)

    database_url: str = Field(
        default="sqlite+aiosqlite:///allotment.db",
        repr=False,
        description="Where everything is stored: `sqlite+aiosqlite:///<file>` or "
        "`postgresql+asyncpg://<user>:<password>@<host>/<database>`.",
    )
    read_database_url: str | None = Field(
        default=None,
        repr=False,
        description="A database that follows it, such as a streaming replica: queries go there, writes and "
        "subscriptions never do.",
        json_schema_extra={"default": "none"},
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="The lowest level that is logged: `debug`, `info`, `warning` or `error`. "
        "`debug` adds a line for each request.",
    )
    log_format: Literal["text", "json"] = Field(
        default_factory=_format_for_the_reader,
        description="The form of log lines: `text` for people, `json` for programs.",
        json_schema_extra={"default": "text on a terminal, otherwise json"},
    )

    max_body_bytes: int = Field(
        default=_LIMITS.body_bytes,
        gt=0,
        description="The most bytes in the body of a request. Beyond it: `PAYLOAD_TOO_LARGE`.",
    )
    max_catalog_body_bytes: int = Field(
        default=_LIMITS.catalog_body_bytes,
        gt=0,
        description="The same for a key with `CATALOG_WRITE`, which can send a whole catalog.",
    )
    max_tokens: int = Field(
        default=_LIMITS.tokens,
        gt=0,
        description="The most tokens in a document. Beyond this and the next five: `QUERY_TOO_COMPLEX`.",
    )
    max_depth: int = Field(
        default=_LIMITS.depth,
        gt=0,
        description="The most levels of fields in a document, the innermost included.",
    )
    max_root_fields: int = Field(
        default=_LIMITS.root_fields, gt=0, description="The most fields at the root of a document."
    )
    max_aliases: int = Field(
        default=_LIMITS.aliases,
        gt=0,
        description="The most fields of a document that have an alias or repeat another field.",
    )
    max_directives: int = Field(
        default=_LIMITS.directives, gt=0, description="The most directives in a document."
    )
    max_cost: int = Field(
        default=_LIMITS.cost,
        gt=0,
        description="The highest [cost](http.md#cost) of an operation.",
    )
    time_limit_seconds: float = Field(
        default=_LIMITS.seconds,
        gt=0,
        description="Seconds after which the server gives up on an answer, or on a body that does not "
        "arrive. Beyond it: `TIMEOUT`.",
    )
    max_sockets: int = Field(
        default=_LIMITS.sockets, gt=0, description="The most WebSockets that one process holds at a time."
    )
    max_socket_operations: int = Field(
        default=_LIMITS.socket_operations,
        gt=0,
        description="The most operations that run at a time on one of them. Beyond it: `RATE_LIMITED`.",
    )
    socket_opening_seconds: float = Field(
        default=_LIMITS.opening_seconds,
        gt=0,
        description="Seconds within which a WebSocket must send `connection_init`. "
        "After them it is closed with 4408.",
    )
    socket_sending_seconds: float = Field(
        default=_LIMITS.sending_seconds,
        gt=0,
        description="Seconds within which a WebSocket must take what is sent. "
        "After them it is closed with 1013.",
    )
    trusted_documents: Path | None = Field(
        default=None,
        description="A file or folder of [documents](http.md#trusted-documents) that requests can name.",
        json_schema_extra={"default": "none"},
    )
    trusted_documents_only: bool = Field(
        default=False,
        description="`true` refuses all other documents.",
        json_schema_extra={"default": "`false`"},
    )

    @property
    def limits(self) -> Limits:
        """The limits of a request."""
        return Limits(
            tokens=self.max_tokens,
            depth=self.max_depth,
            root_fields=self.max_root_fields,
            aliases=self.max_aliases,
            directives=self.max_directives,
            cost=self.max_cost,
            body_bytes=self.max_body_bytes,
            catalog_body_bytes=self.max_catalog_body_bytes,
            seconds=self.time_limit_seconds,
            sockets=self.max_sockets,
            socket_operations=self.max_socket_operations,
            opening_seconds=self.socket_opening_seconds,
            sending_seconds=self.socket_sending_seconds,
        )

    token_secret: str | None = Field(
        default=None,
        min_length=32,
        repr=False,
        description="The secret that signs customer tokens, at least 32 characters. All processes of an "
        "installation need the same one, and no other installation may have it.",
        json_schema_extra={"default": "generated once, and stored in the database"},
    )
    rate_limit: str | None = Field(
        default=None,
        description="How much each key, and each customer with tokens, may request: cost per span, such as "
        "`1000/second` or `50000 per minute`.",
        json_schema_extra={"default": "no limit"},
    )
    rate_limit_storage: str = Field(
        default="memory://",
        repr=False,
        description="Where that is counted: `memory://`, by each process for itself, or "
        "`redis://<user>:<password>@<host>:<port>/<number>`, for all of them.",
    )

    portal_home: str | None = Field(
        default=None,
        description="The address that [customers' pages](portal.md) link back to: `https://…`, `http://…`, "
        "`mailto:…`, or a path on this server.",
        json_schema_extra={"default": "nowhere"},
    )
    portal_style: str | None = Field(
        default=None,
        description="A style sheet of your own for these pages: `https://…/brand.css`, `http://…`, "
        "or a path on this server.",
        json_schema_extra={"default": "none"},
    )

    @property
    def portal_looks(self) -> Theme:
        """The theme of customers' pages."""
        return Theme(style=self.portal_style, home=self.portal_home)

    @field_validator("portal_home")
    @classmethod
    def _leads_somewhere(cls, value: str | None) -> str | None:
        if value is not None and not is_link(value):
            raise _WRONG_LINK
        return value

    @field_validator("portal_style")
    @classmethod
    def _names_a_style_sheet(cls, value: str | None) -> str | None:
        if value is not None and not is_style(value):
            raise _WRONG_STYLE
        return value

    @field_validator("rate_limit")
    @classmethod
    def _is_a_rate(cls, value: str | None) -> str | None:
        if value is None:
            return None
        from limits import parse_many  # noqa: PLC0415 - slow to load, and most set no limit

        try:
            amounts = [rate.amount for rate in parse_many(value)]
        except ValueError:
            amounts = [0]
        if len(amounts) > 1 or 0 in amounts:
            raise _WRONG_RATE
        return value

    @field_validator("rate_limit_storage")
    @classmethod
    def _counts(cls, value: str) -> str:
        if value != "memory://" and not value.startswith(("redis://", "rediss://")):
            raise _WRONG_STORAGE
        return value

    @field_validator("database_url", "read_database_url")
    @classmethod
    def _names_a_database(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            driver = make_url(value).drivername
        except (ArgumentError, ValueError):
            driver = None
        if driver not in _DRIVERS:
            raise _WRONG_DATABASE
        return value

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _in_any_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value


def share_metrics(folder: str) -> None:
    """Make the processes started from here on write their metrics into a folder."""
    os.environ[_METRICS_FOLDER] = folder


def shared_metrics() -> str | None:
    """Return the folder of the metrics of all processes, if there is one."""
    return os.environ.get(_METRICS_FOLDER)


def read_settings() -> Settings:
    """Read the environment; raises SettingsError for values that cannot be used."""
    try:
        return Settings()
    except ValidationError as refused:
        raise SettingsError(refused) from None
