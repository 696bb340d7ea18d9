"""The documents of ``operations.graphql``, each with the fragments that it uses."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import parse, print_ast
from graphql.utilities import separate_operations

HERE = Path(__file__).parent

DOCUMENTS = {
    name: print_ast(document)
    for name, document in separate_operations(
        parse((HERE / "operations.graphql").read_text(encoding="utf-8"))
    ).items()
}


def operation(name: str) -> pytest.MarkDecorator:
    """Give a test the document of one operation."""
    return pytest.mark.parametrize("document", [DOCUMENTS[name]], ids=[name])
