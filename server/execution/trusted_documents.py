"""Trusted documents: those that the operator names, and whether any others are executed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from server.config.settings import Settings

SUFFIXES = (".graphql", ".gql")


class UnreadableDocuments(Exception):  # noqa: N818 - what they are
    """The file or folder of trusted documents cannot be read; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """The operator's documents by identifier, and whether no others are executed."""

    by_identifier: Mapping[str, str] = field(default_factory=dict)
    only: bool = False

    @classmethod
    def read(cls, path: Path, *, only: bool) -> Trusted:
        """Read a folder of documents, or a file that a client's build wrote; raises UnreadableDocuments.

        Each is found by the SHA-256 of its text, and by the identifier that the file gives it.
        """
        documents: dict[str, str] = {}
        for identifier, text in _documents(path):
            documents[plain(identifier)] = documents[sha256(text)] = text
        return cls(by_identifier=documents, only=only)

    def allows(self, text: str) -> bool:
        """Whether a document that was sent as text may be executed."""
        return not self.only or sha256(text) in self.by_identifier


def read_trusted(settings: Settings) -> Trusted:
    """Read the documents that the operator trusts; raises UnreadableDocuments."""
    path, only = settings.trusted_documents, settings.trusted_documents_only
    return Trusted(only=only) if path is None else Trusted.read(path, only=only)


def sha256(text: str) -> str:
    """Return the identifier of a document."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def plain(identifier: str) -> str:
    """Return an identifier without its prefix, as some clients write it."""
    return identifier.removeprefix("sha256:")


def _documents(path: Path) -> Iterator[tuple[str, str]]:
    try:
        if path.is_dir():
            files = sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES)
            yield from ((file.stem, file.read_text(encoding="utf-8")) for file in files)
        else:
            yield from _manifest(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        message = f"{path} holds no trusted documents: {error}"
        raise UnreadableDocuments(message) from None


def _manifest(content: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Return the documents of a file as relay-compiler, GraphQL Code Generator or Apollo write it."""
    operations = content.get("operations")
    if isinstance(operations, list):
        content = {operation["id"]: operation["body"] for operation in operations}
    for identifier, text in content.items():
        if not isinstance(text, str):
            message = f"'{identifier}' is not a text"
            raise TypeError(message)
        yield identifier, text
