"""GraphiQL, served with its scripts from this server or, where they are not installed, from a CDN."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse
from starlette.routing import BaseRoute, Route

from server.pages.graphiql_tour import EXAMPLES

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parents[1]
NODE_MODULES = HERE / "node_modules"
OWN_FILES = (HERE / "static" / "graphiql" / "page.css", HERE / "static" / "graphiql" / "page.js")

PREFIX = "/static/graphiql"
CDN = "https://cdn.jsdelivr.net/npm"

_CONTENT_TYPES = {".js": "text/javascript", ".css": "text/css"}

# Every address has a version or a digest, so its content never changes.
_FILE_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryFile:
    """A browser bundle of an npm package, and the digest that a browser checks."""

    package: str
    version: str
    file: str
    integrity: str

    @property
    def address(self) -> str:
        """Its path on the CDN, and below our own prefix."""
        return f"{self.package}@{self.version}/{self.file}"

    @property
    def path(self) -> Path:
        """The file that npm installs."""
        return NODE_MODULES / self.package / self.file


SCRIPTS = (
    LibraryFile(
        package="react",
        version="18.3.1",
        file="umd/react.production.min.js",
        integrity="sha384-DGyLxAyjq0f9SPpVevD6IgztCFlnMF6oW/XQGmfe+IsZ8TqEiDrcHkMLKI6fiB/Z",
    ),
    LibraryFile(
        package="react-dom",
        version="18.3.1",
        file="umd/react-dom.production.min.js",
        integrity="sha384-gTGxhz21lVGYNMcdJOyq01Edg0jhn/c22nsx0kyqP0TxaV5WVdsSH1fSDUf5YJj1",
    ),
    LibraryFile(
        package="graphiql",
        version="4.1.2",
        file="graphiql.min.js",
        integrity="sha384-9XdHu7ajgGJziD4J1zNBKQ842Q/+zZfDv+ib1eMhZWBH6hPAs806x+Jbcf0yNO6B",
    ),
)
STYLE = LibraryFile(
    package="graphiql",
    version="4.1.2",
    file="graphiql.min.css",
    integrity="sha384-1el1QShFBnnXTx9x/Cprg82hZWKt0ry29OAYIXt05swbi0KcZDFoj0CWguMpopJr",
)
LIBRARY_FILES = (*SCRIPTS, STYLE)


def are_installed() -> bool:
    """Return whether ``npm ci`` was run in ``server/``: all files exist, or none is used."""
    return all(file.path.is_file() for file in LIBRARY_FILES)


def render(template: str, **shown: object) -> str:
    """Return a page from its template."""
    return _templates().get_template(template).render(shown)


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - for pages alone

    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def graphiql_page(*, query: str | None) -> HTMLResponse:
    """Return GraphiQL with the examples in its tabs; a ``query`` is put before them and not run."""
    here = are_installed()
    nonce = token_urlsafe(16)
    page = render(
        "graphiql.html",
        own={path.name: own_address(path) for path in OWN_FILES},
        scripts=SCRIPTS,
        style=STYLE,
        libraries=PREFIX if here else CDN,
        with_integrity=not here,
        config={"query": query, "tabs": [example.tab for example in EXAMPLES], "styleNonce": nonce},
    )
    return HTMLResponse(
        page,
        headers={
            "Content-Security-Policy": _content_security_policy(nonce, from_cdn=not here),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _content_security_policy(nonce: str, *, from_cdn: bool) -> str:
    scripts = " ".join(["'self'", *(f"{CDN}/{file.address}" for file in SCRIPTS if from_cdn)])
    styles = " ".join(["'self'", f"'nonce-{nonce}'", *([f"{CDN}/{STYLE.address}"] if from_cdn else [])])
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {scripts}",
            f"style-src {styles}",  # GraphiQL's dialogs add a style element with the nonce
            "font-src data:",  # GraphiQL's fonts are part of its style sheet
            "img-src data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )


def own_address(path: Path) -> str:
    """Return the address of a file below ``static``; it changes when the file does."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return f"/{path.relative_to(HERE).as_posix()}?v={digest}"


def file_route(address: str, path: Path) -> Route:
    """Serve one file, which browsers may cache without limit."""

    def send(_: Request) -> FileResponse:
        if not path.is_file():
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return FileResponse(path, media_type=_CONTENT_TYPES[path.suffix], headers=_FILE_HEADERS)

    return Route(address, send)


def own_file_route(path: Path) -> Route:
    """Serve a file of ours at its own address."""
    return file_route(own_address(path).partition("?")[0], path)


static_routes: list[BaseRoute] = [
    *map(own_file_route, OWN_FILES),
    *(file_route(f"{PREFIX}/{file.address}", file.path) for file in LIBRARY_FILES),
]
"""Only the files that the page loads, not everything that npm installs."""
